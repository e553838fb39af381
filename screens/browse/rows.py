"""Vaults, and what keys encrypt, as rows, page by page as Azure sends them."""

import asyncio
from collections.abc import Sequence

from screens.browse.listing import Pages
from screens.widgets.table import Column, Row
from services import browse, portal
from services.azure import resourcegraph, vaults
from services.azure.connection import Connection
from services.browse import machines
from services.checks.fit import deleted_fit, vault_fit
from services.diagnosis.target import EVERY, TYPES
from services.ids import ArmId, BadId
from services.model.diagnosis import NOUNS, TargetKind
from services.model.resources import DeletedVault, Raw, Subscription, Vault, Workspace

VAULTS = (
    Column("Name"),
    Column("Region", 11),
    Column("Access", 8),
    Column("Purge", 5),
    Column("Fit", status=True),
    Column("Because", prose=True),
)
WORKSPACES = (
    Column("Name"),
    Column("Region", 11),
    Column("Encryption", 12),
    Column("Key"),
    Column("State", 9),
)
DEPLOYED = (
    Column("Name"),
    Column("Group"),
    Column("Region", 11),
    Column("Key"),
    Column("State", 9),
)
"""Container groups, disk encryption sets or clusters."""
EVERYTHING = (
    Column("Name"),
    Column("What", 19),
    Column("Group"),
    Column("Key"),
    Column("State", 9),
)
"""All that a key can encrypt."""
AT_ONCE = 8
"""Subscriptions asked for their deleted vaults at the same time."""


async def vault_pages(conn: Connection, subscriptions: Sequence[Subscription]) -> Pages:
    """The vaults of these subscriptions; raises AzureError."""
    known = {one.id: one for one in subscriptions}
    if known:
        async for page in resourcegraph.list_vaults(conn, list(known)):
            yield [vault_row(one, conn, known) for one in page]


def deleted_pages(conn: Connection, subscriptions: Sequence[Subscription]) -> list[Pages]:
    """The soft-deleted vaults, one source a subscription: Azure lists them only so."""
    limit = asyncio.Semaphore(AT_ONCE)
    return [_deleted(conn, one, limit) for one in subscriptions]


async def _deleted(conn: Connection, one: Subscription, limit: asyncio.Semaphore) -> Pages:
    async with limit:
        found = await vaults.list_deleted(conn, one.id)
    yield [_deleted_row(vault, one) for vault in found]


async def workspace_pages(conn: Connection, subscriptions: Sequence[Subscription]) -> Pages:
    """The workspaces of these subscriptions; raises AzureError."""
    known = {one.id: one for one in subscriptions}
    if known:
        async for page in resourcegraph.list_workspaces(conn, list(known)):
            yield [workspace_row(one, conn, known) for one in page]


async def deployed_pages(
    conn: Connection, subscriptions: Sequence[Subscription], kinds: Sequence[TargetKind] = EVERY
) -> Pages:
    """What of these kinds there is, whosever key encrypts it; raises AzureError."""
    known = {one.id: one for one in subscriptions}
    types = [type for type, kind in TYPES.items() if kind in kinds]
    if known:
        async for page in resourcegraph.list_of_types(conn, types, list(known)):
            yield [deployed_row(row, conn, known, mixed=len(kinds) > 1) for row in page]


def deployed_row(raw: Raw, conn: Connection, known: dict[str, Subscription], *, mixed: bool) -> Row:
    """One of them; ``mixed``: with what it is, in place of its region."""
    kind = TYPES[str(raw["type"]).lower()]
    one = machines.PARSED[kind](raw)
    owner, group = _place(one.id, known)
    between = (NOUNS[kind], group) if mixed else (group, one.location)
    cells = (one.name, *between, machines.keyed_by(one), one.state)
    page = portal.resource(conn.cloud, one.id, owner.tenant_id if owner else "")
    also = f"{owner.name if owner else ''} {group} {one.location}"
    return Row(one.id, cells, one.id, one.raw, page, also, data=one)


def vault_row(vault: Vault, conn: Connection, known: dict[str, Subscription]) -> Row:
    """A vault, judged as the vault of a workspace in its own region."""
    owner, group = _place(vault.id, known)
    fit = vault_fit(vault, vault.location, owner.tenant_id if owner else "")
    cells = (
        vault.name,
        vault.location,
        "RBAC" if vault.rbac else "policies",
        "on" if vault.purge_protection else "off",
        fit.word.upper(),
        fit.because,
    )
    page = portal.resource(conn.cloud, vault.id, vault.tenant_id)
    also = f"{owner.name if owner else ''} {group}"
    return Row(vault.id, cells, vault.id, vault.raw, page, also, data=vault)


def _deleted_row(vault: DeletedVault, owner: Subscription) -> Row:
    fit = deleted_fit(vault)
    purge = "on" if vault.purge_protection else "off"
    cells = (vault.name, vault.location, "", purge, "NO", fit.because)
    key = f"deleted/{owner.id}/{vault.location}/{vault.name}"
    return Row(key, cells, vault.id, vault.raw, also=owner.name, data=vault)


def workspace_row(one: Workspace, conn: Connection, known: dict[str, Subscription]) -> Row:
    """A workspace and the key it names."""
    owner, group = _place(one.id, known)
    used = one.encryption
    cells = (
        one.name,
        one.location,
        browse.mode(used),
        browse.named(used.key_id).key if used else "",
        one.state,
    )
    page = portal.resource(conn.cloud, one.id, owner.tenant_id if owner else "")
    also = f"{owner.name if owner else ''} {group}"
    return Row(one.id, cells, one.id, one.raw, page, also, data=one)


def place(id: str, known: Sequence[Subscription]) -> str:
    """Subscription and group of an id, as the user knows them."""
    owner, group = _place(id, {one.id: one for one in known})
    return " > ".join(part for part in (owner.name if owner else "", group) if part)


def _place(id: str, known: dict[str, Subscription]) -> tuple[Subscription | None, str]:
    try:
        where = ArmId.parse(id)
    except BadId:
        return None, ""
    return known.get(where.subscription), where.group
