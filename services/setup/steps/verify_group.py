"""Reads back how a container group is encrypted and compares it with the plan; writes nothing."""

from services.azure import containergroups
from services.ids import KeyId
from services.model.plan import Step
from services.setup.compared import Line, line, told
from services.setup.context import NOT_YET, Context, Observation

STAYS = "It only reads."


async def observe(ctx: Context, step: Step) -> Observation:
    """Always read anew."""
    return NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Read, compare, tell. Raises StepFailed where something is not as planned."""
    found = await containergroups.get_group(ctx.conn, step.target)
    do = "Encryption is chosen when a group is made: delete it, then make it again."
    if found is None:
        gone = line("container group", "state", "there", "not there", good=False)
        return told([gone], "The container group", do)
    key, wish, name = KeyId.parse(ctx.result("key", "id")), step.params, "container group"
    at = found.vault_uri.removesuffix(":443")
    lines: list[Line] = [
        line(name, "provisioningState", "Succeeded", found.state),
        line(name, "encryptionProperties.vaultBaseUrl", wish["vault_uri"], at or "none"),
        line(name, "encryptionProperties.keyName", key.name, found.key or "none"),
        line(name, "encryptionProperties.keyVersion", key.version, found.key_version or "none"),
        line(
            name,
            "encryptionProperties.identity",
            wish["identity"] or "none",
            found.identity or "none",
        ),
    ]
    return told(lines, "The container group", do)


def command(ctx: Context, step: Step) -> str:
    """For a person who may read the group."""
    return f"az container show --ids {step.target} --query encryptionProperties"
