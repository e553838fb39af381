"""Which failures of the catalogue a diagnosis sees after the fact: by which checks, shown by what.

One line for each entry that can be seen once its target is there; the others say why not.
"""

import msgspec

from services.diagnosis.registry import listed
from services.failures import CATALOGUE

SCENARIOS: dict[str, str] = {
    "F01": "f01-creation-purge-protection",
    "F02": "f15-vault-deleted",
    "F04": "f09-key-deleted",
    "F05": "f05-key-version-disabled",
    "F06": "f06-key-expired",
    "F07": "f07-cosmos-principal-disabled",
    "F08": "f08-grant-removed",
    "F09": "f09-key-purged",
    "F10": "f10-key-operations",
    "F11": "f11-creation-malformed-key",
    "F12": "f12-vault-gone",
    "F13": "f13-default-identity",
    "F14": "f14-vault-firewall",
    "F15": "f15-vault-deleted",
    "F16": "f05-key-version-disabled",
    "F17": "f17-cosmos-principal-gone",
    "F18": "f18-grant-to-app-id",
    "F19": "f19-grant-propagating",
    "F20": "f20-policy-removed",
    "F21": "f21-public-access-disabled",
    "F22": "f22-provider-unregistered",
    "F23": "f23-creation-policy",
    "F24": "f24-creation-cosmos-region",
    "F25": "f25-creation-search-capacity",
    "F27": "containers-stale-groups",
    "F28": "f28-workspace-soft-deleted",
    "F29": "f29-read-only-lock",
    "F30": "f30-managed-group-deleted",
    "F31": "cluster-grant-removed",
    "F32": "cluster-no-reader",
    "F33": "cluster-kms-key-disabled",
    "F34": "f34-own-storage-key-disabled",
    "F35": "f10-key-operations",
    "F38": "f41-subscription-moved",
    "F41": "f41-subscription-moved",
    "F43": "f43-creation-vault-elsewhere",
    "F44": "f44-creation-key-type",
    "F45": "healthy-rotated",
    "F47": "containers-grant-removed",
    "F48": "f20-switched-to-rbac",
    "F51": "f51-identity-deleted",
    "F52": "f52-ml-not-contributor",
    "F55": "cluster-rotation-stopped",
    "F56": "f56-recovered-without-grants",
}
"""By failure: the scenario below sandbox/scenarios/broken/ in which a root cause, or a warning
where nothing fails, is told to be it."""

_NEW = "Of what is made new: what is there has its place."
_ANSWER = "An answer to one call that leaves nothing behind; the run that made the call handles it."

REASONS: dict[str, str] = {
    "F03": "Nothing is broken by it. A plan that turns purge protection on says before that it"
    " stays.",
    "F26": _NEW,
    "F36": "Of accounts that somebody makes by a template; Machine Learning makes the workspace's.",
    "F37": "A vault with such a name can't be there.",
    "F39": "It passes by itself: each call waits as long as Azure says, and the wait is shown.",
    "F40": "It breaks nothing that is there. A repair names the right that is missing for each of"
    " its steps, and the command for somebody who has it.",
    "F42": "Azure refuses the move, or the workspace is there under another id; no field tells.",
    "F46": "Azure refuses such a change, so no call leads there. `key-address` sees a key of"
    " another vault all the same; its own tests judge it.",
    "F49": _ANSWER,
    "F50": _ANSWER,
    "F53": "Terraform's state is not in Azure. What it would undo is said before a rotation.",
    "F54": _NEW,
}
"""By failure: why no scenario shows it."""


class Afterwards(msgspec.Struct, frozen=True, kw_only=True):
    """A failure as a diagnosis sees it: its checks and a scenario, or why not."""

    failure: str
    title: str
    checks: tuple[str, ...]
    scenario: str
    reason: str


def afterwards() -> tuple[Afterwards, ...]:
    """One for each entry of the catalogue that has a number, in its order."""
    of_diagnosis = [one for one in listed() if "diagnosis" in one.phases]
    return tuple(
        Afterwards(
            failure=entry.number,
            title=entry.title,
            checks=tuple(one.id for one in of_diagnosis if entry.number in one.failures),
            scenario=SCENARIOS.get(entry.number, ""),
            reason=REASONS.get(entry.number, ""),
        )
        for entry in CATALOGUE
        if entry.number
    )
