"""How the facts of diagnosis are read that preflight does not read.

Everything that the workspace names is asked for as soon as the workspace is known, so the
longest chain is workspace, vault, key, and what hangs on the key.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from services.azure import (
    activitylog,
    authorization,
    clusters,
    computes,
    cosmos,
    graph,
    groups,
    keys,
    loganalytics,
    resources,
    search,
    storage,
    vaults,
    workspaces,
)
from services.azure.errors import AzureError, ErrorKind
from services.checks import needed
from services.checks.facts import Unknown, known
from services.checks.readers.vault import told_by
from services.checks.reading import Reader, Reading
from services.diagnosis.facts import Attached, OwnKey, Probe, own_ids
from services.ids import ArmId, BadId, KeyId, same
from services.model.resources import KeyVersion, Resource, Vault, Workspace

LOOK_BACK = timedelta(days=30)
"""How far the activity log is read; Azure keeps it for 90 days."""
AUTHORIZATION = "Microsoft.Authorization"
"""Role assignments, policy assignments and locks."""
AT_MOST = 400
"""Entries of one namespace in a whole subscription: two pages, newest first."""


async def _workspace(on: Reading) -> Workspace:
    """Given before the pass begins."""
    raise AssertionError("the workspace is read first")


async def _managed_group(on: Reading) -> Any:
    name = (await on.get("workspace")).managed_group
    if not name:
        return None
    return await known(groups.get_group(on.conn, on.ids.group.subscription, name))


async def _cosmos_accounts_of_group(on: Reading) -> Any:
    return await _in_group(on, cosmos.list_in_group)


async def _search_services(on: Reading) -> Any:
    return await _in_group(on, search.list_in_group)


async def _storage_accounts(on: Reading) -> Any:
    return await _in_group(on, storage.list_in_group)


async def _in_group(on: Reading, listing: Any) -> Any:
    """At the same time as the group itself: one that is gone is answered with 404."""
    name = (await on.get("workspace")).managed_group
    if not name:
        return ()
    found = await known(listing(on.conn, on.ids.group.subscription, name))
    if isinstance(found, Unknown):
        return () if await on.get("managed_group") is None else found
    return tuple(found)


async def _versions(on: Reading) -> Any:
    vault = await on.get("vault")
    if not isinstance(vault, Vault):
        return ()
    found = await told_by(on, vault, keys.list_versions(on.conn, vault.uri, on.intent.key.name))
    return found if isinstance(found, Unknown) else tuple(found)


async def _rotation(on: Reading) -> Any:
    """At the same time as the key: preflight asks only once it knows that the key ends."""
    vault = await on.get("vault")
    if not isinstance(vault, Vault):
        return None
    name = on.intent.key.name
    told, (key, _, _) = await asyncio.gather(
        told_by(on, vault, keys.get_rotation_policy(on.conn, vault.uri, name)), on.get("key")
    )
    ends = isinstance(key, KeyVersion) and key.expires is not None
    return told if ends else None


async def _own(on: Reading) -> dict[str, Resource | Unknown | None]:
    wanted = own_ids(await on.get("workspace"))
    found = await asyncio.gather(*(_resource(on, id) for id in wanted))
    return dict(zip(wanted, found, strict=True))


async def _resource(on: Reading, id: str) -> Any:
    kind = ArmId.parse(id).type.lower()
    if kind == "microsoft.keyvault/vaults":
        # the key's own vault may serve for secrets too: it is read once
        same_one = same(id, str(on.ids.vault))
        vault = await (on.get("vault") if same_one else known(vaults.get_vault(on.conn, id)))
        return _as_resource(vault) if isinstance(vault, Vault) else vault
    version = resources.API_VERSIONS.get(kind, "2025-08-01")
    return await known(resources.get_resource(on.conn, id, version))


def _as_resource(vault: Vault) -> Resource:
    kind = "Microsoft.KeyVault/vaults"
    return Resource(id=vault.id, name=vault.name, type=kind, state=vault.state, raw=vault.raw)


async def _own_keys(on: Reading) -> tuple[OwnKey, ...]:
    """Of own storage; where that has the workspace's key, it is read as such."""
    own: dict[str, Resource | Unknown | None] = await on.get("own")
    named = {id: key for id, one in own.items() if (key := _key_named(on, one)) is not None}
    told = await asyncio.gather(
        *(
            known(keys.get_key(on.conn, f"https://{key.host}", key.name, key.version))
            for key in named.values()
        )
    )
    return tuple(
        OwnKey(account=id, key_id=str(key), key=found)
        for (id, key), found in zip(named.items(), told, strict=True)
    )


def _key_named(on: Reading, one: Resource | Unknown | None) -> KeyId | None:
    """The key of a storage account that is not the workspace's."""
    if not isinstance(one, Resource) or not one.type.lower().endswith("/storageaccounts"):
        return None
    account = storage.account(one.raw)
    if account.key_source.lower() != "microsoft.keyvault":
        return None
    try:
        key = KeyId.parse(account.key_id)
    except BadId:
        return None
    uri = on.conn.cloud.vault_uri(on.ids.vault.name)
    mine = f"{uri}/keys/{on.intent.key.name}".lower()
    return None if key.versionless.lower() == mine else key


async def _computes(on: Reading) -> Any:
    """Attached clusters; one that is attached twice is read once."""
    listed = await known(computes.list_attached(on.conn, str(on.ids.target)))
    if isinstance(listed, Unknown):
        return listed
    ids = list({one.cluster.lower(): one.cluster for one in listed}.values())
    found = await asyncio.gather(*(known(clusters.get_cluster(on.conn, id)) for id in ids))
    by_id = {id.lower(): one for id, one in zip(ids, found, strict=True)}
    return tuple(Attached(compute=one, cluster=by_id[one.cluster.lower()]) for one in listed)


