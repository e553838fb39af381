"""Key Vault's data plane for keys: making, reading, changing and using them.

``wrap_as`` and ``unwrap_as`` are what other Azure services do with a key.
"""

from sandbox import audit
from sandbox.keyvault import access, keyspec, keystore, keyview, material, names, usable
from sandbox.keyvault.dataplane import Call, Shown, nextpage, operation
from sandbox.protocol import Answer, VaultRefusal
from sandbox.providers import keyrotation
from sandbox.routing import VAULT, Api
from sandbox.state import Json, Resource
from sandbox.world import World

__all__ = ["api", "latest", "unwrap_as", "wrap_as"]

api = Api(plane=VAULT)

WRAP_ALGORITHM = "RSA-OAEP-256"
"""What Azure services wrap their data keys with here."""


@operation(api, "POST", "/keys/{key}/create", "create")
def create(call: Call) -> Shown:
    """Make a key, or a new version of a living one."""
    keyspec.check_name(call.key)
    keystore.check_free(call.world, call.vault.doc["name"], call.key)
    sku = call.vault.doc["properties"]["sku"]["name"]
    return _add(call, keyspec.key_spec(call.body, sku))


def _add(call: Call, spec: Json) -> Shown:
    vault = call.vault.doc["name"]
    version = keystore.new_version(call.world, spec)
    key = keystore.keys_of(call.world, vault).get(call.key.lower())
    if key:
        key["versions"].append(version)
        keyrotation.schedule(call.world, vault, key)
    else:
        key = keystore.add_key(call.world, vault, call.key, version)
    return Shown(key, version)


@operation(api, "PUT", "/keys/{key}", "import")
def import_key(call: Call) -> Shown:
    """Take in key material from outside."""
    keyspec.check_name(call.key)
    keystore.check_free(call.world, call.vault.doc["name"], call.key)
    jwk = call.body.get("key")
    if not isinstance(jwk, dict):
        raise material.bad_parameter("The parameter key is not specified.")
    pem, bits, curve = material.take_in(jwk)
    hsm = "-HSM" if call.body.get("Hsm") else ""
    asked = {
        **call.body,
        "kty": str(jwk["kty"]).removesuffix("-HSM") + hsm,
        "key_size": bits or None,
        "crv": curve or None,
        "key_ops": jwk.get("key_ops"),
    }
    spec = keyspec.key_spec(asked, call.vault.doc["properties"]["sku"]["name"])
    return _add(call, {**spec, "pem": pem})


@operation(api, "GET", "/keys/{key}", "get")
@operation(api, "GET", "/keys/{key}/{version}", "get")
def get(call: Call) -> Shown:
    """A key's current version, or the one named."""
    key = call.live()
    return Shown(key, keystore.version(key, call.version))


@operation(api, "GET", "/keys", "list")
def list_keys(call: Call) -> Answer:
    """Keys by name, without versions."""
    found = keystore.settled(call.world, call.vault.doc["name"], gone=False)
    items = [(key["name"], call.item(key, keystore.version(key), versioned=False)) for key in found]
    return nextpage(call, items)


@operation(api, "GET", "/keys/{key}/versions", "list")
def list_versions(call: Call) -> Answer:
    """Versions of a key in order of their ids, as recorded (keyvault-data/25)."""
    key = call.live()
    items = [(one["version"], call.item(key, one, versioned=True)) for one in key["versions"]]
    return nextpage(call, sorted(items, key=lambda pair: pair[0]))


@operation(api, "PATCH", "/keys/{key}", "update")
@operation(api, "PATCH", "/keys/{key}/{version}", "update")
def update(call: Call) -> Shown:
    """Change attributes, operations and tags; what is not named stays."""
    key = call.live()
    one = keystore.version(key, call.version)
    changed = dict(one)
    sent = call.body.get("attributes")
    if isinstance(sent, dict):
        known = {name: one[name] for name in ("enabled", "nbf", "exp")}
        named = {name: value for name, value in sent.items() if value is not None}
        changed.update(keyspec.attributes_of({**known, **named}))
    if call.body.get("key_ops") is not None:
        is_rsa = one["kty"].startswith("RSA")
        changed["ops"] = keyspec.operations_of(call.body["key_ops"], is_rsa)
    if call.body.get("tags") is not None:
        changed["tags"] = keyspec.tags_of(call.body["tags"])
    changed["updated"] = int(call.world.epoch())
    one.update(changed)
    keyrotation.schedule(call.world, call.vault.doc["name"], key)
    return Shown(key, one)


