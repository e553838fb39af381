"""Microsoft.DocumentDB: accounts, regions and what an account tells about its key."""

from sandbox import armid, assigned, operations, regions, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import customerkeys
from sandbox.providers.cosmoskeys import error_of, principal, take_key, take_key_unseen, tell
from sandbox.providers.customerkeys import KeyUnusable
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

api = Api("Microsoft.DocumentDB")

ACCOUNTS = "/providers/Microsoft.DocumentDB/databaseAccounts"
LOCATIONS = "/subscriptions/{s}/providers/Microsoft.DocumentDB/locations"
OF_GROUP = "/subscriptions/{s}/resourceGroups/{g}" + ACCOUNTS
CREATE_S = 240.0
"""Azure seconds an account takes (recorded: 8.5 min with two regions; single ones less)."""
LIMIT = 250
"""Accounts of one subscription (newer pages of the service; older ones say 50)."""


def open_in(world: World, location: str) -> bool:
    """Whether the subscription may create accounts in a region."""
    closed = world.state.settings.get("cosmos_closed_regions", [])
    return regions.short(location) not in {regions.short(name) for name in closed}


def refuse_full(world: World, subscription: str, location: str) -> None:
    """Raise what the service says when the region is closed or the subscription is full."""
    if not open_in(world, location):
        raise Refusal(
            503,
            "ServiceUnavailable",
            "Sorry, we are currently experiencing high demand in this region "
            f"{regions.display(location)}, and cannot fulfill your request at this time. Access "
            "to the region is currently restricted for your subscription. To request region "
            "access for your subscription, please follow this link https://aka.ms/cosmosdbquota.",
        )
    limit = world.state.settings.get("quota", {}).get("cosmos", LIMIT)
    if len(_accounts(world, f"/subscriptions/{subscription}")) >= limit:
        raise Refusal(
            400,
            "BadRequest",
            f"The maximum number of {limit} DatabaseAccounts has been reached for this "
            "subscription.",
        )


def make(
    world: World, resource_id: str, location: str, *, key_uri: str = "", managed_by: str = ""
) -> Resource:
    """Put an account that is being created into the state; :func:`finish` ends it."""
    name = armid.name(resource_id)
    place = {
        "id": f"{name}-{regions.short(location)}",
        "locationName": regions.display(location),
        "failoverPriority": 0,
    }
    there = {**place, "provisioningState": "Creating", "isZoneRedundant": False}
    properties: Json = {
        "provisioningState": "Creating",
        "publicNetworkAccess": "Enabled",
        "enableAutomaticFailover": False,
        "enableMultipleWriteLocations": False,
        "enablePartitionKeyMonitor": False,
        "isVirtualNetworkFilterEnabled": False,
        "virtualNetworkRules": [],
        "EnabledApiTypes": "Sql",
        "disableKeyBasedMetadataWriteAccess": False,
        "enableFreeTier": False,
        "enableAnalyticalStorage": False,
        "disableLocalAuth": False,
        "instanceId": world.state.new_id(),
        "createMode": "Default",
        "databaseAccountOfferType": "Standard",
        "defaultIdentity": "FirstPartyIdentity",
        "consistencyPolicy": {
            "defaultConsistencyLevel": "Session",
            "maxIntervalInSeconds": 5,
            "maxStalenessPrefix": 100,
        },
        "configurationOverrides": {},
        "writeLocations": [dict(there)],
        "readLocations": [dict(there)],
        "locations": [dict(there)],
        "failoverPolicies": [place],
        "cors": [],
        "capabilities": [],
        "ipRules": [],
        "backupPolicy": {
            "type": "Periodic",
            "periodicModeProperties": {
                "backupIntervalInMinutes": 240,
                "backupRetentionIntervalInHours": 8,
            },
        },
    }
    if key_uri:
        properties["keyVaultKeyUri"] = key_uri
    doc = {
        "id": resource_id,
        "name": name,
        "location": regions.display(location),
        "type": "Microsoft.DocumentDB/databaseAccounts",
        "kind": "GlobalDocumentDB",
        "tags": {},
        "systemData": {"createdAt": world.iso()},
        "identity": {"type": "None"},
        "properties": properties,
    }
    resource = Resource(doc, world.epoch(), managed_by=managed_by)
    world.state.resources[resource_id.lower()] = resource
    return resource


