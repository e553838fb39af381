"""Whether the vault can hold the key of what is set up."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from services.checks import needed
from services.checks.facts import Facts, Unknown, ids_of
from services.checks.findings import Judge, found, seen, skipped, unread
from services.checks.fit import deleted_fit, network_fit
from services.checks.rights import covers
from services.model.intent import Intent, Kind, kind_of, noun
from services.model.plan import Finding, Status
from services.model.resources import DeletedVault, Vault

READY = ("", "Succeeded", "RegisteringDns")
FOR_GOOD = "It can't be turned off again."

REFUSED: dict[Kind, str] = {
    "workspace": ": Azure refuses the workspace after minutes",
    "cluster": ": a disk encryption set asks for both",
}
"""Who insists on a protected vault; Container Instances recommend it."""
BYPASS = (
    "Cosmos DB's page says that the bypass lets it in; Key Vault's list of trusted services does"
    " not name it. Without the bypass its status is 4016."
)
NETWORK: dict[Kind, str] = {
    "container-group": "A group's user-assigned identity passes with the bypass (encrypt deployment"
    " data); without it the group fails when it starts.",
    "cluster": "The bypass lets Azure's trusted services in; without it the disk encryption set"
    " does not reach the key.",
}


def vault_exists(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """There and ready, or to be made."""
    name, subject, vault = intent.vault.name, str(ids_of(intent).vault), facts.vault
    if isinstance(vault, Unknown):
        yield unread("vault-exists", subject, f"Vault {name} could not be read", vault)
    elif vault is None:
        if not intent.vault.create and not isinstance(facts.deleted_vault, DeletedVault):
            yield found(
                "vault-exists",
                "fail",
                subject,
                f"Vault {name} is not in resource group {ids_of(intent).vault.group}",
                seen(facts, "vault", "status", "404"),
                meaning="The intent says it exists.",
                repair="Name its resource group in vault.resource_group, or let the plan make it"
                " with vault.create = true.",
            )
    elif vault.state not in READY:
        yield found(
            "vault-exists",
            "fail",
            subject,
            f"Vault {name} is not ready: {vault.state}",
            seen(facts, "vault", "properties.provisioningState", vault.state),
            meaning="A vault that is being made or deleted can't hold the key.",
            repair="Wait until it is ready, then check again.",
        )


def vault_deleted(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A deleted vault keeps its name until it is recovered or purged."""
    gone, name = facts.deleted_vault, intent.vault.name
    subject = str(ids_of(intent).vault)
    if isinstance(gone, Unknown):
        yield unread("vault-deleted", subject, "Deleted vaults could not be listed", gone)
    elif gone is not None:
        purge = (
            "it can't be purged"
            if gone.purge_protection
            else f"purge it: az keyvault purge -n {name}"
        )
        yield found(
            "vault-deleted",
            "fail",
            subject,
            f"Vault {name}: {deleted_fit(gone).because}",
            seen(facts, "deleted_vault", "vaultId", gone.id),
            meaning="A deleted vault keeps its name until it is recovered or purged. Role"
            " assignments do not come back with it.",
            repair=f"Recover it (az keyvault recover --name {name}) or choose another name; {purge}.",
        )


