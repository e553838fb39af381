"""Where: subscription, region and resource group."""

import asyncio

from textual import work
from textual.app import ComposeResult

from screens.base import Page
from screens.keys import bind
from screens.setup.flow import TITLE, WORDS, pick_flow
from screens.setup.page import Rail, explanation
from screens.setup.rail import SideRail
from screens.widgets.explain import Explanation
from screens.widgets.form import Choice, Form, Go
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, Row
from services import names
from services.azure import groups, providers, subscriptions
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.checks.regions import Region, needed_by, offered
from services.explain import Names
from services.model.intent import Kind
from services.model.resources import ResourceGroup, Subscription
from services.setup.draft import NOUNS, Draft

WAITING = "Signing in. This page fills itself when that is done; w on Home shows how far it is."
WHY: dict[Kind, str] = {
    "workspace": "Why: key, vault and workspace must be in one subscription and region, and the "
    "region must offer Machine Learning, Cosmos DB, AI Search and Storage together.",
    "container-group": "Why: key, vault and container group belong into one subscription and "
    "region. A group is encrypted with your key from its first byte or never.",
    "cluster": "Why: vault, disk encryption set and disks must be in one subscription and region. "
    "OS disks take your key when the cluster is made, or never.",
}
KINDS: tuple[tuple[Kind, str], ...] = (
    ("workspace", "Machine Learning, with its Cosmos DB, AI Search and Storage"),
    ("container-group", "Container Instances, and what they keep of a deployment"),
    ("cluster", "Kubernetes Service, its disks by a disk encryption set"),
)
"""What can be set up, and what the key encrypts there."""
WHICH = (
    "What you set up, its vault and its key will be in this subscription, and its bill gets them. "
    "wrapkey remembers it for next time."
)
NONE = (
    "You can see no subscription in this tenant, so there is nowhere to put anything. Ask for "
    "a role on one, or press w on Home to sign in as somebody else or to another tenant."
)
NEW = "+"
"""Row key of "a new group"."""


