"""What Azure made for the workspace: managed group, Cosmos DB, AI Search, Storage."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.checks.facts import Unknown
from services.checks.fit import key_fit
from services.diagnosis.facts import Examined, Live, key_of
from services.diagnosis.findings import Judge, found, told, unread
from services.ids import BadId, KeyId
from services.model.plan import Finding
from services.model.resources import CosmosAccount, KeyVersion
from services.setup.steps.verify import COSMOS_OK

RECOVERS = timedelta(hours=2)
"""Cosmos DB looks again within the hour; its guide sends to support after two."""

_CODE = re.compile(r"\b(40[01]\d)\b")

FAILURES: dict[str, tuple[str, ...]] = {
    "4000": ("F07",),
    "4002": ("F08",),
    "4003": ("F09",),
    "4005": ("F10",),
    "4006": ("F11",),
    "4009": ("F12",),
    "4015": ("F13",),
    "4016": ("F14",),
    "4017": ("F15",),
    "4018": ("F16",),
}
"""Cosmos DB's substatus to the failure catalogue (CMK troubleshooting guide)."""


def substatus(account: CosmosAccount) -> str:
    """Cosmos DB's number in its status text; empty where there is none."""
    said = _CODE.findall(account.key_status)
    return said[-1] if said else ""


def broken(account: CosmosAccount) -> bool:
    """Whether the account says that it can't use its key."""
    return bool(account.key_status) and COSMOS_OK not in account.key_status.lower()


def managed_group(live: Live) -> Iterator[Finding]:
    """Without it the workspace is lost."""
    name, used = live.workspace.managed_group, live.workspace.encryption
    if used is None or used.service_side:
        return
    if isinstance(live.group, Unknown):
        yield unread("managed-group", name, f"Managed group {name} could not be read", live.group)
    elif live.group is None and (name or live.workspace.state == "Succeeded"):
        told_name = name or "none"
        what = f"Managed group {name} is gone" if name else "There is no managed group"
        yield found(
            "managed-group",
            "fail",
            name or live.target.id,
            what,
            told(
                live,
                "managed_group" if name else "workspace",
                "serviceProvisionedResourceGroup",
                f"{told_name}: 404" if name else told_name,
            ),
            meaning="Cosmos DB, AI Search and Storage of the workspace are gone with it, and with"
            " them its metadata. What lies in your own storage account is still there."
            if name
            else "The workspace was never made whole.",
            repair="It can't be brought back: delete the workspace and make it anew.",
        )


_PARTS = (
    ("cosmos", "Cosmos DB account"),
    ("search", "AI Search service"),
    ("storage", "storage account"),
)


def managed_resources(live: Live) -> Iterator[Finding]:
    """One of each; a deny assignment keeps people from deleting them."""
    used = live.workspace.encryption
    if used is None or used.service_side or live.group is None:
        return
    for field, words in _PARTS:
        there = getattr(live, field)
        subject = f"{live.workspace.managed_group}/{field}"
        if isinstance(there, Unknown):
            yield unread("managed-resources", subject, f"The {words} could not be read", there)
        elif not there:
            yield found(
                "managed-resources",
                "fail",
                subject,
                f"The managed group has no {words}",
                told(live, f"managed_{field}", "value", "[]"),
                meaning="The workspace keeps its metadata there; without it nothing works.",
                repair="It can't be brought back: delete the workspace and make it anew.",
            )
        elif there[0].state.lower() == "failed":
            yield found(
                "managed-resources",
                "fail",
                there[0].id,
                f"{there[0].name} ({words}) is Failed",
                told(live, f"managed_{field}", "properties.provisioningState", there[0].state),
                failures=(),
                meaning="Azure could not make it: no capacity, no quota, a policy, or no access to"
                " the key. A failed Cosmos DB account must be deleted with the workspace.",
            )


def cosmos_identity(live: Live) -> Iterator[Finding]:
    """Empty means first-party; what it names must be one of the account's identities."""
    for account in _accounts(live):
        wanted = account.identity.lower()
        known = ("", "firstpartyidentity", "systemassignedidentity")
        if wanted in known or (
            wanted.startswith("userassignedidentity=") and substatus(account) != "4015"
        ):
            continue
        yield found(
            "cosmos-identity",
            "fail",
            account.id,
            f"{account.name} has no default identity that can be used: {account.identity}",
            told(live, "managed_cosmos", "properties.defaultIdentity", account.identity),
            meaning="Cosmos DB does not know as whom to reach the key (its status 4015).",
            repair="Azure denies everybody but itself to change this account: open a support case"
            " with its id and this status.",
        )