@operation(api, "POST", "/keys/{key}/{operation}", "")
@operation(api, "POST", "/keys/{key}/{version}/{operation}", "")
def use(call: Call) -> Shown:
    """encrypt, decrypt, wrapkey, unwrapkey, sign, verify; the permission is the operation's."""
    key = call.live()
    one = keystore.version(key, call.version)
    usable.check(one, call.operation, call.world.epoch())
    return Shown(key, one, _crypto)


def _crypto(call: Call, key: Json, one: Json) -> Json:
    """The body of a crypto answer; the version's material is there."""
    body, name = call.body, call.operation
    kid = keyview.kid(call.world, call.vault, key, one)
    algorithm = body.get("alg")
    if name == "verify":
        digest = material.unb64(body.get("digest"), "digest")
        signature = material.unb64(body.get("value"), "value")
        return {"value": material.verify(one["pem"], algorithm, digest, signature)}
    data = material.unb64(body.get("value"), "value")
    work = {"sign": material.sign, "decrypt": material.decrypt, "unwrapKey": material.decrypt}
    done = work.get(name, material.encrypt)(one["pem"], algorithm, data)
    return {"kid": kid, "value": material.b64(done)}


def _as_service(
    world: World, kid: str, object_id: str, operation_name: str, trusted: bool
) -> tuple[Resource, Json, str]:
    """Vault, key and version id of a kid, once a service may use it for an operation."""
    host, _, tail = kid.removeprefix("https://").partition("/")
    name = host.partition(".")[0]
    parts = [part for part in tail.split("/") if part]
    vault = names.find(world, name)
    if vault is None or len(parts) not in (2, 3) or parts[0] != "keys":
        raise VaultRefusal(
            404, "VaultNotFound", f"The vault of the key '{kid}' does not exist.", "VaultNotFound"
        )
    principal = world.principal(object_id)
    if principal is None or not principal.enabled:
        tenant = vault.doc["properties"]["tenantId"]
        raise access.challenge(
            world, tenant, f"AKV10046: Unable to resolve the caller {object_id}."
        )
    caller = access.service(world, vault, principal, trusted=trusted)
    access.check_network(vault, caller)
    access.check_permission(world, vault, caller, operation_name, parts[1])
    return vault, keystore.live(world, name, parts[1]), parts[2] if len(parts) == 3 else ""


def wrap_as(world: World, kid: str, object_id: str, data: bytes, *, trusted: bool) -> bytes:
    """Wrap data the way an Azure service does that works as a principal.

    ``kid`` with a version, or without for the current one. ``trusted``: the service counts
    for ``networkAcls.bypass``. The result names the version that wrapped it. Raises
    VaultRefusal with the data plane's own codes, and VaultNotFound for an unknown host.
    """
    with audit.by_service(world, kid, object_id, "wrapKey"):
        _, key, version = _as_service(world, kid, object_id, "wrapKey", trusted)
        one = keystore.version(key, version)
        usable.check(one, "wrapKey", world.epoch())
    wrapped = material.encrypt(keystore.ensure(one), WRAP_ALGORITHM, data)
    return bytes.fromhex(one["version"]) + wrapped


def unwrap_as(world: World, kid: str, object_id: str, data: bytes, *, trusted: bool) -> bytes:
    """Unwrap what :func:`wrap_as` gave, with the version that wrapped it.

    A kid that names another version is refused, as the vault does for a foreign ciphertext.
    """
    wrapped_by = data[:16].hex()
    with audit.by_service(world, kid, object_id, "unwrapKey"):
        _, key, version = _as_service(world, kid, object_id, "unwrapKey", trusted)
        if version and version.lower() != wrapped_by:
            raise material.bad_parameter("Decryption failed: the value was not made with this key.")
        one = keystore.version(key, wrapped_by)
        usable.check(one, "unwrapKey", world.epoch())
    return material.decrypt(keystore.ensure(one), WRAP_ALGORITHM, data[16:])


def latest(world: World, kid: str) -> str:
    """The identifier with version of a key's current version.

    For services that follow rotation; raises VaultRefusal where the key is not there.
    """
    host, _, tail = kid.removeprefix("https://").partition("/")
    vault = names.find(world, host.partition(".")[0])
    parts = [part for part in tail.split("/") if part]
    if vault is None or len(parts) < 2:
        raise keystore.not_found(kid)
    key = keystore.live(world, vault.doc["name"], parts[1])
    return keyview.kid(world, vault, key, keystore.version(key))
