"""Key Vault management: keys through ARM, which need no data-plane access.

Creating is create-if-not-exist: a second PUT answers the key as it is. Whether reading here
still asks the data plane's permission is not known: a report of 2020 (keyvault-mgmt/34) shows
HTTP 400 ForbiddenByRbac, the documentation names control-plane actions only. The sandbox
follows the documentation.
"""

from sandbox.keyvault import keyspec, keystore, keyview, policies, rules
from sandbox.protocol import Answer, Request, VaultRefusal
from sandbox.providers.keyrotation import checked_policy, schedule
from sandbox.providers.vaults import VAULT, vault_of
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.KeyVault")

KEY = f"{VAULT}/keys/{{key}}"


@api.route("PUT", KEY)
def create(world: World, request: Request) -> Answer:
    """Create a key that is not there yet."""
    vault = vault_of(world, request)
    name, body = request.params["key"], request.json()
    try:
        keyspec.check_name(name)
        keystore.check_free(world, vault.doc["name"], name)
        key = keystore.keys_of(world, vault.doc["name"]).get(name.lower())
        if key is None:
            key = _made(world, vault, name, body)
    except VaultRefusal as refusal:
        raise keyview.as_arm(refusal) from None
    return Answer(200, _doc(world, vault, key, keystore.version(key)))


def _made(world: World, vault: Resource, name: str, body: Json) -> Json:
    sent = rules.properties_of(body)
    asked = {
        "kty": sent.get("kty"),
        "key_size": sent.get("keySize"),
        "crv": sent.get("curveName"),
        "key_ops": sent.get("keyOps"),
        "attributes": sent.get("attributes"),
        "tags": body.get("tags"),
    }
    spec = keyspec.key_spec(asked, vault.doc["properties"]["sku"]["name"])
    policy = sent.get("rotationPolicy")
    if policy is not None and not isinstance(policy, dict):
        raise policies.bad_request("An invalid value was provided for 'rotationPolicy'.")
    now = int(world.epoch())
    checked = checked_policy(policy, now, now) if policy else None
    version = keystore.new_version(world, spec)
    key = keystore.add_key(world, vault.doc["name"], name, version)
    key["policy"] = checked
    schedule(world, vault.doc["name"], key)
    return key


def _key(world: World, request: Request, vault: Resource) -> Json:
    try:
        return keystore.live(world, vault.doc["name"], request.params["key"])
    except VaultRefusal as refusal:
        raise keyview.as_arm(refusal) from None


@api.route("GET", KEY)
def get(world: World, request: Request) -> Answer:
    """A key's current version."""
    vault = vault_of(world, request)
    key = _key(world, request, vault)
    return Answer(200, _doc(world, vault, key, keystore.version(key)))


@api.route("GET", f"{VAULT}/keys")
def list_keys(world: World, request: Request) -> Answer:
    """Keys of a vault."""
    vault = vault_of(world, request)
    found = keystore.settled(world, vault.doc["name"], gone=False)
    value = [_doc(world, vault, key, keystore.version(key)) for key in found]
    return Answer(200, {"value": value})


@api.route("GET", f"{KEY}/versions")
def list_versions(world: World, request: Request) -> Answer:
    """Versions of a key."""
    vault = vault_of(world, request)
    key = _key(world, request, vault)
    value = [_doc(world, vault, key, one, versioned=True) for one in key["versions"]]
    return Answer(200, {"value": value})


@api.route("GET", f"{KEY}/versions/{{version}}")
def get_version(world: World, request: Request) -> Answer:
    """One version of a key."""
    vault = vault_of(world, request)
    key = _key(world, request, vault)
    try:
        one = keystore.version(key, request.params["version"])
    except VaultRefusal as refusal:
        raise keyview.as_arm(refusal) from None
    return Answer(200, _doc(world, vault, key, one, versioned=True))


def _doc(world: World, vault: Resource, key: Json, one: Json, *, versioned: bool = False) -> Json:
    """A key as ARM shows it: no public key, and addresses with an explicit port.

    Azure writes ``:443`` into keyUri (official example Keys_CreateIfNotExist) though no other
    address has a port; here the sandbox's own port stands in the same place.
    """
    attributes = {"enabled": one["enabled"]}
    attributes.update({name: one[name] for name in ("nbf", "exp") if one[name] is not None})
    attributes.update(created=one["created"], updated=one["updated"], exportable=False)
    properties: Json = {
        "attributes": {**attributes, "recoveryLevel": keyview.recovery_level(vault)},
        "kty": one["kty"],
        "keyOps": one["ops"],
        **({"keySize": one["bits"]} if one["bits"] else {"curveName": one["crv"]}),
        "keyUri": keyview.kid(world, vault, key),
        "keyUriWithVersion": keyview.kid(world, vault, key, one),
    }
    if key["policy"]:
        properties["rotationPolicy"] = _arm_policy(key["policy"])
    name, kind, key_id = key["name"], "Microsoft.KeyVault/vaults/keys", _id(vault, key)
    if versioned:
        name, kind = one["version"], f"{kind}/versions"
        key_id = f"{key_id}/versions/{name}"
    return {
        "id": key_id,
        "name": name,
        "type": kind,
        "location": vault.doc["location"],
        "tags": one["tags"],
        "properties": properties,
    }


def _arm_policy(policy: Json) -> Json:
    actions = [
        {**action, "action": {"type": action["action"]["type"].lower()}}
        for action in policy["lifetimeActions"]
    ]
    return {**policy, "lifetimeActions": actions}


def _id(vault: Resource, key: Json) -> str:
    return f"{vault.doc['id']}/keys/{key['name']}"
