"""Makes the disk encryption set that stands between the key and a cluster's disks."""

from typing import Any

from services.azure import disks
from services.azure.connection import Connection
from services.ids import ArmId, KeyId
from services.model.plan import Step
from services.model.resources import DiskEncryptionSet
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.marks import Marks, created, marks
from services.setup.undoing import GONE, Made, Standing
from services.setup.waiting import create

ANSWERED = (200, 201, 202)
SAYS = "Disks that use it can't be read without it; Azure deletes none that a disk uses."
ROTATES = frozenset({"previouskeys", "lastkeyrotationtimestamp", "autokeyrotationerror"})
"""What a rotation leaves, lower case; the key's address too where the set follows new versions."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there, ready, and for this key? Raises StepFailed where it is for another one."""
    found = await disks.get_set(ctx.conn, step.target)
    if found is None or found.state != "Succeeded":
        return NOT_YET
    ours, theirs = KeyId.parse(ctx.result("key", "id")), KeyId.parse(found.key_url)
    if ours.versionless.lower() != theirs.versionless.lower():
        raise StepFailed(
            f"Disk encryption set {found.name} is there, for another key",
            f"It uses {found.key_url}; disks that use it would be encrypted by that.",
            "Choose another name for the set.",
            code="DiskEncryptionSetExists",
        )
    return _ready(found)


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it, where the intent says so; it needs no right on the key yet."""
    name = ArmId.parse(step.target).name
    if not step.params["create"]:
        raise StepFailed(
            f"Disk encryption set {name} does not exist",
            "The intent names it as one that exists.",
            "Correct cluster.disk_encryption_set.name, or write create = true.",
            code="ResourceNotFound",
        )

    async def quiet() -> None:
        """It appears whole: there is nothing to tell meanwhile."""

    await create(
        ctx,
        step,
        lambda: _state(ctx, step),
        lambda: disks.begin_create_set(ctx.conn, step.target, body(ctx, step)),
        quiet,
    )
    found = await disks.get_set(ctx.conn, step.target)
    if found is None or found.state != "Succeeded":
        state = found.state if found else "not there"
        raise StepFailed(
            f"Disk encryption set {name} is {state}",
            "Compute ended its creation without a reason.",
            "Look at the activity log of the resource group, then retry this step.",
            code=state,
        )
    return _ready(found)


def body(ctx: Context, step: Step) -> dict[str, Any]:
    """The request. A set that follows new versions names the key without one."""
    key, wish = KeyId.parse(ctx.result("key", "id")), step.params
    return disks.wanted(
        location=wish["location"],
        tags=wish["tags"],
        vault_id=wish["vault_id"],
        key_url=key.versionless if wish["rotate"] else str(key),
        encryption=wish["encryption"],
        rotate=wish["rotate"],
    )


def command(ctx: Context, step: Step) -> str:
    """For a person who may create sets."""
    id, made = ArmId.parse(step.target), body(ctx, step)
    key, rotate = made["properties"]["activeKey"]["keyUrl"], str(step.params["rotate"]).lower()
    return (
        f"az disk-encryption-set create --name {id.name} --resource-group {id.group}"
        f" --location {step.params['location']} --key-url {key}"
        f" --source-vault {step.params['vault_id']} --enable-auto-key-rotation {rotate}"
        f" --encryption-type {made['properties']['encryptionType']}"
        f" --mi-system-assigned --subscription {id.subscription}"
    )


async def _state(ctx: Context, step: Step) -> str | None:
    found = await disks.get_set(ctx.conn, step.target)
    return found.state if found else None


def _ready(found: DiskEncryptionSet) -> Observation:
    values = {"principal": found.principal_id, "marks": _marks(found)}
    note = f"its identity asks the vault for {KeyId.parse(found.key_url).name}"
    return Observation(done=True, values=values, note=note)


def _marks(found: DiskEncryptionSet) -> Marks:
    return marks(found.raw, ROTATES | ({"keyurl"} if found.rotates else set()))


def wrote(step: Step) -> str:
    """The set itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its id: disks and clusters name it."""
    return (made.id,)


async def standing(conn: Connection, made: Made) -> Standing:
    """The set as it is."""
    found = await disks.get_set(conn, made.id)
    if found is None:
        return GONE
    return Standing(there=True, created=created(found.raw), marks=_marks(found))


async def undo(conn: Connection, made: Made) -> None:
    """Delete it."""
    await disks.delete_set(conn, made.id)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete sets."""
    return f"az disk-encryption-set delete --ids {made.id}"