async def _grants(on: Reading) -> Any:
    found = await known(authorization.list_assignments(on.conn, str(on.ids.vault)))
    return found if isinstance(found, Unknown) else tuple(found)


async def _principals(on: Reading) -> Any:
    """Who grants and access policies are for: an id that Graph does not know is nobody's."""
    vault, grants = await asyncio.gather(on.get("vault"), on.get("grants"))
    if isinstance(vault, Unknown) or isinstance(grants, Unknown):
        return vault if isinstance(vault, Unknown) else grants
    wanted = {one.principal_id for one in grants}
    if isinstance(vault, Vault):
        wanted |= {one.object_id for one in vault.policies}
    return await known(graph.principals(on.conn, wanted)) if wanted else {}


async def _remarks(on: Reading) -> Any:
    return await known(workspaces.diagnose(on.conn, str(on.ids.target)))


async def _activity(on: Reading) -> Any:
    """Of the vault's group, the workspace's and the managed one."""
    home, vault = str(on.ids.group.subscription), on.ids.vault
    workspace: Workspace = await on.get("workspace")
    places = {(home, on.ids.group.group), (vault.subscription, vault.group)}
    if workspace.managed_group:
        places.add((home, workspace.managed_group))
    return await activity_in(on, home, places)


async def activity_in(on: Reading, home: str, places: Iterable[tuple[str, str]]) -> Any:
    """The activity log of these groups (subscription, name): a deleted vault has no id.

    What happened at the subscription ``home`` itself comes with them: grants, policies and
    locks, and who unregistered a provider that is needed.
    """
    since = on.conn.now() - LOOK_BACK
    told = await asyncio.gather(
        _above(on, home, AUTHORIZATION, since),
        _unregistered(on, home, since),
        *(
            known(activitylog.events(on.conn, sub, since=since, resource_group=group))
            for sub, group in sorted(places)
        ),
    )
    unread = next((one for one in told if isinstance(one, Unknown)), None)
    if unread is not None:
        return unread
    found = [event for one in told if not isinstance(one, Unknown) for event in one]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


async def _above(on: Reading, subscription: str, provider: str, since: datetime) -> Any:
    """What a provider did at the subscription; what lies in a group is read with the group."""
    found = await known(
        activitylog.events(on.conn, subscription, since=since, provider=provider, at_most=AT_MOST)
    )
    if isinstance(found, Unknown):
        return found
    return [one for one in found if "/resourcegroups/" not in one.resource_id.lower()]


async def _unregistered(on: Reading, subscription: str, since: datetime) -> Any:
    """Of providers that are needed and not registered; asks nothing where all are."""
    states = await on.get("providers")
    if isinstance(states, Unknown):
        return []
    there = {one.namespace.lower() for one in states if one.state == "Registered"}
    told = await asyncio.gather(
        *(
            _above(on, subscription, one, since)
            for one in needed.namespaces(on.intent)
            if one.lower() not in there
        )
    )
    unread = next((one for one in told if isinstance(one, Unknown)), None)
    return unread if unread is not None else [event for one in told for event in one]


async def _audit(on: Reading) -> Any:
    """What was done to the key, where the vault sends its audit log and the caller may read it."""
    places = await known(loganalytics.destinations(on.conn, str(on.ids.vault)))
    if isinstance(places, Unknown):
        # a vault that is gone has no settings; what it logged is found by nobody's id
        return None if await on.get("vault") is None else places
    vault = on.ids.vault.name
    told = await asyncio.gather(
        *(known(loganalytics.key_changes(on.conn, one, vault, LOOK_BACK)) for one in places)
    )
    if not told:
        return None
    read = [one for one in told if not isinstance(one, Unknown)]
    if not read:
        return told[0]
    of_key = f"/keys/{on.intent.key.name.lower()}/"
    found = (entry for one in read for entry in one if of_key in f"{entry.path.lower()}/")
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


async def _probe(on: Reading) -> Probe | None:
    """Only on request: it uses the key, with the caller's rights."""
    key, _, _ = await on.get("key")
    if not isinstance(key, KeyVersion):
        return None
    try:
        await keys.probe_wrap(on.conn, key.id)
    except AzureError as error:
        if error.kind is ErrorKind.SIGN_IN:
            raise
        code = error.inner or error.code
        return Probe(
            code=code or error.kind.value,
            message=error.message or error.means,
            request_id=error.request_id,
            refused=code.startswith("ForbiddenBy"),
        )
    return Probe()


READERS: dict[str, Reader] = {
    "workspace": _workspace,
    "managed_group": _managed_group,
    "managed_cosmos": _cosmos_accounts_of_group,
    "managed_search": _search_services,
    "managed_storage": _storage_accounts,
    "versions": _versions,
    "rotation": _rotation,
    "own": _own,
    "own_keys": _own_keys,
    "computes": _computes,
    "grants": _grants,
    "principals": _principals,
    "remarks": _remarks,
    "activity": _activity,
    "probe": _probe,
    "audit": _audit,
}
"""By name of fact."""

FIELDS = {
    "managed_group": "group",
    "managed_cosmos": "cosmos",
    "managed_search": "search",
    "managed_storage": "storage",
    "versions": "versions",
    "own": "own",
    "own_keys": "own_keys",
    "computes": "computes",
    "grants": "grants",
    "principals": "principals",
    "remarks": "remarks",
    "activity": "activity",
    "probe": "probe",
    "audit": "audit",
}
"""Name of fact to field of Live."""
