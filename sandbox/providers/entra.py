"""Microsoft Entra: discovery, and tokens for apps and people.

What is checked: client secrets, in full; client assertions (certificates and workload
identity) only for being a JWT that has not expired and names the app or comes with a
subject, because no certificate or federation is registered here; device codes, in full.
"""

import base64
import binascii
import time

import msgspec

from sandbox import directory
from sandbox.entra import (
    EntraRefusal,
    audience_of,
    client_info,
    form_of,
    granted,
    issuer,
    lifetime_of,
    tenant_named,
)
from sandbox.protocol import Answer, Request
from sandbox.providers import signin
from sandbox.routing import OPEN, Api
from sandbox.state import Json, Principal
from sandbox.world import World

api = Api(plane=OPEN)


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
    tenant = tenant_named(world, name)
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
    return Answer(200, issuer(world).jwks())


# Tokens


@api.route("POST", "/{tenant}/oauth2/v2.0/token")
@api.route("POST", "/{tenant}/oauth2/token")
def token(world: World, request: Request) -> Answer:
    """A token by client secret, client assertion, device code or refresh token."""
    form = form_of(request)
    tenant = tenant_named(world, request.params["tenant"])
    grants = {
        "client_credentials": _by_client,
        "urn:ietf:params:oauth:grant-type:device_code": signin.by_device_code,
        "device_code": signin.by_device_code,
        "refresh_token": signin.by_refresh_token,
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
    lifetime = lifetime_of(world, form)
    audience = audience_of(world, form)
    access = issuer(world).access_token(principal, audience, lifetime)
    answer = granted(access, lifetime, form)
    if principal.kind == "User" and form.get("client_info") == "1":
        answer["client_info"] = client_info(world, principal)
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
