"""What the command line says of a run that another process takes, and of one that is paused."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from screens.session import Options
from services.home import Memory, Paths
from services.model.plan import Event, Plan, Step
from services.runs.engine import Run
from services.runs.journal import Journal
from services.runs.view import RunView
from services.setup.context import Context, Observation
from tui.cli.carrying import carried, told
from tui.cli.options import Given
from tui.exits import Exit

CONN: Any = SimpleNamespace(
    cloud=SimpleNamespace(name="Test"), caller=None, subscribe=lambda _: lambda: None
)
STEPS = tuple(
    Step(id=id, kind="test", title=id, action="create", target=f"/{id}", needs=needs)
    for id, needs in (("a", ()), ("b", ("a",)))
)
PLAN = Plan(purpose="undo", subject=f"/subscriptions/{UUID(int=0)}/resourceGroups/g", steps=STEPS)


async def test_a_run_that_another_process_takes_ends_in_a_sentence(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path))
    paths = Paths.here()
    journal = await Journal.open(paths.journal)

    async def observe(ctx: Context, step: Step) -> Observation:
        if step.id == "b":
            await journal.take_over(run.id, host="elsewhere", pid=7, nonce="theirs")
            await asyncio.Event().wait()
        return Observation(done=True)

    kind: Any = SimpleNamespace(observe=observe)
    run = await Run.start(CONN, journal, PLAN, find=lambda _: kind)
    given = Given(Options(), paths, Memory.load(paths))
    code = await carried(given, run, RunView(run.id, PLAN), as_json=False)
    await journal.close()
    said = capsys.readouterr().err
    assert code is Exit.INTERRUPTED
    assert f"Run {run.id} was taken over by another process." in said
    assert f"wrapkey watch {run.id}" in said and "wrapkey resume" not in said


def test_a_pause_without_a_code_says_why_and_what_to_do() -> None:
    detail = {
        "why": "sign-in",
        "address": "",
        "code": "",
        "what": "The sign-in has ended.",
        "means": "az is signed out.",
        "do": "Run az login.",
    }
    event = Event(at=datetime.now(UTC), run="7f3a", event="run.paused", detail=detail)
    text = " ".join(" ".join(told(event, {})).split())
    assert text.endswith("The sign-in has ended. az is signed out. Run az login.")
    assert "enter" not in text and "open" not in text
