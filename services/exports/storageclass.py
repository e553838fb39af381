"""The StorageClass whose volumes are encrypted through a disk encryption set."""

import json
import shlex

from services.exports.model import NAME, SKUS, BadExport, Export
from services.ids import ArmId, same
from services.model.resources import DiskEncryptionSet, ManagedCluster

_TEXT = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: {name}
provisioner: disk.csi.azure.com
parameters:
  skuName: {sku}
  kind: managed
  diskEncryptionSetID: {encryption_set}
reclaimPolicy: Delete
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {claim}
spec:
  accessModes: ["ReadWriteOnce"]
  storageClassName: {name}
  resources:
    requests:
      storage: 5Gi
"""


def manifest(
    encryption_set: DiskEncryptionSet,
    cluster: ManagedCluster | None = None,
    *,
    name: str = "encrypted",
    sku: str = SKUS[0],
) -> Export:
    """A StorageClass and a claim for it ("Bring your own keys with Azure managed disks in AKS").

    Without a cluster the lines that name one are left out. Raises BadExport where ``name`` is no
    name of Kubernetes, ``sku`` no kind of disk, or the set can't serve the cluster's disks.
    """
    if not NAME.match(name):
        raise BadExport(
            f"{name}: a StorageClass has lower-case letters, digits, hyphens and dots, and begins"
            " and ends with a letter or a digit."
        )
    if sku not in SKUS:
        raise BadExport(f"{sku}: disks are {', '.join(SKUS)}.")
    if cluster is not None:
        _must_serve(encryption_set, cluster)
    file, claim = f"{name}.yaml", f"{name[:240]}-example"
    return Export(
        kind="storage-class",
        file=file,
        text=_TEXT.format(
            name=json.dumps(name),
            claim=json.dumps(claim),
            sku=json.dumps(sku),
            encryption_set=json.dumps(encryption_set.id),
        ),
        commands=_commands(encryption_set.id, cluster, file=file, name=name, claim=claim),
        says=(*_default(encryption_set, cluster), *SAYS),
    )


SAYS = (
    "Only volumes that are claimed after this are encrypted so. A disk that is there is detached"
    " first and then changed by `az disk update`.",
    "The cluster's own identity, not the kubelet's, must read the set, else a claim stays Pending"
    " with LinkedAuthorizationFailed. Reader on the set is what reports of the driver ask for;"
    " Microsoft's page gives it Contributor.",
    "It works at any time of a cluster's life. OS disks are encrypted when the cluster is made, or"
    " never. Older pages name Kubernetes 1.17; today's asks for 1.24, which every supported version"
    " passes.",
)


def _must_serve(encryption_set: DiskEncryptionSet, cluster: ManagedCluster) -> None:
    """Disks and their set are in one region and one subscription ("disk-encryption")."""
    if encryption_set.location != cluster.location:
        raise BadExport(
            f"{encryption_set.name} is in {encryption_set.location}, {cluster.name} in"
            f" {cluster.location}: disks need a set of their own region."
        )
    if ArmId.parse(encryption_set.id).subscription != ArmId.parse(cluster.id).subscription:
        raise BadExport(
            f"{encryption_set.name} and {cluster.name} are in different subscriptions: disks need"
            " a set of their own subscription."
        )


def _default(encryption_set: DiskEncryptionSet, cluster: ManagedCluster | None) -> tuple[str, ...]:
    if cluster is None or not same(cluster.encryption_set, encryption_set.id):
        return ()
    return (
        f"{cluster.name} was made with this set: Microsoft's page says that its data disks take it"
        " by default. The class makes it explicit.",
    )


def _commands(
    encryption_set: str, cluster: ManagedCluster | None, *, file: str, name: str, claim: str
) -> tuple[str, ...]:
    here = (
        f"kubectl apply -f {file}",
        f"kubectl get storageclass {name}",
        f"kubectl describe pvc {claim}",
    )
    if cluster is None:
        return here
    id = ArmId.parse(cluster.id)
    return (
        f"az role assignment create --role Reader --assignee-object-id {principal(cluster)}"
        f" --assignee-principal-type ServicePrincipal --scope {shlex.quote(encryption_set)}",
        f"az aks get-credentials --name {shlex.quote(id.name)}"
        f" --resource-group {shlex.quote(id.group)} --subscription {id.subscription}",
        *here,
    )


def principal(cluster: ManagedCluster) -> str:
    """Object id of a cluster's own identity, or what asks az for it."""
    if not cluster.identities:
        return shlex.quote(cluster.principal_id or "OBJECT-ID")
    return f"$(az identity show --ids {shlex.quote(cluster.identities[0])} --query principalId --output tsv)"
