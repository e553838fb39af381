"""A new key: type, size, life time, rotation."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import msgspec
from textual.app import ComposeResult

from screens.setup.page import SetupPage
from screens.setup.tags import tags_of, tags_rule
from screens.widgets.form import Choice, FieldRow, Form, Go
from screens.widgets.picker import Picker
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, Row
from services import names
from services.model.intent import KeyIntent
from services.setup.draft import NOUNS, Draft

BITS = (
    ("2048", "accepted everywhere, below the recommendation"),
    ("3072", "the least that Azure Machine Learning recommends"),
    ("4096", "largest; slower to wrap, same price as 3072"),
)

WRITTEN = "A date such as 2027-12-01, or a time in UTC such as 2027-12-01T08:00:00Z."


class NewKey(SetupPage):
    """What the key will be like; the plan makes it."""

    number = 3
    topic = "key"
    title_word = "Set up: new key"
    guide = (
        "Only the name is needed. A date is written 2027-12-01 or 2027-12-01T08:00:00Z and means "
        "UTC. Tags are written name=value, separated by commas. A rotation policy makes the "
        "vault create new versions by itself; what is set up keeps the version it was given."
    )

    def __init__(self, draft: Draft, taken: frozenset[str] = frozenset()) -> None:
        """``taken``: names of keys that the vault has, where they could be listed."""
        super().__init__(draft)
        self._taken = taken

    def _name_rule(self, text: str) -> str:
        if text.lower() in {one.lower() for one in self._taken}:
            return f"{self.draft.vault_name} has a key {text}: choose it in the list, or rename."
        return names.problem("key", text) or ""

    def question(self) -> ComposeResult:
        free = next(name for name in proposals("cmk-ml") if name not in self._taken)
        wish = self.draft.new_key or KeyIntent(name=free, create=True)
        self._values = {"type": wish.type, "bits": str(wish.bits)}
        yield TitleLine("A new key", f"in {self.draft.vault_name}")
        with Form():
            yield FieldRow("Name", wish.name, id="name", rule=self._name_rule)
            yield Choice("Type", wish.type, self._type_hint(), id="type")
            yield Choice("Size, bits", str(wish.bits), _bits_hint(str(wish.bits)), id="bits")
            yield FieldRow(
                "Active from",
                written(wish.not_before),
                id="from",
                rule=moment_rule,
                hint="at once, or a date: 2027-12-01",
            )
            yield FieldRow(
                "Expires",
                written(wish.expires),
                id="until",
                rule=moment_rule,
                hint="never, or a date: 2028-12-01",
            )
            yield FieldRow(
                "Rotate every",
                wish.rotate_every,
                id="rotate",
                rule=duration_rule,
                hint="never, or a duration: P2Y",
            )
            yield FieldRow(
                "Warn before expiry",
                wish.notify_before,
                id="warn",
                rule=duration_rule,
                hint="no warning, or a duration: P30D",
            )
            shown = ", ".join(f"{name}={value}" for name, value in wish.tags.items())
            yield FieldRow(
                "Tags",
                shown,
                id="tags",
                rule=tags_rule("key"),
                hint="none, or name=value, name=value",
            )
            yield Go("Continue to access")
        yield Note(
            f"An expiry without rotation stops the {NOUNS[self.draft.kind]} on that day: wrap is "
            "refused after it. Leave it empty unless a policy asks for it.",
            id="note",
        )

    def on_mount(self) -> None:
        self.query_one(FieldRow).field.focus()

    def _type_hint(self) -> str:
        return "" if self.draft.premium else "RSA-HSM needs a premium vault"

    def on_choice_opened(self, event: Choice.Opened) -> None:
        name = event.choice.id or ""
        hardware = None if self.draft.premium else "the vault is not premium"
        options = {
            "type": [
                Row("RSA", ("RSA", "kept in software, protected by Key Vault")),
                Row("RSA-HSM", ("RSA-HSM", "kept in hardware (premium)"), data=hardware),
            ],
            "bits": [Row(bits, (bits, hint)) for bits, hint in BITS],
        }

        def chosen(value: str | None) -> None:
            if value:
                self._values[name] = value
                hint = self._type_hint() if name == "type" else _bits_hint(value)
                self.choice(name).show(value, hint)

        columns = (Column("", 10), Column("What it means", prose=True))
        self.app.push_screen(
            Picker(f"Which {name}?", columns, options[name], chosen=self._values[name]), chosen
        )

    def on_go_pressed(self) -> None:
        bad = self.query_one(Form).first_problem()
        if bad is not None:
            bad.field.focus()
            return
        row = {one.id or "": one for one in self.query(FieldRow)}
        start, end = moment(row["from"].value), moment(row["until"].value)
        if start and end and end <= start:
            row["until"].say("It must expire after it becomes active.", bad=True)
            row["until"].field.focus()
            return
        from screens.setup.access import Access

        wish = {
            "name": row["name"].value,
            "create": True,
            "type": self._values["type"],
            "bits": int(self._values["bits"]),
            "not_before": start,
            "expires": end,
            "rotate_every": row["rotate"].value,
            "notify_before": row["warn"].value,
            "tags": tags_of(row["tags"].value),
        }
        self.draft.create_key(msgspec.convert(wish, KeyIntent))
        self.app.push_screen(Access(self.draft))


def _bits_hint(bits: str) -> str:
    return next(hint for size, hint in BITS if size == bits)


def proposals(name: str) -> Iterator[str]:
    """A name, then the same with a number."""
    yield name
    for number in itertools.count(2):
        yield f"{name}-{number}"


def duration_rule(text: str) -> str:
    """The rule of a field that holds a duration or nothing."""
    return (names.problem("duration", text) or "") if text else ""


def moment_rule(text: str) -> str:
    """The rule of a field that holds an instant, a date or nothing."""
    if not text:
        return ""
    try:
        date.fromisoformat(text)
    except ValueError:
        return WRITTEN if names.problem("instant", text) else ""
    return ""


def moment(text: str) -> datetime | None:
    """The instant of a field that keeps its rule; a date alone is its first second in UTC."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return datetime.fromisoformat(text)


def written(at: datetime | None) -> str:
    """An instant the way the field takes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else ""
