"""Reads back which key a disk encryption set uses and compares; writes nothing."""

from services.azure import disks
from services.model.plan import Step
from services.setup.compared import Line, key_line, line, told, untold
from services.setup.context import NOT_YET, Context, Observation

STAYS = "It only reads."


async def observe(ctx: Context, step: Step) -> Observation:
    """Always read anew."""
    return NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Read, compare, tell. Raises StepFailed where something is not as planned."""
    found = await disks.get_set(ctx.conn, step.target)
    do = "Its disks still use the key it names: keep that enabled, and rotate it again."
    if found is None:
        gone = line("disk encryption set", "state", "there", "not there", good=False)
        return told([gone], "The disk encryption set", do)
    wanted = ctx.result("key", "id")
    named = "/" in found.key_url.partition("/keys/")[2]
    lines: list[Line] = [
        line(found.name, "provisioningState", "Succeeded", found.state),
        key_line(found.name, "activeKey.keyUrl", wanted, found.key_url, version=named),
        line(found.name, "autoKeyRotationError", "none", found.rotation_error or "none"),
    ]
    if not named:
        lines.append(untold(found.name, "version", wanted))
    return told(lines, "The disk encryption set", do)


def command(ctx: Context, step: Step) -> str:
    """For a person who may read the set."""
    return f"az disk-encryption-set show --ids {step.target} --query activeKey"
