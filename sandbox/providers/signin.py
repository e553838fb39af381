"""How people sign in: device codes with a page to enter them on, and refresh tokens."""

import html
import time

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
from sandbox.routing import OPEN, Api
from sandbox.state import Json, Principal
from sandbox.world import World

api = Api(plane=OPEN)

_REFRESH_S = 90 * 86400
_CODE_S = 900
_CODES = "device_codes"
_REFRESH = "refresh"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@api.route("POST", "/{tenant}/oauth2/v2.0/devicecode")
@api.route("POST", "/{tenant}/oauth2/devicecode")
def device_code(world: World, request: Request) -> Answer:
    """A code for a person to enter on the sign-in page; lasts 15 minutes of real time."""
    form = form_of(request)
    tenant = tenant_named(world, request.params["tenant"])
    audience_of(world, form)  # what can't be had is refused now, not after the sign-in
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


def by_device_code(world: World, tenant: str, form: dict[str, str]) -> Answer:
    """Tokens for whoever approved the code; refused in Entra's words until then."""
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


def by_refresh_token(world: World, tenant: str, form: dict[str, str]) -> Answer:
    """New tokens for a person who signed in before, in any tenant that knows the person."""
    claims = issuer(world).read(form.get("refresh_token", ""))
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
    signer, client = issuer(world), form.get("client_id", "")
    lifetime, now = lifetime_of(world, form), int(time.time())
    access = signer.access_token(person, audience_of(world, form), lifetime, client)
    answer = granted(access, lifetime, form)
    answer["scope"] = form.get("scope", "")
    answer["refresh_token"] = signer.sign(
        {
            "aud": _REFRESH,
            "iss": signer.issuer(person.tenant_id),
            "tid": person.tenant_id,
            "oid": person.object_id,
            "exp": now + _REFRESH_S,
        }
    )
    answer["id_token"] = signer.sign(
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
    answer["client_info"] = client_info(world, person)
    return Answer(200, answer)


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
    form = form_of(request)
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
