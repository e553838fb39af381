"""What would make a plan fail, judged before anything is written.

Each judge is pure: intent and facts in, findings out. Failure numbers are those of the
failure catalogue.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from services.checks.facts import Facts, Unknown, ids_of
from services.checks.fit import deleted_fit, key_fit, vault_fit
from services.ids import KeyId, same
from services.model.intent import Intent
from services.model.plan import Evidence, Finding, Status
from services.model.resources import KeyVersion, Principal, Vault, Workspace
from services.text import plain

Judge = Callable[[Intent, Facts], Iterator[Finding]]

_STATUS: dict[str, Status] = {"ok": "ok", "fix": "fix", "warn": "warn", "no": "fail"}


def judge(intent: Intent, facts: Facts) -> tuple[Finding, ...]:
    """All findings about an intent."""
    return tuple(found for one in JUDGES for found in one(intent, facts))


def place(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Whether this is the cloud, the tenant and a subscription the intent is for."""
    if not facts.visible:
        yield Finding(
            id=f"subscription:{intent.subscription}",
            check="subscription",
            subject=f"/subscriptions/{intent.subscription.lower()}",
            status="fail",
            title=f"You ({facts.caller.name}) do not see subscription {intent.subscription}",
            evidence=(Evidence(call="GET subscriptions", field="subscriptionId", value="none"),),
            meaning="It is in another tenant, or you have no role in it. Sign in to its tenant, or"
            " ask for a role.",
        )
    for check, wanted, found in (
        ("cloud", intent.cloud, facts.cloud.name),
        ("tenant", intent.tenant, facts.tenant),
    ):
        if wanted and wanted.lower() != found.lower():
            yield Finding(
                id=f"{check}:{wanted}",
                check=check,
                subject=found,
                status="fail",
                title=f"The intent is for {check} {wanted}, this is {found}",
                evidence=(Evidence(call="sign-in", field=check, value=found),),
                meaning=f"Sign in to the intent's {check}, or take the line out of the intent.",
            )


