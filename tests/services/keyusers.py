"""What uses the key of the broken/ scenarios besides the workspace."""

from sandboxed import RunningSandbox

from sandbox.providers import clusters, containergroups, disks

GROUP = "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-ml/providers"
VAULT = f"{GROUP.replace('rg-ml', 'rg-sec')}/Microsoft.KeyVault/vaults/kv-ml-prod"
SET = f"{GROUP}/Microsoft.Compute/diskEncryptionSets/des-prod"
VERSION = "0d1ab1ed000040008000000000000001"


def machines(sandbox: RunningSandbox, host: str) -> None:
    """A disk encryption set, a cluster on it and a container group, with the key."""
    where = {"subscription": "Contoso-ML", "group": "rg-ml", "location": "westeurope"}
    address = f"https://{host}"

    def seed() -> None:
        key = f"{address}/keys/cmk-ml/{VERSION}"
        disks.seed_set(sandbox.world, {**where, "name": "des-prod", "key": key, "vault": VAULT})
        clusters.seed(sandbox.world, {**where, "name": "aks-prod", "des": SET})
        encryption = {"vaultBaseUrl": address, "keyName": "cmk-ml", "keyVersion": VERSION}
        one = {"name": "main", "properties": {"image": "hello"}}
        properties = {"containers": [one], "encryptionProperties": encryption}
        containergroups.seed(sandbox.world, {**where, "name": "score-1", "properties": properties})

    sandbox.on_loop(seed)
