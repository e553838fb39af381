"""Microsoft Graph, as far as az and wrapkey ask it: people, service principals, apps."""

import re
from collections.abc import Iterable

from sandbox import directory, registrations
from sandbox.protocol import Answer, GraphRefusal, Request
from sandbox.providers.subscriptions import tenant_id
from sandbox.routing import GRAPH, Api
from sandbox.state import Json, Principal
from sandbox.world import World

api = Api(plane=GRAPH)

_HEADERS = {
    "Content-Type": "application/json;odata.metadata=minimal;odata.streaming=true;"
    "IEEE754Compatible=false;charset=utf-8",
    "OData-Version": "4.0",
}
_KEY = re.compile(r"(\w+)\(appId='([^']*)'\)", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(?:(\w+)/any\(\s*(\w+)\s*:\s*\2\s+eq\s+'((?:[^']|'')*)'\s*\))"
    r"|(?:(\w+)\s+eq\s+'((?:[^']|'')*)')"
    r"|(?:startswith\((\w+),\s*'((?:[^']|'')*)'\))",
    re.IGNORECASE,
)


@api.seed("principals")
def seed(world: World, item: Json) -> None:
    """``name``, ``tenant``, ``kind``, ``object_id``, ``client_id``, ``upn``, ``secret``,
    ``listed``, ``enabled``, ``groups``; what is left out is empty, an object id is made up."""
    directory.add(
        world,
        Principal(
            object_id=item.get("object_id") or world.state.new_id(),
            tenant_id=tenant_id(world, item["tenant"]),
            name=item["name"],
            kind=item["kind"],
            app_id=item.get("client_id", ""),
            upn=item.get("upn", ""),
            secret=item.get("secret", ""),
            enabled=item.get("enabled", True),
            sp_type=item.get("sp_type", "Application"),
            listed=item.get("listed", False),
            groups=item.get("groups", []),
        ),
    )


@api.seed("first_party")
def seed_first_party(world: World, item: Json) -> None:
    """``tenant``, ``app_id``: one of Azure's own apps is in the tenant from the beginning."""
    registrations.appear(world, tenant_id(world, item["tenant"]), item["app_id"])


def _missing(what: str) -> GraphRefusal:
    return GraphRefusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{what}' does not exist or one of its queried reference-property objects are"
        " not present.",
    )


def _context(world: World, what: str) -> str:
    return f"{world.addresses.graph}/v1.0/$metadata#{what}"


def _user(principal: Principal) -> Json:
    return {
        "businessPhones": [],
        "displayName": principal.name,
        "givenName": None,
        "jobTitle": None,
        "mail": principal.upn if "#EXT#" not in principal.upn else None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": None,
        "userPrincipalName": principal.upn,
        "id": principal.object_id,
    }


def _service_principal(world: World, principal: Principal) -> Json:
    own = principal.app_id.lower() in registrations.FIRST_PARTY
    return {
        **_SERVICE_PRINCIPAL,
        "id": principal.object_id,
        "accountEnabled": principal.enabled,
        "appDisplayName": principal.name,
        "appId": principal.app_id,
        "appOwnerOrganizationId": _MICROSOFT if own else principal.tenant_id,
        "createdDateTime": world.clock.iso(principal.created or 0)[:19] + "Z",
        "displayName": principal.name,
        "servicePrincipalNames": [principal.app_id],
        "servicePrincipalType": principal.sp_type,
        "signInAudience": "AzureADMultipleOrgs" if own else "AzureADMyOrg",
    }


_SERVICE_PRINCIPAL: Json = {
    "id": "",
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": "",
    "appDescription": None,
    "appId": "",
    "applicationTemplateId": None,
    "appOwnerOrganizationId": "",
    "appRoleAssignmentRequired": False,
    "createdDateTime": "",
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": "",
    "homepage": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "verifiedPublisher": {
        "displayName": None,
        "verifiedPublisherId": None,
        "addedDateTime": None,
    },
    "addIns": [],
    "appRoles": [],
    "info": {
        "logoUrl": None,
        "marketingUrl": None,
        "privacyStatementUrl": None,
        "supportUrl": None,
        "termsOfServiceUrl": None,
    },
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
}
"""All properties in Graph's order (recorded: graph/05)."""
_MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""The tenant that owns Azure's own apps."""


def _narrow(doc: Json, request: Request) -> Json:
    """``$select``."""
    wanted = [name.strip() for name in request.query.get("$select", "").split(",") if name.strip()]
    return {name: doc[name] for name in wanted if name in doc} if wanted else doc


