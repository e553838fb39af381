"""Makes the cluster whose OS disks are encrypted through the disk encryption set."""

import shlex
from typing import Any

from services.azure import clusters, groups
from services.azure.connection import Connection
from services.checks.facts import CLUSTERS
from services.ids import ArmId, same
from services.model.plan import Step
from services.model.resources import ManagedCluster
from services.setup import appearing, late
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.marks import created, marks
from services.setup.undoing import GONE, Made, Standing
from services.setup.waiting import create

ANSWERED = (200, 201, 202)
SAYS = "Its nodes and their group go with it."
LIVES = frozenset({"powerstate", "nodeimageversion", "provisioningstate"})
"""What Azure changes by itself, lower case: nodes take new images, pools have states."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there, ready, and on this set? Raises StepFailed where it is on another one."""
    found = await clusters.get_cluster(ctx.conn, step.target)
    if found is None:
        return NOT_YET
    if not same(found.encryption_set, step.params["encryption_set"]):
        raise StepFailed(
            f"Cluster {found.name} exists and its OS disks are encrypted otherwise",
            f"They use {found.encryption_set or 'keys of the platform'}; that is chosen when a"
            " cluster is made. Data disks can still be encrypted, by a StorageClass.",
            "Choose another name for the cluster.",
            code="ClusterExists",
        )
    return _ready(found) if found.state == "Succeeded" else NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it and tell its state until the nodes are there; once more where a grant came late."""
    return await late.create(ctx, step, lambda: _create(ctx, step))


async def _create(ctx: Context, step: Step) -> Observation:
    seen: dict[str, str] = {}
    await create(
        ctx,
        step,
        lambda: _state(ctx, step),
        lambda: clusters.begin_create(ctx.conn, step.target, body(step)),
        lambda: _look(ctx, step, seen),
    )
    found = await clusters.get_cluster(ctx.conn, step.target)
    if found is None or found.state != "Succeeded":
        state = found.state if found else "not there"
        raise StepFailed(
            f"Cluster {ArmId.parse(step.target).name} is {state}",
            "Azure ended its creation without a reason.",
            "Look at the activity log of its group, then retry this step.",
            code=state,
        )
    return _ready(found)


def body(step: Step) -> dict[str, Any]:
    """The request."""
    return clusters.wanted(ArmId.parse(step.target).name, **step.params)


def command(ctx: Context, step: Step) -> str:
    """For a person who may create clusters."""
    id, wish = ArmId.parse(step.target), step.params
    version = f" --kubernetes-version {wish['version']}" if wish["version"] else ""
    zones = f" --zones {' '.join(wish['zones'])}" if wish["zones"] else ""
    return (
        f"az aks create --name {id.name} --resource-group {shlex.quote(id.group)}"
        f" --location {wish['location']} --node-count {wish['count']}"
        f" --node-vm-size {wish['size']} --node-osdisk-type {wish['os_disk']}"
        f" --node-osdisk-diskencryptionset-id {wish['encryption_set']}"
        f" --tier {wish['tier'].lower()}{zones}"
        f" --assign-identity {wish['identity']}{version} --no-ssh-key"
        f" --subscription {id.subscription}"
    )


async def _state(ctx: Context, step: Step) -> str | None:
    found = await clusters.get_cluster(ctx.conn, step.target)
    return found.state if found else None


async def _look(ctx: Context, step: Step, seen: dict[str, str]) -> None:
    """Tell of the pools and of what their group holds, as they appear and change."""
    found = await clusters.get_cluster(ctx.conn, step.target)
    if found is None:
        return
    if not seen:
        seen[found.id] = found.state
        await ctx.say("step.progress", step, note=f"{found.state}: control plane, then the nodes")
    group = found.node_group
    for pool in found.pools:
        id, kind = f"{step.target}/agentPools/{pool.name}", f"{CLUSTERS}/agentPools"
        if seen.get(id) != pool.state:
            seen[id] = pool.state
            await ctx.say("resource.seen", step, id, state=pool.state, type=kind, group=group)
    subscription = ArmId.parse(step.target).subscription
    if group and await groups.get_group(ctx.conn, subscription, group) is not None:
        await appearing.tell(ctx, step, group, seen)


def _ready(found: ManagedCluster) -> Observation:
    values = {"node_group": found.node_group, "marks": marks(found.raw, LIVES)}
    return Observation(done=True, values=values, note=f"Kubernetes {found.version}")


def wrote(step: Step) -> str:
    """The cluster itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its id: a workspace that has it as a target names it."""
    return (made.id,)


async def standing(conn: Connection, made: Made) -> Standing:
    """The cluster as it is."""
    found = await clusters.get_cluster(conn, made.id)
    if found is None:
        return GONE
    busy = found.state.lower() == "deleting"
    return Standing(
        there=True, created=created(found.raw), marks=marks(found.raw, LIVES), busy=busy
    )


async def undo(conn: Connection, made: Made) -> None:
    """Delete it."""
    await clusters.delete_cluster(conn, made.id)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete clusters."""
    return f"az aks delete --ids {made.id} --yes"
