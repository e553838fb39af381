"""Reads everything that a diagnosis of a container group follows from."""

from services.azure import containergroups, vaults
from services.azure.connection import Connection
from services.checks.facts import Unknown, known, planned_from
from services.checks.reading import Reading
from services.diagnosis.clusters.readers import vault_of
from services.diagnosis.containers.facts import ContainerLive, described, ids_in, key_of
from services.diagnosis.containers.readers import FIELDS, READERS
from services.diagnosis.containers.way import checks_for
from services.diagnosis.passes import Heard, Pass, examine, first
from services.diagnosis.registry import reads_of
from services.diagnosis.seen import Gone
from services.ids import ArmId
from services.model.diagnosis import Target
from services.model.resources import ContainerGroup

_OF_MAKING = frozenset({"group_limits", "absent_secrets"})
"""Facts of planning that only matter to a group that is made."""


async def look(
    conn: Connection, target: Target, heard: Heard | None, left_out: frozenset[str]
) -> ContainerLive | ContainerGroup | Gone:
    """The group with everything that it depends on; raises AzureError."""
    group, asked = await first(conn, target.id, containergroups.get_group)
    if group is None:
        return Gone(asked=asked)
    if not group.vault_uri and not group.key:
        return group
    key = key_of(group)
    vault_id = await vault_id_of(conn, ArmId.parse(group.id).subscription, key.vault) if key else ""
    intent, checks = described(group, vault_id), checks_for(group)
    read = {fact for check in checks for fact in reads_of(check)}
    more = planned_from(intent) | frozenset(FIELDS) | {"deleted_vault", "deleted_key"}
    what = Pass(
        intent=intent,
        checks=checks,
        facts=(more | read) - _OF_MAKING - left_out,
        readers=READERS,
        live=lambda made: _live(made, target, group),
        given={"container_group": (group, asked)},
        ids=lambda ids: ids_in(vault_id, ids),
    )
    return await examine(conn, what, heard)


async def vault_id_of(conn: Connection, subscription: str, name: str) -> str:
    """ARM id of the vault of this name, deleted ones of the group's subscription too.

    A group tells the vault's address alone. Empty where none is seen; raises AzureError.
    """
    found = await vault_of(conn, name)
    if found:
        return found
    deleted = await known(vaults.list_deleted(conn, subscription))
    if isinstance(deleted, Unknown):
        return ""
    gone = (one.id for one in deleted if one.name.lower() == name.lower())
    return next(gone, "")


def _live(made: Reading, target: Target, group: ContainerGroup) -> ContainerLive:
    """What has been read until now."""
    had = made.told()
    return ContainerLive(
        target=target,
        intent=made.intent,
        facts=made.facts(),
        group=group,
        **{field: had[fact] for fact, field in FIELDS.items() if fact in had},
    )
