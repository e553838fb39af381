"""What a terminal that is too small shows, and nothing else."""

from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.keys import bind

COLUMNS, LINES = 60, 15
"""The smallest terminal that is drawn for."""


class TooSmall(ModalScreen[None]):
    """Covers everything until the terminal is large enough; nothing typed is lost."""

    BINDINGS = bind("quit")
    CSS = "TooSmall { background: $background; } TooSmall Static { padding: 0 1; }"

    def compose(self) -> ComposeResult:
        yield Static(
            f"wrapkey needs {COLUMNS} columns and {LINES} lines.\n"
            "Make the terminal larger; everything is kept. ctrl+q quits.",
            markup=False,
        )

    @staticmethod
    def fits(size: Size) -> bool:
        """Whether this is large enough."""
        return size.width >= COLUMNS and size.height >= LINES

    async def action_quit(self) -> None:
        await self.app.run_action("app.quit")
