"""Makes the workspace and tells of every resource that appears in its managed group."""

import json
import shlex
from typing import Any

from services.azure import groups, workspaces
from services.azure.connection import Connection
from services.ids import ArmId, same
from services.model.plan import Step
from services.model.resources import Workspace
from services.setup import appearing, late
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.marks import created, marks
from services.setup.undoing import GONE, Made, Standing
from services.setup.waiting import BUSY, create

API = workspaces.API
ANSWERED = (200, 201, 202)
SAYS = (
    "It is deleted softly: for 14 days it can be recovered, its name stays taken, and its managed"
    " resource group stays and costs as before, unless it is purged."
)


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there, ready, and encrypted as planned?

    Raises StepFailed where a workspace of this name is encrypted otherwise.
    """
    found = await workspaces.get_workspace(ctx.conn, step.target)
    if found is None or found.state.lower() in BUSY:
        return NOT_YET
    if found.state == "Succeeded":
        _must_match(ctx, step, found)
        return _ready(found)
    return NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it and wait; once more where a fresh grant had not arrived in time."""
    return await late.create(ctx, step, lambda: _create(ctx, step))


def command(ctx: Context, step: Step) -> str:
    """For a person who may create workspaces."""
    url = f"{ctx.conn.cloud.arm}{step.target}?api-version={API}"
    text = json.dumps(body(ctx, step))
    return f"az rest --method put --url {shlex.quote(url)} --body {shlex.quote(text)}"


def body(ctx: Context, step: Step) -> dict[str, Any]:
    """The request: the key with its version, because no source names the other form."""
    wish = step.params
    encryption: dict[str, Any] = {
        "status": "Enabled",
        "keyVaultProperties": {
            "keyVaultArmId": wish["vault_id"],
            "keyIdentifier": ctx.result("key", "id"),
        },
    }
    properties: dict[str, Any] = {
        "friendlyName": ArmId.parse(step.target).name,
        "description": wish["description"],
        "storageAccount": wish["storage"],
        "keyVault": wish["secrets_vault"],
        "applicationInsights": wish["insights"],
        "encryption": encryption,
        "hbiWorkspace": wish["hbi"],
        "publicNetworkAccess": "Enabled" if wish["public_network"] else "Disabled",
    }
    identity: dict[str, Any] = {"type": "SystemAssigned"}
    if wish["identity"]:
        identity = {"type": "UserAssigned", "userAssignedIdentities": {wish["identity"]: {}}}
        encryption["identity"] = {"userAssignedIdentity": wish["identity"]}
        properties["primaryUserAssignedIdentity"] = wish["identity"]
    if wish["service_side"]:
        properties["enableServiceSideCMKEncryption"] = True
    if wish.get("registry"):
        properties["containerRegistry"] = wish["registry"]
    return {
        "location": wish["location"],
        "tags": wish["tags"],
        "identity": identity,
        "properties": properties,
    }


async def _create(ctx: Context, step: Step) -> Observation:
    seen: dict[str, str] = {}
    await create(
        ctx,
        step,
        lambda: _state(ctx, step),
        lambda: workspaces.begin_create(ctx.conn, step.target, body(ctx, step)),
        lambda: _look(ctx, step, seen),
    )
    return await _made(ctx, step)


async def _made(ctx: Context, step: Step) -> Observation:
    found = await workspaces.get_workspace(ctx.conn, step.target)
    if found is None or found.state.lower() != "succeeded":
        state = found.state if found else "not there"
        raise StepFailed(
            f"Workspace {ArmId.parse(step.target).name} is {state}",
            "Azure ended the creation without a usable workspace and without a reason.",
            "Look at the activity log of the resource group, then retry this step.",
            code=state,
        )
    return _ready(found)


async def _state(ctx: Context, step: Step) -> str | None:
    found = await workspaces.get_workspace(ctx.conn, step.target)
    return found.state if found else None


async def _look(ctx: Context, step: Step, seen: dict[str, str]) -> None:
    """Tell of resources of the managed group as they appear and change."""
    if step.params["service_side"]:
        return
    group = await managed_group(ctx.conn, step.target)
    if group:
        await appearing.tell(ctx, step, group, seen)


async def managed_group(conn: Connection, workspace_id: str) -> str:
    """Name of the managed resource group, or empty while there is none.

    The workspace tells it; before that the group's own ``managedBy`` does.
    """
    found = await workspaces.get_workspace(conn, workspace_id)
    if found is not None and found.managed_group:
        return found.managed_group
    for group in await groups.list_groups(conn, ArmId.parse(workspace_id).subscription):
        if group.managed_by and same(group.managed_by, workspace_id):
            return group.name
    return ""


def _must_match(ctx: Context, step: Step, found: Workspace) -> None:
    used = found.encryption
    same_vault = used is not None and same(used.vault_id, step.params["vault_id"])
    if used and same_vault and used.service_side == step.params["service_side"]:
        return
    raise StepFailed(
        f"Workspace {found.name} exists and is encrypted otherwise",
        f"It uses {used.key_id if used else 'keys of Microsoft'}; that can't be changed.",
        "Choose another name, or delete that workspace.",
        code="WorkspaceExists",
    )


def _ready(found: Workspace) -> Observation:
    values = {
        "managed_group": found.managed_group,
        "principal": found.principal_id,
        "marks": marks(found.raw),
    }
    return Observation(done=True, values=values)


def wrote(step: Step) -> str:
    """The workspace itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its id: what lies in it, such as an endpoint, begins with it."""
    return (made.id,)


async def standing(conn: Connection, made: Made) -> Standing:
    """The workspace as it is."""
    found = await workspaces.get_workspace(conn, made.id)
    if found is None:
        return GONE
    busy = found.state.lower() == "deleting"
    return Standing(there=True, created=created(found.raw), marks=marks(found.raw), busy=busy)


async def undo(conn: Connection, made: Made) -> None:
    """Delete it softly."""
    await workspaces.delete_workspace(conn, made.id)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete workspaces."""
    id = ArmId.parse(made.id)
    return (
        f"az ml workspace delete --name {id.name} --resource-group {id.group}"
        f" --subscription {id.subscription} --yes"
    )
