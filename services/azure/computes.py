"""What is attached to a workspace to compute on: clusters of Kubernetes of one's own."""

from services.azure import calls
from services.azure.connection import Connection
from services.azure.workspaces import API, SDK
from services.ids import ArmId, BadId
from services.model.resources import AttachedCompute, Raw
from services.text import plain

CLUSTERS = "microsoft.containerservice/managedclusters"


async def list_attached(conn: Connection, workspace: str) -> list[AttachedCompute]:
    """The clusters that are attached to a workspace, by name; raises AzureError.

    Two of its kinds of compute are clusters: AKS, and Kubernetes, of which some are no clusters
    of Azure (Arc). Those, and what Machine Learning makes itself, are left out.
    """
    where = ArmId.parse(workspace)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"list the computes of workspace {where.name}"
    found = await calls.everything(what, sdk.compute.list, where.group, where.name, api_version=API)
    attached = [one for one in map(compute, found) if one is not None]
    return sorted(attached, key=lambda one: one.name.lower())


def detach_command(name: str, workspace: str) -> str:
    """The az command that takes a cluster out of a workspace; the cluster itself stays."""
    where = ArmId.parse(workspace)
    return (
        f"az ml compute detach --name {name} --workspace-name {where.name}"
        f" --resource-group {where.group} --subscription {where.subscription}"
    )


def compute(raw: Raw) -> AttachedCompute | None:
    """An attached cluster from the JSON of a compute; None for anything else."""
    properties = calls.part(raw, "properties")
    try:
        cluster = ArmId.parse(plain(properties.get("resourceId")))
    except BadId:
        return None
    if cluster.type.lower() != CLUSTERS:
        return None
    return AttachedCompute(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        kind=plain(properties.get("computeType")),
        state=plain(properties.get("provisioningState")),
        cluster=str(cluster),
        raw=raw,
    )