class Where(Page[None]):
    """The first page; it makes the draft that the others fill."""

    BINDINGS = bind("again_list")
    title_word = "Set up: where"
    guide = (
        "Choose what to set up, and its subscription, region and resource group: enter opens a choice, up and down go "
        "from row to row, and Continue goes on. Nothing is written before the last page."
    )

    def __init__(self) -> None:
        super().__init__()
        self.draft: Draft | None = None
        self._regions: list[Region] = []
        self._groups: list[ResourceGroup] = []

    def body(self) -> ComposeResult:
        yield Rail(1)
        yield SideRail(1)
        yield TitleLine("Where will it be?")
        with Form():
            yield Choice("What", NOUNS["workspace"], id="kind")
            yield Choice("Subscription", id="subscription")
            yield Choice("Region", id="region")
            yield Choice("Resource group", id="group")
            yield Choice(TITLE.rstrip("?"), id="flow")
            yield Go()
        yield Note(WAITING, id="note")

    def on_mount(self) -> None:
        self.query_one("#flow").display = False
        self.session_changed()

    def session_changed(self) -> None:
        session = self.shell.session
        if self.draft is not None:
            return
        if session.error is not None and not session.subscriptions:
            self._say(session.error)
        elif session.connection is None or session.stage != "ready":
            return
        elif session.subscription is not None:
            self._begin(session.subscription)
        else:
            self._ask()

    def explain(self) -> Explanation:
        draft = self.draft
        return explanation(
            "where", Names(region=draft.region, kind=draft.kind) if draft else Names()
        )

    def _ask(self) -> None:
        """Several subscriptions, and no word about which: the person says."""
        count = len(self.shell.session.subscriptions)
        choice = self.query_one("#subscription", Choice)
        choice.show("not chosen yet", f"you can see {count}: enter chooses")
        choice.focus()
        error = self.shell.session.error
        self.query_one(Note).say((WHICH if count else NONE) if error is None else error.what)

    def _draft(self, subscription: Subscription, region: str) -> Draft:
        """A new draft, with the currency and the assumptions of last time."""
        known = self.shell.session.memory
        return Draft(subscription, region, assumptions=known.assumptions, currency=known.currency)

    def _begin(self, subscription: Subscription) -> None:
        self.draft = self._draft(subscription, self.shell.session.region)
        self.query_one(Note).say(WHY[self.draft.kind])
        self._show()
        self.query_one(Go).focus()
        self.action_again()

    def action_again(self) -> None:
        if self.draft is not None:
            self._read()

    @work(group="load", exclusive=True, description="read regions")
    async def _read(self) -> None:
        assert self.draft is not None
        subscription = self.draft.subscription.id
        try:
            self._regions, self._groups = await asyncio.gather(
                _regions(self.shell.session.live, subscription, self.draft.kind),
                groups.list_groups(self.shell.session.live, subscription),
            )
        except AzureError as error:
            self._say(error)
            return
        good = [region.name for region in self._regions if not region.missing]
        if self.draft.region not in good:
            self.draft.region = "westeurope" if "westeurope" in good else next(iter(good), "")
        self._show()

    def _say(self, error: AzureError) -> None:
        self.query_one(Note).say(f"{error.what} {error.means} {error.do} r tries again.")

    def _show(self) -> None:
        draft = self.draft
        if draft is None:
            return
        self.query_one("#kind", Choice).show(
            NOUNS[draft.kind], dict(KINDS)[draft.kind].partition(",")[0]
        )
        self.query_one("#flow").display = draft.kind == "container-group"
        self.query_one("#flow", Choice).show(*WORDS[draft.container_group.flow])
        self.query_one(Rail).show(draft.kind)
        count = len(self.shell.session.subscriptions)
        self.query_one("#subscription", Choice).show(
            draft.subscription.name, f"one of {count} you can see"
        )
        region = next((one for one in self._regions if one.name == draft.region), None)
        hint = region.because or _all(draft.kind) if region else "reading regions"
        self.query_one("#region", Choice).show(draft.region or "not chosen yet", hint)
        there = {group.name.lower() for group in self._groups}
        made = "exists" if draft.group.lower() in there else "new, the plan makes it"
        self.query_one("#group", Choice).show(draft.group, made if self._regions else "")
        self.query_one(SideRail).show(draft)
        self.refresh_explanation()

    async def on_choice_opened(self, event: Choice.Opened) -> None:
        if event.choice.id == "subscription" and self.shell.session.subscriptions:
            self._pick_subscription()
        elif self.draft is None:
            self.shell.say(self._not_yet())
        elif event.choice.id == "kind":
            self._pick_kind(self.draft)
        elif event.choice.id == "flow":
            pick_flow(self, self.draft, self._show)
        elif event.choice.id == "region":
            self._pick_region(self.draft)
        else:
            self._pick_group(self.draft)

    def _not_yet(self) -> str:
        """Why region and group can't be chosen, or one can't go on."""
        if self.shell.session.subscriptions:
            return "Choose a subscription first: its row opens with enter."
        return NONE if self.shell.session.stage == "ready" else "Not signed in yet."

    def _pick_kind(self, draft: Draft) -> None:
        rows = [Row(kind, (NOUNS[kind], what)) for kind, what in KINDS]
        columns = (Column("", 18), Column("What the key encrypts", prose=True))
        self.app.push_screen(Picker("What is it?", columns, rows, chosen=draft.kind), self._kind)

    def _kind(self, chosen: str | None) -> None:
        kind = next((one for one, _ in KINDS if one == chosen), None)
        if kind is not None and self.draft is not None and kind != self.draft.kind:
            self.draft.choose_kind(kind)
            self._regions = []
            self.query_one(Note).say(WHY[kind])
            self._show()
            self.action_again()

    def _pick_subscription(self) -> None:
        rows = [
            Row(one.id, (one.name, one.state, one.id), raw=one.raw, data=_refused(one))
            for one in self.shell.session.subscriptions
        ]
        columns = (Column("Name"), Column("State", 10), Column("Id", 36))
        title = "Which subscription pays for it?"
        chosen = self.draft.subscription.id if self.draft else ""
        self.app.push_screen(Picker(title, columns, rows, chosen=chosen), self._subscription)

    def _subscription(self, id: str | None) -> None:
        found = [one for one in self.shell.session.subscriptions if one.id == id]
        if found and self.draft is None:
            self.shell.choose_subscription(found[0].id)
        elif found and self.draft is not None and found[0].id != self.draft.subscription.id:
            kind = self.draft.kind
            self.draft = self._draft(found[0], self.draft.region)
            self.draft.choose_kind(kind)
            self._regions, self._groups = [], []
            self.shell.choose_subscription(found[0].id)
            self._show()
            self.action_again()

    def _pick_region(self, draft: Draft) -> None:
        if not self._regions:
            self.shell.say("The regions are still being read.")
            return
        rows = [
            Row(one.name, _region_cells(one), data=one.because or None) for one in self._regions
        ]
        columns = (Column("Region", 20), Column("Name", 22), Column("Fit", status=True))
        self.app.push_screen(
            Picker(
                "Which region?",
                (*columns, Column("Because", prose=True)),
                rows,
                chosen=draft.region,
            ),
            self._region,
        )

    def _region(self, name: str | None) -> None:
        if name and self.draft is not None:
            self.draft.region = name
            self._show()

    def _pick_group(self, draft: Draft) -> None:
        new = Row(NEW, ("+ a new resource group", "", ""))
        there = [
            Row(
                group.name,
                (group.name, group.location, group.managed_by and "managed"),
                group.id,
                group.raw,
                data="it belongs to another resource" if group.managed_by else None,
            )
            for group in sorted(self._groups, key=lambda one: (bool(one.managed_by), one.name))
        ]
        columns = (Column("Name"), Column("Region", 20), Column("", 10))
        self.app.push_screen(
            Picker("Which resource group?", columns, [new, *there], chosen=draft.group), self._group
        )

    def _group(self, name: str | None) -> None:
        if name == NEW:
            rule = lambda text: names.problem("resource_group", text) or "" if text else ""  # noqa: E731
            self.app.push_screen(Prompt("Name of the new group", rule=rule), self._group)
        elif name and self.draft is not None:
            self.draft.group = name
            self._show()

    def on_go_pressed(self) -> None:
        from screens.setup.vault import ChooseVault

        draft = self.draft
        region = next((one for one in self._regions if draft and one.name == draft.region), None)
        if draft is None:
            self.shell.say(self._not_yet())
            return
        if region is None:
            self.shell.say("The regions are still being read.")
            return
        self.shell.choose_region(region.name)
        self.app.push_screen(ChooseVault(draft))


def _refused(one: Subscription) -> str | None:
    return None if one.state in ("", "Enabled", "PastDue") else f"its state is {one.state}"


def _region_cells(one: Region) -> tuple[str, str, str, str]:
    return (one.name, one.display_name, "NO" if one.missing else "OK", one.because)


def _all(kind: Kind) -> str:
    """That a region serves."""
    count = len(needed_by(kind))
    return {1: "it is offered", 2: "both services are offered"}.get(
        count, "all four services are offered"
    )


async def _regions(conn: Connection, subscription: str, kind: Kind) -> list[Region]:
    needed = needed_by(kind)
    reads = [providers.get_provider(conn, subscription, namespace) for namespace in needed]
    locations, found = await asyncio.gather(
        subscriptions.list_locations(conn, subscription), asyncio.gather(*reads)
    )
    return offered(locations, found, kind)
