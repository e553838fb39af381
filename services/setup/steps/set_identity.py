"""Gives a disk encryption set the user-assigned identity that it names, once more.

An identity that was made again keeps its id and is another principal: the set has it only once
it is assigned again.
"""

from services.azure import disks, identities, nodes
from services.ids import ArmId, same
from services.model.plan import Step
from services.model.resources import DiskEncryptionSet
from services.setup.context import Context, Observation, StepFailed, gone
from services.setup.waiting import change

STAYS = "The set reaches its key as this identity by now."
MISSED = "ManagedServiceIdentityNotFound"
"""autoKeyRotationError of a set whose identity is gone (DiskEncryptionSet_Get example)."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Does the set tell the identity's present object id, miss none, and rest?

    A set that does not tell whom it works as is assigned the identity again, which changes nothing
    where it had it. Raises StepFailed where the set is gone, or works as another by now.
    """
    wanted, used = step.params["identity"], await _found(ctx, step)
    if used.identities and not any(same(one, wanted) for one in used.identities):
        raise StepFailed(
            f"Disk encryption set {used.name} works as {ArmId.parse(used.identities[0]).name} now",
            f"It named {ArmId.parse(wanted).name} when the plan was made: somebody has changed it.",
            "Diagnose the cluster again.",
            code="Changed",
        )
    identity = await identities.get_identity(ctx.conn, wanted)
    now = identity.principal_id if identity else ""
    has = bool(now) and nodes.works_as(used, wanted) == now
    return Observation(done=has and used.state == "Succeeded" and used.rotation_error != MISSED)


async def apply(ctx: Context, step: Step) -> Observation:
    """Assign it, or wait for the change that goes on already, and wait for its end."""
    await change(
        ctx,
        step,
        lambda: _state(ctx, step),
        lambda: observe(ctx, step),
        lambda: nodes.begin_assign(ctx.conn, step.target, step.params["identity"]),
    )
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the set and assign the identity."""
    id = ArmId.parse(step.target)
    return (
        f"az disk-encryption-set identity assign --name {id.name} --resource-group {id.group}"
        f" --subscription {id.subscription} --user-assigned {step.params['identity']}"
    )


async def _state(ctx: Context, step: Step) -> str:
    return (await _found(ctx, step)).state


async def _found(ctx: Context, step: Step) -> DiskEncryptionSet:
    found = await disks.get_set(ctx.conn, step.target)
    if found is None:
        raise gone("Disk encryption set", step, "Diagnose the cluster again.")
    return found
