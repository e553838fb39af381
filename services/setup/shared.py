"""The part of a plan that every kind of intent has: providers, groups, vault and key."""

from datetime import UTC, datetime

from services.checks.facts import Unknown
from services.checks.needed import namespaces
from services.ids import ArmId
from services.model.intent import ClusterSetup
from services.model.plan import Step
from services.model.resources import DeletedVault, KeyVersion
from services.setup.basis import Basis, register
from services.setup.repairs import takes, vault_steps

FOR_GOOD = (
    "Purge protection stays on for good: after a delete the vault can't be purged, and its"
    " name stays taken for {days} days."
)


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def registrations(basis: Basis) -> list[Step]:
    """A step for each resource provider that is not registered."""
    states = basis.facts.providers
    known = {} if isinstance(states, Unknown) else states
    return [
        Step(
            id=register(namespace),
            kind="register",
            title=f"register provider {namespace}",
            action="change",
            target=f"{ArmId(basis.ids.group.subscription)}/providers/{namespace}",
            params={"namespace": namespace},
            expected_s=60,
        )
        for namespace in namespaces(basis.intent)
        if known.get(namespace.lower()) != "Registered"
    ]


def groups(basis: Basis) -> list[Step]:
    """The resource groups that are not there."""
    wanted = {"group": basis.ids.group}
    if basis.ids.vault_group.group.lower() != basis.ids.group.group.lower() and not basis.vault:
        wanted["group-vault"] = basis.ids.vault_group
    own_set = basis.ids.encryption_set
    if isinstance(basis.intent, ClusterSetup) and own_set is not None:
        known = {id.group.lower() for id in wanted.values()}
        if basis.intent.cluster.disk_encryption_set.create and own_set.group.lower() not in known:
            wanted["group-set"] = ArmId(own_set.subscription, own_set.group)
    return [
        Step(
            id=step,
            kind="group",
            title=f"resource group {id.group} in {basis.intent.region}",
            action="create",
            target=str(id),
            params={"location": basis.intent.region, "tags": basis.intent.tags},
            expected_s=2,
        )
        for step, id in wanted.items()
        if basis.facts.groups.get(id.group.lower()) is None
        or isinstance(basis.facts.groups[id.group.lower()], Unknown)
    ]


def vaults(basis: Basis) -> list[Step]:
    """The vault: made, recovered or repaired."""
    wish, gone = basis.intent.vault, basis.facts.deleted_vault
    mended = vault_steps(basis)
    if basis.vault is None and mended:
        open_ = isinstance(gone, DeletedVault) and not gone.purge_protection
        return [*mended, *([_protection(basis, 90)] if open_ and wish.repair else [])]
    if basis.vault is None:
        return [_new_vault(basis)] if wish.create else []
    safe = basis.vault.purge_protection or not wish.repair
    return [*([] if safe else [_protection(basis, basis.vault.retention_days)]), *mended]


def _protection(basis: Basis, days: int) -> Step:
    name = basis.intent.vault.name
    return Step(
        id="vault-repair",
        kind="vault-repair",
        title=f"vault {name}: turn on purge protection",
        action="change",
        target=str(basis.ids.vault),
        needs=("vault",),
        irreversible=FOR_GOOD.format(days=days),
        expected_s=3,
        vault=name,
    )


def _new_vault(basis: Basis) -> Step:
    wish = basis.intent.vault
    model = "RBAC" if wish.access == "rbac" else "access policies"
    return Step(
        id="vault",
        kind="vault",
        title=f"vault {wish.name}, purge-protected, {model}",
        action="create",
        target=str(basis.ids.vault),
        params={
            "location": basis.intent.region,
            "tenant_id": basis.facts.tenant,
            "sku": wish.sku,
            "rbac": wish.access == "rbac",
            "retention_days": wish.retention_days,
            "network": wish.network,
            "tags": basis.intent.tags,
        },
        needs=("group-vault", "group", register("Microsoft.KeyVault")),
        irreversible=FOR_GOOD.format(days=wish.retention_days),
        expected_s=30,
        vault=wish.name,
    )


def key(basis: Basis) -> list[Step]:
    """The key: made, or found and its version pinned."""
    wish, found = basis.intent.key, basis.facts.key
    pinned = "" if wish.version == "latest" else wish.version
    there = isinstance(found, KeyVersion)
    if isinstance(found, KeyVersion):
        pinned = found.version
    title = f"key {wish.name} ({wish.type} {wish.bits})"
    if there or not wish.create or takes(basis, "key-deleted"):
        title = f"use key {wish.name}, {f'version {pinned[:8]}…' if pinned else 'newest version'}"
    elif isinstance(found, Unknown):
        title += ", made when absent"
    by_arm = basis.closed or (there and basis.facts.key_from_arm)
    return [
        Step(
            id="key",
            kind="key-arm" if by_arm else "key",
            title=title,
            action="create" if wish.create and not there else "verify",
            target=f"{basis.uri}/keys/{wish.name}",
            params={
                "vault_id": str(basis.ids.vault),
                "vault_uri": basis.uri,
                "name": wish.name,
                "version": pinned,
                "create": wish.create,
                "type": wish.type,
                "bits": wish.bits,
                "not_before": _iso(wish.not_before),
                "expires": _iso(wish.expires),
                "rotate_every": wish.rotate_every,
                "notify_before": wish.notify_before,
                "tags": wish.tags,
            },
            needs=("vault", "key-rights", "key-recover"),
            expected_s=2,
            vault=basis.intent.vault.name,
        )
    ]
