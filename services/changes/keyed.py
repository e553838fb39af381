"""What is encrypted with a key of the customer's, over everything the caller may read."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from services.azure import clusters, containergroups, disks, workspaces
from services.azure.connection import Connection
from services.azure.resourcegraph import list_of_types
from services.diagnosis.target import TYPES
from services.model.diagnosis import TargetKind
from services.model.resources import Raw
from services.text import plain


class Keyed(msgspec.Struct, frozen=True, kw_only=True):
    """Something with a key that can be rotated."""

    kind: TargetKind
    id: str
    name: str
    location: str
    key: str
    """Address of the key in use; of a cluster the name of its disk encryption set."""
    how: str
    """How it goes to another version, in a few words."""
    raw: Raw


async def pages(conn: Connection, subscriptions: Sequence[str]) -> AsyncIterator[list[Keyed]]:
    """Everything, page by page as Resource Graph tells; raises AzureError."""
    async for page in list_of_types(conn, list(TYPES), subscriptions):
        found = (keyed(row) for row in page)
        yield [one for one in found if one is not None]


def keyed(row: Raw) -> Keyed | None:
    """A row of Resource Graph; None where no key of the customer's encrypts it. Pure."""
    kind = TYPES[plain(row.get("type")).lower()]
    name, region, key, how = _READ[kind](row)
    if not key:
        return None
    id = plain(row.get("id"))
    return Keyed(kind=kind, id=id, name=name, location=region, key=key, how=how, raw=row)


Told = tuple[str, str, str, str]


def _workspace(row: Raw) -> Told:
    one = workspaces.workspace(row)
    used = one.encryption
    how = "can't be" if used and used.service_side else "is moved"
    return one.name, one.location, used.key_id if used else "", how


def _group(row: Raw) -> Told:
    one = containergroups.group(row)
    parts = (one.vault_uri, "keys", one.key, one.key_version) if one.key else ()
    return one.name, one.location, "/".join(filter(None, parts)), "made again"


def _set(row: Raw) -> Told:
    one = disks.encryption_set(row)
    return one.name, one.location, one.key_url, "by itself" if one.rotates else "is moved"


def _cluster(row: Raw) -> Told:
    one = clusters.cluster(row)
    return one.name, one.location, one.encryption_set.rpartition("/")[2], "by its set"


_READ = {
    "workspace": _workspace,
    "container-group": _group,
    "disk-encryption-set": _set,
    "cluster": _cluster,
}
