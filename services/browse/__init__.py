"""What Browse says about what Azure tells: pure, apart from :func:`open_vault`."""

from datetime import datetime

import msgspec

from services.azure import vaults
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from services.ids import ArmId, BadId, KeyId
from services.model.resources import (
    CosmosAccount,
    Encryption,
    KeyVersion,
    RotationPolicy,
    SearchService,
    StorageAccount,
    Vault,
    Workspace,
)
from services.setup.compared import Line
from services.setup.steps.verify import judge_cosmos, judge_storage

NETWORK_REFUSALS = {"forbiddenbyfirewall", "forbiddenbyconnection"}


async def open_vault(conn: Connection, id: str) -> Vault:
    """A vault that a list has shown, as it is now; raises AzureError, also when it is gone."""
    found = await vaults.get_vault(conn, id)
    if found is None:
        raise gone(ArmId.parse(id).name, "vault")
    return found


def gone(name: str, noun: str) -> AzureError:
    """Something that was listed and is not there any more."""
    return AzureError(
        ErrorKind.NOT_FOUND,
        code="Gone",
        what=f"The {noun} {name} is not there any more.",
        means="It was deleted, moved or renamed after the list was read.",
        do="Go back and read the list again.",
    )


def key_refusal(error: AzureError, vault: Vault) -> str:
    """Why a vault does not show its keys, and which right is missing; empty for other errors.

    The rights: Azure RBAC guide for Key Vault (data action of "List keys"), and "Assign a Key
    Vault access policy" (key permissions).
    """
    if error.kind is not ErrorKind.FORBIDDEN:
        return ""
    codes = {error.code.lower(), error.inner.lower()}
    head = f"{vault.name} does not show you its keys."
    if codes & NETWORK_REFUSALS:
        return f"{head} No right is missing: {error.means} {error.do}"
    if vault.rbac:
        return (
            f"{head} Missing: the data action Microsoft.KeyVault/vaults/keys/read on the vault. "
            "Owner and Contributor don't include it. Ask for Key Vault Reader, or Key Vault "
            "Crypto Officer to make keys too."
        )
    return (
        f"{head} Missing: the key permissions list and get in an access policy for you. Ask "
        "whoever may change the vault to add them."
    )


def vault_line(vault: Vault) -> str:
    """What counts about a vault, in one line."""
    access = "role assignments (RBAC)" if vault.rbac else "access policies"
    purge = "on" if vault.purge_protection else "OFF"
    return (
        f"{vault.name}: {vault.sku}, {access}, purge protection {purge}, deleted keys stay "
        f"{vault.retention_days} days, public network {vault.public_access}, firewall "
        f"{vault.default_action}, bypass {vault.bypass}."
    )


def key_state(version: KeyVersion, now: datetime) -> str:
    """``enabled``, ``disabled``, ``expired`` or ``not yet`` (before its activation)."""
    if not version.enabled:
        return "disabled"
    if version.expires and version.expires <= now:
        return "expired"
    if version.not_before and version.not_before > now:
        return "not yet"
    return "enabled"


def rotation_line(policy: RotationPolicy) -> str:
    """When a vault makes a new version by itself."""
    told = [
        ("a new version {} after the last", policy.rotate_after),
        ("a new version {} before expiry", policy.rotate_before_expiry),
        ("a warning {} before expiry", policy.notify_before),
        ("each version lives {}", policy.expiry),
    ]
    said = [text.format(span) for text, span in told if span]
    rotates = policy.rotate_after or policy.rotate_before_expiry
    return f"Rotation: {', '.join(said) if said else 'none'}." + (
        "" if rotates else " Nothing rotates by itself."
    )


class Named(msgspec.Struct, frozen=True):
    """A key identifier in words; empty parts were not told."""

    vault: str = ""
    key: str = ""
    version: str = ""


def named(key_id: str) -> Named:
    """The parts of a key identifier; one that is none counts as the key's name."""
    try:
        key = KeyId.parse(key_id)
    except BadId:
        return Named(key=key_id)
    return Named(key.vault, key.name, key.version)