def _matching(docs: Iterable[Json], text: str) -> list[Json]:
    """``$filter`` with ``eq``, ``startswith`` and ``any`` joined by ``and`` or ``or``."""
    if not text:
        return list(docs)
    either = re.split(r"\s+or\s+", text, flags=re.IGNORECASE)
    rules = [[_clause(part) for part in re.split(r"\s+and\s+", one)] for one in either]
    return [
        doc for doc in docs if any(all(_true(doc, *clause) for clause in rule) for rule in rules)
    ]


def _clause(text: str) -> tuple[str, str, str]:
    match = _CLAUSE.fullmatch(text.strip())
    if match is None:
        raise GraphRefusal(400, "Request_UnsupportedQuery", f"Unsupported query filter '{text}'.")
    if match[1]:
        return "any", match[1], match[3].replace("''", "'").lower()
    if match[4]:
        return "eq", match[4], match[5].replace("''", "'").lower()
    return "startswith", match[6], match[7].replace("''", "'").lower()


def _true(doc: Json, operator: str, name: str, value: str) -> bool:
    has = doc.get(name)
    if operator == "any":
        return any(str(item).lower() == value for item in has or [])
    text = "" if has is None else str(has).lower()
    return text.startswith(value) if operator == "startswith" else text == value


def _service_principals(world: World, request: Request) -> Iterable[Json]:
    for principal in directory.in_tenant(world, request.caller.tenant_id):
        if principal.kind == "ServicePrincipal":
            yield _service_principal(world, principal)


def _listed(world: World, request: Request, what: str, docs: Iterable[Json]) -> Answer:
    found = _matching(docs, request.query.get("$filter", ""))
    value = [_narrow(doc, request) for doc in found]
    return Answer(200, {"@odata.context": _context(world, what), "value": value}, dict(_HEADERS))


@api.route("GET", "/v1.0/me")
def me(world: World, request: Request) -> Answer:
    """The signed-in person; refused for an app."""
    if request.caller.kind != "User":
        raise GraphRefusal(
            400, "BadRequest", "/me request is only valid with delegated authentication flow."
        )
    doc = {"@odata.context": _context(world, "users/$entity"), **_user(request.caller)}
    return Answer(200, _narrow(doc, request), dict(_HEADERS))


@api.route("GET", "/v1.0/servicePrincipals")
def service_principals(world: World, request: Request) -> Answer:
    """The tenant's service principals that match ``$filter``."""
    return _listed(world, request, "servicePrincipals", _service_principals(world, request))


@api.route("GET", "/v1.0/servicePrincipals/{id}")
def service_principal(world: World, request: Request) -> Answer:
    """One by its object id."""
    return _entity(world, request, _own(world, request))


def _entity(world: World, request: Request, principal: Principal, status: int = 200) -> Answer:
    doc = {
        "@odata.context": _context(world, "servicePrincipals/$entity"),
        **_service_principal(world, principal),
    }
    return Answer(status, _narrow(doc, request), dict(_HEADERS))


@api.route("GET", "/v1.0/{key}")
def by_key(world: World, request: Request) -> Answer:
    """``servicePrincipals(appId='...')`` and ``applications(appId='...')``."""
    match = _KEY.fullmatch(request.params["key"])
    if match is None or match[1].lower() not in ("serviceprincipals", "applications"):
        name = request.params["key"]
        raise GraphRefusal(400, "BadRequest", f"Resource not found for the segment '{name}'.")
    found = directory.by_app(world, request.caller.tenant_id, match[2])
    if found is None or found.kind != "ServicePrincipal":
        raise _missing(match[2])
    return _entity(world, request, found)


@api.route("POST", "/v1.0/servicePrincipals")
def create(world: World, request: Request) -> Answer:
    """Add an app to the tenant by its app id: one of Azure's own or another tenant's.

    Any user may here; Azure asks for a directory role such as Application Administrator.
    """
    app_id = str(request.json().get("appId", "")).lower()
    tenant = request.caller.tenant_id
    before = directory.by_app(world, tenant, app_id)
    if before:
        raise GraphRefusal(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created, updated, or restored because the service"
            f" principal name {app_id} is already in use.",
        )
    if app_id in registrations.FIRST_PARTY:
        return _entity(world, request, registrations.appear(world, tenant, app_id), 201)
    elsewhere = next(
        (item for item in world.state.principals.values() if item.app_id.lower() == app_id), None
    )
    if not app_id or elsewhere is None:
        raise GraphRefusal(
            400,
            "Request_BadRequest",
            f"The appId '{app_id}' of the service principal does not reference a valid"
            " application object.",
        )
    made = Principal(
        world.state.new_id(), tenant, elsewhere.name, "ServicePrincipal", app_id=app_id
    )
    made.created = world.epoch()
    return _entity(world, request, directory.add(world, made), 201)


