"""A caller who may only look: every step waits, names its command, and goes on when it is true."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from carrying import QUICK, connected, intent_for
from sandboxed import RunningSandbox

from services.model.intent import Create
from services.model.plan import Event
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup import steps
from services.setup.context import Context
from services.setup.plan import make_plan

LOOKING = {"key", "verify", "cosmos-principal", "ml-principal"}
"""Steps that need no right but those that another step has given."""


@pytest.mark.parametrize("access", ["rbac", "policies"])
async def test_every_step_waits_for_somebody_who_may(
    sandbox: RunningSandbox, tmp_path: Path, access: str
) -> None:
    workspace: dict[str, Any] = {"identity": Create(create="id-ml"), "registry": "new"}
    intent = intent_for(sandbox, vault={"access": access}, workspace=workspace)
    async with connected(sandbox, "reader") as conn, connected(sandbox) as owner:
        plan = await make_plan(conn, intent)
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        run = await Run.start(conn, journal, plan, settings=QUICK)
        by_id = {step.id: step for step in plan.steps}
        commands: dict[str, str] = {}
        helping: list[asyncio.Task[Any]] = []

        async def help_with(step: str) -> None:
            """What the command does, done by somebody who may."""
            ctx = Context(owner, plan, QUICK, run.emit, results=run.context.results)
            await steps.kind(by_id[step].kind).apply(ctx, by_id[step])

        def hear(event: Event) -> None:
            command = event.detail.get("command")
            if event.event == "step.waiting" and command and event.step not in commands:
                commands[event.step] = command
                assert event.detail["means"]
                helping.append(asyncio.create_task(help_with(event.step)))

        run.subscribe(hear)
        try:
            async with asyncio.timeout(60):
                status = await run.go()
        finally:
            # The owner has no right to keys of his own: his own probe of that would go on.
            for task in helping:
                task.cancel()
            await asyncio.gather(*helping, return_exceptions=True)
            await run.close()
            await journal.close()
    assert status is RunStatus.SUCCEEDED
    assert set(by_id) - set(commands) == LOOKING
    assert all(command.startswith("az ") and "\n" not in command for command in commands.values())
