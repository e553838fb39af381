"""Microsoft Entra: discovery, and tokens for apps and people.

What is checked: client secrets, in full; client assertions (certificates and workload
identity) only for being a JWT that has not expired and names the app or comes with a
subject, because no certificate or federation is registered here; device codes, in full.
"""

import base64
import binascii
import html
import time
from urllib.parse import parse_qsl

import msgspec

from sandbox import directory
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import OPEN, Api
from sandbox.state import Json, Principal
from sandbox.tokens import Issuer
from sandbox.world import World

api = Api(plane=OPEN)

_ANY_TENANT = ("common", "organizations")
_LIFETIME_S = 3599.0
_LONG_S = 86399.0
_REFRESH_S = 90 * 86400
_CODE_S = 900
_CODES = "device_codes"
_REFRESH = "refresh"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


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


def _issuer(world: World) -> Issuer:
    if world.issuer is None:
        raise RuntimeError("this world has no issuer of tokens")
    return world.issuer


def _tenant(world: World, name: str) -> str:
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


# Discovery


@api.route("GET", "/{tenant}/v2.0/.well-known/openid-configuration")
def openid_v2(world: World, request: Request) -> Answer:
    """Where a tenant's endpoints are, for version 2 clients such as MSAL."""
    return Answer(200, _configuration(world, request, "/oauth2/v2.0", "/v2.0"))


@api.route("GET", "/{tenant}/.well-known/openid-configuration")
def openid_v1(world: World, request: Request) -> Answer:
    """The same for version 1 clients."""
    return Answer(200, _configuration(world, request, "/oauth2", "/"))


def _configuration(world: World, request: Request, path: str, issuer: str) -> Json:
    name = request.params["tenant"]
    tenant = _tenant(world, name)
    base = f"{world.addresses.authority}/{name}"
    return {
        "token_endpoint": f"{base}{path}/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{world.addresses.authority}/{tenant or '{tenantid}'}{issuer}",
        "authorization_endpoint": f"{base}{path}/authorize",
        "device_authorization_endpoint": f"{base}{path}/devicecode",
        "end_session_endpoint": f"{base}{path}/logout",
        "tenant_region_scope": "NA",
        "cloud_instance_name": world.addresses.authority.removeprefix("https://"),
        "cloud_graph_host_name": world.addresses.graph.removeprefix("https://"),
        "msgraph_host": world.addresses.graph.removeprefix("https://"),
    }


@api.route("GET", "/common/discovery/instance")
def instance(world: World, request: Request) -> Answer:
    """Which hosts are one authority (recorded: entra/03)."""
    host = world.addresses.authority.removeprefix("https://")
    asked = request.query.get("authorization_endpoint", "")
    tenant = asked.removeprefix("https://").partition("/")[2].partition("/")[0] or "common"
    return Answer(
        200,
        {
            "tenant_discovery_endpoint": f"{world.addresses.authority}/{tenant}"
            "/v2.0/.well-known/openid-configuration",
            "api-version": request.api_version or "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        },
    )


@api.route("GET", "/{tenant}/discovery/v2.0/keys")
def keys(world: World, request: Request) -> Answer:
    """The public key that tokens can be checked with."""
    return Answer(200, _issuer(world).jwks())


# Tokens


@api.route("POST", "/{tenant}/oauth2/v2.0/token")
@api.route("POST", "/{tenant}/oauth2/token")
def token(world: World, request: Request) -> Answer:
    """A token by client secret, client assertion, device code or refresh token."""
    form = _form(request)
    tenant = _tenant(world, request.params["tenant"])
    grants = {
        "client_credentials": _by_client,
        "urn:ietf:params:oauth:grant-type:device_code": _by_device_code,
        "device_code": _by_device_code,
        "refresh_token": _by_refresh_token,
    }
    kind = form.get("grant_type", "")
    if kind not in grants:
        raise EntraRefusal(
            400,
            "unsupported_grant_type",
            70003,
            f"The app requested an unsupported grant type '{kind}'.",
        )
    return grants[kind](world, tenant, form)


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _lifetime(world: World, form: dict[str, str]) -> float:
    """Real seconds: a day for clients that can be told of a revocation (CP1), else an hour."""
    usual = _LONG_S if '"CP1"' in form.get("claims", "").upper() else _LIFETIME_S
    return float(world.state.settings.get("token_lifetime_s", usual))


def _audience(world: World, form: dict[str, str]) -> str:
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


def _by_client(world: World, tenant: str, form: dict[str, str]) -> Answer:
    client = form.get("client_id", "")
    tenants = [tenant] if tenant else list(world.state.tenants)
    found = (directory.by_app(world, one, client) for one in tenants)
    principal = next((item for item in found if item), None)
    if principal is None:
        name = world.state.tenants[tenant]["displayName"] if tenant else "common"
        raise EntraRefusal(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client}' was not found in the directory '{name}'. This"
            " can happen if the application has not been installed by the administrator of the"
            " tenant or consented to by any user in the tenant. You may have sent your"
            " authentication request to the wrong tenant.",
        )
    _prove(principal, form)
    if not principal.enabled:
        raise EntraRefusal(
            400, "unauthorized_client", 7000112, f"Application '{client}' is disabled."
        )
    lifetime = _lifetime(world, form)
    audience = _audience(world, form)
    access = _issuer(world).access_token(principal, audience, lifetime)
    answer = _granted(access, lifetime, form)
    if principal.kind == "User" and form.get("client_info") == "1":
        answer["client_info"] = _client_info(world, principal)
    return Answer(200, answer)


