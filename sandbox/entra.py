"""What Entra's endpoints share: refusals, tenants, audiences, answers with tokens."""

import base64
import time
from urllib.parse import parse_qsl

import msgspec

from sandbox import directory
from sandbox.protocol import Answer, Refusal, Request
from sandbox.state import Json, Principal
from sandbox.tokens import Issuer
from sandbox.world import World

_ANY_TENANT = ("common", "organizations")
_LIFETIME_S = 3599.0
_LONG_S = 86399.0


class EntraRefusal(Refusal):
    """Entra's envelope: an OAuth error with an AADSTS code in the text."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(status, error, text)
        self.number = number

    def answer(self, request: Request, now: str) -> Answer:
        """The error as the token endpoint gives it."""
        correlation = request.headers.get("client-request-id", request.id)
        stamp = f"{now[:10]} {now[11:19]}Z"
        return Answer(
            self.status,
            {
                "error": self.code,
                "error_description": f"AADSTS{self.number}: {self.message} Trace ID: {request.id}"
                f" Correlation ID: {correlation} Timestamp: {stamp}",
                "error_codes": [self.number],
                "timestamp": stamp,
                "trace_id": request.id,
                "correlation_id": correlation,
            },
        )


def issuer(world: World) -> Issuer:
    """The issuer of tokens; raises RuntimeError where no server runs."""
    if world.issuer is None:
        raise RuntimeError("this world has no issuer of tokens")
    return world.issuer


def tenant_named(world: World, name: str) -> str:
    """A tenant's id by id or domain; an empty string for ``common`` and ``organizations``."""
    low = name.lower()
    if low in _ANY_TENANT:
        return ""
    for key, tenant in world.state.tenants.items():
        if low in (key, tenant["defaultDomain"].lower()):
            return key
    raise EntraRefusal(
        400,
        "invalid_tenant",
        90002,
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are"
        " signing into the correct cloud. Check with your subscription administrator, this may"
        " happen if there are no active subscriptions for the tenant.",
    )


def form_of(request: Request) -> dict[str, str]:
    """The form that a request posts."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def lifetime_of(world: World, form: dict[str, str]) -> float:
    """Real seconds: a day for clients that can be told of a revocation (CP1), else an hour."""
    usual = _LONG_S if '"CP1"' in form.get("claims", "").upper() else _LIFETIME_S
    return float(world.state.settings.get("token_lifetime_s", usual))


def audience_of(world: World, form: dict[str, str]) -> str:
    """The resource a token is asked for; refuses what is no part of the sandbox."""
    audience = form.get("resource", "")
    for scope in form.get("scope", "").split():
        if "://" in scope:
            audience = scope.removesuffix("/.default").removesuffix("/user_impersonation")
    rest = audience.removeprefix("https://")
    host, _, port = rest.split("/")[0].partition(":")
    local = host == "localhost" or host.endswith(".localhost")
    if local and port == str(world.addresses.port) and rest != audience:
        return audience
    if not audience:
        raise EntraRefusal(
            400, "invalid_scope", 70011, "The provided request must include a 'scope' parameter."
        )
    raise EntraRefusal(
        400,
        "invalid_resource",
        500011,
        f"The resource principal named {audience} was not found in the tenant named Contoso. This"
        " can happen if the application has not been installed by the administrator of the tenant"
        " or consented to by any user in the tenant. You might have sent your authentication"
        " request to the wrong tenant.",
    )


def granted(access: str, lifetime: float, form: dict[str, str]) -> Json:
    """The answer that carries an access token; version 1 clients get more of it, as texts."""
    seconds = int(lifetime)
    answer: Json = {
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": access,
    }
    if seconds >= 7200:
        answer["refresh_in"] = seconds // 2
    if "resource" in form:
        now = int(time.time())
        answer.update(
            expires_in=str(seconds),
            ext_expires_in=str(seconds),
            expires_on=str(now + seconds),
            not_before=str(now),
            resource=form["resource"],
        )
    return answer


def client_info(world: World, principal: Principal) -> str:
    """By what MSAL knows an account: its object in its home tenant."""
    same = directory.same_person(world, principal)
    home = next((item for item in same if "#EXT#" not in item.upn), principal)
    info = msgspec.json.encode({"uid": home.object_id, "utid": home.tenant_id})
    return base64.urlsafe_b64encode(info).rstrip(b"=").decode()
