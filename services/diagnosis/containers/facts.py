"""What diagnosis knows of a container group."""

import msgspec

from services.checks.facts import Ids, Unknown
from services.diagnosis.facts import Examined
from services.ids import ArmId, BadId, KeyId
from services.model.intent import (
    ContainerGroupIntent,
    ContainerGroupSetup,
    ContainerIntent,
    KeyIntent,
    VaultIntent,
)
from services.model.resources import ContainerGroup

ENDED = ("succeeded", "failed", "stopped", "terminated")
"""States of an instance view in which nothing runs any more; the quota counts them all."""


class ContainerLive(Examined, frozen=True, kw_only=True):
    """What was read about a container group that is there."""

    group: ContainerGroup
    neighbours: tuple[ContainerGroup, ...] | Unknown = ()
    """The other groups of its subscription in its region, by name; with their instance view
    where the region's cores are running out."""


def key_of(group: ContainerGroup) -> KeyId | None:
    """The key that a group names; None where Microsoft's encrypt it, or none can be read."""
    try:
        return KeyId.parse(f"{group.vault_uri}/keys/{group.key}/{group.key_version}".rstrip("/"))
    except BadId:
        return None


def described(group: ContainerGroup, vault_id: str) -> ContainerGroupSetup:
    """The intent that this group is the answer to."""
    id, key = ArmId.parse(group.id), key_of(group)
    vault = ArmId.parse(vault_id) if vault_id else None
    return ContainerGroupSetup(
        subscription=id.subscription,
        region=group.location,
        resource_group=id.group,
        tags=group.tags,
        vault=VaultIntent(
            name=vault.name if vault else (key.vault if key else ""),
            resource_group=vault.group if vault else "",
            create=False,
        ),
        key=KeyIntent(
            name=key.name if key else group.key,
            create=False,
            version=(key.version if key else "") or "latest",
        ),
        container_group=ContainerGroupIntent(
            name=id.name,
            flow="identity" if group.identity else "first-party",
            identity=group.identity,
            os="Windows" if group.os.lower() == "windows" else "Linux",
            containers=[ContainerIntent(name="all", image="all", cpu=group.cores)],
        ),
    )


def ids_in(vault_id: str, ids: Ids) -> Ids:
    """The ids of the live objects: the vault may lie in another subscription."""
    if not vault_id:
        return ids
    vault = ArmId.parse(vault_id)
    group = ArmId(vault.subscription, vault.group)
    return msgspec.structs.replace(ids, vault=vault, vault_group=group)


def view_of(group: ContainerGroup) -> str:
    """What it does now, by its instance view, else by its provisioning state."""
    return group.view or group.state


def has_run(group: ContainerGroup) -> bool:
    """Whether a container of it was ever started, by its events."""
    return any(one.name == "Started" for one in group.events)
