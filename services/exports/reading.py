"""From what a person names to an export: reads what it takes, writes nothing."""

from services.azure import clusters, disks, vaults, workspaces
from services.azure.connection import Connection
from services.azure.keys import get_key
from services.azure.resourcegraph import list_of_types
from services.azure.subscriptions import list_subscriptions
from services.diagnosis.target import find
from services.exports import aci, etcd, storageclass
from services.exports.model import BadExport, Export
from services.ids import ArmId, BadId, KeyId
from services.model.resources import DiskEncryptionSet, ManagedCluster, Vault
from services.text import plain

VAULTS = "microsoft.keyvault/vaults"


async def aci_snippet(conn: Connection, asked: str, key: str = "") -> Export:
    """Of a workspace, for its own key or the one of this address.

    Raises NoTarget, BadExport, and AzureError where Azure can't be asked.
    """
    target = await find(conn, asked, ("workspace",))
    found = await workspaces.get_workspace(conn, target.id)
    if found is None:
        raise BadExport(f"Workspace {target.name} is not there.")
    address = key or (found.encryption.key_id if found.encryption else "")
    if not address:
        raise BadExport(
            f"Workspace {found.name} is encrypted with Microsoft's keys: name a key with --key."
        )
    wanted = await _versioned(conn, address)
    return aci.snippet(ArmId.parse(target.id), wanted, await _vault_of(conn, wanted))


async def storage_class(
    conn: Connection, asked: str, encryption_set: str = "", *, name: str, sku: str
) -> Export:
    """Of a cluster, for the set it was made with or this one; or of a set alone.

    ``name`` and ``sku`` as :func:`storageclass.manifest`. Raises like :func:`aci_snippet`.
    """
    target = await find(conn, asked, ("cluster", "disk-encryption-set"))
    if target.kind == "disk-encryption-set":
        return storageclass.manifest(await _set(conn, target.id), name=name, sku=sku)
    found = await _cluster(conn, target.id)
    chosen = encryption_set or found.encryption_set
    if not chosen:
        raise BadExport(
            f"{found.name} was made without a disk encryption set: name one with --set."
        )
    named = await find(conn, chosen, ("disk-encryption-set",))
    return storageclass.manifest(await _set(conn, named.id), found, name=name, sku=sku)


async def etcd_kms(conn: Connection, asked: str, key: str) -> Export:
    """Of a cluster, for the key of this address. Raises like :func:`aci_snippet`."""
    target = await find(conn, asked, ("cluster",))
    found, wanted = await _cluster(conn, target.id), await _versioned(conn, key)
    vault = await _vault_of(conn, wanted)
    if vault is None:
        raise BadExport(f"The vault of {wanted} is none that you can see.")
    return etcd.lines(found, wanted, vault)


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
