"""The lines at the top and the bottom of every screen, and the line under the header."""

from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Region
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Input

from screens.widgets.shown import content
from services.text import plain, shorten

NAME = "wrapkey"


def header_line(width: int, where: str, mode: str, who: str) -> tuple[str, str, str]:
    """The header's three parts, together exactly ``width`` columns.

    The mode is never cut; names are, in the middle.
    """
    room = max(0, width - len(mode) - 4)
    who = shorten(plain(who), max(8, room // 2 - len(NAME)))
    if len(mode) + len(who) + 4 > width:
        who = ""
    left = max(0, width - len(mode) - len(who) - 4)
    where = shorten(f"{NAME}   {plain(where)}".rstrip(), max(0, left - 1))
    return set_cell_size(f" {where}", left + 1), mode, f"  {who} " if who else "   "


class TopLine(Widget):
    """Where I am, what I may do, who I am."""

    DEFAULT_CSS = "TopLine { height: 1; }"

    def __init__(self) -> None:
        super().__init__(id="top")
        self._parts = ("", "", "")

    def show(self, where: str, mode: str, who: str) -> None:
        """Show these; nothing is sent to the terminal when they are shown already."""
        if self._parts != (where, mode, who):
            self._parts = (where, mode, who)
            self.refresh()

    def render(self) -> RenderResult:
        where, mode, who = header_line(self.size.width, *self._parts)
        return Content.assemble(
            where, (mode, "bold $text-accent"), set_cell_size(who, max(cell_len(who), 0))
        )


class KeyLine(Widget):
    """One line with the keys that work now, as many as fit; ``? keys`` always does."""

    DEFAULT_CSS = "KeyLine { height: 1; }"

    def __init__(self) -> None:
        super().__init__(id="bottom")

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Screen[object]) -> None:
        self.refresh()

    def render(self) -> RenderResult:
        entries = [
            Entry(
                self.app.get_key_display(active.binding),
                active.binding.description,
                active.enabled,
                active.binding.key,
            )
            for active in self.screen.active_bindings.values()
            if active.binding.show
        ]
        if isinstance(self.screen.focused, Input):
            entries = [in_field(entry) for entry in entries]
        return key_line(self.size.width, list({entry.word: entry for entry in entries}.values()))


class Entry(NamedTuple):
    """One key of the key line."""

    shown: str
    word: str
    enabled: bool
    key: str


def in_field(entry: Entry) -> Entry:
    """The key that does the same while letters go into a field."""
    return entry._replace(shown={"?": "F1", "x": "F2"}.get(entry.shown, entry.shown))


def key_line(width: int, entries: list[Entry]) -> Content:
    """Keys and words in ``width`` columns; the help key keeps its place, the rest is cut."""
    keep = [entry for entry in entries if entry.shown in ("?", "F1")]
    room = width - 1 - sum(_width(entry) for entry in keep)
    shown = []
    for entry in sorted(entries, key=lambda entry: _GIVES_WAY.get(entry.shown, 0)):
        if entry not in keep and (room := room - _width(entry)) >= 0:
            shown.append(entry)
    shown.sort(key=lambda entry: _LATE.get(entry.shown, 0))
    return Content.assemble(" ", *(_entry(entry) for entry in [*shown, *keep]))


_LATE = {"/": 1, "s": 2, "x": 3, "F2": 3, "esc": 4, ":": 5, "q": 6}
"""What is the same on every screen stands after what is not."""

_GIVES_WAY = {"esc": 1, "x": 2, "F2": 2, "/": 3, "s": 4, ":": 5, "q": 6}
"""In a narrow line those with the highest number give way first."""


def _width(entry: Entry) -> int:
    return cell_len(entry.shown) + cell_len(entry.word) + 3


def _entry(entry: Entry) -> Content:
    if not entry.enabled:
        return Content(f"{entry.shown} {entry.word}  ").stylize("dim")
    text = Content.assemble((entry.shown, "bold $text-accent"), f" {entry.word}  ")
    return text.stylize(Style.from_meta({"@click": f"app.simulate_key({entry.key!r})"}))


class TitleLine(Widget):
    """A question or title on the left and a count or state on the right, in one line."""

    DEFAULT_CSS = "TitleLine { height: 1; }"

    def __init__(self, left: str = "", right: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left, self._right = left, right

    def show(self, left: str | None = None, right: str | None = None) -> None:
        """Change one or both sides."""
        before = (self._left, self._right)
        self._left = self._left if left is None else left
        self._right = self._right if right is None else right
        if before != (self._left, self._right):
            self.refresh()

    def render(self) -> RenderResult:
        right = plain(self._right)
        room = max(0, self.size.width - cell_len(right) - 3)
        left = set_cell_size(shorten(plain(self._left), room), room)
        return Content.assemble(" ", (left, "bold"), " ", (right, "$text-muted"))


class Note(Widget):
    """A few plain lines under a rule: why something matters, or what to do.

    Only lines of another number lay the screen out anew; the rule is not sent again.
    """

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown = content(text)

    @property
    def text(self) -> str:
        """What it says."""
        return self._shown.plain

    def say(self, text: str) -> None:
        """Replace the text."""
        shown = content(text)
        if shown == self._shown:
            return
        self._shown = shown
        inside, height = self.content_region.size, self.styles.height
        fixed = height is not None and not height.is_auto
        if inside and (fixed or shown.get_height({}, inside.width) == inside.height):
            self.refresh(Region.from_offset((0, 0), inside))
        else:
            self.refresh(layout=True)

    def render(self) -> RenderResult:
        return self._shown