@api.route("PATCH", "/v1.0/servicePrincipals/{id}")
def change(world: World, request: Request) -> Answer:
    """Let one sign in or not (``accountEnabled``); any user may here, as for :func:`create`."""
    enabled = request.json().get("accountEnabled")
    if not isinstance(enabled, bool):
        raise GraphRefusal(400, "BadRequest", "Only accountEnabled can be changed here.")
    _own(world, request).enabled = enabled
    return Answer(204, None, dict(_HEADERS))


@api.route("DELETE", "/v1.0/servicePrincipals/{id}")
def remove(world: World, request: Request) -> Answer:
    """Take one out of the tenant; what was granted to it stays and grants nobody."""
    del world.state.principals[_own(world, request).object_id.lower()]
    return Answer(204, None, dict(_HEADERS))


def _own(world: World, request: Request) -> Principal:
    found = world.principal(request.params["id"])
    wrong = found is None or found.tenant_id != request.caller.tenant_id
    if found is None or wrong or found.kind != "ServicePrincipal":
        raise _missing(request.params["id"])
    return found


@api.route("GET", "/v1.0/users/{id}")
def user(world: World, request: Request) -> Answer:
    """A person by object id or sign-in name."""
    tenant = request.caller.tenant_id
    asked = request.params["id"]
    found = world.principal(asked) or directory.by_upn(world, tenant, asked)
    if found is None or found.kind != "User" or found.tenant_id != tenant:
        raise _missing(asked)
    doc = {"@odata.context": _context(world, "users/$entity"), **_user(found)}
    return Answer(200, _narrow(doc, request), dict(_HEADERS))


@api.route("GET", "/v1.0/users")
def users(world: World, request: Request) -> Answer:
    """The tenant's people that match ``$filter``."""
    people = directory.in_tenant(world, request.caller.tenant_id)
    return _listed(world, request, "users", (_user(item) for item in people if item.kind == "User"))


@api.route("GET", "/v1.0/groups")
def groups(world: World, request: Request) -> Answer:
    """The tenant's groups that match ``$filter``."""
    found = [
        {"id": item.object_id, "displayName": item.name}
        for item in directory.in_tenant(world, request.caller.tenant_id)
        if item.kind == "Group"
    ]
    return _listed(world, request, "groups", found)


@api.route("GET", "/v1.0/applications")
def applications(world: World, request: Request) -> Answer:
    """The tenant's own apps that match ``$filter``."""
    tenant = request.caller.tenant_id
    docs = [
        {"id": item.object_id, "appId": item.app_id, "displayName": item.name}
        for item in directory.in_tenant(world, tenant)
        if item.kind == "ServicePrincipal"
        and item.sp_type == "Application"
        and item.app_id.lower() not in registrations.FIRST_PARTY
    ]
    return _listed(world, request, "applications", docs)


@api.route("POST", "/v1.0/directoryObjects/getByIds")
def get_by_ids(world: World, request: Request) -> Answer:
    """The objects with these ids that are in the tenant; unknown ids are left out.

    A person is found by client id too: here people sign in with one, without a browser, so az
    knows them by it, and asks for it when it is given as an assignee.
    """
    value = []
    tenant = request.caller.tenant_id
    for one in request.json().get("ids", []):
        found = world.principal(str(one))
        if found is None:
            person = directory.by_app(world, tenant, str(one))
            found = person if person and person.kind == "User" else None
        if found is None or found.tenant_id != tenant:
            continue
        if found.kind == "User":
            value.append({"@odata.type": "#microsoft.graph.user", **_user(found)})
        elif found.kind == "Group":
            group = {"id": found.object_id, "displayName": found.name}
            value.append({"@odata.type": "#microsoft.graph.group", **group})
        else:
            doc = _service_principal(world, found)
            value.append({"@odata.type": "#microsoft.graph.servicePrincipal", **doc})
    return Answer(
        200,
        {"@odata.context": _context(world, "directoryObjects"), "value": value},
        dict(_HEADERS),
    )
