"""What ARM itself decides before a resource provider sees a request.

In ARM's order: who asks (401), how (400), the subscription (404), whether it is allowed
(403), the resource group (404), the provider's registration (409), locks (409), policy (403).
"""

import re
import time
from functools import lru_cache
from typing import Any

from sandbox import armid, policy, rbac, registrations
from sandbox.protocol import GatewayRefusal, GraphRefusal, Request
from sandbox.routing import GRAPH, Route
from sandbox.state import Json
from sandbox.world import Addresses, World

_API_VERSION = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(-[a-z]+(\.\d+)?)?", re.IGNORECASE
)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_READS = ("GET", "HEAD")


def identify(world: World, request: Request) -> None:
    """Put the token's claims and its principal into the request, if it brings a good one.

    Only the signature and the issuer are looked at; see :func:`authenticate` for the rest.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or world.issuer is None:
        return
    request.claims = world.issuer.read(token.strip())
    principal = world.principal(str(request.claims.get("oid", "")))
    if principal and principal.enabled and principal.tenant_id == request.claims.get("tid"):
        request.principal = principal


def authenticate(world: World, request: Request, plane: str) -> None:
    """Refuse with 401 whoever has no valid token for ARM or Microsoft Graph."""
    if plane == GRAPH:
        _authenticate_graph(world, request)
        return
    if "authorization" not in request.headers:
        # ARM tells anybody which tenant a subscription belongs to; clients rely on it.
        subscription = world.state.subscriptions.get(armid.subscription(request.path), {})
        raise _unauthorized(
            world,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            subscription.get("tenantId", ""),
        )
    claims = request.claims
    if not claims:
        raise _unauthorized(world, "InvalidAuthenticationToken", "The access token is invalid.")
    allowed = _arm_audiences(world.addresses)
    if claims.get("aud") not in allowed:
        raise _unauthorized(
            world,
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource"
            f" '{claims.get('aud')}'. It should exactly match with one of the allowed audiences "
            + ",".join(f"'{audience}'" for audience in allowed)
            + ".",
        )
    now = time.time()
    if claims["exp"] <= now:
        raise _unauthorized(
            world,
            "ExpiredAuthenticationToken",
            f"The access token expiry UTC time '{_readable(claims['exp'])}' is earlier than"
            f" current UTC time '{_readable(now)}'.",
        )
    if request.principal is None:
        raise _unauthorized(
            world,
            "InvalidAuthenticationToken",
            f"The principal '{claims.get('oid')}' of the access token is unknown or disabled.",
        )


def _authenticate_graph(world: World, request: Request) -> None:
    claims = request.claims
    graph = world.addresses.graph
    if not claims or request.principal is None:
        code, why = "InvalidAuthenticationToken", "Access token is empty."
        if "authorization" in request.headers:
            why = "Invalid JWT access token."
    elif claims.get("aud") not in (graph, f"{graph}/"):
        code, why = (
            "InvalidAuthenticationToken",
            "Access token validation failure. Invalid audience.",
        )
    elif claims["exp"] <= time.time():
        code, why = (
            "InvalidAuthenticationToken",
            "Lifetime validation failed, the token is expired.",
        )
    else:
        return
    raise GraphRefusal(401, code, why)


@lru_cache(maxsize=8)
def _arm_audiences(addresses: Addresses) -> tuple[str, ...]:
    return (addresses.arm, f"{addresses.arm}/")


def _readable(epoch: float) -> str:
    moment = time.gmtime(epoch)
    return f"{moment.tm_mon}/{moment.tm_mday}/{moment.tm_year} " + time.strftime(
        "%I:%M:%S %p", moment
    )


def _unauthorized(world: World, code: str, message: str, tenant: str = "") -> GatewayRefusal:
    tenant = tenant or next(iter(world.state.tenants), "common")
    message_line = message.replace('"', "'")
    challenge = (
        f'Bearer authorization_uri="{world.addresses.authority}/{tenant}",'
        f' error="invalid_token", error_description="{message_line}"'
    )
    return GatewayRefusal(401, code, message, headers={"WWW-Authenticate": challenge})


def check_version(request: Request) -> None:
    """Refuse a request without an api-version, or with one that can't be any."""
    version = request.api_version
    if not version:
        raise GatewayRefusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _API_VERSION.fullmatch(version):
        raise GatewayRefusal(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are dates such as"
            " '2024-11-01', optionally followed by '-preview'.",
        )


def check_subscription(world: World, request: Request) -> Json | None:
    """The subscription of the path; refuses malformed, unknown and other tenants' ones."""
    parts = armid.segments(request.path)
    if not parts or parts[0].lower() != "subscriptions" or len(parts) < 2:
        return None
    subscription = world.state.subscriptions.get(parts[1].lower())
    if subscription is None:
        if not _GUID.fullmatch(parts[1]):
            raise GatewayRefusal(
                400,
                "InvalidSubscriptionId",
                f"The provided subscription identifier '{parts[1]}' is malformed or invalid.",
            )
        raise GatewayRefusal(
            404, "SubscriptionNotFound", f"The subscription '{parts[1]}' could not be found."
        )
    tenant, asked = subscription["tenantId"], request.caller.tenant_id
    if tenant != asked:
        sts = world.addresses.authority
        raise _unauthorized(
            world,
            "InvalidAuthenticationTokenTenant",
            f"The access token is from the wrong issuer '{sts}/{asked}/'. It must match the"
            f" tenant '{sts}/{tenant}/' associated with this subscription. Please use the"
            f" authority (URL) '{sts}/{tenant}' to get the token. Note, if the subscription is"
            " transferred to another tenant there is no impact to the services, but information"
            " about new tenant could take time to propagate (up to an hour). If you just"
            " transferred your subscription and see this error message, please try back later.",
            tenant,
        )
    return subscription


