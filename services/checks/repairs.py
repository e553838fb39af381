"""Which repairs are chosen: an intent says which findings the plan repairs. Pure.

A repair that is chosen makes its finding FIX and becomes a step of the plan. One that is not
leaves it FAIL: the plan without it can't succeed.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from services.checks.facts import Facts, ids_of
from services.checks.fit import network_fit
from services.checks.needed import service_side
from services.model.intent import ClusterSetup, ContainerGroupSetup, Intent, WorkspaceSetup
from services.model.plan import Finding, Repair
from services.model.resources import DeletedKey, DeletedVault, KeyVersion, Vault

Setup = TypeVar("Setup", bound=WorkspaceSetup | ContainerGroupSetup | ClusterSetup)
"""One kind of intent, which a choice keeps."""

PROTECTION = "vault-protection"
"""Chosen by vault.repair, a field of its own since the first intent."""

STEPS: dict[str, tuple[str, ...]] = {
    "provider-registered": ("register-",),
    "cosmos-grant": ("grant-cosmos",),
    "ml-contributor": ("grant-ml-contributor",),
    "identity-grant": ("grant-identity",),
    "containers-grant": ("grant-containers",),
    "disks-grant": ("grant-disks",),
    "cluster-reader": ("grant-reader",),
    PROTECTION: ("vault-repair",),
    "vault-deleted": ("vault",),
    "vault-network": ("vault-bypass",),
    "key-deleted": ("key-recover",),
    "key-enabled": ("key-enable",),
    "key-operations": ("key-operations",),
    "vault-exists": ("vault",),
    "key-exists": ("key",),
}
"""Checks whose repair is chosen, to the ids of its steps; with ``-`` at the end a beginning."""

OFFERED = (
    "provider-registered",
    "cosmos-grant",
    "ml-contributor",
    "identity-grant",
    "containers-grant",
    "disks-grant",
    "cluster-reader",
)
"""Repairs that are taken unless the intent leaves them out: nothing of others is changed."""

KEY = ("key-deleted", "key-enabled", "key-operations")
"""Checks whose repair changes the key through the vault's data plane."""

OPS = ("wrapKey", "unwrapKey", "encrypt", "decrypt")
"""What the services ask for: wrap and unwrap all, encrypt and decrypt AI Search's page."""

MAKES = {"vault-exists": "vault", "key-exists": "key"}
"""Repaired by making what is absent: the ``create`` of this table."""


def chosen(intent: Intent, check: str) -> bool:
    """Whether the intent lets the plan repair what this check finds."""
    if check == PROTECTION:
        return intent.vault.repair
    if check in MAKES:
        return bool(getattr(intent, MAKES[check]).create)
    return check in STEPS and bool(getattr(intent.repairs, _field(check)))


def choose(intent: Setup, check: str, yes: bool) -> Setup:
    """The intent with this repair taken in or left out; KeyError where there is no choice."""
    if check not in STEPS:
        raise KeyError(check)
    changed = msgspec.structs.replace
    if check == PROTECTION:
        return changed(intent, vault=changed(intent.vault, repair=yes))
    if check == "vault-exists":
        # a vault that is made holds no key yet
        key = changed(intent.key, create=True, version="latest") if yes else intent.key
        return changed(intent, vault=changed(intent.vault, create=yes), key=key)
    if check == "key-exists":
        return changed(intent, key=changed(intent.key, create=yes, version="latest"))
    return changed(intent, repairs=changed(intent.repairs, **{_field(check): yes}))


def judged(intent: Intent, facts: Facts, finding: Finding) -> Finding:
    """A finding with the status that follows from the choice."""
    check = finding.check
    if finding.status == "fix" and check in STEPS and not chosen(intent, check):
        return _left_out(finding)
    if finding.status == "fail" and recovers(intent, facts, check) and chosen(intent, check):
        return msgspec.structs.replace(finding, status="fix")
    return finding


def _left_out(finding: Finding) -> Finding:
    field = f"repairs.{_field(finding.check)}"
    text = f"The intent leaves the repair out ({field} = false); take it in, or do it yourself."
    return msgspec.structs.replace(finding, status="fail", repair=Repair(text=text))


def recovers(intent: Intent, facts: Facts, check: str) -> bool:
    """Whether a step could repair what this check finds, by the facts it reads."""
    can = _CAN.get(check)
    return can is not None and can(intent, facts)


def taken(intent: Intent, facts: Facts, check: str) -> bool:
    """Whether the plan has a step for what this check finds: it is wrong, and the choice is made."""
    return recovers(intent, facts, check) and chosen(intent, check) and _WRONG[check](intent, facts)


def steps_of(check: str, id: str) -> bool:
    """Whether a step of this id repairs what the check finds."""
    return any(
        id == one or (one.endswith("-") and id.startswith(one)) for one in STEPS.get(check, ())
    )


def _field(check: str) -> str:
    return check.replace("-", "_")


def _vault_deleted(intent: Intent, facts: Facts) -> bool:
    gone = facts.deleted_vault
    where = str(ids_of(intent).vault)
    return isinstance(gone, DeletedVault) and gone.id.lower() == where.lower()


def _vault_network(intent: Intent, facts: Facts) -> bool:
    """A perimeter and the service-side mode ask for more than the bypass."""
    vault = facts.vault
    perimeter = isinstance(vault, Vault) and vault.public_access.lower() == "securedbyperimeter"
    return isinstance(vault, Vault) and not service_side(intent) and not perimeter


def _key_deleted(intent: Intent, facts: Facts) -> bool:
    return facts.key is None and isinstance(facts.deleted_key, DeletedKey)


def _key_there(intent: Intent, facts: Facts) -> bool:
    """Resource Manager only makes keys; what a closed vault holds can't be changed from here."""
    return isinstance(facts.key, KeyVersion) and facts.reachable


_CAN: dict[str, Callable[[Intent, Facts], bool]] = {
    "vault-deleted": _vault_deleted,
    "vault-network": _vault_network,
    "key-deleted": _key_deleted,
    "key-enabled": _key_there,
    "key-operations": lambda intent, facts: _key_there(intent, facts) and _rsa(facts),
}


def _rsa(facts: Facts) -> bool:
    """Only RSA keys can wrap (KeyVersion's type is empty where only a list told of it)."""
    return isinstance(facts.key, KeyVersion) and facts.key.type in ("", "RSA", "RSA-HSM")


def _closed(intent: Intent, facts: Facts) -> bool:
    mode = "service-side" if service_side(intent) else "own-resources"
    return isinstance(facts.vault, Vault) and network_fit(facts.vault, mode=mode).word == "no"


def _lacks(facts: Facts) -> bool:
    key = facts.key
    return isinstance(key, KeyVersion) and bool(key.ops) and not set(OPS) <= set(key.ops)


_WRONG: dict[str, Callable[[Intent, Facts], bool]] = {
    "vault-deleted": lambda intent, facts: facts.vault is None,
    "vault-network": _closed,
    "key-deleted": lambda intent, facts: facts.key is None,
    "key-enabled": lambda intent, facts: (
        isinstance(facts.key, KeyVersion) and not facts.key.enabled
    ),
    "key-operations": lambda intent, facts: _lacks(facts),
}
