"""Key material: making it, taking it in, and working with it. No state, no access rules.

Material travels as a PEM private key, so that it can be stored; parsed keys are cached.
"""

import base64
import binascii
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from sandbox.protocol import VaultRefusal
from sandbox.state import Json

RSA_BITS = (2048, 3072, 4096)
CURVES: dict[str, Callable[[], ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
    "P-256K": ec.SECP256K1,
}
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
_EC_ALGORITHM = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "P-256K": "ES256K"}
_EC_HASH = {"ES256": "256", "ES384": "384", "ES512": "512", "ES256K": "256"}

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def bad_parameter(message: str) -> VaultRefusal:
    """400 BadParameter, the data plane's answer to a body it can't use."""
    return VaultRefusal(400, "BadParameter", message)


def b64(data: bytes) -> str:
    """Base64url without padding, as JSON Web Keys write bytes."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: Any, name: str) -> bytes:
    """Bytes back from base64url; refuses anything else with BadParameter."""
    if not isinstance(text, str):
        raise bad_parameter(f"The parameter {name} is not specified.")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise bad_parameter(f"The parameter {name} is not valid base64url.") from None


def generate(kty: str, bits: int, curve: str) -> str:
    """New material as PEM. RSA costs 20 ms (2048) to 400 ms (4096) of CPU."""
    if kty.startswith("RSA"):
        return _pem(rsa.generate_private_key(public_exponent=65537, key_size=bits))
    return _pem(ec.generate_private_key(CURVES[curve]()))


def _pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@lru_cache(maxsize=512)
def _load(pem: str) -> PrivateKey:
    # Only this module wrote the PEM, so checking the primes again would be wasted time.
    key = serialization.load_pem_private_key(
        pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(f"not an RSA or EC key: {type(key).__name__}")
    return key


@lru_cache(maxsize=512)
def public_members(pem: str) -> tuple[tuple[str, str], ...]:
    """``n, e`` or ``crv, x, y`` of the public key, as a JSON Web Key has them."""
    key = _load(pem)
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return ("n", _number(numbers.n)), ("e", _number(numbers.e))
    point = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    curve = next(name for name, make in CURVES.items() if make().name == key.curve.name)
    return ("crv", curve), ("x", _number(point.x, size)), ("y", _number(point.y, size))


def _number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def take_in(jwk: Json) -> tuple[str, int, str]:
    """PEM, RSA size in bits (0 for EC) and curve of an imported JSON Web Key."""
    kty = str(jwk.get("kty", "")).removesuffix("-HSM")
    try:
        if kty == "RSA":
            return _take_rsa(jwk)
        if kty == "EC" and jwk.get("crv") in CURVES:
            curve = jwk["crv"]
            private = int.from_bytes(unb64(jwk.get("d"), "d"), "big")
            return _pem(ec.derive_private_key(private, CURVES[curve]())), 0, curve
    except ValueError as error:
        raise bad_parameter(f"The key is not valid: {error}") from None
    raise bad_parameter("The key type is not supported. Import RSA or EC key material.")


def _take_rsa(jwk: Json) -> tuple[str, int, str]:
    part = {name: int.from_bytes(unb64(jwk.get(name), name), "big") for name in ("n", "e", "d")}
    p, q = rsa.rsa_recover_prime_factors(part["n"], part["e"], part["d"])
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=part["d"],
        dmp1=rsa.rsa_crt_dmp1(part["d"], p),
        dmq1=rsa.rsa_crt_dmq1(part["d"], q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(part["e"], part["n"]),
    )
    key = numbers.private_key()
    if key.key_size not in RSA_BITS:
        raise bad_parameter(f"RSA keys of {key.key_size} bits are not supported.")
    return _pem(key), key.key_size, ""


def _cipher(algorithm: Any) -> padding.AsymmetricPadding:
    if algorithm == "RSA1_5":
        return padding.PKCS1v15()
    if algorithm == "RSA-OAEP":
        return padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
    if algorithm == "RSA-OAEP-256":
        return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    raise bad_parameter(f"The algorithm '{algorithm}' is not supported by this key.")


def _rsa(pem: str) -> rsa.RSAPrivateKey:
    key = _load(pem)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise bad_parameter("The operation is not supported by a key of type EC.")
    return key


def encrypt(pem: str, algorithm: Any, data: bytes) -> bytes:
    """Encrypt or wrap; raises VaultRefusal for what RSA can't take."""
    cipher = _cipher(algorithm)
    try:
        return _rsa(pem).public_key().encrypt(data, cipher)
    except ValueError:
        raise bad_parameter(f"{len(data)} bytes are too long for {algorithm}.") from None


def decrypt(pem: str, algorithm: Any, data: bytes) -> bytes:
    """Decrypt or unwrap; raises VaultRefusal for what this key did not encrypt."""
    cipher = _cipher(algorithm)
    try:
        return _rsa(pem).decrypt(data, cipher)
    except ValueError:
        raise bad_parameter("Decryption failed: the value was not made with this key.") from None


def sign(pem: str, algorithm: Any, digest: bytes) -> bytes:
    """Sign a digest with RS*, PS* or ES*; EC signatures are the two numbers side by side."""
    key = _load(pem)
    try:
        if isinstance(key, rsa.RSAPrivateKey):
            scheme, digested = _rsa_scheme(algorithm)
            return key.sign(digest, scheme, digested)
        made = key.sign(digest, ec.ECDSA(_ec_digest(key, algorithm)))
    except ValueError:
        raise bad_parameter(f"A digest of {len(digest)} bytes is not for {algorithm}.") from None
    size = (key.curve.key_size + 7) // 8
    r, s = utils.decode_dss_signature(made)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def verify(pem: str, algorithm: Any, digest: bytes, signature: bytes) -> bool:
    """Whether a signature is this key's over the digest."""
    key = _load(pem)
    try:
        if isinstance(key, rsa.RSAPrivateKey):
            scheme, digested = _rsa_scheme(algorithm)
            key.public_key().verify(signature, digest, scheme, digested)
        else:
            half = len(signature) // 2
            numbers = [int.from_bytes(part, "big") for part in (signature[:half], signature[half:])]
            encoded = utils.encode_dss_signature(*numbers)
            key.public_key().verify(encoded, digest, ec.ECDSA(_ec_digest(key, algorithm)))
    except (InvalidSignature, ValueError):
        return False
    return True


def _rsa_scheme(algorithm: Any) -> tuple[padding.AsymmetricPadding, utils.Prehashed]:
    kind, size = str(algorithm)[:2], str(algorithm)[2:]
    if kind not in ("RS", "PS") or size not in _HASHES:
        raise bad_parameter(f"The algorithm '{algorithm}' is not supported by this key.")
    digest = _HASHES[size]()
    if kind == "RS":
        return padding.PKCS1v15(), utils.Prehashed(digest)
    return padding.PSS(padding.MGF1(digest), digest.digest_size), utils.Prehashed(digest)


def _ec_digest(key: ec.EllipticCurvePrivateKey, algorithm: Any) -> utils.Prehashed:
    curve = next(name for name, make in CURVES.items() if make().name == key.curve.name)
    if algorithm != _EC_ALGORITHM[curve]:
        raise bad_parameter(f"The algorithm '{algorithm}' is not supported by this key.")
    return utils.Prehashed(_HASHES[_EC_HASH[algorithm]]())
