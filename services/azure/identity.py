"""Who is signed in, as the token itself says."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from services.azure.errors import AzureError, ErrorKind
from services.text import plain


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The signed-in identity. Read from the token's claims without checking its signature:
    good for showing and for filling in object ids, never for granting anything here."""

    object_id: str
    tenant_id: str
    name: str
    """Display name, user name or app id: the best the token has."""
    upn: str = ""
    app_id: str = ""
    """The application that asked for the token; for a service principal its own."""
    kind: str = "user"
    """user, service principal or managed identity."""
    expires: datetime | None = None
    """When this token ends (UTC); credentials renew it by themselves."""

    @property
    def principal_type(self) -> str:
        """As role assignments spell it."""
        return "User" if self.kind == "user" else "ServicePrincipal"


def from_token(token: str) -> Caller:
    """The caller of an access token; raises AzureError (SIGN_IN) when it can't be read."""
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise AzureError(
            ErrorKind.SIGN_IN,
            code="UnreadableToken",
            message=type(error).__name__,
            what="Could not read who is signed in.",
            means="The sign-in gave a token in a form that wrapkey does not know.",
            do="Choose another way to sign in.",
        ) from error
    upn = plain(claims.get("upn") or claims.get("unique_name") or claims.get("preferred_username"))
    app_id = plain(claims.get("appid") or claims.get("azp")).lower()
    return Caller(
        object_id=plain(claims.get("oid")).lower(),
        tenant_id=plain(claims.get("tid")).lower(),
        name=plain(claims.get("name")) or upn or plain(claims.get("app_displayname")) or app_id,
        upn=upn,
        app_id=app_id,
        kind=_kind(claims, upn),
        expires=_time(claims.get("exp")),
    )


def _kind(claims: dict[str, Any], upn: str) -> str:
    if claims.get("xms_mirid"):
        return "managed identity"
    if claims.get("idtyp") == "app":
        return "service principal"
    if claims.get("idtyp") == "user" or upn or claims.get("scp"):
        return "user"
    return "service principal"


def _time(seconds: object) -> datetime | None:
    if not isinstance(seconds, int | float) or not 0 < seconds < 2**40:
        return None
    return datetime.fromtimestamp(seconds, UTC)
