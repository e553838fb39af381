"""From what somebody pasted or pointed at to the page that answers it."""

import re
from collections.abc import Sequence
from pathlib import Path

from textual import work

from screens.base import Page
from screens.widgets.picker import Picker
from screens.widgets.status import Note
from screens.widgets.table import Column, Row
from services.azure.errors import AzureError
from services.diagnosis.target import NoTarget, find
from services.failures.explained import Explained, explain_text
from services.ids import ArmId, BadId
from services.model.diagnosis import NOUNS, Target

MATCHES = (Column("Name"), Column("What", 19), Column("Group"), Column("Subscription"))
SIGNED_OUT = "Nobody is signed in yet: w on Home shows how far that is."
_WORD = re.compile(r"\S+")


def is_name(text: str) -> bool:
    """Whether it can be an id, an address or a name: one word that is no JSON."""
    return bool(_WORD.fullmatch(text.strip())) and text.strip()[0] not in "{[\"'("


def answer(page: Page[None], text: str) -> None:
    """Diagnose what is named, open a bundle, or explain an error; what none fits is said."""
    path = Path(text.strip()).expanduser() if is_name(text) else None
    if path is not None and is_file(path):
        _open_bundle(page, path)
    elif path is not None:
        seek(page, text.strip())
    elif text.strip():
        _explain(page, explain_text(text))


def is_file(path: Path) -> bool:
    """Whether this is the name of a file that is there."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # too long for a name, or nothing that could be one


def _open_bundle(page: Page[None], path: Path) -> None:
    """Show what somebody has read and kept."""
    from screens.diagnose.kept import KeptPage
    from services.diagnosis import bundle

    try:
        found = bundle.judged(bundle.load(path))
    except bundle.BadBundle as error:
        _say(page, f"{path}: {error}")
    except OSError as error:
        _say(page, f"{path} can't be read: {error.strerror}.")
    else:
        page.app.push_screen(KeptPage(found, path.name))


@work(group="load", exclusive=True, description="find")
async def seek(page: Page[None], name: str) -> None:
    """Open the diagnosis of what an id, an address or a name means."""
    conn = page.shell.session.connection
    if conn is None:
        _say(page, SIGNED_OUT)
        return
    _say(page, f"Looking for {name}.")
    try:
        open_(page, await find(conn, name))
    except NoTarget as none:
        error = explain_text(name)
        if none.found:
            _let_choose(page, name, none.found)
        elif error.title:
            _explain(page, error)
        else:
            _say(page, str(none))
    except AzureError as error:
        _say(page, f"{error.what} {error.means} {error.do}")


def _say(page: Page[None], text: str) -> None:
    """Below the lists, where it stays until something else is selected."""
    page.query_one("#note", Note).say(text)


def open_(page: Page[None], target: Target) -> None:
    """The diagnosis of a target."""
    from screens.diagnose.page import DiagnosePage

    page.app.push_screen(DiagnosePage(target))


def _explain(page: Page[None], found: Explained) -> None:
    from screens.diagnose.explained import ExplainedPage

    page.app.push_screen(ExplainedPage(found))


def _let_choose(page: Page[None], name: str, found: Sequence[Target]) -> None:
    """Several fit: all of them, by name, kind, group and subscription."""
    by_id = {one.id: one for one in found}

    def chosen(id: str | None) -> None:
        if id:
            open_(page, by_id[id])

    rows = [_row(one) for one in found]
    page.app.push_screen(Picker(f"{len(rows)} {_nouns(found)} fit {name}", MATCHES, rows), chosen)


def _nouns(found: Sequence[Target]) -> str:
    kinds = {one.kind for one in found}
    return f"{NOUNS[kinds.pop()]}s" if len(kinds) == 1 else "resources"


def _row(one: Target) -> Row:
    try:
        where = ArmId.parse(one.id)
    except BadId:
        return Row(one.id, (one.name, NOUNS[one.kind], "??", "??"), one.id)
    return Row(one.id, (one.name, NOUNS[one.kind], where.group, where.subscription), one.id)
