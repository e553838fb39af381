"""What the data plane accepts in a key: its name, type, size, operations, dates and tags.

Pure functions; each raises VaultRefusal (400 BadParameter) for what the service refuses.
"""

import re

from sandbox.keyvault import material
from sandbox.state import Json

OPERATIONS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
_EC_OPERATIONS = ("sign", "verify")
_ALL_OPERATIONS = {name.lower(): name for name in (*OPERATIONS, "import", "export")}
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


def check_name(name: str) -> None:
    """Refuse what is no key name (1 to 127 letters, digits and hyphens)."""
    if not _NAME.fullmatch(name):
        raise material.bad_parameter(f"The request URI contains an invalid name: {name}")


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
