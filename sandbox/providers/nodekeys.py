"""Encryption of etcd with a key (KMS): a thing apart from the disks of a cluster.

Source: "Add Key Management Service etcd encryption to AKS"; the error is that of azure-docs
issue 98954.
"""

from sandbox.keyvault import access, names
from sandbox.protocol import VaultRefusal
from sandbox.providers import customerkeys
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.state import Json
from sandbox.world import World

FAILED = "AzureKeyVaultKmsValidateIdentityPermissionCustomerError"


def kms_error(world: World, cluster: Json) -> Json | None:
    """Why the cluster's identity can't encrypt and decrypt with the key of its KMS; or None."""
    kms = (cluster["properties"].get("securityProfile") or {}).get("azureKeyVaultKms") or {}
    if not kms.get("enabled"):
        return None
    try:
        key = customerkeys.parse(str(kms.get("keyId", "")))
    except KeyUnusable:
        return {"code": "InvalidParameter", "message": "azureKeyVaultKms.keyId is no key URL."}
    vault = names.find(world, key.vault)
    users = (cluster.get("identity") or {}).get("userAssignedIdentities") or {}
    principal = world.principal(next(iter(users.values()))["principalId"]) if users else None
    if vault is not None and principal is not None:
        caller = access.service(world, vault, principal, trusted=True)
        try:
            access.check_network(vault, caller)
            for operation in ("encrypt", "decrypt"):
                access.check_permission(world, vault, caller, operation, key.name)
        except VaultRefusal:
            return _refused(key.vault)
        return None
    return _refused(key.vault)


def _refused(vault: str) -> Json:
    return {
        "code": FAILED,
        "message": "The cluster's identity does not have keys encrypt/decrypt permission on key "
        f"vault '{vault}'. Please grant it and retry.",
    }
