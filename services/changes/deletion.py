"""What a delete would do, before anything is done. Writes nothing.

The vault and the key never go. What Azure made for a workspace or a cluster goes with it and
never without it: it is refused here, whoever asks.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec

from services.azure import authorization, groups, locks, workspaces
from services.azure.connection import Connection
from services.changes import machinedeletion
from services.changes.findings import finding, locked, missing_right, unread
from services.changes.machinedeletion import NoDeletion
from services.changes.model import Deletion, Part
from services.checks.facts import Unknown, known
from services.cost import cache, managed
from services.cost.estimate import USUAL, actual
from services.diagnosis import target
from services.diagnosis.facts import described, own_ids
from services.fleet.words import kind_of
from services.ids import ArmId, BadId, same
from services.model.cost import KEPT_DAYS, Range
from services.model.diagnosis import NOUNS, Target
from services.model.plan import Finding, Plan, Step
from services.model.resources import Lock, Permission, Resource, Workspace
from services.text import plain

__all__ = ["Deletion", "NoDeletion", "command", "plan_deletion", "read"]

DELETE = "Microsoft.MachineLearningServices/workspaces/delete"
PRICES = "prices"
"""Folder of the prices below the state folder."""
FOREVER = "A purged workspace can't be recovered, nor what Azure kept for it."


async def read(
    conn: Connection, text: str, state: Path, *, purge: bool = False, currency: str = "USD"
) -> Deletion:
    """What goes, what stays, what it costs, and what speaks against it.

    ``text`` is the id or name of a workspace, a container group, a disk encryption set or a
    cluster; a workspace that was deleted softly is named by its id. ``state`` is the folder that
    keeps prices. Raises NoDeletion, target.NoTarget, AzureError.
    """
    asked = await _target(conn, text)
    if asked.kind == "workspace":
        return await _workspace(conn, asked.id, state, purge=purge, currency=currency)
    if purge:
        raise NoDeletion(
            f"{asked.name} is a {NOUNS[asked.kind]}: it is deleted for good at once, and there is"
            " no purge. Leave --purge away."
        )
    return await machinedeletion.read(conn, asked, state, currency=currency)


async def _workspace(
    conn: Connection, id: str, state: Path, *, purge: bool, currency: str
) -> Deletion:
    found, subscription = await workspaces.get_workspace(conn, id), ArmId.parse(id).subscription
    group = found.managed_group if found else await _group_of(conn, id)
    if found is None and not group:
        raise NoDeletion(
            f"Workspace {ArmId.parse(id).name} is not there, and no managed group of it is left. A"
            " deleted one without such a group Azure lists nowhere; to end it for good: "
            f"{command(id, purge=True)}"
        )
    if found is None and not purge:
        raise NoDeletion(
            f"Workspace {ArmId.parse(id).name} is deleted already: Azure keeps it for {KEPT_DAYS}"
            f" days, and bills its group {group}. With --purge it ends now."
        )
    inside, held, above, may, kept = await asyncio.gather(
        known(_inside(conn, subscription, group)),
        known(_locks(conn, id if found else "")),
        known(_locks(conn, str(ArmId(subscription, group)) if group else "")),
        known(_permissions(conn, id)),
        _cost(conn, found, state, currency),
    )
    made = Deletion(
        at=conn.now(),
        id=id,
        name=ArmId.parse(id).name,
        purge=purge,
        there=found is not None,
        managed_group=group,
        goes=_goes(id, found, group, inside),
        stays=_stays(found),
        unread=inside.reason if isinstance(inside, Unknown) else "",
        kept=kept[0],
        currency=currency,
        cost_problem=kept[1],
        caller=(await conn.who()).object_id,
    )
    return msgspec.structs.replace(made, findings=tuple(_judged(made, found, (held, above), may)))


def plan_deletion(deletion: Deletion) -> Plan:
    """The one step that carries it out. Pure."""
    step = _step(deletion) if deletion.kind == "workspace" else machinedeletion.step(deletion)
    return Plan(
        purpose="delete",
        subject=deletion.id,
        caller=deletion.caller,
        findings=deletion.findings,
        steps=(step,),
    )


def _step(deletion: Deletion) -> Step:
    after = (
        FOREVER
        if deletion.purge
        else f"It can be recovered for {KEPT_DAYS} days, then it is gone for good."
    )
    softly = "" if deletion.purge else " softly"
    return Step(
        id="delete",
        kind="workspace-delete",
        title=f"{'purge' if deletion.purge else 'delete'} workspace {deletion.name}{softly}",
        action="delete",
        target=deletion.id,
        params={"purge": deletion.purge, "group": deletion.managed_group},
        irreversible=after,
        expected_s=60,
    )


def command(id: str, *, purge: bool) -> str:
    """The az command for a person who may do what the caller may not."""
    where = ArmId.parse(id)
    return (
        f"az ml workspace delete --name {where.name} --resource-group {where.group}"
        f" --subscription {where.subscription} --yes{' --permanently-delete' if purge else ''}"
    )


# -- reading


async def _target(conn: Connection, text: str) -> Target:
    """What is meant; refuses everything else that a person might paste."""
    asked = plain(text.strip(), 500)
    if "://" in asked:
        raise NoDeletion(
            f"{asked} is an address: wrapkey deletes no key and no vault. Name what uses it."
        )
    try:
        id = ArmId.parse(asked)
    except BadId:
        return await target.find(conn, asked)
    kind = target.TYPES.get(id.type.lower())
    if kind is not None:
        return Target(id=str(id), name=id.name, kind=kind, asked=asked)
    if id.type.lower().startswith(target.VAULT):
        raise NoDeletion(
            f"{id.name} is a vault or a key: wrapkey deletes neither. What depends on it is shown"
            f" by: wrapkey dependents {id}"
        )
    await _refuse_managed(conn, id)
    raise NoDeletion(
        f"{asked} is none of what wrapkey deletes: a workspace, a container group, a disk encryption"
        " set or a cluster."
    )


async def _refuse_managed(conn: Connection, id: ArmId) -> None:
    """Raises NoDeletion for a group that Azure made for something, and for what is in it."""
    group = await groups.get_group(conn, id.subscription, id.group) if id.group else None
    owner = group.managed_by if group else ""
    kind = next((one for type, one in target.TYPES.items() if type in owner.lower()), None)
    if kind is None:
        return
    protected = "A deny assignment protects it, and a workspace that loses it is lost."
    lost = protected if kind == "workspace" else "A cluster that loses it does not work any more."
    raise NoDeletion(
        f"{id.name} belongs to the managed group {id.group} of {NOUNS[kind]}"
        f" {ArmId.parse(owner).name}. {lost} It goes with its {NOUNS[kind]}: wrapkey delete {owner}"
    )


async def _group_of(conn: Connection, id: str) -> str:
    """The managed group of a workspace that was deleted softly; empty where none is left."""
    for one in await groups.list_groups(conn, ArmId.parse(id).subscription):
        if one.managed_by and same(one.managed_by, id):
            return one.name
    return ""


async def _inside(conn: Connection, subscription: str, group: str) -> tuple[Resource, ...]:
    return tuple(await groups.list_resources(conn, subscription, group)) if group else ()


async def _locks(conn: Connection, scope: str) -> tuple[Lock, ...]:
    return tuple(await locks.list_locks(conn, scope)) if scope else ()


async def _permissions(conn: Connection, id: str) -> tuple[Permission, ...]:
    """At the group: it is there also where the workspace is not any more."""
    where = ArmId.parse(id)
    scope = str(ArmId(where.subscription, where.group))
    return tuple(await authorization.list_permissions(conn, scope))


async def _cost(
    conn: Connection, found: Workspace | None, state: Path, currency: str
) -> tuple[Range | None, str]:
    """What soft delete costs, and why that is not known."""
    if found is None or found.encryption is None:
        return None, "" if found else "the workspace can't be read any more"
    prices, made = await asyncio.gather(
        cache.load(conn, state / PRICES, found.location, currency), managed.read(conn, found)
    )
    estimate = actual(described(found), prices, USUAL, made)
    return estimate.after_delete, estimate.problem


# -- judging


def _goes(
    id: str, found: Workspace | None, group: str, inside: tuple[Resource, ...] | Unknown
) -> tuple[Part, ...]:
    why = "with all that lies in it: computes, endpoints, jobs, models, its own identity"
    goes = [Part(id=id, kind="workspace", why=why if found else "deleted softly before")]
    if group:
        where = str(ArmId(ArmId.parse(id).subscription, group))
        goes.append(Part(id=where, kind="managed group", why="Azure made it for the workspace"))
    if not isinstance(inside, Unknown):
        goes += [
            Part(id=one.id, kind=kind_of(one.type), why="in the managed group") for one in inside
        ]
    return tuple(goes)


def _stays(found: Workspace | None) -> tuple[Part, ...]:
    """Vault and key first: they are never deleted with a workspace."""
    if found is None:
        return ()
    stays, used = [], found.encryption
    if used is not None:
        never = "never deleted here: other data may need it"
        stays += [
            Part(id=used.vault_id, kind="vault", why=never),
            Part(id=used.key_id, kind="key", why=never),
        ]
    bills = "it goes on costing what it costs"
    stays += [
        Part(id=one, kind=kind_of(ArmId.parse(one).type.lower()), why=bills)
        for one in own_ids(found)
        if not any(same(one, other.id) for other in stays)
    ]
    stays += [Part(id=one, kind="identity", why="with its grants") for one in found.identities]
    return tuple(stays)


def _judged(
    deletion: Deletion,
    found: Workspace | None,
    held: tuple[tuple[Lock, ...] | Unknown, ...],
    may: tuple[Permission, ...] | Unknown,
) -> Iterator[Finding]:
    seen: set[str] = set()
    for some in held:
        fresh = some if isinstance(some, Unknown) else tuple(x for x in some if x.id not in seen)
        seen |= {one.id for one in fresh} if isinstance(fresh, tuple) else set()
        levels = ("CanNotDelete", "ReadOnly")
        yield from locked(deletion.id, fresh, levels, f"a delete of {deletion.name}")
    role = f"Contributor on {ArmId.parse(deletion.id).group}"
    yield from missing_right(
        deletion.id,
        may,
        DELETE,
        f"delete workspace {deletion.name}",
        role,
        status="fail",
        instead=f"give this to somebody who may: {command(deletion.id, purge=deletion.purge)}",
    )
    if found is not None and found.state.lower() not in ("succeeded", "failed", "deleting"):
        yield finding(
            "delete-state",
            "fail",
            deletion.id,
            f"Workspace {deletion.name} is {found.state or 'in an unknown state'}",
            meaning="Azure changes no workspace while it is busy with another operation.",
            repair="Wait until it is Succeeded.",
        )
    if deletion.unread:
        yield unread("delete-group", deletion.id, "What goes with it", Unknown(deletion.unread))
