"""Every field of an intent: an example, what it is for, and what its value must be like."""

import re

import msgspec

from services.intents.values import (
    Check,
    cloud,
    count,
    key_tags,
    maybe,
    named,
    object_id,
    one_of,
    ports,
    positive,
    resource_tags,
    retention,
    secrets,
    variables,
    zones,
)
from services.model.intent import Kind

Told = tuple[str, str, str]
"""What is wrong with a field: its path, the rule, the nearest known name or nothing."""


class FieldRule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of one field; ``check`` gives a sentence where a value breaks it."""

    example: str
    """A value as TOML."""
    check: Check | None = None
    create: Check | None = None
    """For the name in ``{ create = "name" }``."""
    about: str = ""
    """What the field is for, in docs/intent.md."""


TABLES: dict[str, Kind] = {
    "workspace": "workspace",
    "container_group": "container-group",
    "cluster": "cluster",
}
"""The table of each kind."""
SEVERAL = ("container_group.containers",)
"""Tables of which there may be several."""

_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_GUID = '"00000000-0000-0000-0000-000000000000"'
RULES: dict[str, FieldRule] = {
    "kind": FieldRule(
        example='"workspace"', about="What to set up: workspace, container-group or cluster."
    ),
    "subscription": FieldRule(
        example=_GUID, check=named("guid"), about="Of the vault and of what is set up."
    ),
    "region": FieldRule(
        example='"westeurope"', check=named("region"), about="Of the vault and of what is set up."
    ),
    "resource_group": FieldRule(
        example='"rg-ml"', check=named("resource_group"), about="Made when absent."
    ),
    "tags": FieldRule(
        example='{ team = "ml" }', check=resource_tags, about="Put on everything that is made."
    ),
    "cloud": FieldRule(
        example='"AzureCloud"', check=cloud, about="Refuses to run against another cloud."
    ),
    "tenant": FieldRule(
        example=_GUID, check=maybe(named("guid")), about="Refuses to run in another tenant."
    ),
    "vault.name": FieldRule(
        example='"kv-ml-prod"', check=named("vault"), about="The vault that holds the key."
    ),
    "vault.resource_group": FieldRule(
        example='"rg-sec"',
        check=maybe(named("resource_group")),
        about="Empty: the intent's resource group.",
    ),
    "vault.create": FieldRule(example="true", about="Make the vault when it is absent."),
    "vault.repair": FieldRule(
        example="true", about="The plan may repair it: turn on purge protection, for good."
    ),
    "vault.sku": FieldRule(example='"standard"', about="When made: premium for RSA-HSM keys."),
    "vault.access": FieldRule(
        example='"rbac"', about="When made: role assignments or access policies."
    ),
    "vault.retention_days": FieldRule(
        example="90", check=retention, about="When made: days a deleted vault is kept, 7 to 90."
    ),
    "vault.network": FieldRule(
        example='"public"', about="When made: open, or closed but for trusted services."
    ),
    "key.name": FieldRule(example='"cmk-ml"', check=named("key"), about="The key that encrypts."),
    "key.create": FieldRule(example="true", about="Make the key when it is absent."),
    "key.version": FieldRule(
        example='"latest"',
        check=named("key_version"),
        about="latest is settled when the plan is made; or 32 hex digits.",
    ),
    "key.type": FieldRule(example='"RSA"', about="RSA-HSM needs a premium vault."),
    "key.bits": FieldRule(example="3072", about="Size; 3072 or more is recommended."),
    "key.not_before": FieldRule(example="2026-12-01T00:00:00Z", about="Not used before."),
    "key.expires": FieldRule(
        example="2027-12-01T00:00:00Z", about="Wraps nothing afterwards: renew it in time."
    ),
    "key.rotate_every": FieldRule(
        example='"P1Y"',
        check=maybe(named("duration")),
        about="Key Vault makes a new version so often.",
    ),
    "key.notify_before": FieldRule(
        example='"P30D"',
        check=maybe(named("duration")),
        about="Key Vault sends an event so long before expiry.",
    ),
    "key.tags": FieldRule(example='{ owner = "sec" }', check=key_tags, about="Put on the key."),
    "workspace.name": FieldRule(
        example='"mlw-prod"', check=named("workspace"), about="The workspace."
    ),
    "workspace.encryption": FieldRule(
        example='"own-resources"',
        about="A managed resource group of your own, or encryption on the service's side.",
    ),
    "workspace.identity": FieldRule(
        example='{ create = "uai-ml" }',
        check=one_of(("system",), _IDENTITIES),
        create=named("identity"),
        about="The system's, one to create, or the id of a user-assigned one.",
    ),
    "workspace.hbi": FieldRule(
        example="false", about="High business impact: fewer diagnostics to Microsoft."
    ),
    "workspace.public_network": FieldRule(
        example="true", about="Whether the workspace is reached from public networks."
    ),
    "workspace.storage": FieldRule(
        example='"new"',
        check=one_of(("new",), "Microsoft.Storage/storageAccounts"),
        create=named("storage"),
        about="Its storage account.",
    ),
    "workspace.insights": FieldRule(
        example='"new"',
        check=one_of(("new",), "Microsoft.Insights/components"),
        create=named("insights"),
        about="Its Application Insights.",
    ),
    "workspace.secrets_vault": FieldRule(
        example='"new"',
        check=one_of(("new", "same"), "Microsoft.KeyVault/vaults"),
        create=named("vault"),
        about="The vault for its own secrets; same is the key's vault.",
    ),
    "workspace.registry": FieldRule(
        example='"none"',
        check=one_of(("none", "new"), "Microsoft.ContainerRegistry/registries"),
        create=named("registry"),
        about="Its container registry.",
    ),
    "workspace.description": FieldRule(
        example='"Models of team ML"',
        check=maybe(named("description")),
        about="Shown in the studio.",
    ),
    "container_group.name": FieldRule(
        example='"score-1"', check=named("container_group"), about="The container group."
    ),
    "container_group.flow": FieldRule(
        example='"identity"',
        about="Who unwraps the key: a user-assigned identity, or the service's own app, which"
        " only vaults with access policies are known to honour.",
    ),
    "container_group.identity": FieldRule(
        example='{ create = "uai-aci" }',
        check=one_of(("",), _IDENTITIES),
        create=named("identity"),
        about="One to create, or the id of a user-assigned one; none in the first-party flow.",
    ),
    "container_group.os": FieldRule(
        example='"Linux"', about="Whether Windows groups support a key is UNVERIFIED."
    ),
    "container_group.restart": FieldRule(
        example='"OnFailure"', about="When a container that ended is started again."
    ),
    "container_group.containers.name": FieldRule(
        example='"main"', check=named("container"), about="Unique in the group."
    ),
    "container_group.containers.image": FieldRule(
        example='"mcr.microsoft.com/azuredocs/aci-helloworld"',
        check=named("image"),
        about="With its registry, where it is not of Docker Hub.",
    ),
    "container_group.containers.cpu": FieldRule(
        example="1.0", check=positive, about="Cores; the region says the most it gives a group."
    ),
    "container_group.containers.memory_gb": FieldRule(
        example="1.5", check=positive, about="Memory in GB."
    ),
    "container_group.containers.ports": FieldRule(
        example="[80]", check=ports, about="TCP; a group with ports gets a public address."
    ),
    "container_group.containers.command": FieldRule(
        example='["python", "serve.py"]', about="Empty: the image's own."
    ),
    "container_group.containers.env": FieldRule(
        example='{ MODE = "prod" }', check=variables, about="Read by who may read the group."
    ),
    "container_group.containers.secure_env": FieldRule(
        example='{ TOKEN = "env:SCORE_TOKEN" }',
        check=secrets,
        about="Never a value: env:NAME or file:PATH, read when the group is made.",
    ),
    "cluster.name": FieldRule(example='"aks-1"', check=named("cluster"), about="The cluster."),
    "cluster.kubernetes": FieldRule(
        example='"default"',
        check=named("kubernetes"),
        about="A version of the live list, or default: the service's own.",
    ),
    "cluster.tier": FieldRule(
        example='"free"', about="standard: an agreement on the API server's uptime, for a price."
    ),
    "cluster.node_size": FieldRule(
        example='"Standard_D4s_v5"', check=named("vm_size"), about="Size of each node."
    ),
    "cluster.node_count": FieldRule(
        example="3", check=count, about="Nodes of the pool; 1 to 1000."
    ),
    "cluster.zones": FieldRule(
        example='["1", "2", "3"]',
        check=zones,
        about="Availability zones for the nodes; empty: Azure places them. Settled for good.",
    ),
    "cluster.os_disk": FieldRule(
        example='"managed"',
        about="ephemeral disks see a new key only when their node is made anew.",
    ),
    "cluster.identity": FieldRule(
        example='{ create = "uai-aks" }',
        check=one_of((), _IDENTITIES),
        create=named("identity"),
        about="Of the control plane; it reads the disk encryption set.",
    ),
    "cluster.disk_encryption_set.name": FieldRule(
        example='"des-1"', check=named("encryption_set"), about="Between key and disks."
    ),
    "cluster.disk_encryption_set.resource_group": FieldRule(
        example='"rg-sec"',
        check=maybe(named("resource_group")),
        about="Of a set that exists; empty: the intent's resource group.",
    ),
    "cluster.disk_encryption_set.create": FieldRule(
        example="true", about="Make it when it is absent."
    ),
    "cluster.disk_encryption_set.encryption": FieldRule(
        example='"customer-key"', about="double: with a key of the platform too."
    ),
    "cluster.disk_encryption_set.rotate_to_latest": FieldRule(
        example="true", about="Follow new versions of the key, within an hour."
    ),
    "principals.cosmos_db": FieldRule(
        example=_GUID,
        check=maybe(object_id),
        about="Object id of Azure Cosmos DB in the tenant, where you may not read Microsoft Graph.",
    ),
    "principals.machine_learning": FieldRule(
        example=_GUID,
        check=maybe(object_id),
        about="Object id of Azure Machine Learning, likewise.",
    ),
    "principals.container_instances": FieldRule(
        example=_GUID,
        check=maybe(object_id),
        about="Object id of Azure Container Instance Service, likewise.",
    ),
    "repairs.provider_registered": FieldRule(
        example="true", about="Register resource providers that are not."
    ),
    "repairs.cosmos_grant": FieldRule(
        example="true", about="Let Azure Cosmos DB read, wrap and unwrap."
    ),
    "repairs.ml_contributor": FieldRule(
        example="true", about="Make Azure Machine Learning Contributor on the subscription."
    ),
    "repairs.identity_grant": FieldRule(
        example="true", about="Let the user-assigned identity use the key."
    ),
    "repairs.containers_grant": FieldRule(
        example="true", about="Let the container group's identity or app unwrap the key."
    ),
    "repairs.disks_grant": FieldRule(
        example="true", about="Let the disk encryption set wrap and unwrap."
    ),
    "repairs.cluster_reader": FieldRule(
        example="true", about="Let the cluster read its disk encryption set."
    ),
    "repairs.vault_deleted": FieldRule(
        example="false",
        about="Recover the deleted vault that holds the name, with its keys. What it grants by"
        " roles does not come back.",
    ),
    "repairs.vault_network": FieldRule(
        example="false", about="Let Azure's trusted services pass the vault's firewall."
    ),
    "repairs.key_deleted": FieldRule(
        example="false", about="Recover the deleted key that holds the name, with its versions."
    ),
    "repairs.key_enabled": FieldRule(
        example="false", about="Enable the version of the key that is used."
    ),
    "repairs.key_operations": FieldRule(
        example="false", about="Allow the key what it lacks of wrap, unwrap, encrypt, decrypt."
    ),
}
"""By dotted path, in the order of the file."""


def rule_of(path: str) -> FieldRule | None:
    """The rule of a field, whichever of several tables it stands in."""
    return RULES.get(re.sub(r"\[\d+\]", "", path))


def example(path: str) -> str:
    """A line of TOML that follows the rule of a field; for a table, its head."""
    if rule := rule_of(path):
        return f"{path.rpartition('.')[2]} = {rule.example}"
    return f"[[{path}]]" if path in SEVERAL else f"[{path}]"


def join(at: str, name: str) -> str:
    """The path of a field in the table ``at``, or at the top where that is empty."""
    return f"{at}.{name}" if at else name
