"""Everything the caller may read that depends on a vault or a key.

A resource depends on a key when its own document names it, or the vault; what only names a
disk encryption set depends on that set's key, and an AI Search service in the managed group of a
workspace on the workspace's, although it names none.
"""

from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from services.azure import calls, workspaces
from services.azure.connection import Connection
from services.azure.resourcegraph import query
from services.azure.subscriptions import list_subscriptions
from services.fleet.named import keys_named, names_vault
from services.fleet.words import SETS, WORKSPACES, kind_of, says
from services.ids import ArmId, BadId, KeyId, same
from services.model.fleet import Dependent, Subject
from services.model.resources import Raw
from services.text import plain

VAULTS = "microsoft.keyvault/vaults"
AT_ONCE = 20
"""Ids that are asked for in one question."""
_SHOWN = "project id, name, type, kind, properties | order by id asc"

UNSEEN = (
    "What you may not read, and what lies in other tenants.",
    "AI Search names no key. Where a workspace of yours uses this key, the service of its managed"
    " group is listed; any other is not.",
    "Data of a service-side workspace lies in Microsoft's subscription; the workspace is listed.",
    "Deleted workspaces are not listed; what Azure made for them is, until it is purged.",
    "Programs that call the vault themselves: only the vault's audit log knows them.",
    "Resource Graph lags behind, usually by a minute or so.",
)
"""What no list of dependents can show, as sentences."""


class NoSubject(ValueError):
    """No vault or key is meant; the message says what would be one."""


async def subject_of(conn: Connection, text: str) -> Subject:
    """The vault or key that is meant.

    Takes the address of a vault, of a key or of a version, the ARM id of a vault or of a key in
    it, and the ARM id of a workspace, which stands for its key. Raises NoSubject, and AzureError
    where the workspace can't be read.
    """
    asked = plain(text.strip(), 500)
    if "://" in asked:
        return _by_address(asked)
    try:
        id = ArmId.parse(asked)
    except BadId as error:
        raise NoSubject(
            f"{asked}: name a vault or a key by its address or its id; {error}."
        ) from None
    if id.type.lower() == WORKSPACES:
        return await _of_workspace(conn, id)
    if not id.type.lower().startswith(VAULTS):
        raise NoSubject(f"{asked} is no vault, no key and no workspace.")
    host = conn.cloud.vault_uri(id.names[0]).removeprefix("https://").lower()
    of_key = id.type.lower() == f"{VAULTS}/keys"
    return Subject(host=host, key=id.names[1] if of_key else "")


def _by_address(asked: str) -> Subject:
    host = asked.partition("://")[2].strip("/").lower().removesuffix(":443")
    try:
        if "/" in host:
            key = KeyId.parse(asked)
            return Subject(host=key.host, key=key.name, version=key.version)
        KeyId.parse(f"https://{host}/keys/any")
    except BadId as error:
        raise NoSubject(f"{asked} is not the address of a vault or a key: {error}.") from None
    return Subject(host=host)


async def _of_workspace(conn: Connection, id: ArmId) -> Subject:
    found = await workspaces.get_workspace(conn, str(id))
    if found is None:
        raise NoSubject(f"Workspace {id.name} is not there.")
    if found.encryption is None:
        raise NoSubject(f"Workspace {id.name} is encrypted with Microsoft's keys.")
    try:
        key = KeyId.parse(found.encryption.key_id)
    except BadId as error:
        raise NoSubject(f"Workspace {id.name} names no key of a vault: {error}.") from None
    return Subject(host=key.host, key=key.name)


async def dependents(
    conn: Connection, subject: Subject, subscriptions: Sequence[str] = ()
) -> AsyncIterator[list[Dependent]]:
    """Who depends on it, page by page as Resource Graph tells; what comes through others last.

    ``subscriptions`` are their ids, by default all the caller can see. Raises AzureError.
    """
    places = list(subscriptions) or [one.id for one in await list_subscriptions(conn)]
    if not places:
        return
    seen: list[Dependent] = []
    groups: dict[str, str] = {}
    async for page in query(conn, _naming(subject), places):
        found = [one for one in (dependent(row, subject) for row in page) if one is not None]
        groups |= _managed(page, found)
        seen += found
        if found:
            yield found
    for some in _some([one.id for one in seen if one.type == SETS and one.how == "key"]):
        async for page in query(conn, _with_sets(some), places):
            yield _through_sets(page, some, {one.id.lower() for one in seen})
    for some in _some(sorted(groups)):
        async for page in query(conn, _search_in(some), places):
            yield _through_workspaces(page, groups)


