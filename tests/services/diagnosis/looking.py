"""Looking at the broken workspace as the product does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandboxed import RunningSandbox

from services.azure.clouds import Cloud
from services.azure.connection import Connection, Timeouts
from services.azure.credentials import principal_from_ready
from services.model.diagnosis import Diagnosis, Node, Target

WORKSPACE = (
    "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
TARGET = Target(id=WORKSPACE, name="mlw-prod")
_SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups"
CLUSTER = Target(
    id=f"{_SUB}/rg-aks/providers/Microsoft.ContainerService/managedClusters/aks-prod",
    name="aks-prod",
    kind="cluster",
)
SET = Target(
    id=f"{_SUB}/rg-aks/providers/Microsoft.Compute/diskEncryptionSets/des-prod",
    name="des-prod",
    kind="disk-encryption-set",
)
CONTAINERS = Target(
    id=f"{_SUB}/rg-aci/providers/Microsoft.ContainerInstance/containerGroups/score-prod",
    name="score-prod",
    kind="container-group",
)


def target_of(scenario: str) -> Target:
    """What a broken scenario is about, by its name."""
    name = scenario.removeprefix("broken/")
    if name.startswith("cluster-"):
        return CLUSTER
    return CONTAINERS if name.startswith("containers-") else TARGET


RECHECK_S = 3700
"""A little more than the hour within which services look at their key again."""


@asynccontextmanager
async def signed_in(sandbox: RunningSandbox, name: str = "admin") -> AsyncIterator[Connection]:
    """As somebody of the cast, for other tenants' vaults too."""
    cloud, who = Cloud.from_ready(sandbox.ready), principal_from_ready(sandbox.ready, name)
    async with await Connection.open(cloud, who, settings=Timeouts(backoff=0.01)) as conn:
        yield conn


def words(node: Node) -> set[str]:
    """The status words of a tree."""
    return {node.status}.union(*(words(one) for one in node.below))


def told(diagnosis: Diagnosis) -> list[str]:
    """What is not in order, for assertion messages."""
    return [
        f"{one.status} {one.check} {one.title} <- {one.causes}"
        for one in diagnosis.findings
        if one.status not in ("ok", "skipped")
    ]


def readable(sandbox: RunningSandbox) -> bool:
    """Whether the workspace's data can be read, by the sandbox's own word."""
    found: bool = sandbox.admin("GET", f"data?id={WORKSPACE}")["readable"]
    return found
