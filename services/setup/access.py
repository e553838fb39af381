"""Who will get what on the key, and why: the lines of the Access page."""

from typing import Literal

import msgspec

from services import names
from services.azure.authorization import CRYPTO_USER, role_name
from services.checks.facts import Facts, Unknown
from services.checks.users import KeyUser, key_users
from services.model.intent import (
    ClusterSetup,
    ContainerGroupSetup,
    Create,
    Intent,
    WorkspaceSetup,
    noun,
)
from services.model.plan import Plan
from services.model.resources import DiskEncryptionSet, Identity, Principal

State = Literal["OK", "NEW", "??"]
"""OK: has it already; NEW: a step of the plan gives it; ??: could not be read."""


class AccessLine(msgspec.Struct, frozen=True, kw_only=True):
    """One principal and what it gets."""

    who: str
    object_id: str
    """Empty while nobody can know it: the principal does not exist yet."""
    gets: str
    why: str
    state: State
    note: str = ""
    """Why the object id is not known, or what was not readable."""


def access_lines(intent: Intent, facts: Facts, plan: Plan) -> tuple[AccessLine, ...]:
    """Everybody the plan's key and target need, in the order they are granted."""
    planned = {step.id for step in plan.steps}
    rbac = _uses_roles(intent, facts)
    lines = [_caller(facts, planned, rbac)]
    lines += [_user(intent, one, rbac, planned) for one in key_users(intent, facts)]
    match intent:
        case WorkspaceSetup():
            lines.append(_ml(facts, planned))
        case ClusterSetup():
            lines.append(_reader(intent, facts, planned))
        case ContainerGroupSetup():
            pass
    return tuple(lines)


def _uses_roles(intent: Intent, facts: Facts) -> bool:
    vault = facts.vault
    if vault is None or isinstance(vault, Unknown):
        return intent.vault.access == "rbac"
    return vault.rbac


def _caller(facts: Facts, planned: set[str], rbac: bool) -> AccessLine:
    new = "key-rights" in planned
    gets = "Key Vault Crypto Officer" if rbac else "policy: manage keys"
    return AccessLine(
        who=f"you ({facts.caller.name or facts.caller.object_id})",
        object_id=facts.caller.object_id,
        gets=gets if new else "nothing more",
        why="to create the key" if new else "because what you need is there",
        state="NEW" if new else "OK",
    )


_WHY = {
    "cosmos": "because it wraps its data key with your key",
    "containers": "because it unwraps the data key of each group with your key",
    "disks": "because it wraps the data key of each disk with your key",
}


def _user(intent: Intent, one: KeyUser, rbac: bool, planned: set[str]) -> AccessLine:
    """Somebody who needs the key."""
    policy = "policy: get, wrap, unwrap" if "wrapkey" in one.keys else "policy: get, unwrap"
    own = "unwraps its data key" if "wrapkey" not in one.keys else "reaches storage and key"
    return _line(
        one.name,
        one.found,
        gets=role_name(CRYPTO_USER) if rbac else policy,
        why=_WHY.get(one.short, f"because the {noun(intent)} {own} as it"),
        new=f"grant-{one.short}" in planned,
    )


def _ml(facts: Facts, planned: set[str]) -> AccessLine:
    return _line(
        "Azure Machine Learning",
        facts.ml,
        gets="Contributor on the subscription",
        why="because it makes the workspace's resources",
        new="grant-ml-contributor" in planned,
    )


def _reader(intent: ClusterSetup, facts: Facts, planned: set[str]) -> AccessLine:
    return _line(
        _name(intent.cluster.identity),
        facts.identity,
        gets="Reader on the disk encryption set",
        why="because without it no data disk can use the set; the key is not its concern",
        new="grant-reader" in planned,
    )


def _name(wish: str | Create) -> str:
    return wish.create if isinstance(wish, Create) else wish.rsplit("/", 1)[-1]


def _line(
    who: str,
    found: Principal | Identity | DiskEncryptionSet | Unknown | None,
    *,
    gets: str,
    why: str,
    new: bool,
) -> AccessLine:
    if isinstance(found, Unknown):
        return AccessLine(who=who, object_id="", gets=gets, why=why, state="??", note=found.reason)
    known, note = "", "its object id is known once it is made"
    if isinstance(found, Principal):
        known, note = found.object_id, ""
    elif found is not None:
        known, note = found.principal_id, ""
    elif who in names.APP_IDS.values():
        note = "not in this tenant yet; a step of the plan makes it appear"
    return AccessLine(
        who=who, object_id=known, gets=gets, why=why, state="NEW" if new else "OK", note=note
    )
