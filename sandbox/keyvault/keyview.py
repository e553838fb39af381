"""How a kept key is shown: identifiers, attributes, bundles and lines of lists."""

import re

from sandbox.keyvault import material
from sandbox.keyvault.keystore import ensure
from sandbox.protocol import Refusal, VaultRefusal
from sandbox.state import Json, Resource
from sandbox.world import World


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