def finish(world: World, resource: Resource, state: str = "Succeeded") -> None:
    """End an account's creation."""
    properties = resource.doc["properties"]
    properties["provisioningState"] = state
    for at in ("writeLocations", "readLocations", "locations"):
        for place in properties[at]:
            place["provisioningState"] = state
            if state == "Succeeded":
                place["documentEndpoint"] = f"https://{place['id']}.documents.azure.com:443/"
    if state == "Succeeded":
        properties["documentEndpoint"] = f"https://{resource.doc['name']}.documents.azure.com:443/"


@api.route("GET", OF_GROUP + "/{name}")
def get_account(world: World, request: Request) -> Answer:
    """One account, as its last check left it."""
    return Answer(200, tracked.existing(world, request).doc)


@api.route("GET", OF_GROUP)
@api.route("GET", "/subscriptions/{s}" + ACCOUNTS)
def list_accounts(world: World, request: Request) -> Answer:
    """Accounts of a resource group or of a subscription."""
    scope = request.path.lower().partition("/providers/")[0]
    return Answer(200, {"value": [one.doc for one in _accounts(world, scope)]})


@api.route("PUT", OF_GROUP + "/{name}")
def put_account(world: World, request: Request) -> Answer:
    """Create an account; 200 with both polling headers (recorded: cosmos/01)."""
    account_id = armid.canonical(request.path)
    present = world.resource(account_id)
    if present:
        present.doc["tags"] = request.json().get("tags", present.doc["tags"])
        return Answer(200, present.doc)
    body = request.json()
    wanted = body.get("properties") or {}
    location = tracked.placed(world, request, body)
    places = wanted.get("locations") or [{"locationName": location}]
    refuse_full(world, request.params["s"], str(places[0].get("locationName", location)))
    if _taken(world, request.params["name"]):
        raise Refusal(
            400, "BadRequest", f"DatabaseAccount name '{request.params['name']}' already exists."
        )
    key_uri = str(wanted.get("keyVaultKeyUri") or "")
    resource = make(world, account_id, location, key_uri=key_uri)
    resource.doc["tags"] = body.get("tags", {})
    operation = world.start_operation(account_id)
    world.after(CREATE_S, "cosmos.created", operation=operation.id)
    version = request.api_version
    headers = operations.async_headers(
        world,
        operation,
        "Microsoft.DocumentDB",
        location,
        "operationsStatus",
        version,
        result=None,
    )
    results = f"{world.addresses.arm}{account_id}/operationResults/{operation.id}"
    headers["Location"] = f"{results}?api-version={version}"
    return Answer(200, resource.doc, headers)


@api.route("PATCH", OF_GROUP + "/{name}")
def patch_account(world: World, request: Request) -> Answer:
    """Change an account's tags, identity, default identity or network, at once."""
    resource, body = tracked.existing(world, request), request.json()
    properties, wanted = resource.doc["properties"], body.get("properties") or {}
    trouble = customerkeys.check(world, resource) if "cmk" in resource.inner else None
    if trouble and (body.keys() | wanted.keys()) - {"identity", "properties", "defaultIdentity"}:
        # While the key can't be used only the identity can be changed, and the account deleted.
        error = error_of(trouble)
        raise Refusal(403, error["code"], error["message"], details=error["details"])
    if body.get("identity"):
        assigned.judge_linked(world, request, body["identity"])
        resource.doc["identity"] = assigned.assign(world, resource.doc, body["identity"])
    if body.get("tags") is not None:
        resource.doc["tags"] = body["tags"]
    for name in ("defaultIdentity", "publicNetworkAccess", "ipRules", "disableLocalAuth"):
        if name in wanted:
            properties[name] = wanted[name]
    return Answer(200, resource.doc)


