"""What Machine Learning refuses in a workspace's body before it accepts it. Pure rules."""

import re

from sandbox import armid
from sandbox.protocol import Refusal
from sandbox.providers import customerkeys
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.state import Json
from sandbox.world import World

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,32}")
_DEPENDENCIES = {
    "storageAccount": ("microsoft.storage/storageaccounts", "storage account"),
    "keyVault": ("microsoft.keyvault/vaults", "key vault"),
    "applicationInsights": ("microsoft.insights/components", "Application Insights component"),
    "containerRegistry": ("microsoft.containerregistry/registries", "container registry"),
}
_NEEDED = {
    "default": ("storageAccount", "keyVault", "applicationInsights"),
    "featurestore": ("storageAccount", "keyVault", "applicationInsights"),
    "hub": ("storageAccount", "keyVault"),
    "project": (),
}
"""By kind; a hub without Application Insights and a project without anything are recorded."""
_OWN = ("cosmosDbResourceId", "searchAccountResourceId", "storageAccountResourceId")
_FIXED = ("storageAccount", "keyVault", "hbiWorkspace", "enableServiceSideCMKEncryption")
"""What can only be chosen when a workspace is created."""


def invalid(message: str, target: str = "workspace") -> Refusal:
    """400 ValidationError with the service's verbose detail item (recorded: aml/15)."""
    item: Json = {
        "additionalInfo": None,
        "code": "Invalid",
        "debugInfo": None,
        "details": [],
        "detailsUri": None,
        "innerError": None,
        "message": message,
        "messageFormat": None,
        "messageParameters": {},
        "referenceCode": None,
        "severity": None,
        "target": target,
    }
    return Refusal(400, "ValidationError", message, target=target, details=[item])


def bad(message: str) -> Refusal:
    """400 BadRequest."""
    return Refusal(400, "BadRequest", message)


def judge_new(world: World, name: str, body: Json) -> None:
    """Refuse a new workspace's name or body; where no text is recorded the words are ours."""
    if not _NAME.fullmatch(name):
        raise invalid(
            f"Workspace name '{name}' is not valid. It has 3 to 33 characters: letters, digits, "
            "underscores and hyphens, the first a letter or digit."
        )
    properties = body.get("properties") or {}
    kind = str(body.get("kind") or "Default").lower()
    if kind not in _NEEDED:
        raise invalid(f"Workspace kind '{body['kind']}' is not supported.", "kind")
    if any(not properties.get(need) for need in _NEEDED[kind]):
        raise invalid("Missing dependent resources in workspace json")
    if kind == "project" and world.resource(properties.get("hubResourceId") or "") is None:
        raise invalid("A project needs hubResourceId, the id of a hub.", "hubResourceId")
    judge_dependencies(world, properties)
    judge_identity(world, body)
    judge_encryption(body)


def judge_dependencies(world: World, properties: Json) -> None:
    """The resources that a workspace names must be there and be of use to it."""
    for field, (kind, words) in _DEPENDENCIES.items():
        given = properties.get(field)
        if not given:
            continue
        found = world.resource(given)
        if armid.resource_type(given).lower() != kind:
            raise invalid(f"'{given}' is not the id of a {words}.", field)
        if found is None:
            raise invalid(f"The {words} '{given}' was not found.", field)
        if field == "storageAccount":
            _judge_storage(found.doc)


def _judge_storage(doc: Json) -> None:
    if str(doc["sku"]["name"]).lower().startswith("premium"):
        raise invalid(
            "Premium storage accounts are not supported as default storage.", "storageAccount"
        )
    if doc["properties"].get("isHnsEnabled"):
        raise invalid(
            "Storage accounts with hierarchical namespace are not supported as default storage.",
            "storageAccount",
        )


def judge_identity(world: World, body: Json) -> None:
    """User-assigned identities must exist, and the primary one must be among them."""
    identity = body.get("identity") or {}
    given = identity.get("userAssignedIdentities") or {}
    for uai in given:
        if world.resource(uai) is None:
            raise bad(f"The user assigned identity '{uai}' was not found.")
    if str(identity.get("type", "")).lower() == "userassigned":
        primary = (body.get("properties") or {}).get("primaryUserAssignedIdentity", "")
        if primary.lower() not in {uai.lower() for uai in given}:
            raise bad(
                "A workspace with only user assigned identities needs "
                "primaryUserAssignedIdentity, one of them."
            )


