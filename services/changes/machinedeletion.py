"""What deleting a container group, a disk encryption set or a cluster would do.

None of them knows a soft delete: what goes is gone. Writes nothing.
"""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from services.azure import authorization, clusters, containergroups, disks, groups, locks
from services.azure.connection import Connection
from services.azure.mentions import mentions
from services.azure.subscriptions import list_subscriptions
from services.changes import attachments, machinecost
from services.changes.attachments import Attachments
from services.changes.findings import finding, locked, missing_right, unread
from services.changes.model import Deletion, Part
from services.checks.facts import Unknown, known
from services.fleet.words import kind_of
from services.ids import ArmId, BadId, KeyId, same
from services.model.diagnosis import NOUNS, Target, TargetKind
from services.model.plan import Finding, Step
from services.model.resources import (
    ContainerGroup,
    DiskEncryptionSet,
    Lock,
    ManagedCluster,
    Permission,
    Resource,
)

One = ContainerGroup | DiskEncryptionSet | ManagedCluster

_ACTIONS: dict[TargetKind, str] = {
    "container-group": "Microsoft.ContainerInstance/containerGroups/delete",
    "disk-encryption-set": "Microsoft.Compute/diskEncryptionSets/delete",
    "cluster": "Microsoft.ContainerService/managedClusters/delete",
}
_COMMANDS: dict[TargetKind, str] = {
    "container-group": "az container delete --yes --ids {id}",
    "disk-encryption-set": "az disk-encryption-set delete --ids {id}",
    "cluster": "az aks delete --yes --ids {id}",
}
FOREVER: dict[TargetKind, str] = {
    "container-group": "There is no soft delete: what ran in it, its address and its logs are gone.",
    "disk-encryption-set": "There is no soft delete; a new set has another identity.",
    "cluster": "There is no soft delete: its nodes and the disks in their group are gone.",
}
"""What can't be brought back."""
_SECONDS: dict[TargetKind, int] = {
    "container-group": 10,
    "disk-encryption-set": 10,
    "cluster": 300,
}
NEVER = "never deleted here: other data may need it"
DISKS = "microsoft.compute/disks"


class NoDeletion(ValueError):
    """What was asked for is not deleted here; the message says why and what to do."""


async def read(conn: Connection, asked: Target, state: Path, *, currency: str) -> Deletion:
    """What goes, what stays and what speaks against it; raises NoDeletion, AzureError."""
    one = await _there(conn, asked)
    node_group = one.node_group if isinstance(one, ManagedCluster) else ""
    subscription = ArmId.parse(asked.id).subscription
    scope = str(ArmId(subscription, node_group)) if node_group else ""
    (inside, users, attached, stays, ends), (held, below, may) = await asyncio.gather(
        asyncio.gather(
            known(_inside(conn, subscription, node_group)),
            known(_users(conn, one)),
            known(_attached(conn, one)),
            _stays(conn, one),
            machinecost.month(conn, one, state, currency),
        ),
        asyncio.gather(
            known(locks.list_locks(conn, one.id)),
            known(_locks(conn, scope)),
            known(authorization.list_permissions(conn, one.id)),
        ),
    )
    made = Deletion(
        at=conn.now(),
        id=one.id,
        kind=asked.kind,
        name=one.name,
        purge=True,
        there=True,
        managed_group=node_group,
        goes=_goes(one, asked.kind, () if isinstance(inside, Unknown) else inside),
        stays=stays,
        unread=inside.reason if isinstance(inside, Unknown) else "",
        ends=ends[0],
        currency=currency,
        cost_problem=ends[1],
        caller=(await conn.who()).object_id,
    )
    found = [
        *_locked(made, (held, below)),
        *_rights(made, may),
        *_state(made, one),
        *_used(made, users),
        *attachments.judged(made.id, made.name, attached),
    ]
    if made.unread:
        found.append(unread("delete-group", made.id, "What goes with it", Unknown(made.unread)))
    return msgspec.structs.replace(made, findings=tuple(found))


def step(deletion: Deletion) -> Step:
    """The step that carries it out. Pure."""
    return Step(
        id="delete",
        kind="machine-delete",
        title=f"delete {NOUNS[deletion.kind]} {deletion.name}",
        action="delete",
        target=deletion.id,
        params={"kind": deletion.kind, "command": command(deletion.kind, deletion.id)},
        irreversible=FOREVER[deletion.kind],
        expected_s=_SECONDS[deletion.kind],
    )


def command(kind: TargetKind, id: str) -> str:
    """The az command for a person who may do what the caller may not."""
    return _COMMANDS[kind].format(id=id)


# -- reading


async def _there(conn: Connection, asked: Target) -> One:
    found: One | None
    match asked.kind:
        case "container-group":
            found = await containergroups.get_group(conn, asked.id)
        case "disk-encryption-set":
            found = await disks.get_set(conn, asked.id)
        case _:
            found = await clusters.get_cluster(conn, asked.id)
    if found is None:
        raise NoDeletion(
            f"{NOUNS[asked.kind].capitalize()} {asked.name} is not there: there is no soft delete,"
            " and nothing of it is left."
        )
    return found