def vault_name(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Names are unique in the whole cloud."""
    answer, name = facts.vault_name, intent.vault.name
    subject = str(ids_of(intent).vault)
    if isinstance(answer, Unknown):
        title = f"Whether the name {name} is free could not be asked"
        yield unread("vault-name", subject, title, answer)
    elif answer is None:
        yield skipped("vault-name", subject, f"Vault {name} is there: its name is its own")
    elif not answer.available and intent.vault.create and facts.deleted_vault is None:
        yield found(
            "vault-name",
            "fail",
            subject,
            f"The vault name {name} can't be used: {answer.message or answer.reason}",
            seen(facts, "vault_name", "reason", answer.reason),
            meaning="Vault names are unique in the whole cloud, other tenants and deleted vaults"
            " included.",
            repair="Choose another name.",
        )


def vault_protection(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Azure Machine Learning refuses a vault that could be emptied."""
    vault = facts.vault
    if not isinstance(vault, Vault) or (vault.soft_delete and vault.purge_protection):
        return
    missing = "purge protection" if vault.soft_delete else "soft delete"
    repair = f"A step turns it on. {FOR_GOOD} The vault's name stays taken for"
    repair += f" {vault.retention_days} days after a delete."
    status: Status = "fix"
    if not intent.vault.repair:
        status = "fail"
        repair = "The intent forbids the repair (vault.repair = false); allow it, or turn it on"
        repair += f" yourself: az keyvault update -n {vault.name} --enable-purge-protection true."
        repair += f" {FOR_GOOD}"
    yield found(
        "vault-protection",
        status,
        vault.id,
        f"Vault {vault.name}: {missing} is off",
        seen(facts, "vault", "properties.enableSoftDelete", vault.soft_delete),
        seen(facts, "vault", "properties.enablePurgeProtection", vault.purge_protection),
        meaning="Without soft delete and purge protection a key could be destroyed, and all data"
        f" with it{REFUSED.get(kind_of(intent), '')}.",
        repair=repair,
        irreversible=True,
    )


def vault_retention(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Set once, for good."""
    vault = facts.vault
    if isinstance(vault, Vault) and vault.retention_days < intent.vault.retention_days:
        yield found(
            "vault-retention",
            "warn",
            vault.id,
            f"Vault {vault.name} keeps what is deleted {vault.retention_days} days, not"
            f" {intent.vault.retention_days}",
            seen(facts, "vault", "properties.softDeleteRetentionInDays", vault.retention_days),
            meaning="The time is chosen when a vault is made and can't be changed. A deleted key"
            " can be recovered for so long.",
            repair="Accept it, or make a new vault under another name.",
        )


def vault_region(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """The template, REST and quickstart pages ask for it; the how-to page is silent."""
    vault = facts.vault
    if not isinstance(vault, Vault):
        return
    if vault.location.replace(" ", "").lower() != intent.region.lower():
        yield found(
            "vault-region",
            "fail",
            vault.id,
            f"Vault {vault.name} is in {vault.location}, the {noun(intent)} in {intent.region}",
            seen(facts, "vault", "location", vault.location),
            meaning=f"The key must be in a vault in the {noun(intent)}'s own region.",
            repair=f"Choose a vault in {intent.region}, or make the {noun(intent)} in {vault.location}.",
        )


def vault_tenant(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A vault keeps the tenant it was made in when its subscription moves."""
    vault = facts.vault
    if not isinstance(vault, Vault) or not vault.tenant_id or not facts.tenant:
        return
    theirs = vault.tenant_id.lower()
    if theirs != facts.tenant.lower():
        yield found(
            "vault-tenant",
            "fail",
            vault.id,
            f"Vault {vault.name} belongs to another tenant than its subscription",
            seen(facts, "vault", "properties.tenantId", vault.tenant_id),
            seen(facts, "subscription", "tenantId", facts.tenant),
            meaning="Probably the subscription was moved to another tenant: no identity of this"
            " tenant can get a token for the vault.",
            repair=f"az keyvault update -n {vault.name} --set properties.tenantId={facts.tenant}"
            " properties.accessPolicies=[], then give access anew.",
        )
    elif theirs != facts.caller.tenant_id.lower():
        yield found(
            "vault-tenant",
            "fail",
            vault.id,
            f"You are signed in to another tenant than vault {vault.name}",
            seen(facts, "vault", "properties.tenantId", vault.tenant_id),
            meaning="A token of another tenant is refused by the vault (401).",
            repair=f"Sign in to tenant {vault.tenant_id}.",
        )


def vault_address(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Cosmos DB reads the key's address: a wrong suffix is its status 4009, a wrong form 4006."""
    vault = facts.vault
    if not isinstance(vault, Vault):
        return
    wanted = urlsplit(facts.cloud.vault_uri(intent.vault.name))
    if urlsplit(vault.uri).netloc.lower() != wanted.netloc.lower():
        yield found(
            "vault-address",
            "fail",
            vault.id,
            f"Vault {vault.name} has an address of another cloud: {vault.uri}",
            seen(facts, "vault", "properties.vaultUri", vault.uri),
            meaning=f"Keys of this cloud are at {wanted.netloc}; Cosmos DB can't find another.",
        )


def vault_network(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """What the trusted-services list says and what services do differs; see the explanation."""
    vault = facts.vault
    if not isinstance(vault, Vault):
        return
    fit = network_fit(
        vault, mode="service-side" if needed.service_side(intent) else "own-resources"
    )
    if fit.word == "ok":
        return
    repair = f"az keyvault update -n {vault.name} --bypass AzureServices"
    if vault.public_access.lower() == "securedbyperimeter":
        repair = "Take the vault out of the network perimeter, or choose another vault."
    elif needed.service_side(intent):
        repair = f"az keyvault update -n {vault.name} --public-network-access Enabled"
    yield found(
        "vault-network",
        "warn" if fit.word == "warn" else "fail",
        vault.id,
        f"Vault {vault.name}: {fit.because}",
        seen(facts, "vault", "properties.publicNetworkAccess", vault.public_access),
        seen(facts, "vault", "properties.networkAcls.defaultAction", vault.default_action),
        seen(facts, "vault", "properties.networkAcls.bypass", vault.bypass),
        meaning=NETWORK.get(kind_of(intent), BYPASS),
        repair="" if fit.word == "warn" else repair,
    )


def vault_network_you(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Only the vault knows from which address it sees us."""
    vault, name = facts.vault, intent.vault.name
    subject = str(ids_of(intent).vault)
    if vault is None and intent.vault.create and intent.vault.network == "trusted-services":
        yield _closed(facts, subject, f"Vault {name} will let only trusted services in, not you")
    if not isinstance(vault, Vault):
        return
    shut = "disabled" in vault.public_access.lower() or vault.default_action.lower() == "deny"
    if not facts.reachable:
        yield _closed(facts, subject, f"Vault {name} does not let you in from this address")
    elif shut and (facts.key_from_arm or isinstance(facts.key, Unknown)):
        why = facts.key if isinstance(facts.key, Unknown) else Unknown("You may not read its keys.")
        title = f"Whether vault {name} lets you in from here is not known"
        yield unread("vault-network-you", subject, title, why, seen(facts, "key", "", "refused"))


def _closed(facts: Facts, subject: str, title: str) -> Finding:
    return found(
        "vault-network-you",
        "warn",
        subject,
        title,
        seen(facts, "key", "innererror.code", "ForbiddenByFirewall or ForbiddenByConnection"),
        meaning="Services are not concerned. The plan makes and reads the key through Resource"
        " Manager, which the vault's firewall does not touch.",
        repair="To use the vault yourself: az keyvault network-rule add --ip-address YOUR-ADDRESS.",
    )


def vault_access_model(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Only one model counts in a vault; changing it takes everybody's access at once."""
    vault = facts.vault
    if not isinstance(vault, Vault) or vault.rbac == (intent.vault.access == "rbac"):
        return
    has, wished = ("role assignments", "access policies")[:: 1 if vault.rbac else -1]
    yield found(
        "vault-access-model",
        "warn",
        vault.id,
        f"Vault {vault.name} works with {has}, the intent says {wished}",
        seen(facts, "vault", "properties.enableRbacAuthorization", vault.rbac),
        meaning=f"The plan gives access by {has}, which is what counts. wrapkey does not change the"
        " model of a vault that is in use: everybody's access would change with it.",
        repair=f'Say vault.access = "{"rbac" if vault.rbac else "policies"}" in the intent.',
    )


def vault_lock(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A deleted vault takes the workspace's data with it until it is recovered."""
    vault, locks = facts.vault, facts.locks
    if not isinstance(vault, Vault):
        return
    if isinstance(locks, Unknown):
        yield unread("vault-lock", vault.id, "Locks could not be read", locks)
    elif not any(covers(one.scope, vault.id) for one in locks):
        yield found(
            "vault-lock",
            "warn",
            vault.id,
            f"No lock protects vault {vault.name} from being deleted",
            seen(facts, "locks", "value", "none"),
            meaning="While the vault is deleted, nothing that its key encrypts can be read, and its"
            " role assignments do not come back with it.",
            repair="az lock create --name keep --lock-type CanNotDelete --resource " + vault.id,
        )


JUDGES: dict[str, Judge] = {
    "vault-exists": vault_exists,
    "vault-deleted": vault_deleted,
    "vault-name": vault_name,
    "vault-protection": vault_protection,
    "vault-retention": vault_retention,
    "vault-region": vault_region,
    "vault-tenant": vault_tenant,
    "vault-address": vault_address,
    "vault-network": vault_network,
    "vault-network-you": vault_network_you,
    "vault-access-model": vault_access_model,
    "vault-lock": vault_lock,
}
