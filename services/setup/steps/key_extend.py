"""Gives a version of a key dates in which it can be used; the workspace needs no change."""

from datetime import datetime
from typing import Any

from services.azure import keys
from services.model.plan import Step
from services.model.resources import KeyVersion
from services.setup.context import Context, Observation, StepFailed

STAYS = "A later end harms nobody; an earlier one can be set again at any time."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it inside its dates already? Raises StepFailed where it is gone."""
    found, now = await _found(ctx, step), ctx.conn.now(step.params["vault_uri"])
    begun = found.not_before is None or found.not_before <= now
    wanted = _moment(step.params["expires"])
    lasts = wanted is None or found.expires is None or found.expires >= wanted
    return Observation(done=begun and lasts)


async def apply(ctx: Context, step: Step) -> Observation:
    """Change its dates, and nothing else."""
    found = await _found(ctx, step)
    wish = step.params
    await keys.change_key(
        ctx.conn,
        wish["vault_uri"],
        wish["name"],
        found.version,
        not_before=_moment(wish["not_before"]),
        expires=_moment(wish["expires"]),
    )
    return Observation(done=True, values={"had": _had(found)})


def command(ctx: Context, step: Step) -> str:
    """For a person who may change keys of this vault."""
    wish = step.params
    dates = f" --expires {wish['expires']}" if wish["expires"] else ""
    dates += f" --not-before {wish['not_before']}" if wish["not_before"] else ""
    return f"az keyvault key set-attributes --id {step.target}{dates}"


async def _found(ctx: Context, step: Step) -> KeyVersion:
    wish = step.params
    found = await keys.get_key(ctx.conn, wish["vault_uri"], wish["name"], wish["version"])
    if found is None:
        raise StepFailed(
            f"Key {wish['name']} is not in the vault any more",
            "It was there when the plan was made.",
            "Recover the key or make a new plan.",
            code="KeyNotFound",
        )
    return found


def _had(found: KeyVersion) -> dict[str, Any]:
    """The dates before, for whoever wants them back."""
    return {
        "not_before": found.not_before.isoformat() if found.not_before else "",
        "expires": found.expires.isoformat() if found.expires else "",
    }


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
