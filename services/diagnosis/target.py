"""From what a person has (an id, a key's address, a name) to the target that is meant."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from urllib.parse import urlsplit

import msgspec

from services.azure import clusters, containergroups, disks, groups
from services.azure.connection import Connection
from services.azure.resourcegraph import list_of_types
from services.azure.subscriptions import list_subscriptions
from services.azure.workspaces import workspace
from services.ids import ArmId, BadId, KeyId, same
from services.model.diagnosis import NOUNS, Target, TargetKind
from services.model.resources import Raw
from services.text import plain

TYPES: dict[str, TargetKind] = {
    "microsoft.machinelearningservices/workspaces": "workspace",
    "microsoft.containerinstance/containergroups": "container-group",
    "microsoft.containerservice/managedclusters": "cluster",
    "microsoft.compute/diskencryptionsets": "disk-encryption-set",
}
"""Type in lower case to the kind of target; in the order in which several are listed."""
EVERY: tuple[TargetKind, ...] = tuple(TYPES.values())
VAULT = "microsoft.keyvault/vaults"


class NoTarget(Exception):
    """Nothing, or more than one thing, is meant; the message says what to do."""

    def __init__(self, what: str, found: tuple[Target, ...] = ()) -> None:
        super().__init__(what)
        self.found = found
        """The targets it could be."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could be meant."""

    id: str
    name: str
    kind: TargetKind
    key: str = ""
    """Address of its key, perhaps with a version; empty where it names none itself."""
    vault: str = ""
    """ARM id of the key's vault, where it names it."""
    encryption_set: str = ""
    """Through which a cluster's disks use a key."""
    location: str = ""
    state: str = ""
    """provisioningState."""
    raw: Raw = {}
    """As Resource Graph told it."""


async def find(conn: Connection, text: str, kinds: Sequence[TargetKind] = EVERY) -> Target:
    """The one target of these kinds that is meant.

    Takes an ARM id (of the target, its vault, the group that Azure made for it or something in
    that), the address of a key or vault, or a name, which is searched over all subscriptions.
    Raises NoTarget where none or several fit, AzureError where Azure can't be asked.
    """
    asked = plain(text.strip(), 500)
    if asked.lower().startswith("/subscriptions/"):
        return await _by_id(conn, asked, kinds)
    if not asked:
        raise NoTarget(f"Name a {_nouns(kinds)}: its id, its name, or the address of its key.")
    if "://" in asked:
        fits = _using(asked, conn)
        return _one(asked, _with_clusters(fits, await _all(conn, kinds)), kinds)
    named = [one for one in await _all(conn, kinds) if one.name.lower() == asked.lower()]
    return _one(asked, named, kinds)


async def _by_id(conn: Connection, asked: str, kinds: Sequence[TargetKind]) -> Target:
    try:
        id = ArmId.parse(asked)
    except BadId as error:
        raise NoTarget(f"{asked}: {error}.") from None
    kind = TYPES.get(id.type.lower())
    if kind is not None and kind in kinds:
        return Target(id=str(id), name=id.name, kind=kind, asked=asked)
    if kind is not None:
        raise NoTarget(f"{asked} is a {NOUNS[kind]}: name a {_nouns(kinds)}.")
    if id.type.lower().startswith(VAULT):
        vault = ArmId(id.subscription, id.group, id.type[: len(VAULT)], id.names[:1])
        fits = _of_vault(vault, conn)
        return _one(asked, _with_clusters(fits, await _all(conn, kinds)), kinds)
    if not id.group:
        raise NoTarget(f"{asked} is a subscription: name a {_nouns(kinds)}, its key or its vault.")
    group = await groups.get_group(conn, id.subscription, id.group)
    owner = group.managed_by if group else ""
    kind = next((TYPES[type] for type in TYPES if f"/{type}/" in owner.lower()), None)
    if kind is None or kind not in kinds:
        raise NoTarget(
            f"{asked} belongs to no {_nouns(kinds)}: its group is managed by none. Name that."
        )
    return Target(id=owner, name=ArmId.parse(owner).name, kind=kind, asked=asked)


async def _all(conn: Connection, kinds: Sequence[TargetKind]) -> list[Candidate]:
    """Everything of these kinds that the caller may read, and the sets behind clusters."""
    ids = [one.id for one in await list_subscriptions(conn)]
    if not ids:
        raise NoTarget("You see no subscription with this sign-in.")
    wanted = {*kinds, *(("disk-encryption-set",) if "cluster" in kinds else ())}
    types = [type for type, kind in TYPES.items() if kind in wanted]
    rows = [row async for page in list_of_types(conn, types, ids) for row in page]
    return [candidate(row) for row in rows]


