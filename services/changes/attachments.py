"""Workspaces that have a cluster attached: what its deletion takes from them. Writes nothing."""

import asyncio
from collections.abc import Iterator

import msgspec

from services.azure import computes
from services.azure.connection import Connection
from services.azure.resourcegraph import list_of_types
from services.azure.subscriptions import list_subscriptions
from services.changes.findings import finding, unread
from services.checks.facts import Unknown, known_from
from services.ids import ArmId, same
from services.model.plan import Evidence, Finding
from services.model.resources import AttachedCompute, ManagedCluster
from services.text import plain

WORKSPACES = "microsoft.machinelearningservices/workspaces"
AT_ONCE = 8
"""Workspaces that are asked at the same time."""


class Attachments(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a cluster attached, among the workspaces that the caller sees."""

    found: tuple[tuple[str, AttachedCompute], ...] = ()
    """Id of the workspace, and the compute that stands for the cluster."""
    unread: tuple[tuple[str, Unknown], ...] = ()
    """Workspaces whose computes could not be read."""


async def of(conn: Connection, cluster: ManagedCluster) -> Attachments:
    """Ask each workspace for its computes: Resource Graph does not list those.

    Raises AzureError where not even the workspaces can be listed.
    """
    subscriptions = [one.id for one in await list_subscriptions(conn)]
    ids = [
        plain(row.get("id"))
        async for page in list_of_types(conn, [WORKSPACES], subscriptions)
        for row in page
    ]
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(id: str) -> list[AttachedCompute] | Unknown:
        async with turn:
            return await known_from(computes.list_attached, conn, id)

    told = list(zip(ids, await asyncio.gather(*map(ask, ids)), strict=True))
    return Attachments(
        found=tuple(
            (id, one)
            for id, some in told
            if not isinstance(some, Unknown)
            for one in some
            if same(one.cluster, cluster.id)
        ),
        unread=tuple((id, some) for id, some in told if isinstance(some, Unknown)),
    )


def judged(subject: str, name: str, told: Attachments | Unknown | None) -> Iterator[Finding]:
    """One finding for each attachment. Pure; ``told`` is None where nothing was asked."""
    if told is None:
        return
    if isinstance(told, Unknown):
        yield unread("delete-attached", subject, "Which workspaces have it attached", told)
        return
    for id, one in told.found:
        workspace = ArmId.parse(id)
        yield finding(
            "delete-attached",
            "warn",
            subject,
            f"Workspace {workspace.name} has cluster {name} attached as {one.name}",
            Evidence(call="GET computes", field="properties.resourceId", value=one.cluster),
            meaning="What is deployed to it from there goes with it. The workspace keeps a compute"
            " of a cluster that is gone; its own data and key have nothing to do with it.",
            repair=f"Detach it first: {computes.detach_command(one.name, id)}",
            part=one.id,
        )
    for id, why in told.unread:
        workspace = ArmId.parse(id)
        yield finding(
            "delete-attached",
            "unknown",
            subject,
            f"Whether workspace {workspace.name} has it attached could not be read",
            meaning=why.reason,
            part=id,
        )
