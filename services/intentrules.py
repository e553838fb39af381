"""What each field of an intent must be like, and what the fields ask of each other."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from services import names
from services.ids import ArmId, BadId

Check = Callable[[Any], str | None]


class FieldRule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of one field; ``check`` gives a sentence where a value breaks it."""

    example: str
    """A value as TOML."""
    check: Check | None = None
    create: Check | None = None
    """For the name in ``{ create = "name" }``."""
    about: str = ""
    """What the field is for, in docs/intent.md."""


def _named(kind: str) -> Check:
    return partial(names.problem, kind)


def _maybe(check: Check) -> Check:
    """Like ``check``, but empty is allowed."""
    return lambda value: check(value) if value != "" else None


def _one_of(words: tuple[str, ...], kind: str) -> Check:
    """One of these words, or the ARM id of a resource of this type."""

    def check(value: str) -> str | None:
        if value in words:
            return None
        choice = " or ".join(f'"{word}"' for word in words)
        text = (
            f'{choice}{", " if choice else ""}{{ create = "name" }}, or an Azure id of type {kind}'
        )
        try:
            id = ArmId.parse(value)
        except BadId as error:
            return f"{text} is wanted: {error}"
        if id.type.lower() != kind.lower() or not id.group:
            return f"{text} is wanted, this is an id of type {id.type or 'none'}"
        return None

    return check


def _object_id(text: str) -> str | None:
    return names.problem("guid", text) or names.app_id_problem(text)


def _retention(days: int) -> str | None:
    return names.retention_problem(days)


def _resource_tags(tags: dict[str, str]) -> str | None:
    return names.tags_problem(tags, "resource")


def _key_tags(tags: dict[str, str]) -> str | None:
    return names.tags_problem(tags, "key")


def _cloud(name: str) -> str | None:
    known = ("AzureCloud", "AzureUSGovernment", "AzureChinaCloud")
    if name == "" or name in known or name.isidentifier():
        return None
    return f"a cloud's name is wanted, for example {', '.join(known)}"


def _positive(number: float) -> str | None:
    return None if 0 < number < 10_000 else "a number above 0 is wanted"


def _count(number: int) -> str | None:
    return None if 1 <= number <= 1000 else "1 to 1000 nodes are wanted"


def _zones(zones: list[str]) -> str | None:
    if len(set(zones)) != len(zones):
        return "each zone once"
    return None if all(re.fullmatch("[1-9]", zone) for zone in zones) else "a zone is 1, 2 or 3"


def _ports(ports: list[int]) -> str | None:
    if len(set(ports)) != len(ports):
        return "each port once"
    return None if all(0 < port < 65_536 for port in ports) else "a port is 1 to 65535"


def _variables(pairs: dict[str, str]) -> str | None:
    return next((wrong for name in pairs if (wrong := names.problem("variable", name))), None)


def _secrets(pairs: dict[str, str]) -> str | None:
    for name, value in pairs.items():
        if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+", value):
            return f"{name}: a secret never stands in a file; env:NAME or file:PATH is wanted"
    return _variables(pairs)


_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_GUID = '"00000000-0000-0000-0000-000000000000"'

