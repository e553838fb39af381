"""Draws the README's pictures from the running application on the sandbox.

``python -m docs.pictures`` (or ``make pictures``) walks the real screens by keyboard and
writes docs/pictures/*.svg. What changes from run to run is time, the run's id and request ids.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from screens.diagnose.page import DiagnosePage
from screens.run import ResourceRow, RunPage, StepRow
from screens.session import Options, Session
from screens.setup.vault import ChooseVault
from screens.widgets.form import Go
from screens.widgets.table import ListTable
from services.home import Memory, Paths
from tui.app import Wrapkey
from tui.attach import attach
from tui.control import post

FOLDER = Path(__file__).parent / "pictures"
SIZE = (100, 30)
SPEED = 20.0
PATIENCE_S = 120.0
LOOK_S = 0.05


async def main() -> None:
    """Draw all pictures; raises TimeoutError where a screen never shows what it should."""
    FOLDER.mkdir(exist_ok=True)
    async with opened("contoso") as pilot:
        save(pilot, "home")
        await draw_vaults(pilot)
    async with opened("empty") as pilot:
        await draw_run(pilot)
    async with opened("broken/f05-key-version-disabled") as pilot:
        await draw_diagnosis(pilot)


@asynccontextmanager
async def opened(scenario: str) -> AsyncIterator[Pilot[int]]:
    """The application, signed in to a sandbox of its own with this scenario."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["WRAPKEY_HOME"] = home
        paths = Paths.here()
        ready = await attach(paths.sandbox, scenario=scenario, speed=SPEED)
        options = Options(
            sandbox=True, subscription="Contoso-ML", scenario=scenario, speed=SPEED, theme="dark"
        )
        app = Wrapkey(Session(options, paths, Memory.load(paths)))
        try:
            async with app.run_test(size=SIZE) as pilot:
                await until(pilot, lambda: app.session.stage in ("ready", "failed"))
                if app.session.error is not None:
                    raise app.session.error
                await pilot.pause()
                yield pilot
        finally:
            post(ready, "stop")
            await gone(paths.sandbox / "ready.json")


async def gone(file: Path) -> None:
    """Until the sandbox has ended: it takes its ready file away last."""
    async with asyncio.timeout(PATIENCE_S):
        while file.exists():  # noqa: ASYNC110, ASYNC240  (another process removes it)
            await asyncio.sleep(LOOK_S)


async def until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    """Until this is so on the screen."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            if isinstance(pilot.app, Wrapkey) and pilot.app.last_words:
                raise RuntimeError(pilot.app.last_words)
            await pilot.pause(LOOK_S)


async def draw_vaults(pilot: Pilot[int]) -> None:
    """Choosing the vault, with a repairable one selected."""
    app = pilot.app
    await pilot.press("n")
    await until(pilot, lambda: "offered" in text(pilot))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, ChooseVault))
    table = app.screen.query_one(ListTable)
    await until(pilot, lambda: table.row_count > 1)
    await pilot.pause()
    save(pilot, "vault")


async def draw_run(pilot: Pilot[int]) -> None:
    """A run while the managed group fills, every page taken as proposed."""
    app = pilot.app
    await pilot.press("n")
    for words in (
        "all four services",
        "a new vault",
        "A new vault",
        "A new key",
        "Who gets what",
        "The workspace",
    ):
        await until(pilot, lambda words=words: words in text(pilot))  # type: ignore[misc]
        for go in app.screen.query(Go):
            go.focus()
        await pilot.pause(LOOK_S)
        await pilot.press("enter")
    await until(pilot, lambda: "Nothing has been changed yet" in text(pilot))
    await pilot.press("a")
    await until(pilot, lambda: "be undone" in text(pilot))
    await pilot.press("y")
    await until(pilot, lambda: isinstance(app.screen, RunPage))
    page = app.screen
    await until(pilot, lambda: len(page.query(ResourceRow)) > 1)
    page.query(StepRow).last().focus()
    await until(pilot, lambda: "OK    Storage" in text(pilot))
    save(pilot, "run")


async def draw_diagnosis(pilot: Pilot[int]) -> None:
    """A workspace whose key was disabled: the cause, and what follows from it."""
    await pilot.press("d")
    await until(pilot, lambda: "Diagnose" in text(pilot))
    await pilot.press(*"mlw-prod", "enter")
    await until(pilot, lambda: "is disabled" in text(pilot) and "Evidence" in text(pilot))
    page = pilot.app.screen
    assert isinstance(page, DiagnosePage)
    await until(pilot, lambda: "reading" not in text(pilot).splitlines()[2])
    await pilot.pause()
    save(pilot, "diagnosis")


def text(pilot: Pilot[int]) -> str:
    """The words on the screen."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def save(pilot: Pilot[int], name: str) -> None:
    """Write the screen as a picture that loads nothing from elsewhere."""
    svg = pilot.app.export_screenshot(title="wrapkey")
    alone = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    (FOLDER / f"{name}.svg").write_text(alone, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
