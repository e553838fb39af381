"""Who unwraps the key of a container group: asked where it decides about the vault, and later."""

from collections.abc import Callable

from screens.base import Page
from screens.widgets.picker import Picker
from screens.widgets.table import Column, Row
from services.setup.draft import Draft

WORDS = {
    "identity": ("a user-assigned identity", "behind a firewall too"),
    "first-party": ("the service's own app", "policies only, no firewall"),
}
TITLE = "Who unwraps the key?"


def pick_flow(page: Page[None], draft: Draft, done: Callable[[], None], why_not: str = "") -> None:
    """Ask, and take it into the draft; ``why_not`` says why the app can't."""
    rows = [
        Row(flow, words, data=why_not if flow == "first-party" else None)
        for flow, words in WORDS.items()
    ]

    def chosen(flow: str | None) -> None:
        if flow:
            draft.choose_flow(first_party=flow == "first-party")
            done()

    columns = (Column("", 26), Column("What it means", prose=True))
    page.app.push_screen(Picker(TITLE, columns, rows, chosen=draft.container_group.flow), chosen)
