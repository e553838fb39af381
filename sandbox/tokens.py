"""Access tokens: JWTs signed with the sandbox's own key, read back when they are used.

Tokens live on real time, not on the sandbox's clock: a client decides by its own clock when
to ask for a new one, so a jump of Azure's clock must not strand it.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.certs import write_private
from sandbox.state import Json, Principal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_ALGORITHM = "ES256"
_CACHE = 4096


class Issuer:
    """Signs tokens for one authority and reads its own tokens back."""

    def __init__(self, authority: str, key: "EllipticCurvePrivateKey", key_id: str) -> None:
        self.authority = authority
        self._key = key
        self.key_id = key_id
        self._read: dict[str, Json] = {}

    def issuer(self, tenant_id: str) -> str:
        """The ``iss`` of a tenant's tokens."""
        return f"{self.authority}/{tenant_id}/"

    def sign(self, claims: Json) -> str:
        """A JWT with these claims."""
        import jwt

        return jwt.encode(claims, self._key, _ALGORITHM, headers={"kid": self.key_id})

    def access_token(
        self, principal: Principal, audience: str, lifetime_s: float, client_id: str = ""
    ) -> str:
        """A version 1 access token of a principal, the form ARM and Key Vault get.

        ``client_id`` is the app a person signed in with; an app signs in as itself.
        """
        now = int(time.time())
        claims: Json = {
            "aud": audience,
            "iss": self.issuer(principal.tenant_id),
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime_s),
            "appid": client_id or principal.app_id,
            "appidacr": "1",
            "idtyp": "user" if principal.kind == "User" else "app",
            "name": principal.name,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": principal.tenant_id,
            "ver": "1.0",
        }
        if principal.upn:
            claims["upn"] = principal.upn
            claims["unique_name"] = principal.upn
        return self.sign(claims)

    def read(self, token: str) -> Json:
        """The claims of a token that this issuer signed; empty for any other.

        Neither audience nor time is looked at: services refuse those in their own words.
        """
        known = self._read.get(token)
        if known is not None:
            return known
        import jwt

        try:
            claims: Json = jwt.decode(
                token,
                self._key.public_key(),
                [_ALGORITHM],
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError:
            return {}
        if claims.get("iss") != self.issuer(str(claims.get("tid"))):
            return {}
        if len(self._read) >= _CACHE:
            self._read.clear()
        self._read[token] = claims
        return claims

    def jwks(self) -> Json:
        """The public key, as the ``jwks_uri`` publishes it."""
        from jwt.algorithms import ECAlgorithm

        key: Json = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "use": "sig", "kid": self.key_id, "alg": _ALGORITHM}]}


def open_issuer(authority: str, home: Path) -> Issuer:
    """The issuer of a home folder; its key is made on first use and kept."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    path = home / "token-key.pem"
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{path} does not hold an elliptic curve key")
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(
            path,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
    numbers = key.public_key().public_numbers()
    return Issuer(authority, key, f"{numbers.x & 0xFFFFFFFFFFFFFFFF:016x}")
