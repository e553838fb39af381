"""From what a person names to an export: reads what it takes, writes nothing."""

from collections.abc import Awaitable, Callable

from services.azure import clusters, disks, vaults, workspaces
from services.azure.connection import Connection
from services.azure.keys import get_key, list_keys
from services.azure.resourcegraph import list_of_types
from services.azure.subscriptions import list_subscriptions
from services.diagnosis.target import find
from services.exports import aci, etcd, storageclass
from services.exports.model import BadExport, Export, ExportKind, Wish
from services.ids import ArmId, BadId, KeyId
from services.model.diagnosis import TargetKind
from services.model.resources import DiskEncryptionSet, ManagedCluster, Vault
from services.text import plain

VAULTS = "microsoft.keyvault/vaults"


async def read(conn: Connection, kind: ExportKind, asked: str, wish: Wish) -> Export:
    """What is written out of what is meant: its id or its name.

    Raises NoTarget, BadExport, and AzureError where Azure can't be asked.
    """
    return await _READ[kind](conn, asked, wish)


async def keys_beside(conn: Connection, kind: TargetKind, id: str) -> list[str]:
    """Addresses of the keys in the vault that it uses already, to choose from.

    Of a cluster that is the vault of its disk encryption set. Empty where it names no key. Raises
    AzureError, also where the vault does not show its keys.
    """
    try:
        vault = f"https://{KeyId.parse(await _used(conn, kind, id)).host}"
    except BadId:
        return []
    return [f"{vault}/keys/{one.name}" for one in await list_keys(conn, vault)]


async def _used(conn: Connection, kind: TargetKind, id: str) -> str:
    """Address of the key it uses; empty where it names none."""
    if kind == "workspace":
        workspace = await workspaces.get_workspace(conn, id)
        return workspace.encryption.key_id if workspace and workspace.encryption else ""
    if kind == "cluster":
        cluster = await clusters.get_cluster(conn, id)
        id = cluster.encryption_set if cluster else ""
    found = await disks.get_set(conn, id) if id else None
    return found.key_url if found else ""


async def _snippet(conn: Connection, asked: str, wish: Wish) -> Export:
    """Of a workspace, for its own key or another one."""
    target = await find(conn, asked, ("workspace",))
    found = await workspaces.get_workspace(conn, target.id)
    if found is None:
        raise BadExport(f"Workspace {target.name} is not there.")
    address = wish.key or (found.encryption.key_id if found.encryption else "")
    if not address:
        raise BadExport(
            f"Workspace {found.name} is encrypted with Microsoft's keys: name a key by its address."
        )
    wanted = await _versioned(conn, address)
    return aci.snippet(ArmId.parse(target.id), wanted, await _vault_of(conn, wanted))


async def _class(conn: Connection, asked: str, wish: Wish) -> Export:
    """Of a cluster, for the set it was made with or another one; or of a set alone."""
    target = await find(conn, asked, ("cluster", "disk-encryption-set"))
    if target.kind == "disk-encryption-set":
        used, cluster = await _set(conn, target.id), None
    else:
        cluster = await _cluster(conn, target.id)
        chosen = wish.encryption_set or cluster.encryption_set
        if not chosen:
            raise BadExport(
                f"{cluster.name} was made without a disk encryption set: name one that its data"
                " disks shall use."
            )
        used = await _set(conn, (await find(conn, chosen, ("disk-encryption-set",))).id)
    return storageclass.manifest(used, cluster, name=wish.name, sku=wish.sku)


async def _etcd(conn: Connection, asked: str, wish: Wish) -> Export:
    """Of a cluster, for the key that is named."""
    if not wish.key:
        raise BadExport("Name the key that shall encrypt etcd: its disks' set says nothing of it.")
    target = await find(conn, asked, ("cluster",))
    found, wanted = await _cluster(conn, target.id), await _versioned(conn, wish.key)
    vault = await _vault_of(conn, wanted)
    if vault is None:
        raise BadExport(f"The vault of {wanted} is none that you can see.")
    return etcd.lines(found, wanted, vault)


_READ: dict[ExportKind, Callable[[Connection, str, Wish], Awaitable[Export]]] = {
    "aci-snippet": _snippet,
    "storage-class": _class,
    "etcd-kms": _etcd,
}


async def _cluster(conn: Connection, id: str) -> ManagedCluster:
    found = await clusters.get_cluster(conn, id)
    if found is None:
        raise BadExport(f"Cluster {ArmId.parse(id).name} is not there.")
    return found


async def _set(conn: Connection, id: str) -> DiskEncryptionSet:
    found = await disks.get_set(conn, id)
    if found is None:
        raise BadExport(f"Disk encryption set {ArmId.parse(id).name} is not there.")
    return found


async def _versioned(conn: Connection, address: str) -> KeyId:
    """The key with a version: its newest, where the address names none."""
    try:
        key = KeyId.parse(address)
    except BadId as error:
        raise BadExport(f"{plain(address, 200)}: {error}.") from None
    if key.version:
        return key
    found = await get_key(conn, f"https://{key.host}", key.name)
    if found is None:
        raise BadExport(f"{key} is not there.")
    return KeyId.parse(found.id)


async def _vault_of(conn: Connection, key: KeyId) -> Vault | None:
    """The key's vault, among those of every subscription; None where none is seen."""
    ids = [one.id for one in await list_subscriptions(conn)]
    async for page in list_of_types(conn, [VAULTS], ids):
        for row in page:
            if str(row.get("name", "")).lower() == key.vault.lower():
                id = ArmId.parse(str(row["id"]))
                return await vaults.get_vault(conn, str(id))
    return None
