"""Keys through Azure Resource Manager: they need no way into the vault's own network.

A vault's firewall acts on its data plane only (Key Vault, virtual network service
endpoints), so this is how a key is made in a vault that lets only trusted services pass.
"""

from typing import Any

from services.azure import calls
from services.azure.connection import Connection
from services.azure.keys import KeySpec
from services.ids import ArmId, KeyId
from services.model.resources import KeyVersion, Raw, RotationPolicy
from services.text import plain

SDK = "azure.mgmt.keyvault.aio:KeyVaultManagementClient"


async def get_key(
    conn: Connection, vault_id: str, name: str, version: str = ""
) -> KeyVersion | None:
    """A version of a key, the newest by default; None where there is none.

    Raises AzureError.
    """
    where = ArmId.parse(vault_id)
    sdk = await calls.client(conn, SDK, where.subscription)
    call = sdk.keys.get_version if version else sdk.keys.get
    further = (version,) if version else ()
    raw = await calls.find(f"read key {name}", call, where.group, where.name, name, *further)
    return None if raw is None else _version(raw)


async def list_ids(conn: Connection, vault_id: str) -> list[str]:
    """ARM ids of the keys of a vault; raises AzureError."""
    where = ArmId.parse(vault_id)
    sdk = await calls.client(conn, SDK, where.subscription)
    found = await calls.everything(
        f"list the keys of {where.name}", sdk.keys.list, where.group, where.name
    )
    return [calls.arm_id(raw.get("id")) for raw in found]


async def create_key(
    conn: Connection, vault_id: str, name: str, spec: KeySpec, policy: RotationPolicy
) -> KeyVersion:
    """Create a key with its rotation policy; one that exists stays as it is.

    Raises AzureError.
    """
    where = ArmId.parse(vault_id)
    sdk = await calls.client(conn, SDK, where.subscription)
    body = {"tags": spec.tags, "properties": _properties(spec, policy)}
    what = f"create key {name}"
    create = sdk.keys.create_if_not_exist
    return _version(await calls.ask(what, create, where.group, where.name, name, calls.body(body)))


def _properties(spec: KeySpec, policy: RotationPolicy) -> Raw:
    attributes: dict[str, Any] = {"enabled": True}
    for field, at in (("nbf", spec.not_before), ("exp", spec.expires)):
        if at is not None:
            attributes[field] = int(at.timestamp())
    made: Raw = {
        "kty": spec.type,
        "keySize": spec.bits,
        "keyOps": list(spec.ops),
        "attributes": attributes,
    }
    actions = [
        {"action": {"type": kind}, "trigger": {trigger: span}}
        for kind, trigger, span in (
            ("rotate", "timeAfterCreate", policy.rotate_after),
            ("rotate", "timeBeforeExpiry", policy.rotate_before_expiry),
            ("notify", "timeBeforeExpiry", policy.notify_before),
        )
        if span
    ]
    if actions:
        expiry = {"attributes": {"expiryTime": policy.expiry}} if policy.expiry else {}
        made["rotationPolicy"] = {"lifetimeActions": actions, **expiry}
    return made


def _version(raw: Raw) -> KeyVersion:
    """From ARM's JSON; its addresses carry ``:443``, which KeyId drops (Cosmos DB 4006)."""
    properties = calls.part(raw, "properties")
    attributes = calls.part(properties, "attributes")
    id = KeyId.parse(plain(properties.get("keyUriWithVersion")))
    return KeyVersion(
        id=str(id),
        version=id.version,
        enabled=attributes.get("enabled") is not False,
        created=calls.moment(attributes.get("created")),
        updated=calls.moment(attributes.get("updated")),
        not_before=calls.moment(attributes.get("nbf")),
        expires=calls.moment(attributes.get("exp")),
        type=plain(properties.get("kty")),
        bits=calls.number(properties.get("keySize"), 0),
        ops=calls.texts(properties.get("keyOps")),
        tags=calls.tags(raw),
        recovery=plain(attributes.get("recoveryLevel")),
        raw=raw,
    )