async def _inside(conn: Connection, subscription: str, group: str) -> tuple[Resource, ...]:
    return tuple(await groups.list_resources(conn, subscription, group)) if group else ()


async def _locks(conn: Connection, scope: str) -> list[Lock]:
    """Those of the node group and of what is in it."""
    return await locks.list_locks(conn, scope, below=True) if scope else []


async def _users(conn: Connection, one: One) -> tuple[str, ...]:
    """Ids of what needs a set: disks and machines by Compute, clusters by Resource Graph."""
    if not isinstance(one, DiskEncryptionSet):
        return ()
    told, subscriptions = await asyncio.gather(disks.users(conn, one.id), list_subscriptions(conn))
    named = await mentions(conn, [x.id for x in subscriptions], (one.id,))
    seen = {id.lower(): id for id in told}
    seen |= {x.id.lower(): x.id for x in named if not same(x.id, one.id)}
    return tuple(sorted(seen.values()))


async def _attached(conn: Connection, one: One) -> Attachments | None:
    return await attachments.of(conn, one) if isinstance(one, ManagedCluster) else None


async def _stays(conn: Connection, one: One) -> tuple[Part, ...]:
    """Key and vault first: they are never deleted."""
    stays: list[Part] = []
    key = _key(one)
    if isinstance(one, ManagedCluster) and one.encryption_set:
        found = await known(disks.get_set(conn, one.encryption_set))
        key = found.key_url if isinstance(found, DiskEncryptionSet) else ""
        why = "other disks may be encrypted through it"
        stays.append(Part(id=one.encryption_set, kind="disk encryption set", why=why))
    if key:
        stays = [Part(id=key, kind="key", why=f"{NEVER}, and its vault too"), *stays]
    with_grants = "with its grants"
    return (*stays, *(Part(id=id, kind="identity", why=with_grants) for id in one.identities))


def _key(one: One) -> str:
    if isinstance(one, DiskEncryptionSet):
        return one.key_url
    if not isinstance(one, ContainerGroup) or not one.key:
        return ""
    parts = (one.vault_uri, "keys", one.key, one.key_version)
    try:
        return str(KeyId.parse("/".join(part for part in parts if part)))
    except BadId:
        return ""


def _goes(one: One, kind: TargetKind, inside: Iterable[Resource]) -> tuple[Part, ...]:
    why = {
        "container-group": "with what its containers wrote outside mounted shares, its address and"
        " its logs",
        "disk-encryption-set": "with its own identity and the grants of that",
        "cluster": "with everything that runs in it and all that its API knows",
    }[kind]
    goes = [Part(id=one.id, kind=NOUNS[kind], why=why)]
    if isinstance(one, ManagedCluster) and one.node_group:
        where = str(ArmId(ArmId.parse(one.id).subscription, one.node_group))
        goes.append(Part(id=where, kind="node group", why="Azure made it for the nodes"))
    lost = "in the node group: the data of a volume, for good; take a snapshot elsewhere first"
    return (
        *goes,
        *(
            Part(
                id=x.id,
                kind=kind_of(x.type),
                why=lost if x.type.lower() == DISKS else "in the node group",
            )
            for x in inside
        ),
    )


# -- judging


def _locked(made: Deletion, held: Iterable[list[Lock] | Unknown]) -> Iterator[Finding]:
    seen: set[str] = set()
    for some in held:
        fresh = some if isinstance(some, Unknown) else tuple(x for x in some if x.id not in seen)
        seen |= {x.id for x in fresh} if isinstance(fresh, tuple) else set()
        yield from locked(made.id, fresh, ("CanNotDelete", "ReadOnly"), f"a delete of {made.name}")


def _rights(made: Deletion, may: list[Permission] | Unknown) -> Iterator[Finding]:
    yield from missing_right(
        made.id,
        may,
        _ACTIONS[made.kind],
        f"delete {NOUNS[made.kind]} {made.name}",
        f"Contributor on {made.name}",
        status="fail",
        instead=f"give this to somebody who may: {command(made.kind, made.id)}",
    )


def _state(made: Deletion, one: One) -> Iterator[Finding]:
    """A set or a cluster that is busy refuses; a container group goes in any state."""
    busy = one.state.lower() not in ("succeeded", "failed", "canceled", "deleting")
    if busy and not isinstance(one, ContainerGroup):
        noun = NOUNS[made.kind]
        yield finding(
            "delete-state",
            "fail",
            made.id,
            f"{noun.capitalize()} {made.name} is {one.state or 'in an unknown state'}",
            meaning=f"Azure changes no {noun} while it is busy with another operation.",
            repair="Wait until it is Succeeded.",
        )


def _used(made: Deletion, users: tuple[str, ...] | Unknown) -> Iterator[Finding]:
    """Azure deletes no set that a disk uses; a cluster without its set could make no node."""
    if isinstance(users, Unknown):
        yield unread("delete-used", made.id, "Who uses it", users)
        return
    for id in users:
        where = ArmId.parse(id)
        yield finding(
            "delete-used",
            "fail",
            made.id,
            f"{kind_of(where.type)} {where.name} uses disk encryption set {made.name}",
            meaning="Its disks can't be read without the set; Azure refuses to delete one that is"
            " used.",
            repair=f"Delete that first, or give it another set: {id}",
            part=id,
        )