async def encrypted(
    conn: Connection, subscriptions: Sequence[str]
) -> AsyncIterator[list[Candidate]]:
    """What a key of the customer's encrypts, of every kind, page by page; raises AzureError."""
    async for page in list_of_types(conn, list(TYPES), subscriptions):
        read = (candidate(row) for row in page)
        yield [one for one in read if one.key or one.encryption_set]


def candidate(row: Raw) -> Candidate:
    """A row of Resource Graph of one of TYPES."""
    return msgspec.structs.replace(_READ[plain(row.get("type")).lower()](row), raw=row)


def _workspace(row: Raw) -> Candidate:
    one = workspace(row)
    used = one.encryption
    return Candidate(
        id=one.id,
        name=one.name,
        kind="workspace",
        key=used.key_id if used else "",
        vault=used.vault_id if used else "",
        location=one.location,
        state=one.state,
    )


def _container_group(row: Raw) -> Candidate:
    one = containergroups.group(row)
    key = f"{one.vault_uri.rstrip('/')}/keys/{one.key}/{one.key_version}" if one.key else ""
    return Candidate(
        id=one.id,
        name=one.name,
        kind="container-group",
        key=key.rstrip("/"),
        location=one.location,
        state=one.state,
    )


def _cluster(row: Raw) -> Candidate:
    one = clusters.cluster(row)
    return Candidate(
        id=one.id,
        name=one.name,
        kind="cluster",
        encryption_set=one.encryption_set,
        location=one.location,
        state=one.state,
    )


def _encryption_set(row: Raw) -> Candidate:
    one = disks.encryption_set(row)
    return Candidate(
        id=one.id,
        name=one.name,
        kind="disk-encryption-set",
        key=one.key_url,
        vault=one.vault_id,
        location=one.location,
        state=one.state,
    )


_READ: dict[str, Callable[[Raw], Candidate]] = dict(
    zip(TYPES, (_workspace, _container_group, _cluster, _encryption_set), strict=True)
)

Fits = Callable[[Candidate], bool]


def _with_clusters(fits: Fits, among: Iterable[Candidate]) -> list[Candidate]:
    """What uses a key itself, and clusters in place of the sets through which they use it."""
    all_of = list(among)
    found = [one for one in all_of if fits(one)]
    ids = [one.id for one in found]
    through = [one for one in all_of if any(same(one.encryption_set, id) for id in ids)]
    behind = {one.encryption_set.lower() for one in through}
    return [*(one for one in found if one.id.lower() not in behind), *through]


def _of_vault(vault: ArmId, conn: Connection) -> Fits:
    """Who names the vault, or a key at its address."""
    uri = f"{conn.cloud.vault_uri(vault.name)}/".lower()
    return lambda one: (
        same(one.vault, str(vault)) if one.vault else f"{one.key}/".lower().startswith(uri)
    )


def _using(address: str, conn: Connection) -> Fits:
    """Who has its key at the address: of a version, a key or a whole vault."""
    wanted = urlsplit(address.lower().rstrip("/"))
    path = wanted.path
    try:
        key = KeyId.parse(address)
        path = urlsplit(key.versionless.lower()).path
    except BadId:
        if path:
            raise NoTarget(f"{address} is not the address of a key or a vault.") from None
    start = f"https://{wanted.netloc.removesuffix(':443')}{path}/"
    return lambda one: bool(one.key) and f"{one.key.lower()}/".startswith(start)


def _one(asked: str, among: Sequence[Candidate], kinds: Sequence[TargetKind]) -> Target:
    found = (one for one in among if one.kind in kinds)
    targets = tuple(
        Target(id=one.id, name=one.name, kind=one.kind, asked=asked)
        for one in sorted(found, key=lambda one: (EVERY.index(one.kind), one.id.lower()))
    )
    if len(targets) == 1:
        return targets[0]
    if not targets:
        nothing = f"No {NOUNS[kinds[0]]}" if len(kinds) == 1 else "Nothing"
        raise NoTarget(
            f"{nothing} that you may read fits {asked}. Resource Graph lags behind by up to a"
            " minute; what was deleted is found by its id."
        )
    listed = "\n".join(f"  {one.id}" for one in targets)
    of = {one.kind for one in targets}
    what = f"{NOUNS[of.pop()]}s" if len(of) == 1 else "resources"
    raise NoTarget(f"{len(targets)} {what} fit {asked}; name one by its id:\n{listed}", targets)


def _nouns(kinds: Sequence[TargetKind]) -> str:
    *more, last = (NOUNS[kind] for kind in kinds)
    return f"{', '.join(more)} or {last}" if more else last
