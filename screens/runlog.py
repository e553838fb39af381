"""The full log of a run: to read, and in a file."""

from pathlib import Path
from typing import Any

from textual import work

from screens.base import Page
from screens.widgets.confirm import Confirm
from screens.widgets.inspect import TextView
from screens.widgets.prompt import Prompt
from services import home
from services.runs import history
from services.runs.journal import JournalError

RULE = f"End it in {' or '.join(history.FORMS)}: text, or JSON for a script."


async def show(page: Page[Any], run: str) -> None:
    """Steps, writes with their request ids, events."""
    text = await _written(page, run, ".md")
    if text is not None:
        page.app.push_screen(TextView(f"Log of run {run}", text.decode()))


def ask(page: Page[Any], run: str) -> None:
    """Ask for a file, then write; no file is replaced without a question."""

    def named(name: str | None) -> None:
        path = Path(name or "").expanduser().absolute()
        if name and path.exists():
            page.app.push_screen(
                Confirm(f"{path.name} exists. Replace it?", str(path)),
                lambda sure: begin(path) if sure else None,
            )
        elif name:
            begin(path)

    def begin(path: Path) -> None:
        _save(page, run, path)

    def rule(name: str) -> str:
        return "" if Path(name).suffix in history.FORMS else RULE

    page.app.push_screen(Prompt("Write the log to", value=f"run-{run}.md", rule=rule), named)


@work(group="export", description="write the log")
async def _save(page: Page[Any], run: str, path: Path) -> None:
    data = await _written(page, run, path.suffix)
    if data is None:
        return
    try:
        home.write(path, data)
    except OSError as error:
        page.shell.say(f"Not written: {error.strerror}: {path}", bad=True)
    else:
        page.shell.say(f"Written: {path}, mode 0600.")


async def _written(page: Page[Any], run: str, form: str) -> bytes | None:
    """The log; None after saying why it can't be read."""
    try:
        return history.written(await page.shell.run_log(run), form)
    except (JournalError, LookupError) as error:
        page.shell.say(str(error), bad=True)
        return None