def judge_encryption(body: Json) -> None:
    """Encryption that is on needs a vault and a key, and an identity the workspace has."""
    properties = body.get("properties") or {}
    encryption = properties.get("encryption") or {}
    if str(encryption.get("status", "")).lower() != "enabled":
        if properties.get("enableServiceSideCMKEncryption"):
            raise invalid("Service-side encryption needs encryption with a key.", "encryption")
        return
    if any(encryption.get(field) for field in _OWN):
        raise bad(
            "Encryption with a Cosmos DB account, search service or storage account of your own "
            "is not simulated: no source says what the service asks of them."
        )
    key = encryption.get("keyVaultProperties") or {}
    if not key.get("keyVaultArmId") or not key.get("keyIdentifier"):
        raise invalid(
            "Encryption is enabled: keyVaultProperties needs keyVaultArmId and keyIdentifier.",
            "encryption.keyVaultProperties",
        )
    if armid.resource_type(key["keyVaultArmId"]).lower() != "microsoft.keyvault/vaults":
        raise invalid(f"'{key['keyVaultArmId']}' is not the id of a key vault.", "keyVaultArmId")
    chosen = (encryption.get("identity") or {}).get("userAssignedIdentity") or ""
    given = ((body.get("identity") or {}).get("userAssignedIdentities") or {}).keys()
    if chosen and chosen.lower() not in {uai.lower() for uai in given}:
        raise bad(f"The identity '{chosen}' for encryption is not assigned to the workspace.")


def judge_change(doc: Json, body: Json) -> None:
    """Refuse a change of what is fixed at creation; keys have :func:`judge_new_key`."""
    present, wanted = doc["properties"], body.get("properties") or {}
    for field in _FIXED:
        given = wanted.get(field)
        if given is not None and not _same(given, present.get(field)):
            raise bad(f"'{field}' cannot be changed after the workspace is created.")
    if body.get("location") and _short(body["location"]) != _short(doc["location"]):
        raise Refusal(
            409,
            "InvalidResourceLocation",
            f"The resource '{doc['name']}' already exists in location '{doc['location']}'. A "
            "resource with the same name cannot be created in location "
            f"'{body['location']}'. Please select a new resource name.",
        )
    encryption = wanted.get("encryption") or {}
    status = str(encryption.get("status") or "").lower()
    if status and status != str(present.get("encryption", {}).get("status", "Disabled")).lower():
        raise bad("Encryption with a customer-managed key is chosen when a workspace is created.")
    if encryption and status != "disabled" and "encryption" not in present:
        raise bad("Encryption with a customer-managed key is chosen when a workspace is created.")


def new_key(world: World, doc: Json, body: Json) -> str:
    """The key identifier a change asks for, or an empty string where it stays.

    Refuses another vault, a key that is not there, and service-side encryption, which
    cannot rotate ("Customer-managed keys" concept page). The texts are not recorded.
    """
    properties = doc["properties"]
    wanted = ((body.get("properties") or {}).get("encryption") or {}).get(
        "keyVaultProperties"
    ) or {}
    kid = str(wanted.get("keyIdentifier") or "")
    if not kid:
        return ""
    present = properties["encryption"]["keyVaultProperties"]
    if kid == present["keyIdentifier"]:
        return ""
    if properties.get("enableServiceSideCMKEncryption"):
        raise bad("Key rotation is not supported with service-side encryption.")
    vault = wanted.get("keyVaultArmId") or present["keyVaultArmId"]
    try:
        new, old = customerkeys.parse(kid), customerkeys.parse(present["keyIdentifier"])
        if new.vault != old.vault or str(vault).lower() != str(present["keyVaultArmId"]).lower():
            raise bad("The new key must be in the key vault that the workspace was created with.")
        customerkeys.must_exist(world, new)
    except KeyUnusable as trouble:
        raise bad(f"The key '{kid}' was not found in the workspace's key vault.") from trouble
    return kid


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return bool(one) == bool(other) if isinstance(one, bool) else one == other


def _short(location: str) -> str:
    return location.replace(" ", "").lower()
