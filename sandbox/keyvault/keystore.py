"""A vault's keys as they are kept, and how they are shown.

A key is a record with versions, oldest first. Material is made when something first needs
it: a seeded estate costs no RSA. ``deleted`` and ``hidden`` are instants (epoch seconds).
"""

import re
from collections.abc import Iterator

from sandbox.keyvault import material, names
from sandbox.protocol import Refusal, VaultRefusal
from sandbox.state import Json, Resource
from sandbox.world import World

DAY = 86_400
SETTLE_S = 5.0
"""Azure seconds until a deleted key shows among the deleted ones, and a recovered one among
the living ("some seconds" in recordings keyvault-data/27 and 13)."""
PURGE_DUE = "keyvault.key_purge_due"
OPERATIONS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
_EC_OPERATIONS = ("sign", "verify")
_ALL_OPERATIONS = {name.lower(): name for name in (*OPERATIONS, "import", "export")}
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


def keys_of(world: World, vault: str) -> Json:
    """A vault's keys by lower-case name, deleted ones included."""
    table: Json = world.state.table(names.KEYS).setdefault(vault.lower(), {})
    return table


def check_name(name: str) -> None:
    """Refuse what is no key name (1 to 127 letters, digits and hyphens)."""
    if not _NAME.fullmatch(name):
        raise material.bad_parameter(f"The request URI contains an invalid name: {name}")


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
    """A version as kept, from checked parts; see :func:`key_spec`."""
    now = int(world.epoch())
    return {
        "version": world.state.new_id().replace("-", ""),
        "created": now,
        "updated": now,
        "pem": "",
        **spec,
    }


def key_spec(body: Json, sku: str) -> Json:
    """What a create body asks for, checked: type, size, operations, attributes, tags.

    Raises VaultRefusal (400) for what this vault can't make.
    """
    kty = str(body.get("kty") or "")
    if kty.upper() not in ("RSA", "RSA-HSM", "EC", "EC-HSM"):
        raise material.bad_parameter(f"The key type '{kty}' is not supported.")
    kty = kty.upper()
    if kty.endswith("-HSM") and sku != "premium":
        # Hardware keys need the premium sku (KV about-keys); wording not found in a report.
        raise material.bad_parameter(f"Keys of type {kty} need a vault of the premium sku.")
    is_rsa = kty.startswith("RSA")
    bits, curve = 0, ""
    if is_rsa:
        bits = body.get("key_size") or 2048
        if type(bits) is not int or bits not in material.RSA_BITS:
            raise material.bad_parameter(f"The key size {bits} is not supported: 2048, 3072, 4096.")
    else:
        curve = body.get("crv") or "P-256"
        if not isinstance(curve, str) or curve not in material.CURVES:
            raise material.bad_parameter(f"The curve '{curve}' is not supported.")
    return {
        "kty": kty,
        "bits": bits,
        "crv": curve,
        "ops": operations_of(body.get("key_ops"), is_rsa),
        "tags": tags_of(body.get("tags")),
        **attributes_of(body.get("attributes")),
    }


def tags_of(sent: object) -> Json:
    """Tags as kept: names to strings."""
    if sent is None:
        return {}
    if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
        raise material.bad_parameter("The parameter tags is not valid.")
    return dict(sent)


def operations_of(sent: object, is_rsa: bool) -> list[str]:
    """key_ops as kept: those sent, or all that the type can do."""
    possible = OPERATIONS if is_rsa else _EC_OPERATIONS
    if sent is None:
        return list(possible)
    if not isinstance(sent, list) or any(str(op).lower() not in _ALL_OPERATIONS for op in sent):
        raise material.bad_parameter("The parameter key_ops is not valid.")
    chosen = [_ALL_OPERATIONS[str(op).lower()] for op in sent]
    wrong = [op for op in chosen if op in OPERATIONS and op not in possible]
    if wrong:
        raise material.bad_parameter(f"Keys of type EC can not do {', '.join(wrong)}.")
    return chosen