def _prove(principal: Principal, form: dict[str, str]) -> None:
    """Refuse whoever does not show the secret or an assertion."""
    client = principal.app_id
    if "client_assertion" in form:
        if _assertion_holds(form["client_assertion"], client):
            return
        raise EntraRefusal(
            401,
            "invalid_client",
            700027,
            "The certificate with identifier used to sign the client assertion is not registered"
            " on application, or the assertion is malformed or expired.",
        )
    if "client_secret" not in form:
        raise EntraRefusal(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or"
            " 'client_secret'.",
        )
    if not principal.secret or form["client_secret"] != principal.secret:
        raise EntraRefusal(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the"
            " client secret value, not the client secret ID, for a secret added to app"
            f" '{client}'.",
        )


def _assertion_holds(assertion: str, client: str) -> bool:
    parts = assertion.split(".")
    if len(parts) != 3:
        return False
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = msgspec.json.decode(base64.urlsafe_b64decode(padded))
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return False
    if not isinstance(claims, dict) or float(claims.get("exp", 0)) <= time.time():
        return False
    return bool(claims.get("sub")) and (claims.get("iss") != client or claims["sub"] == client)


def _granted(access: str, lifetime: float, form: dict[str, str]) -> Json:
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


# People


@api.route("POST", "/{tenant}/oauth2/v2.0/devicecode")
@api.route("POST", "/{tenant}/oauth2/devicecode")
def device_code(world: World, request: Request) -> Answer:
    """A code for a person to enter on the sign-in page; lasts 15 minutes of real time."""
    form = _form(request)
    tenant = _tenant(world, request.params["tenant"])
    _audience(world, form)  # what can't be had is refused now, not after the sign-in
    device = world.state.new_id()
    number = int(device.replace("-", ""), 16)
    user = "".join(_LETTERS[(number >> (5 * at)) % 32] for at in range(9))
    table = world.state.table(_CODES)
    now = time.time()
    for old in [key for key, entry in table.items() if entry["expires"] + _CODE_S < now]:
        del table[old]
    table[device] = {"user": user, "tenant": tenant, "expires": now + _CODE_S, "asked": form}
    world.changed = True
    page = f"{world.addresses.authority}/devicelogin"
    return Answer(
        200,
        {
            "user_code": user,
            "device_code": device,
            "verification_uri": page,
            "verification_url": page,
            "expires_in": _CODE_S,
            "interval": max(1, round(5 / world.clock.speed)),
            "message": f"To sign in, use a web browser to open the page {page} and enter the code"
            f" {user} to authenticate.",
        },
    )


def _by_device_code(world: World, tenant: str, form: dict[str, str]) -> Answer:
    code = form.get("device_code") or form.get("code", "")
    entry = world.state.table(_CODES).get(code)
    if entry is None:
        raise EntraRefusal(
            400, "bad_verification_code", 70018, "Invalid verification code: it is not known."
        )
    if entry["expires"] <= time.time():
        raise EntraRefusal(
            400,
            "expired_token",
            70020,
            "The provided value for the input parameter 'device_code'"
            " is not valid. This device code has expired.",
        )
    if entry.get("declined"):
        raise EntraRefusal(
            400, "authorization_declined", 70017, "The user declined the authorization request."
        )
    if "principal" not in entry:
        raise EntraRefusal(
            400,
            "authorization_pending",
            70016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        )
    principal = world.principal(entry["principal"])
    if principal is None:
        raise EntraRefusal(400, "invalid_grant", 50034, "The user account does not exist.")
    # MSAL names the scope only when it asks for the code.
    answer = _signed_in(world, principal, tenant or entry["tenant"], {**entry["asked"], **form})
    del world.state.table(_CODES)[code]
    world.changed = True
    return answer