RULES: dict[str, FieldRule] = {
    "kind": FieldRule(
        example='"workspace"', about="What to set up: workspace, container-group or cluster."
    ),
    "subscription": FieldRule(
        example=_GUID, check=_named("guid"), about="Of the vault and of what is set up."
    ),
    "region": FieldRule(
        example='"westeurope"', check=_named("region"), about="Of the vault and of what is set up."
    ),
    "resource_group": FieldRule(
        example='"rg-ml"', check=_named("resource_group"), about="Made when absent."
    ),
    "tags": FieldRule(
        example='{ team = "ml" }', check=_resource_tags, about="Put on everything that is made."
    ),
    "cloud": FieldRule(
        example='"AzureCloud"', check=_cloud, about="Refuses to run against another cloud."
    ),
    "tenant": FieldRule(
        example=_GUID, check=_maybe(_named("guid")), about="Refuses to run in another tenant."
    ),
    "vault.name": FieldRule(
        example='"kv-ml-prod"', check=_named("vault"), about="The vault that holds the key."
    ),
    "vault.resource_group": FieldRule(
        example='"rg-sec"',
        check=_maybe(_named("resource_group")),
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
        example="90", check=_retention, about="When made: days a deleted vault is kept, 7 to 90."
    ),
    "vault.network": FieldRule(
        example='"public"', about="When made: open, or closed but for trusted services."
    ),
    "key.name": FieldRule(example='"cmk-ml"', check=_named("key"), about="The key that encrypts."),
    "key.create": FieldRule(example="true", about="Make the key when it is absent."),
    "key.version": FieldRule(
        example='"latest"',
        check=_named("key_version"),
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
        check=_maybe(_named("duration")),
        about="Key Vault makes a new version so often.",
    ),
    "key.notify_before": FieldRule(
        example='"P30D"',
        check=_maybe(_named("duration")),
        about="Key Vault sends an event so long before expiry.",
    ),
    "key.tags": FieldRule(example='{ owner = "sec" }', check=_key_tags, about="Put on the key."),
    "workspace.name": FieldRule(
        example='"mlw-prod"', check=_named("workspace"), about="The workspace."
    ),
    "workspace.encryption": FieldRule(
        example='"own-resources"',
        about="A managed resource group of your own, or encryption on the service's side.",
    ),
    "workspace.identity": FieldRule(
        example='{ create = "uai-ml" }',
        check=_one_of(("system",), _IDENTITIES),
        create=_named("identity"),
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
        check=_one_of(("new",), "Microsoft.Storage/storageAccounts"),
        create=_named("storage"),
        about="Its storage account.",
    ),
    "workspace.insights": FieldRule(
        example='"new"',
        check=_one_of(("new",), "Microsoft.Insights/components"),
        create=_named("insights"),
        about="Its Application Insights.",
    ),
    "workspace.secrets_vault": FieldRule(
        example='"new"',
        check=_one_of(("new", "same"), "Microsoft.KeyVault/vaults"),
        create=_named("vault"),
        about="The vault for its own secrets; same is the key's vault.",
    ),
    "workspace.registry": FieldRule(
        example='"none"',
        check=_one_of(("none", "new"), "Microsoft.ContainerRegistry/registries"),
        create=_named("registry"),
        about="Its container registry.",
    ),
    "workspace.description": FieldRule(
        example='"Models of team ML"',
        check=_maybe(_named("description")),
        about="Shown in the studio.",
    ),
    "container_group.name": FieldRule(
        example='"score-1"', check=_named("container_group"), about="The container group."
    ),
    "container_group.flow": FieldRule(
        example='"identity"',
        about="Who unwraps the key: a user-assigned identity, or the service's own app, which"
        " only vaults with access policies are known to honour.",
    ),
    "container_group.identity": FieldRule(
        example='{ create = "uai-aci" }',
        check=_one_of(("",), _IDENTITIES),
        create=_named("identity"),
        about="One to create, or the id of a user-assigned one; none in the first-party flow.",
    ),
    "container_group.os": FieldRule(
        example='"Linux"', about="Whether Windows groups support a key is UNVERIFIED."
    ),
    "container_group.restart": FieldRule(
        example='"OnFailure"', about="When a container that ended is started again."
    ),
    "container_group.containers.name": FieldRule(
        example='"main"', check=_named("container"), about="Unique in the group."
    ),
    "container_group.containers.image": FieldRule(
        example='"mcr.microsoft.com/azuredocs/aci-helloworld"',
        check=_named("image"),
        about="With its registry, where it is not of Docker Hub.",
    ),
    "container_group.containers.cpu": FieldRule(
        example="1.0", check=_positive, about="Cores; the region says the most it gives a group."
    ),
    "container_group.containers.memory_gb": FieldRule(
        example="1.5", check=_positive, about="Memory in GB."
    ),
    "container_group.containers.ports": FieldRule(
        example="[80]", check=_ports, about="TCP; a group with ports gets a public address."
    ),
    "container_group.containers.command": FieldRule(
        example='["python", "serve.py"]', about="Empty: the image's own."
    ),
    "container_group.containers.env": FieldRule(
        example='{ MODE = "prod" }', check=_variables, about="Read by who may read the group."
    ),
    "container_group.containers.secure_env": FieldRule(
        example='{ TOKEN = "env:SCORE_TOKEN" }',
        check=_secrets,
        about="Never a value: env:NAME or file:PATH, read when the group is made.",
    ),
    "cluster.name": FieldRule(example='"aks-1"', check=_named("cluster"), about="The cluster."),
    "cluster.kubernetes": FieldRule(
        example='"default"',
        check=_named("kubernetes"),
        about="A version of the live list, or default: the service's own.",
    ),
    "cluster.tier": FieldRule(
        example='"free"', about="standard: an agreement on the API server's uptime, for a price."
    ),
    "cluster.node_size": FieldRule(
        example='"Standard_D4s_v5"', check=_named("vm_size"), about="Size of each node."
    ),
    "cluster.node_count": FieldRule(
        example="3", check=_count, about="Nodes of the pool; 1 to 1000."
    ),
    "cluster.zones": FieldRule(
        example='["1", "2", "3"]',
        check=_zones,
        about="Availability zones for the nodes; empty: Azure places them. Settled for good.",
    ),
    "cluster.os_disk": FieldRule(
        example='"managed"',
        about="ephemeral disks see a new key only when their node is made anew.",
    ),
    "cluster.identity": FieldRule(
        example='{ create = "uai-aks" }',
        check=_one_of((), _IDENTITIES),
        create=_named("identity"),
        about="Of the control plane; it reads the disk encryption set.",
    ),
    "cluster.disk_encryption_set.name": FieldRule(
        example='"des-1"', check=_named("encryption_set"), about="Between key and disks."
    ),
    "cluster.disk_encryption_set.resource_group": FieldRule(
        example='"rg-sec"',
        check=_maybe(_named("resource_group")),
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
        check=_maybe(_object_id),
        about="Object id of Azure Cosmos DB in the tenant, where you may not read Microsoft Graph.",
    ),
    "principals.machine_learning": FieldRule(
        example=_GUID,
        check=_maybe(_object_id),
        about="Object id of Azure Machine Learning, likewise.",
    ),
    "principals.container_instances": FieldRule(
        example=_GUID,
        check=_maybe(_object_id),
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


def between(data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What fields ask of each other: path, rule and "" for each break.

    Only for data whose single fields are right.
    """
    vault, key = data["vault"], data["key"]
    if key.get("type") == "RSA-HSM" and vault.get("create") and vault.get("sku") != "premium":
        yield "key.type", 'RSA-HSM keys need a premium vault. Example: vault.sku = "premium"', ""
    if vault.get("create") and not key.get("create"):
        yield (
            "key.create",
            "a vault that may have to be made holds no key yet: key.create = true",
            "",
        )
    if key.get("create") and key.get("version", "latest") != "latest":
        yield "key.version", 'a key to be made has no version yet: version = "latest"', ""
    yield from _dates(key)
    if "workspace" in data:
        yield from _workspace(data["workspace"], vault, key)
    if "container_group" in data:
        yield from _group(data["container_group"], vault)
    if "cluster" in data:
        yield from _cluster(data["cluster"])


def _workspace(
    workspace: dict[str, Any], vault: dict[str, Any], key: dict[str, Any]
) -> Iterator[tuple[str, str, str]]:
    if workspace.get("encryption") == "service-side":
        if key.get("rotate_every"):
            yield (
                "key.rotate_every",
                "service-side encryption does not support key rotation; leave it out",
                "",
            )
        if vault.get("create") and vault.get("network") == "trusted-services":
            yield (
                "vault.network",
                'service-side encryption needs a vault with public access: network = "public"',
                "",
            )
    names_seen = workspace.get("secrets_vault")
    if isinstance(names_seen, dict) and names_seen["create"].lower() == vault["name"].lower():
        yield "workspace.secrets_vault", 'the key\'s own vault is written "same"', ""


def _group(group: dict[str, Any], vault: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    own, identity = group.get("flow") != "first-party", group.get("identity", "")
    if own and not identity:
        text = "the identity flow needs one"
        yield "container_group.identity", f'{text}: identity = {{ create = "uai-aci" }}', ""
    if not own and identity:
        text = "the service's own app unwraps the key; leave the identity out"
        yield "container_group.identity", text, ""
    if not own and vault.get("create") and vault.get("access", "rbac") == "rbac":
        text = "the first-party flow is known to work with access policies alone"
        yield "vault.access", f'{text}: access = "policies"', ""
    if not own and vault.get("create") and vault.get("network") == "trusted-services":
        text = "behind a firewall only the identity flow reaches the key"
        yield "vault.network", f'{text}: network = "public"', ""
    seen: set[str] = set()
    ports: set[int] = set()
    for place, one in enumerate(group["containers"]):
        at = f"container_group.containers[{place}]"
        if one["name"] in seen:
            yield f"{at}.name", "each container of a group has a name of its own", ""
        if ports.intersection(one.get("ports", [])):
            yield f"{at}.ports", "containers of a group share one address: each port once", ""
        both = set(one.get("env", {})) & set(one.get("secure_env", {}))
        if both:
            yield f"{at}.secure_env", f"{min(both)} stands in env too", ""
        seen.add(one["name"])
        ports.update(one.get("ports", []))


def _cluster(cluster: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    wish = cluster["disk_encryption_set"]
    made = ("encryption", "rotate_to_latest")
    for field in made if wish.get("create") is False else ():
        if field in wish:
            text = "only a set that is made takes this: create = true"
            yield f"cluster.disk_encryption_set.{field}", text, ""
    if wish.get("create") is not False and wish.get("resource_group"):
        text = "a set that is made lies in the intent's group: leave it out, or create = false"
        yield "cluster.disk_encryption_set.resource_group", text, ""


def _dates(key: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    start, end = key.get("not_before"), key.get("expires")
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        yield "key.expires", "a key must expire after it becomes valid (key.not_before)", ""
    if key.get("notify_before") and end is None:
        yield "key.notify_before", "a notice before expiry needs key.expires", ""
    if not key.get("create"):
        for field in ("not_before", "expires", "rotate_every", "notify_before"):
            if key.get(field):
                yield f"key.{field}", "only a key that is made takes this: key.create = true", ""
