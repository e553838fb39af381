"""How a storage account uses a customer's key, and what it tells about it."""

from sandbox import assigned
from sandbox.protocol import Refusal
from sandbox.providers import customerkeys
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.state import Json, Resource
from sandbox.world import World


def show_key(world: World, resource: Resource) -> None:
    """Name the key and its version in the account, in the service's lower-case spelling."""
    record = resource.inner["cmk"]
    named, used_now = customerkeys.parse(record["kid"]), customerkeys.parse(record["full"])
    encryption = resource.doc["properties"]["encryption"]
    encryption["keySource"] = "Microsoft.Keyvault"
    encryption["keyvaultproperties"] = {
        "keyname": named.name,
        "keyvaulturi": named.uri,
        "keyversion": named.version,
        "currentVersionedKeyIdentifier": used_now.full(used_now.version),
        "lastKeyRotationTimestamp": world.iso(),
    }


def tell(world: World, resource: Resource, trouble: KeyUnusable | None) -> None:
    """Show the version in use; the account's document never says that a key is lost."""
    shown = resource.doc["properties"]["encryption"].get("keyvaultproperties", {})
    if not trouble and shown.get("currentVersionedKeyIdentifier") != resource.inner["cmk"]["full"]:
        show_key(world, resource)


customerkeys.TELLS["microsoft.storage/storageaccounts"] = tell


def take_key(world: World, resource: Resource, kid: str, object_id: str) -> None:
    """Encrypt an account; without a version it follows the newest one.

    Raises :class:`KeyUnusable`.
    """
    follow = not customerkeys.parse(kid).version
    customerkeys.protect(world, resource, kid, object_id, follow=follow)
    show_key(world, resource)
    customerkeys.watch(world, resource)


def take_key_unseen(world: World, resource: Resource, kid: str, object_id: str) -> None:
    """What :func:`take_key` left in the past, for scenarios."""
    follow = not customerkeys.parse(kid).version
    customerkeys.protect_unseen(world, resource, kid, object_id, follow=follow)
    show_key(world, resource)


def error_of(trouble: KeyUnusable) -> Json:
    """The error of an operation that failed on the key, the vault's own words inside."""
    details = []
    if trouble.cause:
        details = [{"code": trouble.inner, "message": trouble.cause.message}]
    message = "The operation failed because of authentication issue on the keyvault."
    code = "KeyVaultAuthenticationFailure"
    if trouble.substatus in ("4003", "4006", "4009", "4017"):
        code, message = (
            "KeyVaultKeyNotFound",
            "The key vault key is not found to unwrap the encryption key.",
        )
    return {"code": code, "message": message, "details": details}


def change_encryption(world: World, resource: Resource, wanted: Json) -> None:
    """Apply the ``encryption`` of a PUT or PATCH; refuses (400) a key that cannot be used."""
    source = str(wanted.get("keySource", "")).lower()
    if source == "microsoft.storage" and "cmk" in resource.inner:
        del resource.inner["cmk"]
        encryption = resource.doc["properties"]["encryption"]
        encryption["keySource"] = "Microsoft.Storage"
        encryption.pop("keyvaultproperties", None)
    if source != "microsoft.keyvault":
        return
    given = {
        name.lower(): value for name, value in (wanted.get("keyvaultproperties") or {}).items()
    }
    kid = f"{str(given.get('keyvaulturi', '')).rstrip('/')}/keys/{given.get('keyname', '')}"
    if given.get("keyversion"):
        kid += f"/{given['keyversion']}"
    chosen = (wanted.get("identity") or {}).get("userAssignedIdentity", "")
    try:
        take_key(world, resource, kid, _principal(resource, chosen))
    except KeyUnusable as trouble:
        error = error_of(trouble)
        raise Refusal(400, error["code"], error["message"], details=error["details"]) from trouble
    if chosen:
        resource.doc["properties"]["encryption"]["identity"] = {"userAssignedIdentity": chosen}


def _principal(resource: Resource, user_assigned: str) -> str:
    """Object id the account reaches the vault as; refuses an account without identity."""
    object_id = assigned.principal_of(resource.doc, user_assigned)
    if object_id:
        return object_id
    raise Refusal(
        400,
        "BadRequest",
        "Missing pre-requisites to enable EncryptionAtRest/Customer Managed Key: the account "
        "needs an identity. For more information, see https://aka.ms/storagecmkconfiguration",
    )
