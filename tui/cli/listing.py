"""subscriptions, vaults, keys, workspaces: what there is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.cli.failed import BadInput
from tui.cli.options import Given, as_json, shared
from tui.cli.output import bare, document, table
from tui.exits import Exit

if TYPE_CHECKING:
    from services.azure.connection import Connection
    from services.model.resources import Subscription

T = TypeVar("T")

TOGETHER = 8
"""Subscriptions that are asked at the same time."""


@click.command()
@as_json
@shared
@click.pass_context
def subscriptions(context: click.Context, as_json: bool) -> Exit:
    """List the subscriptions you can see."""

    async def read(conn: "Connection", given: Given) -> list[Any]:
        from services.azure.subscriptions import list_subscriptions

        return await list_subscriptions(conn)

    found = _run(context, read)
    return _show("subscriptions", found, as_json, ("Name", "Id", "State"), _subscription)


def _subscription(one: Any) -> tuple[str, ...]:
    return one.name, one.id, one.state


@click.command()
@as_json
@shared
@click.pass_context
def vaults(context: click.Context, as_json: bool) -> Exit:
    """List the key vaults of a subscription, or of all you can see."""

    async def read(conn: "Connection", given: Given) -> list[Any]:
        from services.azure.vaults import list_vaults

        return await _of_all(conn, given, list_vaults)

    head = ("Name", "Group", "Region", "Access", "Purge protection")
    return _show("vaults", _run(context, read), as_json, head, _vault)


def _vault(one: Any) -> tuple[str, ...]:
    access = "RBAC" if one.rbac else "policies"
    return one.name, _group(one.id), one.location, access, "on" if one.purge_protection else "off"


@click.command()
@click.argument("vault")
@as_json
@shared
@click.pass_context
def keys(context: click.Context, vault: str, as_json: bool) -> Exit:
    """List the keys of VAULT, a name or an address."""

    async def read(conn: "Connection", given: Given) -> list[Any]:
        from services.azure.keys import list_keys

        return await list_keys(conn, _vault_uri(conn, vault))

    found = _run(context, read)
    return _show("keys", found, as_json, ("Name", "Enabled", "Expires"), _key)


def _vault_uri(conn: "Connection", vault: str) -> str:
    """The address of a vault of this cloud: a token goes nowhere else."""
    from services.names import problem

    name = vault.strip()
    if "://" in name:
        rest = name.lower().removeprefix("https://").rstrip("/")
        name = rest.removesuffix(f".{conn.cloud.vault_suffix.lower()}")
        if name == rest:
            raise BadInput(
                f"{vault}: the address of a vault of this cloud looks like"
                f" {conn.cloud.vault_uri('kv-ml-prod')}."
            )
    wrong = problem("vault", name)
    if wrong:
        raise BadInput(f"VAULT is the name or the address of a vault. {wrong}")
    return conn.cloud.vault_uri(name)


def _key(one: Any) -> tuple[str, ...]:
    now = one.current
    expires = f"{now.expires:%Y-%m-%dT%H:%M:%SZ}" if now.expires else "never"
    return one.name, "yes" if now.enabled else "no", expires


@click.command()
@as_json
@shared
@click.pass_context
def workspaces(context: click.Context, as_json: bool) -> Exit:
    """List the Machine Learning workspaces of a subscription, or of all you can see."""

    async def read(conn: "Connection", given: Given) -> list[Any]:
        from services.azure.workspaces import list_workspaces

        return await _of_all(conn, given, list_workspaces)

    head = ("Name", "Group", "Region", "State", "Key")
    return _show("workspaces", _run(context, read), as_json, head, _workspace)


def _workspace(one: Any) -> tuple[str, ...]:
    key = one.encryption.key_id if one.encryption else "Microsoft's"
    return one.name, _group(one.id), one.location, one.state, key


def _group(id: str) -> str:
    from services.ids import ArmId, BadId

    try:
        return ArmId.parse(id).group
    except BadId:
        return "??"


def _run(
    context: click.Context, read: Callable[["Connection", Given], Awaitable[list[Any]]]
) -> list[Any]:
    given = Given.of(context)

    async def work() -> list[Any]:
        from tui.connect import connected

        async with connected(given.options, given.paths, given.memory) as conn:
            return await read(conn, given)

    return asyncio.run(work())


async def _of_all(
    conn: "Connection",
    given: Given,
    list_: Callable[["Connection", str], AsyncIterator[Sequence[T]]],
) -> list[T]:
    """Everything of the chosen subscription, else of every one that can be seen."""
    from services.azure.subscriptions import list_subscriptions

    known = await list_subscriptions(conn)
    if given.options.subscription:
        known = [the_one(known, given.options.subscription)]
    gate = asyncio.Semaphore(TOGETHER)

    async def one(subscription: "Subscription") -> list[T]:
        async with gate:
            return [item async for page in list_(conn, subscription.id) for item in page]

    return [item for part in await asyncio.gather(*map(one, known)) for item in part]


def the_one(known: Iterable["Subscription"], asked: str) -> "Subscription":
    """The subscription of this id or name; raises BadInput when there is none, or two."""
    known = list(known)
    word = asked.strip().casefold()
    found = [one for one in known if word in (one.id, one.name.casefold())]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.name for one in known[:8]) or "none"
    if found:
        raise BadInput(f"{len(found)} subscriptions are named {asked}: give the id.")
    raise BadInput(f"You can't see a subscription {asked}. You can see: {names}.")


def _show(
    name: str,
    found: Sequence[Any],
    as_json: bool,
    head: Sequence[str],
    row: Callable[[Any], tuple[str, ...]],
) -> Exit:
    if as_json:
        document(**{name: [bare(one) for one in found]})
    else:
        table(head, [row(one) for one in found])
    return Exit.DONE
