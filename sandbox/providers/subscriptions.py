"""Tenants, subscriptions and the regions they offer."""

from sandbox import armid, directory, regions, visibility
from sandbox.gate import authorize
from sandbox.geography import geography
from sandbox.protocol import Answer, Request
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api()


@api.seed("tenants")
def seed_tenant(world: World, item: Json) -> None:
    """``id``, ``name``, ``domain``; the first one is the home tenant."""
    tenant = item["id"].lower()
    world.state.tenants[tenant] = {
        "tenantId": tenant,
        "displayName": item["name"],
        "defaultDomain": item["domain"],
    }


@api.seed("subscriptions")
def seed_subscription(world: World, item: Json) -> None:
    """``id``, ``name``, ``tenant`` (name or id), ``state`` (Enabled unless given)."""
    subscription = item["id"].lower()
    world.state.subscriptions[subscription] = {
        "id": f"/subscriptions/{subscription}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription,
        "tenantId": tenant_id(world, item["tenant"]),
        "displayName": item["name"],
        "state": item.get("state", "Enabled"),
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def tenant_id(world: World, name: str) -> str:
    """A tenant's id by its id, name or domain; raises KeyError."""
    for key, tenant in world.state.tenants.items():
        if name.lower() in (key, tenant["displayName"].lower(), tenant["defaultDomain"].lower()):
            return key
    raise KeyError(f"no tenant {name!r}")


def subscription_id(world: World, name: str) -> str:
    """A subscription's id by its id or name; raises KeyError."""
    for key, subscription in world.state.subscriptions.items():
        if name.lower() in (key, subscription["displayName"].lower()):
            return key
    raise KeyError(f"no subscription {name!r}")


def scope(world: World, text: str) -> str:
    """A scope in a scenario: an ARM id, or a subscription's name with ``/group`` behind it."""
    if text.startswith("/"):
        return text
    name, _, group = text.partition("/")
    found = f"/subscriptions/{subscription_id(world, name)}"
    return f"{found}/resourceGroups/{group}" if group else found


def principal_id(world: World, name: str, scope: str) -> str:
    """An object id by a principal's name in the tenant of a scope, or as given when a GUID.

    Raises KeyError for a name that the tenant does not have.
    """
    subscription = world.state.subscriptions.get(armid.subscription(scope))
    found = directory.by_name(world, name, subscription["tenantId"] if subscription else "")
    if found:
        return found.object_id
    if len(name) == 36 and name.count("-") == 4:
        return name
    raise KeyError(f"no principal {name!r}")


@api.route("GET", "/tenants", action="")
def tenants(world: World, request: Request) -> Answer:
    """The tenants the caller has an object in."""
    value = []
    for principal in directory.same_person(world, request.caller):
        tenant = world.state.tenants[principal.tenant_id]
        value.append(
            {
                "id": f"/tenants/{principal.tenant_id}",
                "tenantId": principal.tenant_id,
                "countryCode": "US",
                "displayName": tenant["displayName"],
                "domains": [tenant["defaultDomain"]],
                "tenantCategory": "Home",
                "defaultDomain": tenant["defaultDomain"],
                "tenantType": "AAD",
            }
        )
    return Answer(200, {"value": value})


@api.route("GET", "/subscriptions", action="")
def listing(world: World, request: Request) -> Answer:
    """The subscriptions of the caller's tenant in which it has any role."""
    caller = request.caller
    found = visibility.subscriptions(world, caller.object_id, caller.tenant_id)
    value = [_shown(item, request) for item in found.values()]
    return Answer(200, {"value": value, "count": {"type": "Total", "value": len(value)}})


@api.route("GET", "/subscriptions/{subscription}", action="")
def get(world: World, request: Request) -> Answer:
    """One subscription; hidden from whoever has no role in it."""
    _visible(world, request)
    found = world.state.subscriptions[request.params["subscription"].lower()]
    return Answer(200, _shown(found, request))


def _visible(world: World, request: Request) -> None:
    """Refuse with 403 whoever has no role in the subscription."""
    caller, wanted = request.caller, armid.subscription(request.path)
    if wanted not in visibility.subscriptions(world, caller.object_id, caller.tenant_id):
        action = "Microsoft.Resources/subscriptions/read"
        authorize(world, request, action, f"/subscriptions/{wanted}")


def _shown(subscription: Json, request: Request) -> Json:
    """Versions before 2019 do not tell the tenant."""
    if request.api_version < "2019":
        return {name: value for name, value in subscription.items() if name != "tenantId"}
    return subscription


@api.route("GET", "/subscriptions/{subscription}/locations", action="")
def locations(world: World, request: Request) -> Answer:
    """All regions, longitude and latitude as strings."""
    _visible(world, request)
    base = f"/subscriptions/{request.params['subscription'].lower()}/locations"
    value = []
    for region in regions.REGIONS.values():
        group, longitude, latitude, place, pair = geography(region.name)
        metadata: Json = {
            "regionType": "Physical",
            "regionCategory": "Recommended" if region.zones else "Other",
            "geographyGroup": group,
            "longitude": longitude,
            "latitude": latitude,
            "physicalLocation": place,
            "pairedRegion": [{"name": pair, "id": f"{base}/{pair}"}] if pair else [],
        }
        value.append(
            {
                "id": f"{base}/{region.name}",
                "name": region.name,
                "type": "Region",
                "displayName": region.display,
                "regionalDisplayName": f"({group}) {region.display}",
                "metadata": metadata,
            }
        )
    return Answer(200, {"value": value})
