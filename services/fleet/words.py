"""What each kind of dependent is called, and what a new version of its key means to it: pure."""

from services.azure import calls
from services.model.resources import Raw

WORKSPACES = "microsoft.machinelearningservices/workspaces"
SETS = "microsoft.compute/diskencryptionsets"
_KINDS = {
    WORKSPACES: "workspace",
    SETS: "disk encryption set",
    "microsoft.documentdb/databaseaccounts": "Cosmos DB",
    "microsoft.search/searchservices": "AI Search",
    "microsoft.storage/storageaccounts": "Storage",
    "microsoft.containerinstance/containergroups": "container group",
    "microsoft.containerservice/managedclusters": "cluster",
    "microsoft.keyvault/vaults": "vault",
    "microsoft.insights/components": "insights",
    "microsoft.containerregistry/registries": "registry",
    "microsoft.network/privateendpoints": "private endpoint",
    "microsoft.compute/disks": "disk",
    "microsoft.compute/snapshots": "snapshot",
    "microsoft.compute/virtualmachinescalesets": "scale set",
    "microsoft.compute/virtualmachines": "machine",
}


def kind_of(type: str) -> str:
    """A word or two for a resource type."""
    return _KINDS.get(type.lower(), type.rpartition("/")[2])


def says(type: str, properties: Raw) -> str:
    """How it follows its key.

    From Microsoft's pages: customer-managed keys of Machine Learning and of Cosmos DB, Storage
    encryption, server-side encryption of disks, encryption of container instances.
    """
    match type:
        case "microsoft.machinelearningservices/workspaces":
            if properties.get("enableServiceSideCMKEncryption") is True:
                return "Service-side: it keeps this version for its whole life."
            return "It keeps its version until it is moved to another."
        case "microsoft.compute/diskencryptionsets":
            if properties.get("rotationToLatestKeyVersionEnabled") is True:
                return "It moves to a new version by itself within an hour."
            return "It keeps its version until it is changed."
        case "microsoft.documentdb/databaseaccounts":
            return "It follows the newest version by itself, and tells none."
        case "microsoft.storage/storageaccounts":
            key = calls.part(calls.part(properties, "encryption"), "keyvaultproperties")
            if not key.get("keyversion"):
                return "It looks for a newer version once a day."
            return "It keeps its version until it is changed."
        case "microsoft.containerinstance/containergroups":
            return "It keeps its version: a container group can't be moved, only made anew."
        case "microsoft.containerservice/managedclusters":
            # its disks name a set, never a key
            return "Its etcd is encrypted with this key (KMS): another thing than its disks."
        case _:
            return "How it takes a new version is not known here."
