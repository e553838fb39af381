"""Quotas and sizes of container instances in a region."""

from sandbox import regions, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api("Microsoft.ContainerInstance")
"""Shared by the modules of this namespace."""

KIND = "Microsoft.ContainerInstance/containerGroups"
GROUPS, CORES = "ContainerGroups", "StandardCores"
_LIMITS = {GROUPS: 100, CORES: 10}
"""Of a new subscription ("Resource availability and quota limits"); see :func:`limit`."""
_LABELS = {GROUPS: "Container Groups", CORES: "Standard Cores"}
_LARGEST = {"Linux": (4, 16), "Windows": (4, 16)}
"""Cores and GB of memory of a container group, by operating system (regional tables)."""
_AT = "/subscriptions/{s}/providers/Microsoft.ContainerInstance/locations/{location}"


def limit(world: World, location: str, name: str) -> int:
    """A limit in a region; ``settings.quota.containers.<region>.<name>`` changes it."""
    here = world.state.settings.get("quota", {}).get("containers", {})
    return int(here.get(regions.short(location), {}).get(name, _LIMITS[name]))


def used(world: World, subscription: str, location: str, name: str) -> float:
    """Groups, or cores of all of them, in a region; failed and stopped groups count too."""
    here = [
        group
        for group in tracked.below(world, f"/subscriptions/{subscription}", KIND)
        if regions.short(group.doc["location"]) == regions.short(location)
    ]
    return len(here) if name == GROUPS else sum(cores(group.doc["properties"]) for group in here)


def cores(properties: Json) -> float:
    """Cores that the containers of a group ask for."""
    return sum(float(_requests(one).get("cpu", 1)) for one in properties["containers"])


def _requests(container: Json) -> Json:
    found: Json = (container.get("properties") or {}).get("resources", {}).get("requests", {})
    return found


def refuse(world: World, subscription: str, location: str, properties: Json) -> None:
    """Raise where quota, size or, by a scenario, capacity is missing.

    The texts of quota and capacity are Azure's (azure-docs issues 51738 and 24776).
    """
    place, need = regions.short(location), cores(properties)
    for name, more in ((CORES, need), (GROUPS, 1)):
        most, now = limit(world, place, name), used(world, subscription, place, name)
        if now + more > most:
            raise Refusal(
                400,
                "ContainerGroupQuotaReached",
                f"Resource type '{KIND}' container group quota '{name}' exceeded in region "
                f"'{place}'. Limit: '{most}', Usage: '{now:g}' Requested: '{more:g}'.",
            )
    largest, memory = _LARGEST[properties["osType"]]
    asked = sum(_requests(one).get("memoryInGB", 1.5) for one in properties["containers"])
    closed = {regions.short(name) for name in world.state.settings.get("aci_exhausted_regions", [])}
    if need > largest or asked > memory or place in closed:
        raise Refusal(
            409,
            "ServiceUnavailable",
            f"The requested resource is not available in the location '{place}' at this moment. "
            "Please retry with a different resource request or in another location. Resource "
            f"requested: '{need:g}' CPU '{asked:g}' GB memory '{properties['osType']}' OS",
        )


@api.route("GET", _AT + "/usages")
def list_usages(world: World, request: Request) -> Answer:
    """Groups and cores used and allowed in a region."""
    subscription, location = request.params["s"], request.params["location"]
    base = f"/subscriptions/{subscription}/providers/Microsoft.ContainerInstance/locations"
    value = [
        {
            "id": f"{base}/{regions.short(location)}/usages/{name}",
            "unit": "Count",
            "currentValue": int(used(world, subscription, location, name)),
            "limit": limit(world, location, name),
            "name": {"value": name, "localizedValue": _LABELS[name]},
        }
        for name in _LIMITS
    ]
    return Answer(200, {"value": value})


@api.route("GET", _AT + "/capabilities")
def list_capabilities(world: World, request: Request) -> Answer:
    """The largest container group that each operating system can have."""
    value = [
        {
            "resourceType": "containerGroups",
            "osType": system,
            "location": regions.display(request.params["location"]).replace(" ", ""),
            "ipAddressType": "Public",
            "gpu": "None",
            "capabilities": {"maxMemoryInGB": memory, "maxCpu": most, "maxGpuCount": 0},
        }
        for system, (most, memory) in _LARGEST.items()
    ]
    return Answer(200, {"value": value})
