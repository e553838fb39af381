"""From what a person has (an id, a key's address, a name) to the workspace that is meant."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from services.azure import groups, resourcegraph
from services.azure.connection import Connection
from services.azure.subscriptions import list_subscriptions
from services.ids import ArmId, BadId, KeyId, same
from services.model.diagnosis import Target
from services.model.resources import Workspace
from services.text import plain

WORKSPACE = "microsoft.machinelearningservices/workspaces"
VAULT = "microsoft.keyvault/vaults"


class NoTarget(Exception):
    """Nothing, or more than one thing, is meant; the message says what to do."""

    def __init__(self, what: str, found: tuple[Target, ...] = ()) -> None:
        super().__init__(what)
        self.found = found
        """The workspaces it could be."""


async def find(conn: Connection, text: str) -> Target:
    """The one workspace that is meant.

    Takes an ARM id (of the workspace, its vault, its managed group or something in it), the
    address of a key or vault, or a name, which is searched over all subscriptions. Raises
    NoTarget where none or several fit, AzureError where Azure can't be asked.
    """
    asked = plain(text.strip(), 500)
    if asked.lower().startswith("/subscriptions/"):
        return await _by_id(conn, asked)
    if "://" in asked:
        return _one(asked, _using(asked, await _all(conn)))
    if not asked:
        raise NoTarget("Name a workspace: its id, its name, or the address of its key.")
    named = [one for one in await _all(conn) if one.name.lower() == asked.lower()]
    return _one(asked, named)


async def _by_id(conn: Connection, asked: str) -> Target:
    try:
        id = ArmId.parse(asked)
    except BadId as error:
        raise NoTarget(f"{asked}: {error}.") from None
    if id.type.lower() == WORKSPACE:
        return Target(id=str(id), name=id.name, asked=asked)
    if id.type.lower().startswith(VAULT):
        vault = str(ArmId(id.subscription, id.group, id.type[: len(VAULT)], id.names[:1]))
        return _one(asked, _of_vault(vault, await _all(conn)))
    if not id.group:
        raise NoTarget(f"{asked} is a subscription: name a workspace, its key or its vault.")
    group = await groups.get_group(conn, id.subscription, id.group)
    owner = group.managed_by if group else ""
    if WORKSPACE not in owner.lower():
        raise NoTarget(
            f"{asked} belongs to no workspace: its group is managed by none. Name the workspace."
        )
    return Target(id=owner, name=ArmId.parse(owner).name, asked=asked)


async def _all(conn: Connection) -> list[Workspace]:
    """Every workspace that the caller may read."""
    ids = [one.id for one in await list_subscriptions(conn)]
    if not ids:
        raise NoTarget("You see no subscription with this sign-in.")
    return [one async for page in resourcegraph.list_workspaces(conn, ids) for one in page]


def _of_vault(vault: str, among: Sequence[Workspace]) -> list[Workspace]:
    return [one for one in among if one.encryption and same(one.encryption.vault_id, vault)]


def _using(address: str, among: Sequence[Workspace]) -> list[Workspace]:
    """Workspaces whose key is at the address: of a version, a key or a whole vault."""
    wanted = urlsplit(address.lower().rstrip("/"))
    path = wanted.path
    try:
        key = KeyId.parse(address)
        path = urlsplit(key.versionless.lower()).path
    except BadId:
        if path:
            raise NoTarget(f"{address} is not the address of a key or a vault.") from None
    host = wanted.netloc.removesuffix(":443")
    return [
        one
        for one in among
        if one.encryption
        and f"{one.encryption.key_id.lower()}/".startswith(f"https://{host}{path}/")
    ]


def _one(asked: str, found: Sequence[Workspace]) -> Target:
    targets = tuple(
        Target(id=one.id, name=one.name, asked=asked)
        for one in sorted(found, key=lambda one: one.id.lower())
    )
    if len(targets) == 1:
        return targets[0]
    if not targets:
        raise NoTarget(
            f"No workspace that you may read fits {asked}. Resource Graph lags behind by up to a"
            " minute; a deleted workspace is found by its id."
        )
    listed = "\n".join(f"  {one.id}" for one in targets)
    raise NoTarget(f"{len(targets)} workspaces fit {asked}; name one by its id:\n{listed}", targets)
