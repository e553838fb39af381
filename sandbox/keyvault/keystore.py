"""A vault's keys as they are kept.

A key is a record with versions, oldest first. Material is made when something first needs
it: a seeded estate costs no RSA. ``deleted`` and ``hidden`` are instants (epoch seconds).
"""

from collections.abc import Iterator

from sandbox.keyvault import material, names
from sandbox.protocol import VaultRefusal
from sandbox.state import Json, Resource
from sandbox.world import World

DAY = 86_400
SETTLE_S = 5.0
"""Azure seconds until a deleted key shows among the deleted ones, and a recovered one among
the living ("some seconds" in recordings keyvault-data/27 and 13)."""
PURGE_DUE = "keyvault.key_purge_due"


def keys_of(world: World, vault: str) -> Json:
    """A vault's keys by lower-case name, deleted ones included."""
    table: Json = world.state.table(names.KEYS).setdefault(vault.lower(), {})
    return table


def live(world: World, vault: str, name: str) -> Json:
    """A living key; 404 KeyNotFound also while it is being recovered."""
    key: Json | None = keys_of(world, vault).get(name.lower())
    if key is None or key["deleted"] or world.epoch() < key["hidden"]:
        raise not_found(name)
    return key


def deleted(world: World, vault: str, name: str) -> Json:
    """A soft-deleted key; 404 while its deletion has not settled (keyvault-data/27)."""
    key: Json | None = keys_of(world, vault).get(name.lower())
    if key is None or not key["deleted"] or world.epoch() < key["hidden"]:
        raise VaultRefusal(404, "KeyNotFound", f"Deleted Key not found: {name}")
    return key


def not_found(name: str) -> VaultRefusal:
    """404 for a key or a version that is not there."""
    return VaultRefusal(
        404,
        "KeyNotFound",
        f"A key with (name/id) {name} was not found in this key vault. If you recently deleted "
        "this key you may be able to recover it using the correct recovery command. For help "
        "resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
    )


def check_free(world: World, vault: str, name: str) -> None:
    """Refuse to use a name that is deleted, being deleted or being recovered (409)."""
    key = keys_of(world, vault).get(name.lower())
    if key is None:
        return
    unsettled = world.epoch() < key["hidden"]
    if not key["deleted"]:
        if unsettled:
            raise conflict(f"Key {name} is currently being recovered.", "ObjectIsBeingRecovered")
        return
    if unsettled:
        raise being_deleted(name)
    raise conflict(
        f"Key {name} is currently in a deleted but recoverable state, and its name cannot be "
        "reused; in this state, the key can only be recovered or purged.",
        "ObjectIsDeletedButRecoverable",
    )


def being_deleted(name: str) -> VaultRefusal:
    """409 while a deletion settles (terraform-provider-azurerm#10454 for secrets)."""
    return conflict(f"Key {name} is currently being deleted.", "ObjectIsBeingDeleted")


def conflict(message: str, inner: str = "") -> VaultRefusal:
    """409 Conflict of the data plane."""
    return VaultRefusal(409, "Conflict", message, inner)


def version(key: Json, wanted: str = "") -> Json:
    """A version by id, or the current one."""
    if not wanted:
        current: Json = key["versions"][-1]
        return current
    for one in key["versions"]:
        if one["version"] == wanted.lower():
            found: Json = one
            return found
    raise not_found(f"{key['name']}/{wanted}")


def new_version(world: World, spec: Json) -> Json:
    """A version as kept, from checked parts; see :func:`sandbox.keyvault.keyspec.key_spec`."""
    now = int(world.epoch())
    return {
        "version": world.state.new_id().replace("-", ""),
        "created": now,
        "updated": now,
        "pem": "",
        **spec,
    }


def add_key(world: World, vault: str, name: str, first: Json) -> Json:
    """Put a new key with its first version into the vault."""
    key = {"name": name, "versions": [first], "deleted": 0, "purge": 0, "hidden": 0, "policy": None}
    keys_of(world, vault)[name.lower()] = key
    return key


def ensure(one: Json) -> str:
    """A version's material as PEM, made now if it never was (CPU: see material.generate)."""
    if not one["pem"]:
        one["pem"] = material.generate(one["kty"], one["bits"], one["crv"])
    pem: str = one["pem"]
    return pem


def delete(world: World, vault: Resource, key: Json) -> None:
    """Soft-delete a key for the vault's retention time."""
    now = world.epoch()
    keep(world, vault, key, int(now))
    key["hidden"] = now + SETTLE_S / world.clock.speed


def keep(world: World, vault: Resource, key: Json, deleted_at: int) -> None:
    """Mark a key as deleted at an instant, to be purged when its time is over."""
    key["deleted"] = deleted_at
    key["purge"] = deleted_at + vault.doc["properties"]["softDeleteRetentionInDays"] * DAY
    place = {"vault": vault.doc["name"].lower(), "key": key["name"].lower()}
    world.state.add_job(key["purge"], PURGE_DUE, **place, deleted=deleted_at)


def recover(world: World, key: Json) -> None:
    """Bring a key back; it is found again after :data:`SETTLE_S`."""
    key["deleted"] = key["purge"] = 0
    key["hidden"] = world.epoch() + SETTLE_S / world.clock.speed


def settled(world: World, vault: str, *, gone: bool) -> Iterator[Json]:
    """Living or (``gone``) deleted keys that are listed, by name."""
    now = world.epoch()
    for _, key in sorted(keys_of(world, vault).items()):
        if bool(key["deleted"]) is gone and now >= key["hidden"]:
            yield key