def _by_refresh_token(world: World, tenant: str, form: dict[str, str]) -> Answer:
    claims = _issuer(world).read(form.get("refresh_token", ""))
    principal = world.principal(str(claims.get("oid", "")))
    if principal is None or claims.get("aud") != _REFRESH:
        raise EntraRefusal(
            400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid."
        )
    if claims["exp"] <= time.time():
        raise EntraRefusal(
            400, "invalid_grant", 700082, "The refresh token has expired due to inactivity."
        )
    return _signed_in(world, principal, tenant, form)


def _signed_in(world: World, principal: Principal, tenant: str, form: dict[str, str]) -> Answer:
    """Access, refresh and id token of a person, in the tenant asked for."""
    person = principal
    if tenant and tenant != principal.tenant_id:
        same = directory.same_person(world, principal)
        found = next((item for item in same if item.tenant_id == tenant), None)
        if found is None:
            raise EntraRefusal(
                400,
                "invalid_grant",
                50020,
                f"User account '{principal.upn}' from identity provider does not exist in tenant"
                f" '{world.state.tenants[tenant]['displayName']}' and cannot access the"
                " application in that tenant. The account needs to be added as an external user"
                " in the tenant first.",
            )
        person = found
    issuer, client = _issuer(world), form.get("client_id", "")
    lifetime, now = _lifetime(world, form), int(time.time())
    access = issuer.access_token(person, _audience(world, form), lifetime, client)
    answer = _granted(access, lifetime, form)
    answer["scope"] = form.get("scope", "")
    answer["refresh_token"] = issuer.sign(
        {
            "aud": _REFRESH,
            "iss": issuer.issuer(person.tenant_id),
            "tid": person.tenant_id,
            "oid": person.object_id,
            "exp": now + _REFRESH_S,
        }
    )
    answer["id_token"] = issuer.sign(
        {
            "aud": client,
            "iss": f"{world.addresses.authority}/{person.tenant_id}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime),
            "name": person.name,
            "oid": person.object_id,
            "preferred_username": person.upn,
            "sub": person.object_id,
            "tid": person.tenant_id,
            "ver": "2.0",
        }
    )
    answer["client_info"] = _client_info(world, person)
    return Answer(200, answer)


def _client_info(world: World, principal: Principal) -> str:
    """By what MSAL knows an account: its object in its home tenant."""
    same = directory.same_person(world, principal)
    home = next((item for item in same if "#EXT#" not in item.upn), principal)
    info = msgspec.json.encode({"uid": home.object_id, "utid": home.tenant_id})
    return base64.urlsafe_b64encode(info).rstrip(b"=").decode()


@api.route("GET", "/devicelogin")
def sign_in_page(world: World, request: Request) -> Answer:
    """A page to enter a device code on and to choose who signs in."""
    code = html.escape(request.query.get("code", ""))
    people = "".join(
        f'<option value="{html.escape(item.object_id)}">{html.escape(item.name)}'
        f" ({html.escape(item.upn)})</option>"
        for item in world.state.principals.values()
        if item.kind == "User" and item.listed
    )
    return _page(
        '<form method="post"><p><label>Code <input name="code" value="'
        f'{code}" autofocus></label></p><p><label>Sign in as <select name="principal">{people}'
        '</select></label></p><p><button name="do" value="approve">Sign in</button> '
        '<button name="do" value="decline">Decline</button></p></form>'
    )


@api.route("POST", "/devicelogin")
def sign_in(world: World, request: Request) -> Answer:
    """Approve or decline a device code."""
    form = _form(request)
    entry = code_entry(world, form.get("code", ""))
    principal = directory.by_name(world, form.get("principal", ""))
    if entry is None or principal is None:
        return _page("<p>That code is not known, or nobody was chosen.</p>", 400)
    settle(world, entry, None if form.get("do") == "decline" else principal)
    return _page("<p>Done. You can close this page.</p>")


def code_entry(world: World, user_code: str) -> Json | None:
    """The device code that goes with what a person enters."""
    wanted = user_code.strip().upper()
    entries = world.state.table(_CODES).values()
    return next((entry for entry in entries if entry["user"] == wanted), None)


def settle(world: World, entry: Json, principal: Principal | None) -> None:
    """Approve a device code as a principal, or decline it with None."""
    if principal is None:
        entry["declined"] = True
    else:
        entry["principal"] = principal.object_id
    world.changed = True


def _page(body: str, status: int = 200) -> Answer:
    text = f"<!doctype html><title>Sign in to the sandbox</title><h1>Sandbox</h1>{body}"
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})
