"""A report or a bundle of a diagnosis in a file, masked where somebody else shall read it."""

from collections.abc import Callable
from pathlib import Path

from screens.diagnose.shown import Shown
from screens.saving import save
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import Column, Row
from services.diagnosis import bundle, written
from services.diagnosis.conclude import conclude
from services.diagnosis.seen import Seen
from services.model.diagnosis import Diagnosis

FORMS = (".md", ".html", ".json", ".bundle")
RULE = f"End it in {', '.join(FORMS)}: text, a page, JSON, or what was read, for another wrapkey."
NAMES = (Column("Names and ids", 12), Column("", prose=True))
CHOICES = (
    Row("plain", ("as they are", "for you and your colleagues"), data=""),
    Row("masked", ("masked", "for a ticket: the same mask stands for the same thing"), data=""),
)


def ask(page: Shown, seen: Seen | None, diagnosis: Diagnosis) -> None:
    """Ask for a file and whether to mask, then write; without ``seen`` only as it is."""

    def named(name: str | None) -> None:
        if not name:
            return
        path = Path(name).expanduser()
        if seen is None:
            _save(page, path, lambda: _report(diagnosis, path.suffix))
        else:
            page.app.push_screen(
                Picker("Names and ids in the report", NAMES, CHOICES),
                lambda chosen: _chosen(page, path, seen, chosen or ""),
            )

    default = f"{diagnosis.target.name}-diagnosis.md"
    rule = _ending if seen is not None else _ending_of_report
    page.app.push_screen(Prompt("Write the report to", value=default, rule=rule), named)


def _ending(name: str) -> str:
    """What is wrong with a file's name; empty where nothing is."""
    return "" if Path(name).suffix.lower() in FORMS else RULE


def _ending_of_report(name: str) -> str:
    if Path(name).suffix.lower() == ".bundle":
        return "What was read is in the file that this came from: give that one away."
    return _ending(name)


def _chosen(page: Shown, path: Path, seen: Seen, names: str) -> None:
    if names:
        _save(page, path, lambda: _text(bundle.mask(seen) if names == "masked" else seen, path))


def _text(seen: Seen, path: Path) -> bytes:
    if path.suffix.lower() == ".bundle":
        return bundle.encode(seen)
    return _report(conclude(seen), path.suffix)


def _report(diagnosis: Diagnosis, suffix: str) -> bytes:
    return written.report(diagnosis, suffix.lower().removeprefix(".")).encode()


def _save(page: Shown, path: Path, made: Callable[[], bytes]) -> None:
    opens = f"`wrapkey diagnose --from {path}` opens it." if path.suffix == ".bundle" else ""
    save(page, path, made, opens)
