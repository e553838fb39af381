"""What is worth saying about the selected row: labels on the left, text beside them."""

from collections.abc import Sequence
from textwrap import wrap

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from screens.diagnose.findings import Block
from screens.widgets.shown import STATUS
from services.text import clip, plain

LABEL = 12


class Pane(Widget):
    """Keeps its height whatever it says, so that nothing above it moves."""

    DEFAULT_CSS = """
    Pane { height: 9; padding: 0 1; border-top: solid $rule; }
    """

    def __init__(self) -> None:
        super().__init__(id="pane")
        self._blocks: tuple[Block, ...] = ()

    def show(self, blocks: Sequence[Block]) -> None:
        """Say this instead."""
        if tuple(blocks) != self._blocks:
            self._blocks = tuple(blocks)
            self.refresh()

    def render(self) -> RenderResult:
        width, height = self.content_size.width, self.content_size.height
        parts: list[str | tuple[str, str]] = []
        for label, told in laid_out(self._blocks, max(20, width - LABEL), height):
            head = f"{label:<{LABEL}}"
            parts.append((head, STATUS.get(label, "$text-muted")))
            parts.append(f"\n{'':<{LABEL}}".join(told) + "\n")
        return Content.assemble(*parts).rstrip()


def laid_out(blocks: Sequence[Block], width: int, height: int) -> list[tuple[str, tuple[str, ...]]]:
    """The blocks with their lines, ``height`` lines in all; every block has one before any has two.

    What has no room ends in an ellipsis.
    """
    whole = [(label, wrap(plain(text), width, break_on_hyphens=False)) for label, text in blocks]
    whole = [(label, lines) for label, lines in whole if lines][:height]
    given = [1] * len(whole)
    left = height - len(whole)
    while left > 0 and any(had < len(lines) for had, (_, lines) in zip(given, whole, strict=True)):
        for at, (_, lines) in enumerate(whole):
            if left > 0 and given[at] < len(lines):
                given[at] += 1
                left -= 1
    return [
        (label, _cut(lines, had, width)) for had, (label, lines) in zip(given, whole, strict=True)
    ]


def _cut(lines: list[str], had: int, width: int) -> tuple[str, ...]:
    """The first lines; the last one tells that there is more."""
    if had >= len(lines):
        return tuple(lines)
    return (*lines[: had - 1], clip(f"{lines[had - 1]} {lines[had]}", width))
