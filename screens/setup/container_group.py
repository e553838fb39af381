"""Containers: the group, who unwraps its key, and what runs in it."""

from typing import Any

import msgspec
from textual.app import ComposeResult
from textual.containers import Vertical

from screens.setup.container import ContainerPage
from screens.setup.flow import TITLE, WORDS, pick_flow
from screens.setup.page import SetupPage
from screens.setup.tags import tags_of, tags_rule
from screens.widgets.form import Choice, FieldRow, Form, Go
from screens.widgets.picker import Picker
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, Row
from services import names
from services.azure import containergroups
from services.azure.errors import AzureError
from services.model.intent import ContainerIntent
from services.model.resources import GroupLimit
from services.setup.containers import proposed, size, too_large
from services.setup.draft import IMAGE

OPTIONS = {
    "os": (
        ("Linux", "Linux", ""),
        ("Windows", "Windows", "whether it takes a key is UNVERIFIED"),
    ),
    "restart": (
        ("Always", "always", "for what serves"),
        ("OnFailure", "on failure", "for what may end well"),
        ("Never", "never", "for what runs once"),
    ),
}
TITLES = {"os": "Which operating system?", "restart": "When is a container started again?"}
ONCE = (
    "How a group is encrypted is settled when it is made, for its whole life: a key can't be added "
    "later, and another key or version takes a new group."
)
ADD = "add"


class ContainerGroupPage(SetupPage):
    """Everything about the group itself."""

    number = 5
    topic = "workspace"
    title_word = "Set up: containers"
    guide = (
        "Only the name is needed; one container with an example image stands there. Enter on a "
        "container changes it or takes it out, the row below adds one. Encryption, and who "
        "unwraps the key, can't be changed after the group is made."
    )

    def question(self) -> ComposeResult:
        draft = self.draft
        wish = draft.container_group
        if wish.name == "aci-ml":
            wish = msgspec.structs.replace(wish, name=draft.proposed_name())
            draft.container_group = wish
        self._limits: tuple[GroupLimit, ...] = ()
        self._unread = ""
        yield TitleLine("The container group", f"in {draft.group}")
        with Form():
            yield FieldRow("Name", wish.name, id="name", rule=_name)
            yield Choice(TITLE.rstrip("?"), id="flow")
            yield Choice("Operating system", id="os")
            yield Choice("Restart", id="restart")
            yield Vertical(id="containers")
            shown = ", ".join(f"{name}={value}" for name, value in draft.tags.items())
            yield FieldRow(
                "Tags",
                shown,
                id="tags",
                rule=tags_rule("resource"),
                hint="none, or name=value, name=value",
            )
            yield Go("Continue to the review")
        yield Note(ONCE, id="note")

    async def on_mount(self) -> None:
        self.query_one("#containers").styles.height = "auto"
        await self._list()
        self._show()
        self.query_one("#name", FieldRow).field.focus()
        self.load(self._read)

    async def _read(self) -> None:
        """The largest group that the region gives; without it nothing is refused here."""
        draft = self.draft
        try:
            self._limits = await containergroups.limits(
                self.conn, draft.subscription.id, draft.region
            )
        except AzureError as error:
            self._unread = f"?? largest group not read: {error.what}"
        self._show()

    @property
    def _limit(self) -> GroupLimit | None:
        own = self.draft.container_group.os
        return next((one for one in self._limits if one.os.lower() == own.lower()), None)

    def _show(self) -> None:
        wish, limit = self.draft.container_group, self._limit
        self.choice("flow").show(*WORDS[wish.flow])
        most = f"a group: at most {limit.cores:g} cores, {limit.memory_gb:g} GB" if limit else ""
        unverified = OPTIONS["os"][1][2] if wish.os == "Windows" else ""
        parts = (unverified, most or self._unread)
        self.choice("os").show(wish.os, "; ".join(part for part in parts if part))
        word, hint = next(
            (word, hint) for key, word, hint in OPTIONS["restart"] if key == wish.restart
        )
        self.choice("restart").show(word, hint)
        cores, memory = size(wish.containers)
        self.query_one(TitleLine).show(right=f"{_cores(cores)}, {memory:g} GB in all")
        self.query_one(Note).say(too_large(wish.containers, limit) or ONCE)
        self.refresh_explanation()

    async def _list(self) -> None:
        """A row for each container, and one to add another."""
        rows = [
            Choice("Container", one.name, _summary(one), id=f"container-{place}")
            for place, one in enumerate(self.draft.container_group.containers)
        ]
        add = Choice("", "+ add a container", id=ADD)
        part = self.query_one("#containers")
        await part.remove_children()
        await part.mount_all([*rows, add])

    # -- choices

    def on_choice_opened(self, event: Choice.Opened) -> None:
        name = event.choice.id or ""
        if name == "flow":
            pick_flow(self, self.draft, self._show, self.draft.first_party_problem)
        elif name in OPTIONS:
            self._pick(name)
        elif name == ADD:
            self._open(len(self.draft.container_group.containers))
        else:
            self._open(int(name.rpartition("-")[2]))

    def _pick(self, name: str) -> None:
        rows = [Row(value, (word, hint)) for value, word, hint in OPTIONS[name]]
        columns = (Column("", 12), Column("What it means", prose=True))

        def chosen(value: str | None) -> None:
            if value:
                self._change(**{name: value})
                self._show()

        now = getattr(self.draft.container_group, name)
        self.app.push_screen(Picker(TITLES[name], columns, rows, chosen=now), chosen)

    def _change(self, **values: Any) -> None:
        self.draft.container_group = msgspec.structs.replace(self.draft.container_group, **values)

    def _open(self, place: int) -> None:
        """The form of the container at this place; behind the last one, of a new one."""
        there = list(self.draft.container_group.containers)
        new = place == len(there)
        others = [one for at, one in enumerate(there) if at != place]
        one = proposed(there, IMAGE) if new else there[place]

        def done(made: ContainerIntent | None) -> None:
            there[place : place + 1] = [] if made is None else [made]
            self._change(containers=there)
            self.call_later(self._changed, place)

        self.app.push_screen(ContainerPage(self.draft, one, others, done, self._limit, new=new))

    async def _changed(self, place: int) -> None:
        await self._list()
        self._show()
        rows = list(self.query("#containers Choice"))
        rows[min(place, len(rows) - 1)].focus()

    def on_go_pressed(self) -> None:
        bad = self.query_one(Form).first_problem()
        if bad is not None:
            bad.field.focus()
            return
        from screens.setup.review import Review

        row = {one.id or "": one for one in self.query(FieldRow)}
        self.draft.tags = tags_of(row["tags"].value)
        self._change(name=row["name"].value)
        self.app.push_screen(Review(self.draft))


def _summary(one: ContainerIntent) -> str:
    """A container in a few words."""
    ports = f", port {', '.join(map(str, one.ports))}" if one.ports else ""
    image = one.image.rpartition("/")[2]
    return f"{image}, {_cores(one.cpu)}, {one.memory_gb:g} GB{ports}"


def _cores(count: float) -> str:
    return f"{count:g} core{'' if count == 1 else 's'}"


def _name(text: str) -> str:
    return names.problem("container_group", text) or ""
