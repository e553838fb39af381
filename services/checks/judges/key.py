"""Whether the key can encrypt, now and for some time."""

from collections.abc import Iterator

from services.checks.facts import Facts, Unknown
from services.checks.findings import Judge, found, seen, skipped, unread
from services.checks.fit import GOOD_BITS, SOON
from services.model.intent import Intent, kind_of, noun
from services.model.plan import Finding
from services.model.resources import DeletedKey, KeyVersion, Vault

WRAPS = ("wrapKey", "unwrapKey")
SEARCH_OPS = ("encrypt", "decrypt")
"""AI Search's page lists them besides wrap and unwrap."""


def _subject(intent: Intent, facts: Facts) -> str:
    uri = facts.vault.uri if isinstance(facts.vault, Vault) else ""
    return f"{uri or facts.cloud.vault_uri(intent.vault.name)}/keys/{intent.key.name}"


def key_exists(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """There, or to be made."""
    name, key, vault = intent.key.name, facts.key, facts.vault
    subject = _subject(intent, facts)
    if isinstance(vault, Unknown):
        return
    if isinstance(key, Unknown):
        yield unread("key-exists", subject, f"Key {name} could not be read", key)
        return
    pinned = intent.key.version != "latest"
    absent = key is None and not isinstance(facts.deleted_key, DeletedKey)
    if absent and (not intent.key.create or pinned):
        what = f"{name}, version {intent.key.version}," if pinned else name
        yield found(
            "key-exists",
            "fail",
            subject,
            f"Key {what} is not in vault {intent.vault.name}",
            seen(facts, "key", "status", "404"),
            meaning="The intent says it exists. Without it Cosmos DB's status is 4003.",
            repair="Choose a key that exists, or let the plan make it with key.create = true"
            " and without a version.",
        )


def key_deleted(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A deleted key keeps its name."""
    gone, name = facts.deleted_key, intent.key.name
    if facts.key is not None:
        return
    if isinstance(gone, Unknown):
        title = f"Whether a deleted key holds the name {name} could not be read"
        yield unread("key-deleted", _subject(intent, facts), title, gone)
    elif gone is not None:
        yield found(
            "key-deleted",
            "fail",
            _subject(intent, facts),
            f"Key {name} is deleted and its name is still taken",
            seen(facts, "deleted_key", "recoveryId", gone.id),
            meaning="A key of this name can't be made (ObjectIsDeletedButRecoverable), and purge"
            " protection keeps it from being purged.",
            repair="Recover it (az keyvault key recover"
            f" --vault-name {intent.vault.name} --name {name}) or choose another name.",
        )


def key_type(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """RSA; HSM keys to be made need a premium vault."""
    key, vault, name = facts.key, facts.vault, intent.key.name
    if isinstance(key, KeyVersion):
        if key.type and key.type not in ("RSA", "RSA-HSM"):
            yield found(
                "key-type",
                "fail",
                key.id,
                f"Key {name}: {key.type} keys can't wrap",
                seen(facts, "key", "key.kty", key.type),
                meaning="The services wrap their data keys with this key: it must be RSA.",
                repair="Choose an RSA key, or let the plan make one under another name.",
            )
        elif key.bits and key.bits < GOOD_BITS:
            yield _small(facts, key, name)
    elif key is None and intent.key.create and intent.key.type == "RSA-HSM":
        sku = vault.sku if isinstance(vault, Vault) else intent.vault.sku
        if sku.lower() != "premium":
            yield found(
                "key-type",
                "fail",
                _subject(intent, facts),
                f"Key {name} is to be RSA-HSM, and vault {intent.vault.name} is {sku}",
                seen(facts, "vault", "properties.sku.name", sku),
                meaning="Only a premium vault makes keys in hardware.",
                repair='Say key.type = "RSA", or use a premium vault.',
            )


def _small(facts: Facts, key: KeyVersion, name: str) -> Finding:
    low = key.bits < 2048
    return found(
        "key-type",
        "fail" if low else "warn",
        key.id,
        f"Key {name} has {key.bits} bits; {2048 if low else GOOD_BITS} {'needed' if low else 'recommended'}",
        seen(facts, "key", "key.n", f"{key.bits} bits"),
        meaning="Machine Learning's page recommends 3072 bits; the services take 2048, 3072 and"
        " 4096.",
    )


def key_operations(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Azure refuses an operation that the key's own list lacks."""
    key, name = facts.key, intent.key.name
    if not isinstance(key, KeyVersion) or not key.ops:
        return
    told = seen(facts, "key", "key.key_ops", " ".join(key.ops))
    add = f"az keyvault key set-attributes --id {key.id} --ops {' '.join((*WRAPS, *SEARCH_OPS))}"
    missing = [one for one in WRAPS if one not in key.ops]
    if missing:
        yield found(
            "key-operations",
            "fail",
            key.id,
            f"Key {name}: {' and '.join(missing)} not allowed",
            told,
            meaning="The services wrap and unwrap their data keys with it (KeyOperationForbidden,"
            " Cosmos DB's status 4005).",
            repair=add,
        )
    elif other := [one for one in SEARCH_OPS if one not in key.ops]:
        yield found(
            "key-operations",
            "warn",
            key.id,
            f"Key {name}: {' and '.join(other)} not allowed",
            told,
            meaning="AI Search's page asks for them besides wrap and unwrap; the others do not.",
            repair=add,
        )


def key_enabled(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """The version that is used, not only the newest."""
    key = facts.key
    if isinstance(key, KeyVersion) and not key.enabled:
        yield found(
            "key-enabled",
            "fail",
            key.id,
            f"Key {intent.key.name}, version {key.version[:8]}…, is disabled",
            seen(facts, "key", "attributes.enabled", key.enabled),
            meaning="Nothing can be encrypted or read with a disabled key.",
            repair=f"az keyvault key set-attributes --id {key.id} --enabled true",
        )


def key_dates(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Judged by the vault's clock; outside its dates a key unwraps and does not wrap."""
    key, now = facts.key, facts.now
    start, end = (
        (key.not_before, key.expires)
        if isinstance(key, KeyVersion)
        else (intent.key.not_before, intent.key.expires)
        if key is None
        else (None, None)
    )
    subject = key.id if isinstance(key, KeyVersion) else _subject(intent, facts)
    name, status, title = intent.key.name, "fail", ""
    told = seen(facts, "key", "attributes.exp", end)
    if end and end <= now:
        title = f"Key {name} expired on {end:%-d %b %Y}"
    elif start and start > now:
        title = f"Key {name} is not valid before {start:%-d %b %Y}"
        told = seen(facts, "key", "attributes.nbf", start)
    elif end and end - now < SOON:
        days = (end - now).days
        status, title = "warn", f"Key {name} expires in {days} day{'' if days == 1 else 's'}"
    if title:
        yield found(
            "key-dates",
            "warn" if status == "warn" else "fail",
            subject,
            title,
            told,
            meaning="Outside its dates a key unwraps but does not wrap: what is there can be read,"
            " nothing new can be encrypted.",
            repair=f"az keyvault key set-attributes --id {subject} --expires TIME, or a new version",
        )


def key_rotation(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """An expiry date without rotation ends in an outage."""
    key, policy = facts.key, facts.rotation
    subject = key.id if isinstance(key, KeyVersion) else _subject(intent, facts)
    wish = intent.key
    if isinstance(policy, Unknown):
        yield unread("key-rotation", subject, "The rotation policy could not be read", policy)
    elif isinstance(key, KeyVersion) and key.expires is None:
        yield skipped("key-rotation", subject, f"Key {wish.name} does not expire")
    elif (key is None and wish.create and wish.expires and not wish.rotate_every) or (
        policy is not None and not policy.rotate_after and not policy.rotate_before_expiry
    ):
        yield found(
            "key-rotation",
            "warn",
            subject,
            f"Key {wish.name} expires, and nothing rotates it before",
            seen(facts, "rotation", "lifetimeActions", "no Rotate"),
            meaning=f"A {noun(intent)} is told a version: plan who makes a new one and moves the"
            f" {noun(intent)} to it.",
            repair='Say key.rotate_every = "P1Y" for a new key; for this one: az keyvault key'
            " rotation-policy update.",
        )


def key_version(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Workspaces are given a version; no source names the form without."""
    newest, wish = facts.newest_key, intent.key
    subject = _subject(intent, facts)
    if wish.version == "latest":
        yield skipped("key-version", subject, "The newest version is used and pinned")
    elif isinstance(newest, Unknown):
        yield unread("key-version", subject, "The newest version could not be read", newest)
    elif newest is not None and newest.version.lower() != wish.version.lower():
        yield found(
            "key-version",
            "warn",
            subject,
            f"Key {wish.name} has a newer version than the intent's {wish.version[:8]}…",
            seen(facts, "newest_key", "key.kid", newest.id),
            meaning=f"The {noun(intent)} is encrypted with the version it is given."
            + (" Cosmos DB follows the newest one by itself." if _cosmos(intent) else ""),
            repair='Say key.version = "latest" to use the newest.',
        )


def _cosmos(intent: Intent) -> bool:
    return kind_of(intent) == "workspace"


JUDGES: dict[str, Judge] = {
    "key-exists": key_exists,
    "key-deleted": key_deleted,
    "key-type": key_type,
    "key-operations": key_operations,
    "key-enabled": key_enabled,
    "key-dates": key_dates,
    "key-rotation": key_rotation,
    "key-version": key_version,
}
