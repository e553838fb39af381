"""Key Vault's data plane: deleting keys, bringing them back, purging; backup and restore."""

import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox import armid
from sandbox.keyvault import keystore, material
from sandbox.keyvault.dataplane import Call, Shown, nextpage, operation
from sandbox.protocol import Answer, VaultRefusal
from sandbox.providers import keyrotation
from sandbox.routing import VAULT, Api
from sandbox.state import Json
from sandbox.world import World

api = Api(plane=VAULT)

_SECRET = "key_backup_secret"  # noqa: S105 - the name of a table
_NONCE = 12


@operation(api, "DELETE", "/keys/{key}", "delete")
def delete(call: Call) -> Shown:
    """Soft-delete a key with all its versions."""
    key = call.live()
    keystore.delete(call.world, call.vault, key)
    return Shown(key, keystore.version(key))


@operation(api, "GET", "/deletedkeys", "list")
def list_deleted(call: Call) -> Answer:
    """Soft-deleted keys by name."""
    found = keystore.settled(call.world, call.vault.doc["name"], gone=True)
    items = [(key["name"], call.item(key, keystore.version(key), versioned=False)) for key in found]
    return nextpage(call, items)


@operation(api, "GET", "/deletedkeys/{key}", "get")
def get_deleted(call: Call) -> Shown:
    """One soft-deleted key."""
    key = call.deleted()
    return Shown(key, keystore.version(key))


@operation(api, "POST", "/deletedkeys/{key}/recover", "recover")
def recover(call: Call) -> Shown:
    """Bring a key back: 200 at once, found among the living some seconds later."""
    key = _settled_deleted(call)
    keystore.recover(call.world, key)
    keyrotation.schedule(call.world, call.vault.doc["name"], key)
    return Shown(key, keystore.version(key))


@operation(api, "DELETE", "/deletedkeys/{key}", "purge")
def purge(call: Call) -> Answer:
    """End a key for good: 204, or 403 under purge protection (sap-automation#200)."""
    key = _settled_deleted(call)
    if call.vault.doc["properties"].get("enablePurgeProtection"):
        where = f"{call.vault.doc['name']};location={call.vault.doc['location']}"
        raise VaultRefusal(
            403,
            "Forbidden",
            'Operation "purge" is not allowed because purge protection is enabled for this vault. '
            "Key Vault service will automatically purge it after the retention period has passed."
            f"\r\nVault: {where}",
        )
    del keystore.keys_of(call.world, call.vault.doc["name"])[key["name"].lower()]
    return Answer(204)


def _settled_deleted(call: Call) -> Json:
    """The deleted key of the path; 409 while it is still being deleted."""
    key = keystore.keys_of(call.world, call.vault.doc["name"]).get(call.key.lower())
    if key and key["deleted"] and call.world.epoch() < key["hidden"]:
        raise keystore.being_deleted(call.key)
    return call.deleted()


@api.job(keystore.PURGE_DUE)
def purge_due(world: World, data: Json) -> None:
    """A deleted key's retention is over; nothing happens to one recovered in the meantime."""
    keys = keystore.keys_of(world, data["vault"])
    key = keys.get(data["key"])
    if key and key["deleted"] == data["deleted"]:
        del keys[data["key"]]


def _cipher(world: World) -> AESGCM:
    """The key that only this sandbox has, so that a backup can be used here and nowhere else."""
    table = world.state.table(_SECRET)
    if "key" not in table:
        table["key"] = material.b64(os.urandom(32))
    return AESGCM(material.unb64(table["key"], "key"))


@operation(api, "POST", "/keys/{key}/backup", "backup")
def backup(call: Call) -> Shown:
    """A key with all its versions as an opaque blob."""
    key = call.live()
    return Shown(key, keystore.version(key), _sealed)


def _sealed(call: Call, key: Json, one: Json) -> Json:
    for version in key["versions"]:
        keystore.ensure(version)
    blob = {"subscription": armid.subscription(call.vault.doc["id"]), "key": key}
    nonce = os.urandom(_NONCE)
    sealed = _cipher(call.world).encrypt(nonce, msgspec.json.encode(blob), None)
    return {"value": material.b64(nonce + sealed)}


@operation(api, "POST", "/keys/restore", "restore")
def restore(call: Call) -> Shown:
    """Bring a backup back under its old name, in a vault of the same subscription."""
    sealed = material.unb64(call.body.get("value"), "value")
    try:
        opened = _cipher(call.world).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except (InvalidTag, ValueError):
        raise material.bad_parameter("Backup blob is corrupt or not from this cloud.") from None
    blob = msgspec.json.decode(opened)
    if blob["subscription"] != armid.subscription(call.vault.doc["id"]):
        raise material.bad_parameter(
            "The backup can only be restored to a vault of the same subscription."
        )
    key = blob["key"]
    vault = call.vault.doc["name"]
    keystore.check_free(call.world, vault, key["name"])
    if key["name"].lower() in keystore.keys_of(call.world, vault):
        raise keystore.conflict(
            f"There was a conflict restoring the key '{key['name']}'. A key of that name exists."
        )
    keystore.keys_of(call.world, vault)[key["name"].lower()] = key
    return Shown(key, keystore.version(key))
