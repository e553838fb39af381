"""The lines that encrypt a cluster's secrets in etcd with a key: another thing than its disks."""

import shlex

from services.exports.model import BadExport, Export
from services.exports.storageclass import principal
from services.ids import ArmId, KeyId
from services.model.resources import ManagedCluster, Vault


def lines(cluster: ManagedCluster, key: KeyId, vault: Vault) -> Export:
    """The commands ("Use KMS etcd encryption in AKS"); nothing here is carried out.

    Raises BadExport where the key has no version, the vault is not the key's, or the cluster has
    no user-assigned identity.
    """
    if not key.version:
        raise BadExport(f"{key} names no version: etcd encryption takes one version of a key.")
    if vault.uri.lower() != f"https://{key.host}":
        raise BadExport(f"{key} is not a key of {vault.name}.")
    if not cluster.identities:
        raise BadExport(
            f"{cluster.name} has no user-assigned identity: the key is used by that one alone."
        )
    commands = _commands(cluster, key, vault)
    return Export(
        kind="etcd-kms",
        file="",
        text="\n".join(commands) + "\n",
        commands=commands,
        says=(*_now(cluster, key), *_network(vault), *SAYS),
    )


SAYS = (
    "This encrypts Kubernetes secrets in etcd. It encrypts no disk, and a disk encryption set"
    " encrypts no etcd: each needs its own step.",
    "The cluster's user-assigned identity needs encrypt and decrypt of the key; without them Azure"
    " answers AzureKeyVaultKmsValidateIdentityPermissionCustomerError.",
    "Secrets that are there stay as they are until they are written anew: the last command does it.",
    "A key that is deleted, disabled or expired makes the secrets unreadable and can take the API"
    " server down. Another version takes the same command again, before the old one goes.",
    "A newer way, KMS data encryption, needs Kubernetes 1.33 and a preview feature, and can't be"
    " turned off again.",
)


def _commands(cluster: ManagedCluster, key: KeyId, vault: Vault) -> tuple[str, ...]:
    id, who, at = ArmId.parse(cluster.id), principal(cluster), shlex.quote(vault.id)
    where = (
        f"--name {shlex.quote(id.name)} --resource-group {shlex.quote(id.group)}"
        f" --subscription {id.subscription}"
    )
    private = vault.public_access != "Enabled"
    access = "Private" if private else "Public"
    named = f" --azure-keyvault-kms-key-vault-resource-id {at}" if private else ""
    roles = ["Key Vault Crypto User"] if vault.rbac else []
    roles += ["Key Vault Contributor"] if private else []
    granted = [
        f"az role assignment create --role {shlex.quote(role)} --assignee-object-id {who}"
        f" --assignee-principal-type ServicePrincipal --scope {at}"
        for role in roles
    ]
    if not vault.rbac:
        granted.insert(
            0,
            f"az keyvault set-policy --name {shlex.quote(vault.name)} --object-id {who}"
            " --key-permissions encrypt decrypt",
        )
    return (
        *granted,
        f"az aks update {where} --enable-azure-keyvault-kms --azure-keyvault-kms-key-id {key}"
        f" --azure-keyvault-kms-key-vault-network-access {access}{named}",
        f"az aks get-credentials {where}",
        "kubectl get secrets --all-namespaces -o json | kubectl replace -f -",
    )


def _now(cluster: ManagedCluster, key: KeyId) -> tuple[str, ...]:
    if not cluster.kms_key:
        return (f"etcd of {cluster.name} is encrypted with the platform's keys now.",)
    if cluster.kms_key.lower() == str(key).lower():
        return (f"etcd of {cluster.name} is encrypted with this version of the key already.",)
    return (f"etcd of {cluster.name} is encrypted with {cluster.kms_key} now.",)


def _network(vault: Vault) -> tuple[str, ...]:
    if vault.public_access == "Enabled":
        return ()
    return (
        f"{vault.name} has no public network access: the cluster needs API server VNet integration"
        " too.",
    )
