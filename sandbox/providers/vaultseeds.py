"""Vaults and keys that a scenario opens with: ``[[vaults]]`` with nested ``keys``.

A vault: ``name``, ``subscription`` (id or display name), ``group``, ``location``; ``access``
(``rbac`` or ``policies``), ``purge_protection``, ``retention`` (days), ``sku``, ``network``
(a table of ``public``, ``default``, ``bypass``, ``ip``, ``perimeter`` (name) with its ``mode``,
``endpoints``: names to states), ``policies`` (``principal``: name or
object id, ``keys``: permissions), ``tags``, ``created_days_ago``, ``deleted`` with
``deleted_days_ago``; ``tenant`` (name or id) that it still belongs to after its subscription
went to another one.

A key: ``name``, ``type``, ``bits``, ``curve``, ``enabled``, ``nbf`` and ``exp`` (days from
now), ``versions`` (how many, or their ids, the oldest first), ``ops``, ``tags``, ``rotation`` (``after`` days or ``before``
days of expiry, ``expiry`` days), ``created_days_ago``, ``deleted_days_ago``. No material is
made; each version's comes when it is first needed.
"""

from typing import Any

from sandbox import directory
from sandbox.keyvault import keyspec, keystore, lifecycle, names, rules
from sandbox.providers import keyrotation, subscriptions
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.KeyVault")

DAY = 86_400
_VAULT = frozenset(
    [
        "name",
        "subscription",
        "group",
        "location",
        "access",
        "purge_protection",
        "retention",
        "sku",
        "network",
        "policies",
        "tags",
        "created_days_ago",
        "deleted",
        "deleted_days_ago",
        "keys",
        "tenant",
    ]
)
_KEY = frozenset(
    [
        "name",
        "type",
        "bits",
        "curve",
        "enabled",
        "nbf",
        "exp",
        "versions",
        "ops",
        "tags",
        "rotation",
        "created_days_ago",
        "deleted_days_ago",
    ]
)
_NETWORK = frozenset({"public", "default", "bypass", "ip", "perimeter", "mode", "endpoints"})
_POLICY = frozenset({"principal", "keys"})
_ROTATION = frozenset({"after", "before", "expiry"})


def _only(spec: Json, known: frozenset[str], what: str) -> None:
    """A misspelt member must not silently mean the default."""
    if not spec.keys() <= known:
        raise ValueError(f"{what} has no {', '.join(sorted(spec.keys() - known))}")


@api.seed("vaults")
def seed_vault(world: World, spec: Json) -> None:
    """Put a vault into the state as calls would have; see the module for the table."""
    _only(spec, _VAULT, "a vault")
    state = world.state
    given = spec["subscription"].lower()
    known = given in state.subscriptions
    subscription = given if known else subscriptions.subscription_id(world, given)
    tenant = state.subscriptions[subscription]["tenantId"]
    if "tenant" in spec:
        tenant = subscriptions.tenant_id(world, spec["tenant"])
    name = spec["name"]
    group = f"/subscriptions/{subscription}/resourceGroups/{spec['group']}"
    vault_id = f"{group}/providers/Microsoft.KeyVault/vaults/{name}"
    created = world.epoch() - spec.get("created_days_ago", 30) * DAY
    vault = Resource(_doc(world, spec, vault_id, tenant, created), created)
    network = spec.get("network", {})
    if "perimeter" in network:
        mode = network.get("mode", "Learning")
        joined = {"name": network["perimeter"], "mode": mode, "guid": state.new_id()}
        vault.inner["perimeters"] = [joined]
    for key in spec.get("keys", ()):
        _seed_key(world, vault, key)
    if spec.get("deleted"):
        now = world.epoch()
        lifecycle.keep_vault(world, vault, now - spec.get("deleted_days_ago", 0) * DAY)
        return
    state.resources[vault_id.lower()] = vault
    state.table(names.VAULTS)[name.lower()] = vault_id.lower()