@api.job("cosmos.created")
def created(world: World, data: Json) -> None:
    """End the creation of an account of the user's own."""
    operation = world.state.operations[data["operation"]]
    resource = world.resource(operation.target)
    if resource is None:
        world.end_operation(operation.id, {"code": "NotFound", "message": "Account deleted."})
        return
    fault = operations.injected(world, operation.id)
    if fault:
        finish(world, resource, "Failed")
        world.end_operation(operation.id, fault)
        return
    kid = resource.doc["properties"].get("keyVaultKeyUri")
    try:
        if kid:
            take_key(world, resource, kid, principal(world, operation.target))
    except KeyUnusable as trouble:
        finish(world, resource, "Failed")
        tell(world, resource, trouble)
        world.end_operation(operation.id, error_of(trouble))
        return
    finish(world, resource)
    world.end_operation(operation.id)


@api.route("GET", LOCATIONS + "/{location}/operationsStatus/{id}", action="")
def operation_status(world: World, request: Request) -> Answer:
    """``Dequeued`` while it runs (as recorded), then the end."""
    operation = operations.find(world, request.params["id"])
    if operation.status == "InProgress":
        return Answer(200, {"status": "Dequeued"})
    return Answer(200, operations.status(operation))


@api.route("GET", OF_GROUP + "/{name}/operationResults/{id}", action="")
def operation_result(world: World, request: Request) -> Answer:
    """202 while it runs, then the account."""
    operation = operations.find(world, request.params["id"])
    resource = world.resource(operation.target)
    operation.result = resource.doc if resource else None
    return operations.location_answer(world, request, operation, done=200 if resource else 204)


@api.route("DELETE", OF_GROUP + "/{name}")
def delete_account(world: World, request: Request) -> Answer:
    """Delete an account at once (204 where there is none)."""
    gone = world.state.resources.pop(armid.canonical(request.path).lower(), None)
    return Answer(200) if gone else Answer(204)


@api.route("GET", LOCATIONS)
def list_locations(world: World, request: Request) -> Answer:
    """Regions, with whether this subscription may create accounts there."""
    return Answer(200, {"value": [_location(world, request, name) for name in regions.names()]})


@api.route("GET", LOCATIONS + "/{location}")
def get_location(world: World, request: Request) -> Answer:
    """One region."""
    short = regions.short(request.params["location"])
    if short not in regions.names():
        raise armid.not_found(request)
    return Answer(200, _location(world, request, short))


@api.route("HEAD", "/providers/Microsoft.DocumentDB/databaseAccountNames/{name}", action="")
def name_exists(world: World, request: Request) -> Answer:
    """200 when an account of this name exists anywhere, 404 when it is free."""
    return Answer(200 if _taken(world, request.params["name"]) else 404)


def _location(world: World, request: Request, short: str) -> Json:
    zones = regions.zoned(short)
    return {
        "id": f"/subscriptions/{request.params['s']}/providers/Microsoft.DocumentDB/locations/{short}",
        "type": "Microsoft.DocumentDB/locations",
        "name": regions.display(short),
        "properties": {
            "supportsAvailabilityZone": zones,
            "isResidencyRestricted": False,
            "isSubscriptionRegionAccessAllowedForAz": zones and open_in(world, short),
            "isSubscriptionRegionAccessAllowedForRegular": open_in(world, short),
            "status": "Online",
            "backupStorageRedundancies": ["Geo", "Zone", "Local"] if zones else ["Geo", "Local"],
        },
    }


def _accounts(world: World, scope: str) -> list[Resource]:
    return list(tracked.below(world, scope, "Microsoft.DocumentDB/databaseAccounts"))


def _taken(world: World, name: str) -> bool:
    tail = f"/databaseaccounts/{name.lower()}"
    return any(key.endswith(tail) for key in world.state.resources)
