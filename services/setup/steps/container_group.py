"""Makes a container group whose deployment data the user's key encrypts."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from services.azure import containergroups
from services.azure.connection import Connection
from services.ids import ArmId, KeyId, same
from services.model.plan import Step
from services.model.resources import ContainerGroup
from services.setup import late, secrets
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.marks import created, marks
from services.setup.undoing import GONE, Made, Standing
from services.setup.waiting import create

ANSWERED = (200, 201)
SAYS = "There is no soft delete: what ran in it is gone."
LIVES = frozenset({"instanceview"})
"""What changes, lower case, because containers run and start again."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there, ready, and encrypted as planned?

    Raises StepFailed where a group of this name is encrypted otherwise.
    """
    found = await containergroups.get_group(ctx.conn, step.target)
    if found is None:
        return NOT_YET
    _must_match(ctx, step, found)
    return _ready(found) if found.state == "Succeeded" else NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it and tell its events until it runs; once more where a grant came late."""
    sent = body(ctx, step, await _secrets(ctx, step))
    return await late.create(ctx, step, lambda: make(ctx, step, sent))


async def make(ctx: Context, step: Step, sent: Mapping[str, Any]) -> Observation:
    """Send this request, or follow one that goes on, and tell its events until it runs."""
    seen: set[tuple[str, str, str]] = set()
    await create(
        ctx,
        step,
        lambda: _state(ctx, step),
        lambda: containergroups.begin_create(ctx.conn, step.target, dict(sent)),
        lambda: _look(ctx, step, seen),
    )
    found = await containergroups.get_group(ctx.conn, step.target)
    if found is None or found.state != "Succeeded":
        raise StepFailed(
            f"Container group {ArmId.parse(step.target).name} is"
            f" {found.state if found else 'not there'}",
            _reason(found) or "Container Instances gave no reason.",
            "Look at its events, delete it, then retry this step; a failed group holds quota.",
            code=found.state if found else "NotFound",
        )
    return _ready(found)


def command(ctx: Context, step: Step) -> str:
    """For a person who may create groups; secret values are theirs to fill in."""
    url = f"{ctx.conn.cloud.arm}{step.target}?api-version={containergroups.API}"
    sources = {one["name"]: one["secure_env"] for one in step.params["containers"]}
    text = json.dumps(body(ctx, step, sources))
    return f"az rest --method put --url {shlex.quote(url)} --body {shlex.quote(text)}"


def body(ctx: Context, step: Step, secrets: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The request, ``secrets`` by container and variable. The key's version is required."""
    wish, key = step.params, KeyId.parse(ctx.result("key", "id"))
    return containergroups.wanted(
        location=wish["location"],
        tags=wish["tags"],
        vault_uri=wish["vault_uri"],
        key=key.name,
        key_version=key.version,
        identity=wish["identity"],
        os=wish["os"],
        restart=wish["restart"],
        containers=wish["containers"],
        secrets=secrets,
    )


async def _secrets(ctx: Context, step: Step) -> dict[str, dict[str, str]]:
    return {
        one["name"]: await secrets.read(ctx, one["secure_env"]) for one in step.params["containers"]
    }


async def _state(ctx: Context, step: Step) -> str | None:
    found = await containergroups.get_group(ctx.conn, step.target)
    return found.state if found else None


async def _look(ctx: Context, step: Step, seen: set[tuple[str, str, str]]) -> None:
    """Tell each event once, as Container Instances tell them, and how each container is."""
    found = await containergroups.get_group(ctx.conn, step.target)
    if found is None:
        return
    for one in found.containers:
        state = ": ".join(part for part in (one.state, one.detail) if part)
        if state and _new(seen, (one.name, "", state)):
            id = f"{step.target}/containers/{one.name}"
            await ctx.say("resource.seen", step, id, type="container", state=state)
    told = [(one.container, one.name, one.message) for one in found.events]
    for parts in (("", found.state, found.view), *told):
        if _new(seen, parts):
            note = ": ".join(part for part in parts if part)
            await ctx.say("step.progress", step, note=note)


def _new(seen: set[tuple[str, str, str]], told: tuple[str, str, str]) -> bool:
    """Whether this was not told before; then it is now."""
    fresh = told not in seen
    seen.add(told)
    return fresh


def _reason(found: ContainerGroup | None) -> str:
    bad = [one for one in found.events if one.type.lower() == "warning"] if found else []
    return bad[-1].message if bad else ""


def _must_match(ctx: Context, step: Step, found: ContainerGroup) -> None:
    key = KeyId.parse(ctx.result("key", "id"))
    same_vault = found.vault_uri.removesuffix(":443").lower() == step.params["vault_uri"].lower()
    same_key = (found.key.lower(), found.key_version) == (key.name.lower(), key.version)
    if same_vault and same_key and same(found.identity, step.params["identity"]):
        return
    used = f"{found.vault_uri}/keys/{found.key}/{found.key_version}" if found.key else ""
    raise StepFailed(
        f"Container group {found.name} exists and is encrypted otherwise",
        f"It uses {used or 'keys of Microsoft'}; that is chosen when a group is made.",
        "Choose another name, or delete that group; it is made anew with its containers.",
        code="ContainerGroupExists",
    )


def _ready(found: ContainerGroup) -> Observation:
    values = {"view": found.view, "address": found.address, "marks": marks(found.raw, LIVES)}
    return Observation(done=True, values=values, note=f"{found.view} {found.address}".strip())


def wrote(step: Step) -> str:
    """The group itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its id."""
    return (made.id,)


async def standing(conn: Connection, made: Made) -> Standing:
    """The group as it is."""
    found = await containergroups.get_group(conn, made.id)
    if found is None:
        return GONE
    return Standing(there=True, created=created(found.raw), marks=marks(found.raw, LIVES))


async def undo(conn: Connection, made: Made) -> None:
    """Delete it."""
    await containergroups.delete_group(conn, made.id)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete groups."""
    return f"az container delete --ids {made.id} --yes"