def _doc(world: World, spec: Json, vault_id: str, tenant: str, created: float) -> Json:
    moment = world.clock.iso(created)
    who = {"By": "admin@contoso.example", "ByType": "User", "At": moment}
    properties: Json = {
        "sku": {"family": "A", "name": spec.get("sku", "standard")},
        "tenantId": tenant,
    }
    if "network" in spec:
        properties["networkAcls"] = _network(spec["network"])
        if "endpoints" in spec["network"]:
            properties["privateEndpointConnections"] = [
                _endpoint(vault_id, name, state)
                for name, state in spec["network"]["endpoints"].items()
            ]
    properties["accessPolicies"] = [
        _policy(world, tenant, policy) for policy in spec.get("policies", ())
    ]
    properties["enabledForDeployment"] = False
    properties["enableSoftDelete"] = True
    properties["softDeleteRetentionInDays"] = spec.get("retention", 90)
    properties["enableRbacAuthorization"] = spec.get("access", "rbac") == "rbac"
    if spec.get("purge_protection", True):
        properties["enablePurgeProtection"] = True
    properties["vaultUri"] = f"{world.addresses.vault(spec['name'].lower())}/"
    properties["provisioningState"] = "Succeeded"
    properties["publicNetworkAccess"] = spec.get("network", {}).get("public", "Enabled")
    return {
        "id": vault_id,
        "name": spec["name"],
        "type": "Microsoft.KeyVault/vaults",
        "location": spec["location"],
        "tags": dict(spec.get("tags", ())),
        "systemData": {
            **{f"created{part}": value for part, value in who.items()},
            **{f"lastModified{part}": value for part, value in who.items()},
        },
        "properties": properties,
    }


def _network(spec: Json) -> Json:
    _only(spec, _NETWORK, "a vault's network")
    acls = {
        "defaultAction": spec.get("default", "Allow"),
        "bypass": spec.get("bypass", "AzureServices"),
        "ipRules": [{"value": address} for address in spec.get("ip", ())],
    }
    return rules.network_acls(acls)


def _endpoint(vault_id: str, name: str, state: str) -> Json:
    endpoints = f"{vault_id.partition('/providers/')[0]}/providers/Microsoft.Network"
    return {
        "id": f"{vault_id}/privateEndpointConnections/{name}",
        "properties": {
            "privateEndpoint": {"id": f"{endpoints}/privateEndpoints/{name}"},
            "privateLinkServiceConnectionState": {"status": state, "actionsRequired": "None"},
            "provisioningState": "Succeeded",
        },
    }


def _policy(world: World, tenant: str, spec: Json) -> Json:
    _only(spec, _POLICY, "an access policy")
    who = directory.by_name(world, spec["principal"], tenant)
    return {
        "tenantId": tenant,
        "objectId": who.object_id if who else spec["principal"],
        "permissions": {"keys": list(spec.get("keys", ["get", "wrapKey", "unwrapKey"]))},
    }


def _seed_key(world: World, vault: Resource, spec: Json) -> None:
    _only(spec, _KEY, "a key")
    now = int(world.epoch())
    sku = vault.doc["properties"]["sku"]["name"]
    name = vault.doc["name"]
    created = now - spec.get("created_days_ago", 30) * DAY
    given = spec.get("versions", 1)
    named: list[str] = given if isinstance(given, list) else [""] * given
    count = len(named)
    key: Json | None = None
    for at, id in enumerate(named):
        parts = keyspec.key_spec(_asked(spec, now), sku)
        version = keystore.new_version(world, parts)
        version["version"] = id or version["version"]
        # Versions are spread over the time from the first to now, the oldest first.
        version["created"] = version["updated"] = created + at * (now - created) // count
        if key is None:
            key = keystore.add_key(world, name, spec["name"], version)
        else:
            key["versions"].append(version)
    if key is None:
        raise ValueError(f"key {spec['name']!r} has no versions")
    if "rotation" in spec:
        key["policy"] = keyrotation.checked_policy(_rotation(spec["rotation"]), created, created)
        keyrotation.schedule(world, name, key)
    if "deleted_days_ago" in spec:
        keystore.keep(world, vault, key, now - spec["deleted_days_ago"] * DAY)


def _asked(spec: Json, now: int) -> Json:
    """A key's table as the create body that asks for it."""
    instants = {name: now + int(spec[name] * DAY) for name in ("nbf", "exp") if name in spec}
    return {
        "kty": spec.get("type", "RSA"),
        "key_size": spec.get("bits"),
        "crv": spec.get("curve"),
        "key_ops": spec.get("ops"),
        "attributes": {"enabled": spec.get("enabled", True), **instants},
        "tags": dict(spec.get("tags", {})),
    }


def _rotation(spec: Json) -> Json:
    _only(spec, _ROTATION, "a rotation")
    trigger: dict[str, Any] = {}
    if "after" in spec:
        trigger["timeAfterCreate"] = f"P{spec['after']}D"
    elif "before" in spec:
        trigger["timeBeforeExpiry"] = f"P{spec['before']}D"
    actions = [{"trigger": trigger, "action": {"type": "Rotate"}}] if trigger else []
    expiry = f"P{spec['expiry']}D" if "expiry" in spec else None
    return {"lifetimeActions": actions, "attributes": {"expiryTime": expiry}}
