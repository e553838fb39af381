"""Microsoft.Search: services, their quota per region and sku, and CMK compliance."""

import re

from sandbox import armid, assigned, regions, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import customerkeys
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.providers.searchquota import KIND, MANAGED_SKU, SKUS, limit, refuse_full, used
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

__all__ = [
    "CREATE_S",
    "api",
    "error_of",
    "finish",
    "make",
    "refuse_full",
    "take_key",
    "take_key_unseen",
    "tell",
]

api = Api("Microsoft.Search")

SERVICES = "/providers/Microsoft.Search/searchServices"
OF_GROUP = "/subscriptions/{s}/resourceGroups/{g}" + SERVICES
USAGES = "/subscriptions/{s}/providers/Microsoft.Search/locations/{location}/usages"
CREATE_S = 90.0
"""Azure seconds until a new service runs (recorded polls end within minutes)."""
_CHANGEABLE = (
    "replicaCount",
    "partitionCount",
    "hostingMode",
    "publicNetworkAccess",
    "networkRuleSet",
    "disableLocalAuth",
    "authOptions",
    "semanticSearch",
)
_NAME = re.compile(r"(?!.*--)[a-z0-9]{2}(?:[a-z0-9-]{0,57}[a-z0-9])?")


def make(
    world: World, resource_id: str, location: str, *, sku: str = MANAGED_SKU, managed_by: str = ""
) -> Resource:
    """Put a service that is being provisioned into the state; :func:`finish` ends it."""
    name = armid.name(resource_id)
    doc: Json = {
        "location": regions.display(location),
        "tags": {},
        "properties": {
            "replicaCount": 1,
            "partitionCount": 1,
            "endpoint": f"https://{name}.search.windows.net",
            "status": "provisioning",
            "statusDetails": "",
            "provisioningState": "Provisioning",
            "hostingMode": "default",
            "computeType": "Default",
            "publicNetworkAccess": "Enabled",
            "networkRuleSet": {"ipRules": [], "bypass": "None"},
            "privateEndpointConnections": [],
            "sharedPrivateLinkResources": [],
            "encryptionWithCmk": {
                "enforcement": "Unspecified",
                "encryptionComplianceStatus": "Compliant",
                "serviceLevelEncryptionKey": None,
            },
            "disableLocalAuth": False,
            "authOptions": {"aadOrApiKey": {"aadAuthFailureMode": "http401WithBearerChallenge"}},
            "disabledDataExfiltrationOptions": [],
            "dataExfiltrationProtections": [],
            "semanticSearch": "free",
            "knowledgeRetrieval": "free",
            "upgradeAvailable": "notAvailable",
            "serviceUpgradedAt": None,
        },
        "systemData": {"createdAt": world.iso()},
        "id": resource_id,
        "name": name,
        "type": "Microsoft.Search/searchServices",
        "sku": {"name": sku},
    }
    resource = Resource(doc, world.epoch(), managed_by=managed_by)
    world.state.resources[resource_id.lower()] = resource
    return resource


@api.seed("search")
def seed(world: World, item: Json) -> None:
    """``[[search]]``: name, subscription, group, location; optional sku."""
    path = tracked.seeded(world, item, KIND)
    finish(world, make(world, path, item["location"], sku=item.get("sku", MANAGED_SKU)))


def finish(world: World, resource: Resource, state: str = "Succeeded") -> None:
    """End a service's provisioning."""
    properties = resource.doc["properties"]
    properties["provisioningState"] = state
    properties["status"] = "running" if state == "Succeeded" else "error"


def tell(world: World, resource: Resource, trouble: KeyUnusable | None) -> None:
    """Show compliance: the only thing the service tells about its key."""
    properties = resource.doc["properties"]
    compliance = "NonCompliant" if trouble else "Compliant"
    properties["encryptionWithCmk"]["encryptionComplianceStatus"] = compliance
    properties["status"] = "degraded" if trouble else "running"
    properties["statusDetails"] = error_of(trouble)["message"] if trouble else ""


customerkeys.TELLS["microsoft.search/searchservices"] = tell