def vault(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Whether the vault is there and can serve (F01, F02, F14, F15, F43)."""
    name = intent.vault.name
    found = facts.vault
    if isinstance(found, Unknown):
        yield _unknown("vault", name, f"Vault {name} could not be read", found)
    elif found is None:
        yield from _absent_vault(intent, facts)
    else:
        yield _existing_vault(intent, facts, found)


def _existing_vault(intent: Intent, facts: Facts, found: Vault) -> Finding:
    mode = intent.workspace.encryption
    fit = vault_fit(found, intent.region, facts.tenant, mode=mode)
    status = _STATUS[fit.word]
    meaning = "The key must be in a purge-protected vault in the workspace's own region."
    if fit.word == "fix" and not intent.vault.repair:
        status = "fail"
        meaning += " The intent does not allow the plan to repair it (vault.repair = false)."
    return Finding(
        id=f"vault:{found.name}",
        check="vault",
        subject=found.id,
        status=status,
        title=f"Vault {found.name}: {fit.because or 'can hold the key'}",
        failures=() if status == "ok" else ("F01", "F14", "F43"),
        evidence=(
            Evidence(call=f"GET {found.name}", field="location", value=found.location),
            Evidence(
                call=f"GET {found.name}",
                field="properties.enablePurgeProtection",
                value=str(found.purge_protection).lower(),
            ),
            Evidence(
                call=f"GET {found.name}",
                field="properties.networkAcls.bypass",
                value=found.bypass,
            ),
        ),
        meaning=meaning,
        source="how-to-setup-customer-managed-keys",
    )


def _absent_vault(intent: Intent, facts: Facts) -> Iterator[Finding]:
    name, subject = intent.vault.name, str(ids_of(intent).vault)
    deleted, check = facts.deleted_vault, facts.vault_name
    if deleted is not None and not isinstance(deleted, Unknown):
        yield Finding(
            id=f"vault:{name}",
            check="vault",
            subject=subject,
            status="fail",
            title=f"Vault {name}: {deleted_fit(deleted).because}",
            failures=("F02",),
            evidence=(Evidence(call="GET deletedVaults", field="vaultId", value=deleted.id),),
            meaning="A deleted vault keeps its name until it is recovered or purged."
            f" Recover it (az keyvault recover --name {name}) or choose another name.",
            source="Key Vault: soft-delete overview",
        )
    elif not intent.vault.create:
        yield Finding(
            id=f"vault:{name}",
            check="vault",
            subject=subject,
            status="fail",
            title=f"Vault {name} is not in resource group {ids_of(intent).vault.group}",
            failures=("F15",),
            evidence=(Evidence(call=f"GET {name}", field="status", value="404"),),
            meaning="The intent says it exists. Name its resource group in"
            " vault.resource_group, or let the plan make it with vault.create = true.",
        )
    elif isinstance(check, Unknown):
        yield _unknown(
            "vault", subject, f"Whether the name {name} is free could not be asked", check
        )
    elif check is not None and not check.available:
        yield Finding(
            id=f"vault:{name}",
            check="vault",
            subject=subject,
            status="fail",
            title=f"The vault name {name} can't be used: {check.message or check.reason}",
            failures=("F02",),
            evidence=(
                Evidence(call="POST checkNameAvailability", field="reason", value=check.reason),
            ),
            meaning="Vault names are unique in the whole cloud, other tenants included.",
            source="Key Vault: common error codes",
        )


def key(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Whether the key is there and can encrypt (F03, F04, F05, F06, F44)."""
    if facts.vault is None or isinstance(facts.vault, Unknown):
        return
    name, found, deleted = intent.key.name, facts.key, facts.deleted_key
    subject = f"{facts.vault.uri}/keys/{name}"
    if isinstance(found, Unknown):
        yield _unknown("key", subject, f"Key {name} could not be read", found)
    elif found is not None:
        yield _existing_key(name, found, facts.now)
    elif deleted is not None and not isinstance(deleted, Unknown):
        yield Finding(
            id=f"key:{name}",
            check="key",
            subject=subject,
            status="fail",
            title=f"Key {name} is deleted and its name is still taken",
            failures=("F04",),
            evidence=(
                Evidence(call=f"GET deletedkeys/{name}", field="recoveryId", value=deleted.id),
            ),
            meaning="Recover it (az keyvault key recover"
            f" --vault-name {facts.vault.name} --name {name}) or choose another name.",
            source="Key Vault: soft-delete overview",
        )
    elif not intent.key.create or intent.key.version != "latest":
        what = name if intent.key.version == "latest" else f"{name}, version {intent.key.version},"
        yield Finding(
            id=f"key:{name}",
            check="key",
            subject=subject,
            status="fail",
            title=f"Key {what} is not in vault {facts.vault.name}",
            failures=("F09",),
            evidence=(Evidence(call=f"GET keys/{name}", field="status", value="404"),),
            meaning="Choose a key that exists, or let the plan make it with key.create = true.",
        )


def _existing_key(name: str, found: KeyVersion, now: datetime) -> Finding:
    fit = key_fit(found, now)
    status = _STATUS[fit.word]
    return Finding(
        id=f"key:{name}",
        check="key",
        subject=found.id,
        status=status,
        title=f"Key {name}: {fit.because or 'can encrypt'}",
        failures=() if status == "ok" else ("F05", "F06", "F44"),
        evidence=(
            Evidence(call=f"GET keys/{name}", field="key.kty", value=found.type),
            Evidence(call=f"GET keys/{name}", field="attributes.enabled", value=str(found.enabled)),
            Evidence(call=f"GET keys/{name}", field="key.key_ops", value=" ".join(found.ops)),
        ),
        meaning="The services wrap their data keys with this key: it must be an enabled RSA key"
        " inside its dates that may wrap and unwrap.",
        source="how-to-setup-customer-managed-keys",
    )


def providers(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Whether registrations could be read (F22)."""
    if isinstance(facts.providers, Unknown):
        yield _unknown(
            "provider-registered",
            f"/subscriptions/{intent.subscription.lower()}",
            "Registered resource providers could not be read",
            facts.providers,
        )


def apps(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Whether the tenant's object ids of Azure's own apps could be found (F17, F18, F52)."""
    cloud, told = facts.cloud, intent.principals
    yield from _app("cosmos", facts.cosmos, cloud.cosmos_app_id, told.cosmos_db)
    yield from _app("ml", facts.ml, cloud.ml_app_id, told.machine_learning)


_APPS = {
    "cosmos": ("Azure Cosmos DB", "cosmos_db"),
    "ml": ("Azure Machine Learning", "machine_learning"),
}


def _app(
    short: str, found: Principal | Unknown | None, app_id: str, told: str
) -> Iterator[Finding]:
    check = f"{short}-principal"
    name, field = _APPS[short]
    if isinstance(found, Unknown):
        ask = f"Ask somebody for it (az ad sp show --id {app_id} --query id) and put it into the"
        why = Unknown(f"{found.reason} {ask} intent: [principals] {field}.")
        yield _unknown(check, app_id, f"{name}'s object id in this tenant is unknown", why)
    elif told and (found is None or found.object_id != told.lower()):
        has = f"it is {found.object_id}" if found else "the tenant has none"
        yield Finding(
            id=f"{check}:{told}",
            check=check,
            subject=app_id,
            status="fail",
            title=f"principals.{field} is not {name} in this tenant: {has}",
            failures=("F18",),
            evidence=(
                Evidence(
                    call=f"GET servicePrincipals(appId='{app_id}')",
                    field="id",
                    value=found.object_id if found else "none",
                ),
            ),
            meaning="A grant to another object id gives the service nothing. Correct the line, or"
            " take it out: you may read Microsoft Graph, which knows the right one.",
        )


def workspace(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Whether a workspace of this name is in the way: encryption can't be changed later."""
    found = facts.workspace
    if isinstance(found, Unknown):
        subject = str(ids_of(intent).workspace)
        yield _unknown("workspace", subject, f"{intent.workspace.name} could not be read", found)
    elif found is not None and not is_wanted(intent, found):
        how = found.encryption.key_id if found.encryption else "Microsoft's keys"
        yield Finding(
            id=f"workspace:{found.name}",
            check="workspace",
            subject=found.id,
            status="fail",
            title=f"Workspace {found.name} exists and is encrypted with {plain(how)}",
            evidence=(
                Evidence(
                    call=f"GET {found.name}",
                    field="properties.encryption.keyVaultProperties.keyIdentifier",
                    value=plain(how),
                ),
            ),
            meaning="How a workspace is encrypted is chosen when it is made. Choose another name.",
            source="concept-customer-managed-keys",
        )


def is_wanted(intent: Intent, found: Workspace) -> bool:
    """Whether an existing workspace is the one the intent describes, as far as can't change."""
    encryption = found.encryption
    if encryption is None or not same(encryption.vault_id, str(ids_of(intent).vault)):
        return False
    mode = "service-side" if encryption.service_side else "own-resources"
    return mode == intent.workspace.encryption and _key_matches(intent, encryption.key_id)


def _key_matches(intent: Intent, key_id: str) -> bool:
    used = KeyId.parse(key_id)
    pinned = intent.key.version
    return used.name.lower() == intent.key.name.lower() and (
        pinned == "latest" or used.version == pinned.lower()
    )


def _unknown(check: str, subject: str, title: str, why: Unknown) -> Finding:
    return Finding(
        id=f"{check}:unread",
        check=check,
        subject=subject,
        status="unknown",
        title=title,
        meaning=plain(why.reason),
    )


JUDGES: tuple[Judge, ...] = (place, vault, key, providers, apps, workspace)
