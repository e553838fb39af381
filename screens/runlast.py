"""The end of the first container's log, below the steps of a run that has made its group."""

from textual import work
from textual.widgets import Static

from screens.base import Page
from screens.widgets.shown import lines as shown_lines
from services.azure.errors import AzureError
from services.model.plan import Plan
from services.setup.lastlog import LastLog, last_log
from services.text import clip

SHOWN = 5
"""Lines below the steps; the details of the group's step have more."""


class LastLines(Static):
    """Read once, shown, and kept nowhere else. Nothing is shown for other kinds."""

    DEFAULT_CSS = "LastLines { height: auto; padding: 0 1; display: none; color: $text-muted; }"

    def __init__(self) -> None:
        super().__init__("", markup=False, id="last-lines")
        self._told: LastLog | None = None

    @work(group="load", description="read its log")
    async def read(self, plan: Plan) -> None:
        """Ask for it; that it can't be read is said in its place."""
        page = self.screen
        assert isinstance(page, Page)
        try:
            log = await last_log(page.shell.session.live, plan)
        except AzureError as error:
            self._show(f"?? log not read: {error.what} {error.means}")
            return
        if log is not None:
            self.show(log)

    def show(self, log: LastLog) -> None:
        """Show its last lines."""
        self._told = log
        self._show("\n".join((_title(log), *self._cut(log.lines[-SHOWN:]))))

    def _cut(self, lines: tuple[str, ...]) -> list[str]:
        """One row of the screen each, however long they are."""
        return [clip(line, self.app.size.width - 2) for line in _indented(lines)]

    def _show(self, text: str) -> None:
        self.update(shown_lines(text))
        self.display = True
        self.call_after_refresh(self.scroll_visible, animate=False)

    @property
    def text(self) -> str:
        """All that was read, for the details."""
        log = self._told
        return "\n".join(("", "", _title(log), *_indented(log.lines))) if log else ""


def _title(log: LastLog) -> str:
    if not log.lines:
        return f"Container {log.container} has written nothing yet."
    return f"Last lines that container {log.container} has written:"


def _indented(lines: tuple[str, ...]) -> list[str]:
    return [f"  {line}" for line in lines]