@lru_cache(maxsize=2048)
def _trailing(pattern: str) -> int:
    """How many fixed segments end a pattern: ``.../vaults`` lists at the scope above."""
    count = 0
    for part in reversed(armid.segments(pattern)):
        if part.startswith("{"):
            break
        count += 1
    return count


def scope_of(world: World, route: Route, path: str) -> str:
    """The id an operation's action is checked at, spelled as Azure does."""
    parts = armid.segments(armid.canonical(path))
    scope = "/" + "/".join(parts[: len(parts) - _trailing(route.pattern)])
    group = world.state.groups.get(armid.group_id(scope))
    if group:
        parts = scope.split("/")
        parts[4] = group.doc["name"]
        scope = "/".join(parts)
    return scope


def check(world: World, route: Route, request: Request) -> None:
    """Everything ARM checks; sets the request's scope."""
    check_version(request)
    check_subscription(world, request)
    request.scope = scope_of(world, route, request.path)
    if route.action:
        authorize(world, request, route.action, request.scope)
    # Some questions are asked by POST; their action says that they only read.
    writes = request.method not in _READS and not route.action.endswith("/read")
    group = armid.group_id(request.path)
    if group and group not in world.state.groups and not _is_group(route):
        raise group_not_found(request)
    if not writes:
        return
    subscription = armid.subscription(request.path)
    if subscription and route.namespace:
        check_registration(world, subscription, route.namespace)
    if (
        not route.namespace
        or route.namespace.lower() != "microsoft.authorization"
        or (request.method == "DELETE" and "/roleAssignments/" in route.pattern)
    ):
        check_locks(world, request)
    if request.method in ("PUT", "PATCH"):
        check_tags(request.json().get("tags"))
        policy.check(world, request)


def check_tags(tags: Any) -> None:
    """Refuse tags that are no object of strings: ARM reads them, whatever the provider."""
    if tags is None or (isinstance(tags, dict) and all(isinstance(v, str) for v in tags.values())):
        return
    raise GatewayRefusal(
        400,
        "InvalidRequestContent",
        "The request content was invalid and could not be deserialized: 'tags is no object of"
        " strings.'.",
    )


def _is_group(route: Route) -> bool:
    return route.pattern.lower().endswith("}") and len(armid.segments(route.pattern)) == 4


def group_not_found(request: Request) -> GatewayRefusal:
    """404 ResourceGroupNotFound (recorded: errors/01)."""
    return GatewayRefusal(
        404,
        "ResourceGroupNotFound",
        f"Resource group '{armid.group(request.path)}' could not be found.",
    )


def authorize(world: World, request: Request, action: str, scope: str) -> None:
    """Refuse with 403 what the caller's roles or a deny assignment do not let it do."""
    caller = request.caller
    if rbac.allows(world, caller.object_id, action, scope):
        return
    client = caller.upn or caller.app_id or caller.object_id
    denial = rbac.denied_by(world, caller.object_id, action, scope)
    if denial:
        name = denial.doc["properties"].get("denyAssignmentName", denial.doc.get("name", ""))
        raise GatewayRefusal(
            403,
            "DenyAssignmentAuthorizationFailed",
            f"The client '{client}' with object id '{caller.object_id}' has permission to perform"
            f" action '{action}' on scope '{scope}'; however, the access is denied because of the"
            f" deny assignment with name '{name}' and Id"
            f" '{armid.name(denial.doc['id']).replace('-', '')}' at scope"
            f" '{denial.doc['properties']['scope']}'.",
        )
    raise GatewayRefusal(
        403,
        "AuthorizationFailed",
        f"The client '{client}' with object id '{caller.object_id}' does not have authorization"
        f" to perform action '{action}' over scope '{scope}' or the scope is invalid. If access"
        " was recently granted, please refresh your credentials.",
    )


def check_registration(world: World, subscription: str, namespace: str) -> None:
    """Refuse with 409 what needs a provider that the subscription has not registered."""
    state = registrations.state(world, subscription, namespace)
    if state in ("Registered", "Registering"):
        return
    if state == "NotRegistered":
        message = f"The subscription is not registered to use namespace '{namespace}'."
    else:
        message = (
            f"The subscription registration is in '{state}' state. The subscription must be"
            f" registered to use namespace '{namespace}'."
        )
    message += " See https://aka.ms/rps-not-found for how to register subscriptions."
    code = "MissingSubscriptionRegistration"
    detail = {"code": code, "target": namespace, "message": message}
    raise GatewayRefusal(409, code, message, details=[detail])


def locks_over(world: World, scope: str, *, delete: bool) -> list[str]:
    """Scopes whose locks forbid a write (or a delete) of a scope.

    A lock counts at its scope and below. A delete takes what lies below with it, so it is
    forbidden by locks there too.
    """
    found: list[str] = []
    for lock in world.state.locks.values():
        at = lock.doc["id"].rpartition("/providers/Microsoft.Authorization/locks/")[0]
        readonly = lock.doc["properties"]["level"] == "ReadOnly"
        if delete:
            if armid.within(scope, at) or armid.within(at, scope):
                found.append(at)
        elif readonly and armid.within(scope, at):
            found.append(at)
    return found


def check_locks(world: World, request: Request) -> None:
    """Refuse with 409 what a lock forbids (recorded: errors/11)."""
    if not world.state.locks:
        return
    delete = request.method == "DELETE"
    scopes = locks_over(world, request.scope, delete=delete)
    if scopes:
        operation = "delete" if delete else "write"
        raise GatewayRefusal(
            409,
            "ScopeLocked",
            f"The scope '{request.scope}' cannot perform {operation} operation because following"
            f" scope(s) are locked: '{','.join(scopes)}'. Please remove the lock and try again.",
        )
