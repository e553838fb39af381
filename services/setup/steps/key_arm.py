"""Makes the key through Resource Manager, where the vault's firewall keeps us out."""

import msgspec

from services.azure import armkeys
from services.azure.keys import KeySpec
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.steps.key import SAYS, needles, rotation, standing, undo, undo_command

__all__ = [
    "SAYS",
    "apply",
    "command",
    "needles",
    "observe",
    "standing",
    "undo",
    "undo_command",
    "wrote",
]

ANSWERED = (200, 201)

FIELDS = ("type", "bits", "not_before", "expires", "tags")


async def observe(ctx: Context, step: Step) -> Observation:
    """Is the wanted version there?"""
    wish = step.params
    found = await armkeys.get_key(ctx.conn, wish["vault_id"], wish["name"], wish["version"])
    if found is None:
        return NOT_YET
    return Observation(done=True, values={"id": found.id, "version": found.version})


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it with its rotation policy."""
    wish = step.params
    if wish["version"] or not wish["create"]:
        raise StepFailed(
            f"Key {wish['name']} is not in the vault",
            "The plan uses it and may not make it.",
            "Choose a key that exists, or make a new plan with key.create = true.",
            code="KeyNotFound",
        )
    spec = msgspec.convert({field: wish[field] for field in FIELDS}, KeySpec)
    policy = rotation(wish, ctx.conn.now(wish["vault_uri"]))
    made = await armkeys.create_key(ctx.conn, wish["vault_id"], wish["name"], spec, policy)
    return Observation(done=True, values={"id": made.id, "version": made.version})


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the vault; it works from any network."""
    wish = step.params
    url = f"{ctx.conn.cloud.arm}{wish['vault_id']}/keys/{wish['name']}?api-version=2026-02-01"
    body = f'{{"properties": {{"kty": "{wish["type"]}", "keySize": {wish["bits"]}}}}}'
    return f"az rest --method put --url '{url}' --body '{body}'"


def wrote(step: Step) -> str:
    """The key below its vault; it is deleted through the vault itself, ARM deletes no keys."""
    return f"{step.params['vault_id']}/keys/{step.params['name']}".lower()
