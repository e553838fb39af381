"""Gives a disk encryption set the user-assigned identity that it names, once more.

An identity that was made again keeps its id and is another principal: the set has it only once
it is assigned again.
"""

from services.azure import disks, identities, nodes
from services.azure.operations import wait
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation, StepFailed

STAYS = "The set reaches its key as this identity by now."
MISSED = "ManagedServiceIdentityNotFound"
"""autoKeyRotationError of a set whose identity is gone (DiskEncryptionSet_Get example)."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Does the set tell the identity's present object id, and miss none? Raises StepFailed.

    A set that does not tell whom it works as is assigned the identity again, which changes nothing
    where it had it.
    """
    used = await disks.get_set(ctx.conn, step.target)
    if used is None:
        raise StepFailed(
            f"Disk encryption set {ArmId.parse(step.target).name} is not there any more",
            "It was there when the plan was made.",
            "Diagnose the cluster again.",
            code="NotFound",
        )
    identity = await identities.get_identity(ctx.conn, step.params["identity"])
    now = identity.principal_id if identity else ""
    same = bool(now) and nodes.works_as(used, step.params["identity"]) == now
    return Observation(done=same and used.rotation_error != MISSED)


async def apply(ctx: Context, step: Step) -> Observation:
    """Assign it, and wait."""
    begun = await nodes.begin_assign(ctx.conn, step.target, step.params["identity"])
    await wait(ctx.conn, begun, step.title)
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the set and assign the identity."""
    id = ArmId.parse(step.target)
    return (
        f"az disk-encryption-set identity assign --name {id.name} --resource-group {id.group}"
        f" --subscription {id.subscription} --user-assigned {step.params['identity']}"
    )
