"""One container of a group: image, size, ports, variables."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult

from screens.setup.page import SetupPage
from screens.widgets.form import Choice, FieldRow, Form, Go
from screens.widgets.status import Note, TitleLine
from services.model.intent import ContainerIntent
from services.model.resources import GroupLimit
from services.setup.containers import FIELDS, clash, container_of, problem, too_large, written
from services.setup.draft import Draft

LABELS = {
    "name": ("Name", "main"),
    "image": ("Image", "with its registry, where it is not of Docker Hub"),
    "command": ("Command", "the image's own, or: python serve.py"),
    "cpu": ("Cores", "1"),
    "memory_gb": ("Memory, GB", "1.5"),
    "ports": ("Ports", "none, or: 80, 443"),
    "env": ("Environment", "none, or: MODE=prod"),
    "secure_env": ("Secure variables", "none, or: TOKEN=env:NAME  KEY=file:PATH  PASSWORD"),
}
"""Field to its label, and what it may be."""
NOTE = (
    "Secure variables say where a value is found, never the value. A name alone is asked for when "
    "the group is made. A group with ports gets a public address."
)
Done = Callable[[ContainerIntent | None], None]
"""Given the container as it is now; None where it is taken out."""


class ContainerPage(SetupPage):
    """Everything about one container; the page before takes it."""

    number = 5
    topic = "workspace"
    title_word = "Set up: container"
    guide = (
        "Only name and image are needed. Command and variables are written as in a shell: blanks "
        "separate them, quotes hold them together. A secure variable is NAME=env:VARIABLE, "
        "NAME=file:PATH, or NAME alone: then the run asks for it, hidden, and keeps it nowhere. "
        "esc leaves the container as it was."
    )

    def __init__(
        self,
        draft: Draft,
        one: ContainerIntent,
        others: Sequence[ContainerIntent],
        done: Done,
        limit: GroupLimit | None = None,
        *,
        new: bool = False,
    ) -> None:
        """``others``: of the same group. ``limit``: the largest group, where it is known."""
        super().__init__(draft)
        self._one, self._others, self._done = one, tuple(others), done
        self._limit, self._new = limit, new

    def question(self) -> ComposeResult:
        texts = written(self._one)
        yield TitleLine("A new container" if self._new else f"Container {self._one.name}")
        with Form():
            for name in FIELDS:
                label, hint = LABELS[name]
                yield FieldRow(label, texts[name], id=name, rule=_rule(name), hint=hint)
            if not self._new:
                hint = "" if self._others else "not possible: a group needs one"
                yield Choice("Remove", "take it out of the group", hint, id="remove")
            yield Go("Take this container")
        yield Note(NOTE, id="note")

    def on_mount(self) -> None:
        self.query_one("#name", FieldRow).field.focus()

    def on_choice_opened(self, event: Choice.Opened) -> None:
        if self._others:
            self._leave(None)
        else:
            self.query_one(Note).say("A group needs at least one container: change it instead.")

    def on_go_pressed(self) -> None:
        bad = self.query_one(Form).first_problem()
        if bad is not None:
            bad.field.focus()
            return
        rows = {one.id or "": one for one in self.query(FieldRow)}
        made = container_of({name: rows[name].value for name in FIELDS})
        wrong = clash(made, self._others)
        if wrong is None and (said := too_large((made, *self._others), self._limit)):
            wrong = ("cpu", said)
        if wrong is not None:
            field, text = wrong
            rows[field].say(text, bad=True)
            rows[field].field.focus()
            return
        self._leave(made)

    def _leave(self, made: ContainerIntent | None) -> None:
        self._done(made)
        self.dismiss()


def _rule(field: str) -> Callable[[str], str]:
    return lambda text: problem(field, text)
