"""The command palette: places, keys of the screen, themes. Every hit is inert text."""

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.widgets import Input

from screens.places import PLACES
from screens.shell import Shell
from screens.widgets.shown import content
from tui.theme import CHOICES, THEMES

Command = tuple[str, str, Callable[[], object]]


class Commands(Provider):
    """Everything the palette offers."""

    def _all(self) -> Iterator[Command]:
        app = self.app
        assert isinstance(app, Shell)
        for place in PLACES:
            yield f"Go to {place.title}", place.line, partial(app.goto, place.name)
        for active in self.screen.active_bindings.values():
            if active.binding.id and active.enabled and active.binding.tooltip:
                action = partial(app.run_action, active.binding.action, active.node)
                yield active.binding.description.capitalize(), active.binding.tooltip, action
        for name in CHOICES:
            theme = THEMES[name].name
            yield f"Theme: {name}", "How wrapkey looks", partial(setattr, app, "theme", theme)

    async def discover(self) -> Hits:
        """All of them, in their order."""
        for name, line, command in self._all():
            yield DiscoveryHit(content(name), command, text=name, help=line)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, line, command in self._all():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, content(name), command, text=name, help=line)


class Palette(CommandPalette):
    """Textual's palette with a cursor that stands still."""

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False