def take_key(world: World, resource: Resource, kid: str, object_id: str) -> None:
    """Encrypt a service with one version of a key; raises :class:`KeyUnusable`."""
    customerkeys.protect(world, resource, kid, object_id)
    resource.doc["properties"]["encryptionWithCmk"]["enforcement"] = "Enabled"
    tell(world, resource, None)
    customerkeys.watch(world, resource)


def take_key_unseen(world: World, resource: Resource, kid: str, object_id: str) -> None:
    """What :func:`take_key` left in the past, for scenarios."""
    customerkeys.protect_unseen(world, resource, kid, object_id)
    resource.doc["properties"]["encryptionWithCmk"]["enforcement"] = "Enabled"


def error_of(trouble: KeyUnusable) -> Json:
    """The error of an operation that failed on the key, the vault's own words inside."""
    details = []
    if trouble.cause:
        details = [{"code": trouble.inner, "message": trouble.cause.message}]
    return {
        "code": "Forbidden",
        "message": "Access forbidden. The query key used might have been revoked - please retry.",
        "details": details,
    }


@api.route("GET", OF_GROUP + "/{name}")
def get_service(world: World, request: Request) -> Answer:
    """One service; its ETag is a header."""
    resource = tracked.existing(world, request)
    return Answer(200, resource.doc, {"ETag": _etag(world, resource)})


@api.route("GET", OF_GROUP)
@api.route("GET", "/subscriptions/{s}" + SERVICES)
def list_services(world: World, request: Request) -> Answer:
    """Services of a group or subscription; items have an eTag, nextLink is null (search/05)."""
    value = []
    for resource in _services(world, request.path.lower().partition("/providers/")[0]):
        properties = {**resource.doc["properties"], "eTag": _etag(world, resource)}
        value.append({**resource.doc, "properties": properties})
    return Answer(200, {"value": value, "nextLink": None})


@api.route("PUT", OF_GROUP + "/{name}")
def put_service(world: World, request: Request) -> Answer:
    """Create (201, then poll GET) or change (200) a service; recorded: search/01 and 03."""
    body = request.json()
    present = world.resource(request.path)
    if present:
        return _change(world, request, present, body)
    sku = str((body.get("sku") or {}).get("name", "")).lower()
    known = {name.lower(): name for name in SKUS}
    if sku not in known:
        raise Refusal(400, "InvalidRequest", f"SKU '{sku}' is not valid for a search service.")
    service_id = armid.canonical(request.path)
    _refuse_name(world, armid.name(service_id))
    location = tracked.placed(world, request, body)
    refuse_full(world, request.params["s"], location, known[sku])
    resource = make(world, service_id, location, sku=known[sku])
    try:
        answer = _change(world, request, resource, body)
    except Refusal:
        del world.state.resources[service_id.lower()]
        raise
    world.after(CREATE_S, "search.created", id=service_id)
    return Answer(201, answer.body, answer.headers)


@api.route("PATCH", OF_GROUP + "/{name}")
def patch_service(world: World, request: Request) -> Answer:
    """Change a service at once."""
    return _change(world, request, tracked.existing(world, request), request.json())


def _change(world: World, request: Request, resource: Resource, body: Json) -> Answer:
    doc, wanted = resource.doc, body.get("properties") or {}
    _judge_scaling(world, resource, wanted)
    if body.get("identity"):
        assigned.judge_linked(world, request, body["identity"])
        doc["identity"] = assigned.assign(world, doc, body["identity"])
    if body.get("tags") is not None:
        doc["tags"] = body["tags"]
    for name in _CHANGEABLE:
        if wanted.get(name) is not None:
            doc["properties"][name] = wanted[name]
    _change_key(world, resource, wanted.get("encryptionWithCmk") or {})
    return Answer(200, doc, {"ETag": _etag(world, resource)})