def cosmos_status(live: Live) -> Iterator[Finding]:
    """Cosmos DB's own word; it looks once an hour, so it lags behind a repair."""
    if isinstance(live.cosmos, Unknown):
        return
    for account in live.cosmos:
        if not broken(account):
            continue
        code = substatus(account)
        yield found(
            "cosmos-status",
            "fail",
            account.id,
            f"Cosmos DB {account.name} can't use the key" + (f" ({code})" if code else ""),
            told(live, "managed_cosmos", "properties.customerManagedKeyStatus", account.key_status),
            failures=FAILURES.get(code, ()),
            meaning="The workspace's metadata can't be read: studio, jobs and endpoints stop.",
            repair="Cosmos DB looks again within the hour after the cause is gone. Open a support"
            " case where it stays so for two.",
        )


def cosmos_key(live: Live) -> Iterator[Finding]:
    """The key without version that the account names is the workspace's."""
    wanted = key_of(live.workspace)
    for account in _accounts(live):
        evidence = told(live, "managed_cosmos", "properties.keyVaultKeyUri", account.key_id)
        try:
            uses = KeyId.parse(account.key_id)
        except BadId as error:
            if account.key_id:
                yield found(
                    "cosmos-key",
                    "fail",
                    account.id,
                    f"{account.name} names no key that can be read: {account.key_id}",
                    evidence,
                    failures=("F11",),
                    meaning=f"{error} (Cosmos DB's status 4006).",
                )
            continue
        if wanted and uses.versionless.lower() != wanted.versionless.lower():
            yield found(
                "cosmos-key",
                "warn",
                account.id,
                f"{account.name} uses another key than the workspace names",
                evidence,
                meaning="A change of the workspace's key that did not reach Cosmos DB: keep both"
                " keys enabled, and change the workspace's key once more.",
            )


def search_compliance(live: Live) -> Iterator[Finding]:
    """AI Search tells whether it complies, never which key it uses."""
    for service in () if isinstance(live.search, Unknown) else live.search:
        bad = service.compliance.lower() == "noncompliant"
        if bad or service.status.lower() in ("degraded", "error", "disabled"):
            field = "properties.encryptionWithCmk.encryptionComplianceStatus"
            yield found(
                "search-compliance",
                "fail",
                service.id,
                f"AI Search {service.name}: {service.compliance or service.status}",
                told(live, "managed_search", field, service.compliance),
                told(live, "managed_search", "properties.status", service.status),
                meaning="Its indexes can't be read, or it can't be scaled, while the key can't be"
                " reached. It keeps a key for about an hour.",
            )


def storage_key(live: Live) -> Iterator[Finding]:
    """Storage names the version it uses, and never says that it lost it: inferred from the key."""
    key, wanted = live.facts.key, key_of(live.workspace)
    for account in () if isinstance(live.storage, Unknown) else live.storage:
        if account.key_source.lower() != "microsoft.keyvault":
            if live.workspace.state != "Succeeded":
                continue  # it had not got that far
            yield found(
                "storage-key",
                "fail",
                account.id,
                f"Storage {account.name} is not encrypted with your key",
                told(live, "managed_storage", "encryption.keySource", account.key_source),
                failures=("F34",),
                meaning="It was never given the key, or lost it.",
            )
            continue
        evidence = told(
            live, "managed_storage", "encryption.currentVersionedKeyIdentifier", account.key_id
        )
        if isinstance(key, KeyVersion) and account.key_id.lower() == key.id.lower():
            fit = key_fit(key, live.facts.now)
            if fit.word == "no":
                yield found(
                    "storage-key",
                    "fail",
                    account.id,
                    f"Storage {account.name} uses a version that can't be used: {fit.because}",
                    evidence,
                    failures=("F34",),
                    meaning="Storage does not tell whether it can still reach its key; this follows"
                    " from the key.",
                )
        elif wanted and wanted.version and account.key_id.lower() != str(wanted).lower():
            yield found(
                "storage-key",
                "warn",
                account.id,
                f"Storage {account.name} uses another version than the workspace names",
                evidence,
                failures=("F45",),
                meaning="Storage looks for a new version once a day. Keep both versions enabled.",
            )


def recent(live: Examined, at: datetime | None) -> bool:
    """Whether a change is so new that Cosmos DB need not have looked since."""
    # a Date header is cut to the second, and two services' clocks differ
    return at is not None and abs(live.facts.now - at) < RECOVERS


def _accounts(live: Live) -> tuple[CosmosAccount, ...]:
    return () if isinstance(live.cosmos, Unknown) else live.cosmos


JUDGES: dict[str, Judge] = {
    "managed-group": managed_group,
    "managed-resources": managed_resources,
    "cosmos-identity": cosmos_identity,
    "cosmos-status": cosmos_status,
    "cosmos-key": cosmos_key,
    "search-compliance": search_compliance,
    "storage-key": storage_key,
}
