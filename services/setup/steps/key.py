"""Makes the key, or finds the version everything after it uses."""

import math
from datetime import datetime
from typing import Any

import msgspec

from services.azure import keys
from services.azure.connection import Connection
from services.azure.keys import KeySpec
from services.ids import KeyId
from services.model.plan import Step
from services.model.resources import KeyVersion, RotationPolicy
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.marks import marks
from services.setup.undoing import GONE, Made, Standing

ANSWERED = (200,)
SAYS = (
    "It is deleted softly: whatever it protects can't be read until it is recovered, and its name"
    " stays taken until the vault's retention is over."
)


async def observe(ctx: Context, step: Step) -> Observation:
    """Is the wanted version there, with the wanted rotation policy?"""
    found = await _find(ctx, step)
    if found is None or not await _rotates(ctx, step):
        return NOT_YET
    return _pinned(found)


async def apply(ctx: Context, step: Step) -> Observation:
    """Create what is missing of key and policy."""
    wish = step.params
    found = await _find(ctx, step)
    if found is None:
        if wish["version"] or not wish["create"]:
            raise _absent(step)
        spec = msgspec.convert(
            {field: wish[field] for field in ("type", "bits", "not_before", "expires", "tags")},
            KeySpec,
        )
        found = await keys.create_key(ctx.conn, wish["vault_uri"], wish["name"], spec)
    if not await _rotates(ctx, step):
        policy = rotation(wish, ctx.conn.now(wish["vault_uri"]))
        await keys.set_rotation_policy(ctx.conn, wish["vault_uri"], wish["name"], policy)
    return _pinned(found)


def command(ctx: Context, step: Step) -> str:
    """For a person who may make keys in this vault."""
    wish = step.params
    dates = "".join(
        f" --{option} {wish[field]}"
        for option, field in (("not-before", "not_before"), ("expires", "expires"))
        if wish[field]
    )
    return (
        f"az keyvault key create --vault-name {KeyId.parse(step.target).vault}"
        f" --name {wish['name']} --kty {wish['type']} --size {wish['bits']}{dates}"
    )


def rotation(wish: dict[str, Any], now: datetime) -> RotationPolicy:
    """The rotation policy of an intent.

    A notice before expiry needs to know how long versions live: as long as the first one.
    """
    expiry = ""
    if wish["notify_before"] and wish["expires"]:
        start = datetime.fromisoformat(wish["not_before"]) if wish["not_before"] else now
        span = datetime.fromisoformat(wish["expires"]) - start
        expiry = f"P{max(28, math.ceil(span.total_seconds() / 86400))}D"
    return RotationPolicy(
        rotate_after=wish["rotate_every"], notify_before=wish["notify_before"], expiry=expiry
    )


async def _rotates(ctx: Context, step: Step) -> bool:
    wish = step.params
    if not wish["create"] or wish["version"] or not (wish["rotate_every"] or wish["notify_before"]):
        return True
    found = await keys.get_rotation_policy(ctx.conn, wish["vault_uri"], wish["name"])
    return (found.rotate_after, found.notify_before) == (
        wish["rotate_every"],
        wish["notify_before"],
    )


async def _find(ctx: Context, step: Step) -> KeyVersion | None:
    wish = step.params
    return await keys.get_key(ctx.conn, wish["vault_uri"], wish["name"], wish["version"])


def _pinned(found: KeyVersion) -> Observation:
    values = {"id": found.id, "version": found.version, "marks": _marks(found)}
    return Observation(done=True, values=values)


def _absent(step: Step) -> StepFailed:
    return StepFailed(
        f"Key {step.params['name']} {step.params['version']}".rstrip() + " is not in the vault",
        "The plan uses it and may not make it.",
        "Choose a key that exists, or make a new plan with key.create = true.",
        code="KeyNotFound",
    )


def wrote(step: Step) -> str:
    """The creation; a rotation policy on a key that was there made no key."""
    return f"/keys/{step.params['name'].lower()}/create"


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its identifier without a version, as everything names it that is encrypted with it."""
    return (made.id.removeprefix("https://"),)


async def standing(conn: Connection, made: Made) -> Standing:
    """The newest version: another one than this run's is a change."""
    wish = made.step.params
    found = await keys.get_key(conn, wish["vault_uri"], wish["name"])
    if found is None:
        return GONE
    versions = await keys.list_versions(conn, wish["vault_uri"], wish["name"])
    first = min((one.created for one in versions if one.created), default=None)
    return Standing(there=True, created=first, marks=_marks(found))


async def undo(conn: Connection, made: Made) -> None:
    """Delete it softly, with all its versions."""
    await keys.delete_key(conn, made.step.params["vault_uri"], made.step.params["name"])


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete keys in this vault."""
    name = made.step.params["name"]
    return f"az keyvault key delete --vault-name {KeyId.parse(made.id).vault} --name {name}"


def _marks(found: KeyVersion) -> dict[str, str]:
    attributes = {"version": found.version, "enabled": found.enabled, "ops": sorted(found.ops)}
    dates = {"not_before": found.not_before, "expires": found.expires}
    return marks({"tags": found.tags, "attributes": {**attributes, **dates}})
