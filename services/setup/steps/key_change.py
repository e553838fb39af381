"""Changes a version of a key that is there: enables it, or allows it more operations."""

from services.azure import keys
from services.ids import KeyId
from services.model.plan import Step
from services.model.resources import KeyVersion
from services.setup.context import Context, Observation, StepFailed

STAYS = "What was allowed may be in use by now."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is the version as wished? Raises StepFailed where it is gone."""
    found = await _found(ctx, step)
    enabled = found.enabled or not step.params["enable"]
    return Observation(done=enabled and set(step.params["ops"]) <= set(found.ops))


async def apply(ctx: Context, step: Step) -> Observation:
    """Change it; what it may do already it may do still."""
    wish, found = step.params, await _found(ctx, step)
    ops = tuple(dict.fromkeys((*found.ops, *wish["ops"]))) if wish["ops"] else None
    await keys.change_key(
        ctx.conn,
        wish["vault_uri"],
        wish["name"],
        found.version,
        enabled=True if wish["enable"] else None,
        ops=ops,
    )
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change keys of this vault; --ops replaces what it may do."""
    enable = " --enabled true" if step.params["enable"] else ""
    ops = f" --ops {' '.join(step.params['ops'])}" if step.params["ops"] else ""
    return f"az keyvault key set-attributes --id {step.target}{enable}{ops}"


async def _found(ctx: Context, step: Step) -> KeyVersion:
    wish = step.params
    found = await keys.get_key(ctx.conn, wish["vault_uri"], wish["name"], wish["version"])
    if found is None:
        raise StepFailed(
            f"Key {KeyId.parse(step.target).name} is not in the vault any more",
            "It was there when the plan was made.",
            "Recover the key or make a new plan.",
            code="KeyNotFound",
        )
    return found