def _judge_scaling(world: World, resource: Resource, wanted: Json) -> None:
    """Refuse to scale what can't use its key ("Configure customer-managed keys", AI Search)."""
    now = resource.doc["properties"]
    scaled = any(
        wanted.get(name, now[name]) != now[name] for name in ("replicaCount", "partitionCount")
    )
    trouble = customerkeys.check(world, resource) if scaled and "cmk" in resource.inner else None
    if trouble:
        error = error_of(trouble)
        raise Refusal(403, error["code"], error["message"], details=error["details"])


def _change_key(world: World, resource: Resource, wanted: Json) -> None:
    """Enforcement, and a key for the whole service, used as its system identity."""
    shown = resource.doc["properties"]["encryptionWithCmk"]
    key = wanted.get("serviceLevelEncryptionKey")
    if key:
        kid = f"{str(key.get('keyVaultUri', '')).rstrip('/')}/keys/{key.get('keyVaultKeyName', '')}"
        if key.get("keyVaultKeyVersion"):
            kid += f"/{key['keyVaultKeyVersion']}"
        try:
            take_key(world, resource, kid, assigned.principal_of(resource.doc, ""))
        except KeyUnusable as trouble:
            error = error_of(trouble)
            raise Refusal(
                400, error["code"], error["message"], details=error["details"]
            ) from trouble
        shown["serviceLevelEncryptionKey"] = key
    if wanted.get("enforcement"):
        shown["enforcement"] = wanted["enforcement"]


@api.job("search.created")
def created(world: World, data: Json) -> None:
    """End the provisioning of a service of the user's own."""
    resource = world.resource(data["id"])
    if resource is not None:
        finish(world, resource)


@api.route("DELETE", OF_GROUP + "/{name}")
def delete_service(world: World, request: Request) -> Answer:
    """Delete a service at once (recorded: search/07), 204 where there is none."""
    gone = world.state.resources.pop(armid.canonical(request.path).lower(), None)
    return Answer(200) if gone else Answer(204)


@api.route("POST", "/subscriptions/{s}/providers/Microsoft.Search/checkNameAvailability")
def check_name(world: World, request: Request) -> Answer:
    """Whether a name is well formed and free."""
    name = str(request.json().get("name", ""))
    try:
        _refuse_name(world, name)
    except Refusal as refusal:
        reason = "Invalid" if refusal.code == "InvalidName" else "AlreadyExists"
        return Answer(200, {"nameAvailable": False, "reason": reason, "message": refusal.message})
    return Answer(200, {"nameAvailable": True, "reason": "", "message": ""})


@api.route("GET", USAGES)
def list_usages(world: World, request: Request) -> Answer:
    """Used and allowed services of every sku in a region."""
    return Answer(200, {"value": [_usage(world, request, sku) for sku in SKUS], "nextLink": None})


@api.route("GET", USAGES + "/{sku}")
def get_usage(world: World, request: Request) -> Answer:
    """Used and allowed services of one sku."""
    known = {name.lower(): name for name in SKUS}
    sku = known.get(request.params["sku"].lower())
    if sku is None:
        raise armid.not_found(request)
    return Answer(200, _usage(world, request, sku))


def _usage(world: World, request: Request, sku: str) -> Json:
    subscription, location = request.params["s"], request.params["location"]
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.Search/locations/"
        f"{regions.short(location)}/usages/{sku}",
        "unit": "Count",
        "currentValue": used(world, subscription, location, sku),
        "limit": limit(world, location, sku),
        "name": {"value": sku, "localizedValue": SKUS[sku][0]},
    }


def _services(world: World, scope: str) -> list[Resource]:
    return list(tracked.below(world, scope, KIND))


def _refuse_name(world: World, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Refusal(
            400,
            "InvalidName",
            f"Service name '{name}' is invalid: use 2 to 60 lower-case letters, digits or single "
            "dashes, without a dash among the first two characters or at the end.",
        )
    tail = f"/searchservices/{name.lower()}"
    if any(key.endswith(tail) for key in world.state.resources):
        raise Refusal(409, "ServiceNameUnavailable", f"The name '{name}' is already in use.")


def _etag(world: World, resource: Resource) -> str:
    stamp = world.clock.iso(resource.created).replace(":", "%3A")
    return f"W/\"datetime'{stamp}'\""