def mode(encryption: Encryption | None) -> str:
    """Whose key encrypts, and where the data lie, in two words: Microsoft's keys have no place."""
    if encryption is None:
        return "Microsoft"
    return "service-side" if encryption.service_side else "own group"


Fact = tuple[str, str]


def workspace_facts(workspace: Workspace) -> list[Fact]:
    """What a workspace tells about itself, as label and value."""
    facts = [("State", workspace.state), *_encryption_facts(workspace)]
    identity = workspace.identity_type or "none"
    if workspace.principal_id:
        identity += f", object id {workspace.principal_id}"
    names = ", ".join(map(_name, workspace.identities))
    facts.append(("Identity", f"{identity}, {names}" if names else identity))
    parts = {
        "storage": workspace.storage,
        "vault of its secrets": workspace.vault,
        "insights": workspace.insights,
        "registry": workspace.registry,
    }
    depends = ", ".join(f"{word} {_name(id)}" for word, id in parts.items() if id)
    facts.append(("Depends on", depends or "nothing it names"))
    hbi = "high business impact" if workspace.hbi else "not marked high business impact"
    facts.append(("Settings", f"{hbi}, public network {workspace.public_access or '??'}"))
    if workspace.description:
        facts.append(("Description", workspace.description))
    if workspace.tags:
        tags = ", ".join(f"{name}={value}" for name, value in workspace.tags.items())
        facts.append(("Tags", tags))
    return facts


def _encryption_facts(workspace: Workspace) -> list[Fact]:
    used = workspace.encryption
    if used is None:
        return [("Encrypted", "with Microsoft's keys")]
    key = named(used.key_id)
    place = "in Microsoft's subscription (service-side)"
    if not used.service_side:
        place = f"in the managed group {workspace.managed_group or '??'}"
    who = f"the identity {_name(used.identity)}" if used.identity else "the services themselves"
    return [
        ("Encrypted", f"with your own key, {place}"),
        ("Vault", _name(used.vault_id) or key.vault or "??"),
        ("Key", f"{key.key or '??'}, version {key.version or '?? (none named)'}"),
        ("Reached by", who),
    ]


def untold(workspace: Workspace) -> str:
    """What nobody can read about this workspace's encryption."""
    used = workspace.encryption
    if used is None:
        return "Azure does not tell which of Microsoft's keys is used."
    if used.service_side:
        return (
            "The encrypted documents are in Microsoft's own subscription: whether the key works "
            "there is ??."
        )
    return (
        "AI Search tells only whether it complies, so its key is ??. Cosmos DB names the key "
        "without a version."
    )


def _name(id: str) -> str:
    try:
        return ArmId.parse(id).name
    except BadId:
        return id


class Told(msgspec.Struct, frozen=True):
    """What one managed resource says about its key."""

    word: str
    """OK, FAIL, ?? or nothing to judge."""
    says: str


def workspace_told(workspace: Workspace) -> Told:
    """The workspace names vault, key and version; whether they work is for its parts to say."""
    used = workspace.encryption
    return Told("", _key(used.key_id) if used else "Microsoft's keys")


def cosmos_told(account: CosmosAccount, key_id: str) -> Told:
    """Cosmos DB names the key, not the version, and whether it can use it."""
    status = account.key_status or "use of the key ??"
    return Told(_word(judge_cosmos([account], key_id)), f"{_key(account.key_id)}; {status}")


def storage_told(account: StorageAccount, key_id: str) -> Told:
    """Storage names key and version."""
    return Told(_word(judge_storage([account], key_id)), _key(account.key_id))


def search_told(service: SearchService) -> Told:
    """AI Search tells its compliance, never its key: at best ``??``."""
    told = service.compliance
    word = "??" if told.lower() in ("", "compliant") else "FAIL"
    return Told(word, f"?? (not told); {told or 'compliance ??'}")


def _key(key_id: str) -> str:
    key = named(key_id)
    version = f"/{key.version[:8]}" if key.version else ""
    return f"{key.key}{version}" if key_id else "no key of yours"


def _word(lines: list[Line]) -> str:
    found = {line.status for line in lines}
    return "FAIL" if "fail" in found else "??" if "unknown" in found else "OK"
