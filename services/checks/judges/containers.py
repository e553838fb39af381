"""Whether a container group can be made, and use the key."""

from collections.abc import Iterator

from services.checks import quota
from services.checks.facts import Facts, Unknown, ids_of
from services.checks.findings import Judge, found, only, seen, unread
from services.checks.judges.room import quota_finding
from services.ids import same
from services.model.intent import ContainerGroupSetup
from services.model.plan import Finding
from services.model.resources import ContainerGroup, KeyVersion, Vault


def group_flow(intent: ContainerGroupSetup, facts: Facts) -> Iterator[Finding]:
    """The service's own app is known to pass no firewall, and to honour policies alone."""
    vault = facts.vault
    if intent.container_group.flow == "identity" or not isinstance(vault, Vault):
        return
    closed = vault.public_access.lower() == "disabled" or vault.default_action.lower() == "deny"
    told = seen(facts, "vault", "properties.networkAcls.defaultAction", vault.default_action)
    if closed:
        yield found(
            "group-flow",
            "fail",
            vault.id,
            f"Behind the firewall of vault {vault.name} only the identity flow reaches the key",
            told,
            meaning="The page on encrypting deployment data asks for an identity where the vault"
            " has a firewall; the service's own app fails there when the group starts.",
            repair='Use the identity flow: flow = "identity", identity = { create = "uai-aci" }',
        )
    elif vault.rbac:
        yield found(
            "group-flow",
            "warn",
            vault.id,
            f"Vault {vault.name} decides by roles; the first-party flow is documented for access"
            " policies",
            seen(facts, "vault", "properties.enableRbacAuthorization", vault.rbac),
            meaning="Users report ForbiddenByRbac although the role was there"
            " (terraform-provider-azurerm issue 23305). Whether it works today is UNVERIFIED.",
            repair='Use the identity flow: flow = "identity", identity = { create = "uai-aci" }',
        )


def container_group(intent: ContainerGroupSetup, facts: Facts) -> Iterator[Finding]:
    """Encryption is chosen when a group is made."""
    there, id = facts.container_group, str(ids_of(intent).target)
    name = intent.container_group.name
    if isinstance(there, Unknown):
        yield unread("container-group", id, f"{name} could not be read", there)
    elif there is not None and not _is_wanted(intent, facts, there):
        how = f"{there.vault_uri}/keys/{there.key}" if there.key else "Microsoft's keys"
        yield found(
            "container-group",
            "fail",
            id,
            f"Container group {name} exists and is encrypted with {how}",
            seen(facts, "container_group", "properties.encryptionProperties.keyName", there.key),
            meaning="How a group is encrypted is chosen when it is made; Azure changes it never.",
            repair="Choose another name, or delete the group: az container delete --ids " + id,
        )


def _is_wanted(intent: ContainerGroupSetup, facts: Facts, there: ContainerGroup) -> bool:
    vault, key, own = facts.vault, facts.key, ids_of(intent).identity
    at = there.vault_uri.removesuffix(":443").lower()
    same_vault = isinstance(vault, Vault) and at == vault.uri.rstrip("/").lower()
    same_version = not isinstance(key, KeyVersion) or there.key_version == key.version
    same_key = there.key.lower() == intent.key.name.lower() and same_version
    return same_vault and same_key and same(there.identity, str(own) if own else "")


def group_quota(intent: ContainerGroupSetup, facts: Facts) -> Iterator[Finding]:
    """Groups and cores of the region."""
    for line in quota.containers(intent, facts):
        yield from quota_finding("group-quota", intent, facts, line, "group_usages")


def group_size(intent: ContainerGroupSetup, facts: Facts) -> Iterator[Finding]:
    """The largest group that the region gives the operating system."""
    wish, limits = intent.container_group, facts.group_limits
    title = f"The largest container group of {intent.region} is not known"
    if isinstance(limits, Unknown):
        yield unread("group-size", intent.region, title, limits)
        return
    most = next((one for one in limits if one.os.lower() == wish.os.lower()), None)
    if most is None:
        yield unread("group-size", intent.region, title, Unknown(f"None is told for {wish.os}."))
        return
    cores = sum(one.cpu for one in wish.containers)
    memory = sum(one.memory_gb for one in wish.containers)
    if cores > most.cores or memory > most.memory_gb:
        yield found(
            "group-size",
            "fail",
            intent.region,
            f"{intent.region} gives a {wish.os} group {most.cores:g} cores and {most.memory_gb:g}"
            f" GB, {cores:g} and {memory:g} are wanted",
            seen(facts, "group_limits", "capabilities.maxCpu", f"{most.cores:g}"),
            seen(facts, "group_limits", "capabilities.maxMemoryInGB", f"{most.memory_gb:g}"),
            meaning="Azure refuses it as not available at this moment.",
            repair="Ask for less, use several groups, or choose another region.",
        )


def group_secrets(intent: ContainerGroupSetup, facts: Facts) -> Iterator[Finding]:
    """Values that stand in no file have to be there when the group is made."""
    for source in facts.absent_secrets:
        yield found(
            "group-secrets",
            "warn",
            source,
            f"{source} can't be read here",
            meaning="The run pauses before it makes the group until the value is there; it is"
            " never kept in a file of wrapkey's.",
            repair="Set the variable before wrapkey starts, write the file, or type the value on"
            " the page of the run.",
        )


JUDGES: dict[str, Judge] = only(
    ContainerGroupSetup,
    {
        "group-flow": group_flow,
        "container-group": container_group,
        "group-quota": group_quota,
        "group-size": group_size,
        "group-secrets": group_secrets,
    },
)