async def all_of(conn: Connection, subject: Subject) -> list[Dependent]:
    """All dependents at once; raises AzureError."""
    return [one async for page in dependents(conn, subject) for one in page]


def dependent(row: Raw, subject: Subject) -> Dependent | None:
    """A row of Resource Graph as a dependent; None for one that is none. Pure."""
    id, type = calls.arm_id(row.get("id")), plain(row.get("type")).lower()
    properties = calls.part(row, "properties")
    if type.startswith(VAULTS) and plain(row.get("name")).lower() == subject.vault:
        return None
    named = keys_named(properties, subject.host)
    keys = tuple(one for one in named if _fits(KeyId.parse(one), subject))
    if named and not keys:
        return None
    if not named and not _mentions(properties, subject):
        return None
    return Dependent(
        id=id,
        name=plain(row.get("name")),
        type=type,
        kind=kind_of(type),
        how="key" if keys else "vault",
        keys=keys,
        says=says(type, properties) if keys else "It names the vault, and no key of it.",
    )


def _fits(key: KeyId, subject: Subject) -> bool:
    if subject.key and key.name.lower() != subject.key.lower():
        return False
    # who names no version may use any
    return not (subject.version and key.version) or key.version == subject.version


def _mentions(properties: Raw, subject: Subject) -> bool:
    text = msgspec.json.encode(properties).decode().lower()
    ends = f"/{VAULTS}/{subject.vault}"
    at = text.find(ends)
    return names_vault(text, subject.host) or (
        at >= 0 and not text[at + len(ends) : at + len(ends) + 1].strip('"/')
    )


def _naming(subject: Subject) -> str:
    """Whoever names the vault's host or id. Host and name hold nothing that a quote could end."""
    tests = (subject.host, f"/{VAULTS}/{subject.vault}")
    told = " or ".join(f"tostring(properties) contains '{_quoted(one)}'" for one in tests)
    return f"resources | where {told} | {_SHOWN}"


def _with_sets(sets: Iterable[str]) -> str:
    told = " or ".join(f"tostring(properties) contains '{_quoted(one)}'" for one in sets)
    return f"resources | where {told} | {_SHOWN}"


def _search_in(groups: Iterable[str]) -> str:
    names = ", ".join(f"'{_quoted(ArmId.parse(one).group)}'" for one in groups)
    of_type = "type =~ 'microsoft.search/searchservices'"
    return f"resources | where {of_type} and resourceGroup in~ ({names}) | {_SHOWN}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _managed(page: Sequence[Raw], found: Sequence[Dependent]) -> dict[str, str]:
    """Id of the managed group, lower case, to id of the workspace that uses the key."""
    mine = {one.id for one in found if one.type == WORKSPACES and one.how == "key"}
    told: dict[str, str] = {}
    for row in page:
        id = calls.arm_id(row.get("id"))
        if id in mine and (group := workspaces.workspace(row).managed_group):
            told[str(ArmId(ArmId.parse(id).subscription, group)).lower()] = id
    return told


def _through_sets(page: Sequence[Raw], sets: Sequence[str], seen: set[str]) -> list[Dependent]:
    found = []
    for row in page:
        text = msgspec.json.encode(calls.part(row, "properties")).decode().lower()
        via = next((one for one in sets if f'{one.lower()}"' in text), "")
        if via and calls.arm_id(row.get("id")).lower() not in seen:
            name = ArmId.parse(via).name
            found.append(_behind(row, via, f"Its disks are encrypted through {name}."))
    return found


def _through_workspaces(page: Sequence[Raw], groups: dict[str, str]) -> list[Dependent]:
    found = []
    for row in page:
        id = ArmId.parse(plain(row.get("id")))
        via = next(
            (w for g, w in groups.items() if same(g, str(ArmId(id.subscription, id.group)))), ""
        )
        if via:
            name = ArmId.parse(via).name
            told = (
                f"It belongs to workspace {name}. AI Search tells no key: which one it uses is ??."
            )
            found.append(_behind(row, via, told))
    return found


def _behind(row: Raw, via: str, says: str) -> Dependent:
    type = plain(row.get("type")).lower()
    return Dependent(
        id=calls.arm_id(row.get("id")),
        name=plain(row.get("name")),
        type=type,
        kind=kind_of(type),
        how="through",
        via=via,
        says=says,
    )


def _some(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))
