"""Machine Learning's quotas: cores of a region, and workspaces of a resource group."""

from sandbox import armid, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers.managedgroup import api
from sandbox.world import World

KIND = "Microsoft.MachineLearningServices/workspaces"
AT = "/subscriptions/{s}/providers/Microsoft.MachineLearningServices/locations/{location}"
WORKSPACES = 800
"""Workspaces of a resource group ("Manage quotas"); no usage tells of it."""


def refuse_full(world: World, path: str) -> None:
    """Raise where a group has its workspaces; ``settings.quota.workspaces`` changes the limit.

    What the service says then is not recorded; the words are ours.
    """
    most = int(world.state.settings.get("quota", {}).get("workspaces", WORKSPACES))
    group = armid.group_id(path)
    if sum(1 for _ in tracked.below(world, group, KIND)) >= most:
        raise Refusal(
            400,
            "QuotaExceeded",
            f"Resource group '{armid.group(path)}' has {most} workspaces, which is the limit.",
        )


@api.route("GET", AT + "/usages")
def list_usages(world: World, request: Request) -> Answer:
    """Cores used in a region; nothing runs in the sandbox, so only limits differ."""
    subscription = f"/subscriptions/{request.params['s']}"
    value = []
    for kind, name, most in _cores(world, request.params["location"]):
        tail = f"/{name.replace(' ', '_')}" if kind == "vmFamily" else ""
        value.append(
            {
                "id": f"{subscription}/usages{tail}",
                "type": f"Microsoft.MachineLearningServices/{kind}/usages",
                "currentValue": 0,
                "limit": most,
                "name": {"localizedValue": name, "value": name},
                "unit": "Count",
            }
        )
    return Answer(200, {"value": value})


@api.route("GET", AT + "/quotas")
def list_quotas(world: World, request: Request) -> Answer:
    """Quotas of VM families in a region."""
    value = [
        {
            "id": f"/subscriptions/{request.params['s']}/quotas/{name.replace(' ', '_')}",
            "type": "Microsoft.MachineLearningServices/vmFamily/quotas",
            "limit": most,
            "name": {"localizedValue": name, "value": name},
            "unit": "Count",
        }
        for kind, name, most in _cores(world, request.params["location"])
        if kind == "vmFamily"
    ]
    return Answer(200, {"value": value})


def _cores(world: World, location: str) -> list[tuple[str, str, int]]:
    """(type, name, limit) of a region; ``settings.quota.machinelearning.<region>`` changes all."""
    here = world.state.settings.get("quota", {}).get("machinelearning", {})
    most = int(here.get(location.lower(), 100))
    return [
        ("totalCores", "Clusters", 200),
        ("dedicatedCores", "Total Cluster Dedicated Regional vCPUs", most),
        ("vmFamily", "Standard DSv2 Family Cluster Dedicated vCPUs", most),
        ("vmFamily", "Standard NCv3 Family Cluster Dedicated vCPUs", 0),
        ("lowPriorityCores", "Total Cluster LowPriority Regional vCPUs", most),
    ]