def attributes_of(sent: object) -> Json:
    """enabled, nbf and exp of a body's attributes; instants in epoch seconds or None."""
    if sent is None:
        sent = {}
    if not isinstance(sent, dict):
        raise material.bad_parameter("The parameter attributes is not valid.")
    instants = {name: sent.get(name) for name in ("nbf", "exp")}
    if any(value is not None and type(value) is not int for value in instants.values()):
        raise material.bad_parameter("nbf and exp are numbers of seconds since 1970.")
    if instants["nbf"] and instants["exp"] and instants["exp"] <= instants["nbf"]:
        raise material.bad_parameter("The expiry time is not after the activation time.")
    enabled = sent.get("enabled")
    if enabled is not None and not isinstance(enabled, bool):
        raise material.bad_parameter("enabled is true or false.")
    return {"enabled": enabled is not False, **instants}


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


def recovery_level(vault: Resource) -> str:
    """What attributes say about deletion: purgeable or not, default or customised time."""
    properties = vault.doc["properties"]
    custom = properties["softDeleteRetentionInDays"] != 90
    level = "CustomizedRecoverable" if custom else "Recoverable"
    return level if properties.get("enablePurgeProtection") else f"{level}+Purgeable"


def _number(api_version: str) -> tuple[int, int]:
    """``7.6-preview.2`` is (7, 6); dated versions are later than all numbered ones."""
    found = re.match(r"(\d+)[.-](\d+)", api_version)
    return (int(found[1]), int(found[2])) if found else (9999, 0)


def attributes(vault: Resource, one: Json, api_version: str) -> Json:
    """Attributes of a version as an api-version shows them (recorded: keyvault-data)."""
    number = _number(api_version)
    shown: Json = {"enabled": one["enabled"]}
    shown.update({name: one[name] for name in ("nbf", "exp") if one[name] is not None})
    shown.update(created=one["created"], updated=one["updated"])
    shown["recoveryLevel"] = recovery_level(vault)
    if number >= (7, 1):
        shown["recoverableDays"] = vault.doc["properties"]["softDeleteRetentionInDays"]
    if number >= (7, 3):
        shown["exportable"] = False
    if number >= (7, 5):
        shown["hsmPlatform"] = "2" if one["kty"].endswith("-HSM") else "0"
    if number >= (7, 6) and one["bits"]:
        shown["key_size"] = one["bits"]
    return shown


def kid(world: World, vault: Resource, key: Json, one: Json | None = None) -> str:
    """A key's identifier, with the version if one is given."""
    base = f"{world.addresses.vault(vault.doc['name'].lower())}/keys/{key['name']}"
    return f"{base}/{one['version']}" if one else base


def bundle(world: World, vault: Resource, key: Json, one: Json, api_version: str) -> Json:
    """A version with its public key; needs its material."""
    public = dict(material.public_members(ensure(one)))
    jwk = {"kid": kid(world, vault, key, one), "kty": one["kty"], "key_ops": one["ops"], **public}
    shown: Json = {"key": jwk, "attributes": attributes(vault, one, api_version)}
    if one["tags"]:
        shown["tags"] = one["tags"]
    return {**_deletion(world, vault, key), **shown}


def item(
    world: World, vault: Resource, key: Json, one: Json, api_version: str, *, versioned: bool
) -> Json:
    """A line of a list: identifier, attributes and tags, no public key."""
    shown: Json = {
        "kid": kid(world, vault, key, one if versioned else None),
        "attributes": attributes(vault, one, api_version),
    }
    if one["tags"]:
        shown["tags"] = one["tags"]
    return {**_deletion(world, vault, key), **shown}


def _deletion(world: World, vault: Resource, key: Json) -> Json:
    if not key["deleted"]:
        return {}
    address = world.addresses.vault(vault.doc["name"].lower())
    return {
        "recoveryId": f"{address}/deletedkeys/{key['name']}",
        "deletedDate": key["deleted"],
        "scheduledPurgeDate": key["purge"],
    }


def as_arm(refusal: VaultRefusal) -> Refusal:
    """The same refusal as the management plane says it: its envelope, no innererror."""
    return Refusal(refusal.status, refusal.code, refusal.message)
