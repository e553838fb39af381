"""Who must be able to use the key, by the kind of intent: pure."""

from collections.abc import Callable

import msgspec

from services.azure.authorization import CRYPTO_USER, READER
from services.checks import needed
from services.checks.facts import Facts, Ids, Roles, Unknown, ids_of
from services.checks.rights import UNWRAP, WRAP, granted, has_permissions
from services.model.intent import ClusterSetup, ContainerGroupSetup, Intent
from services.model.resources import DiskEncryptionSet, Identity, Principal, Vault

CONTAINERS = "Azure Container Instance Service"


class KeyUser(msgspec.Struct, frozen=True, kw_only=True):
    """One who needs the key."""

    short: str
    """In ids: the check is ``SHORT-grant``, the step ``grant-SHORT``."""
    name: str
    source: str
    """Id of the step that tells the object id where nobody knows it yet."""
    found: Principal | Identity | DiskEncryptionSet | Unknown | None
    roles: Roles
    """At the vault."""
    keys: tuple[str, ...] = WRAP
    """What an access policy must allow."""

    @property
    def object_id(self) -> str:
        """Empty while nobody knows it."""
        if isinstance(self.found, Principal):
            return self.found.object_id
        if isinstance(self.found, Identity | DiskEncryptionSet):
            return self.found.principal_id
        return ""


def key_users(intent: Intent, facts: Facts) -> tuple[KeyUser, ...]:
    """Everybody, in the order in which they are granted."""
    found = (user(intent, facts, short) for short in _USERS)
    return tuple(one for one in found if one is not None)


def user(intent: Intent, facts: Facts, short: str) -> KeyUser | None:
    """The one of this short name; None where the intent needs none."""
    return _USERS[short](intent, facts)


def _cosmos(intent: Intent, facts: Facts) -> KeyUser | None:
    if not needed.own_resources(intent):
        return None
    return KeyUser(
        short="cosmos",
        name="Azure Cosmos DB",
        source="cosmos-principal",
        found=facts.cosmos,
        roles=facts.cosmos_roles,
    )


def _containers(intent: Intent, facts: Facts) -> KeyUser | None:
    if not isinstance(intent, ContainerGroupSetup) or intent.container_group.flow == "identity":
        return None
    return KeyUser(
        short="containers",
        name=CONTAINERS,
        source="containers-principal",
        found=facts.containers,
        roles=facts.containers_roles,
        keys=UNWRAP,
    )


def _disks(intent: Intent, facts: Facts) -> KeyUser | None:
    if not isinstance(intent, ClusterSetup):
        return None
    return KeyUser(
        short="disks",
        name=f"disk encryption set {intent.cluster.disk_encryption_set.name}",
        source="encryption-set",
        found=facts.encryption_set,
        roles=facts.disks_roles,
    )


def _identity(intent: Intent, facts: Facts) -> KeyUser | None:
    own = ids_of(intent).identity
    if own is None or isinstance(intent, ClusterSetup):
        return None
    return KeyUser(
        short="identity",
        name=own.name,
        source="identity",
        found=facts.identity,
        roles=facts.identity_roles,
        keys=UNWRAP if isinstance(intent, ContainerGroupSetup) else WRAP,
    )


_USERS: dict[str, Callable[[Intent, Facts], KeyUser | None]] = {
    "cosmos": _cosmos,
    "containers": _containers,
    "disks": _disks,
    "identity": _identity,
}


def may_use(intent: Intent, facts: Facts, one: KeyUser) -> bool:
    """Whether somebody has what it needs of the key, by the model that counts in the vault."""
    vault = facts.vault
    if not isinstance(vault, Vault) or not one.object_id:
        return False
    if not vault.rbac:
        return has_permissions(vault, one.object_id, one.keys)
    scope = f"{ids_of(intent).vault}/keys/{intent.key.name}"
    if isinstance(one.roles, Unknown):
        return False
    return granted(one.roles, scope, one.object_id, CRYPTO_USER) is not None


def reads_set(ids: Ids, facts: Facts) -> bool:
    """Whether the cluster's identity is Reader on its disk encryption set."""
    if not isinstance(facts.identity, Identity) or isinstance(facts.reader_roles, Unknown):
        return False
    who, scope = facts.identity.principal_id, str(ids.encryption_set)
    return granted(facts.reader_roles, scope, who, READER) is not None
