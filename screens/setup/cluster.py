"""Cluster: name, version, nodes, and the disk encryption set between the key and its disks."""

from collections.abc import Callable, Sequence

import msgspec
from textual import events
from textual.app import ComposeResult

from screens.keys import bind
from screens.setup import clusterrows as rows
from screens.setup.page import SetupPage
from screens.setup.tags import tags_of, tags_rule
from screens.widgets.form import Choice, FieldRow, Form, Go
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, Row
from services.checks.facts import Unknown
from services.checks.nodefit import size_fit
from services.setup import clusterchoice
from services.setup.draft import Draft

OF_SET = ("encryption", "rotate")
"""Choices that a set which exists has made already."""


class ClusterPage(SetupPage):
    """Everything about the cluster; what Azure offers is read while the page stands there."""

    BINDINGS = bind("again_list")
    number = 5
    topic = "workspace"
    title_word = "Set up: cluster"
    guide = (
        "Only the name is needed; each other row has a sound choice already. Versions, sizes, sets "
        "and clusters are read from Azure: what can't serve is listed with its reason. Which disk "
        "encryption set encrypts the OS disks can't be changed after the cluster is made."
    )

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft)
        self._choice = clusterchoice.Choice(draft=draft, wish=clusterchoice.proposed(draft))
        self._said = ""
        """What was found about the proposals; said in place of the note about the name."""

    def question(self) -> ComposeResult:
        wish = self._choice.wish
        yield TitleLine("The cluster", f"in {self.draft.group}")
        with Form():
            yield FieldRow("Name", wish.name, id="name", rule=self._name_problem)
            yield Choice("Kubernetes", id="kubernetes")
            yield Choice("Tier", id="tier")
            yield Choice("Node size", id="node_size")
            yield FieldRow("Nodes", str(wish.node_count), id="node_count", rule=_count)
            yield Choice("Zones", id="zones")
            yield Choice("OS disks", id="os_disk")
            yield Choice("Disk encryption set", id="set")
            yield Choice("Encryption", id="encryption")
            yield Choice("New key versions", id="rotate")
            shown = ", ".join(f"{name}={value}" for name, value in self.draft.tags.items())
            yield FieldRow(
                "Tags",
                shown,
                id="tags",
                rule=tags_rule("resource"),
                hint="none, or name=value, name=value",
            )
            yield Go("Continue to the review")
        yield Note(rows.NOTES["name"], id="note")

    def on_mount(self) -> None:
        self._show()
        self.query_one("#name", FieldRow).field.focus()
        self.action_again()

    def action_again(self) -> None:
        self.load(self._read)

    async def _read(self) -> None:
        live = await clusterchoice.read(self.conn, self.draft)
        known = msgspec.structs.replace(self._choice, live=live)
        self._choice, self._said = clusterchoice.settled(known)
        row = self.query_one("#name", FieldRow)
        row.say(row.problem, bad=True)
        self._show()
        self._about(self.focused.id if self.focused and self.focused.id else "name")

    # -- what is shown

    def _show(self) -> None:
        for id, said in rows.words(self._choice).items():
            self.choice(id).show(*said)
        self.refresh_explanation()

    def on_descendant_focus(self, event: events.DescendantFocus | None = None) -> None:
        super().on_descendant_focus()
        if event is not None:
            found = (one.id for one in event.widget.ancestors_with_self if one.id in rows.NOTES)
            self._about(next(found, ""))

    def _about(self, id: str) -> None:
        """What a row is about, while it has the focus."""
        if id == "kubernetes":
            self.query_one(Note).say(rows.about_versions(self._choice))
        elif id in rows.NOTES:
            self.query_one(Note).say(self._said if id == "name" and self._said else rows.NOTES[id])

    # -- what is chosen

    def on_choice_opened(self, event: Choice.Opened) -> None:
        id, live = event.choice.id or "", self._choice.live
        if id in OF_SET and not self._choice.own.create:
            self.shell.say("That is settled by the set; a new set is chosen on its row.")
        elif id in rows.OPTIONS:
            self._pick_option(id)
        elif live is None:
            self.shell.say("Still being read from Azure.")
        elif id == "kubernetes":
            self._pick_version(live)
        elif id == "node_size":
            self._pick_size(live)
        elif id == "zones":
            columns = (Column("Zones", 12), Column("What it means", prose=True))
            listed = rows.zones(self._choice.node)
            now = " ".join(self._choice.wish.zones) or rows.NONE
            self._pick("Which zones?", columns, listed, self._zones, now)
        else:
            self._pick_set(live)

    def _pick(
        self,
        title: str,
        columns: Sequence[Column],
        listed: Sequence[Row],
        done: Callable[[str], None],
        chosen: str,
    ) -> None:
        """Ask; a list that was left changes nothing."""

        def answered(key: str | None) -> None:
            if key:
                done(key)

        self.app.push_screen(Picker(title, columns, listed, chosen=chosen), answered)

    def _unread(self, why: Unknown) -> None:
        self.query_one(Note).say(f"{why.reason} r tries again.")

    def _pick_version(self, live: clusterchoice.Live) -> None:
        if isinstance(live.versions, Unknown):
            return self._unread(live.versions)
        listed, now = rows.versions(live.versions), self._choice.wish.kubernetes
        done = lambda version: self._take(self._choice.changed(kubernetes=version))  # noqa: E731
        self._pick("Which version of Kubernetes?", rows.VERSIONS, listed, done, now)

    def _pick_size(self, live: clusterchoice.Live) -> None:
        if isinstance(live.sizes, Unknown):
            return self._unread(live.sizes)
        listed, now = rows.sizes(live.sizes), self._choice.wish.node_size
        done = lambda name: self._take(self._choice.with_size(name))  # noqa: E731
        self._pick("Which size has each node?", rows.SIZES, listed, done, now)

    def _zones(self, chosen: str) -> None:
        self._take(self._choice.changed(zones=[] if chosen == rows.NONE else chosen.split()))

    def _pick_option(self, id: str) -> None:
        columns = (Column("", 12), Column("What it means", prose=True))
        listed = rows.options(id, self._choice)
        done = lambda value: self._take(rows.with_option(self._choice, id, value))  # noqa: E731
        self._pick(rows.TITLES[id], columns, listed, done, rows.option(self._choice, id))

    def _pick_set(self, live: clusterchoice.Live) -> None:
        if isinstance(live.sets, Unknown):
            return self._unread(live.sets)
        own = self._choice.own
        now = rows.NEW if own.create else clusterchoice.set_id(self.draft, own)
        listed = list(rows.sets(self._choice))
        self._pick("Which disk encryption set?", rows.SETS, listed, self._set, now)

    def _set(self, chosen: str) -> None:
        choice = self._choice
        if chosen != rows.NEW:
            self._take(choice.taking(next(one for one in choice.sets if one.id == chosen)))
            return
        name = choice.own.name if choice.own.create else clusterchoice.set_name(choice.wish.name)
        prompt = Prompt("Name of the new set", value=name, rule=choice.set_problem)
        self.app.push_screen(prompt, lambda name: self._take(choice.making(name)) if name else None)

    def _take(self, choice: clusterchoice.Choice) -> None:
        self._choice = choice
        self._show()
        row = self.query_one("#name", FieldRow)
        row.say(row.problem, bad=True)

    def _name_problem(self, name: str) -> str:
        return self._choice.name_problem(name)

    def on_go_pressed(self) -> None:
        bad = self.query_one(Form).first_problem()
        if bad is not None:
            bad.field.focus()
            return
        node = self._choice.node
        if node is not None and (fit := size_fit(node)).word == "no":
            self.choice("node_size").focus()
            text = f"{node.name} can't be had: {fit.because}. Choose another size."
            self.call_after_refresh(self.query_one(Note).say, text)
            return
        from screens.setup.review import Review

        row = {one.id or "": one for one in self.query(FieldRow)}
        self.draft.tags = tags_of(row["tags"].value)
        self.draft.cluster = msgspec.structs.replace(
            self._choice.wish,
            identity=self.draft.cluster.identity,
            name=row["name"].value,
            node_count=int(row["node_count"].value),
        )
        self.app.push_screen(Review(self.draft))


def _count(text: str) -> str:
    if text.isdigit() and 1 <= int(text) <= 1000:
        return ""
    return "A cluster's first pool has 1 to 1000 nodes. Example: 3"
