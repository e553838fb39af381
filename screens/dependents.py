"""Before you touch a key: everything you may read that depends on it."""

from textual.app import ComposeResult

from screens.browse.listing import Listing, Pages
from screens.browse.page import BrowsePage
from screens.browse.rows import place
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.status import TitleLine
from screens.widgets.table import Column, Row
from services import portal
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from services.fleet.dependents import UNSEEN, NoSubject, dependents, subject_of
from services.model.fleet import Dependent, Subject

COLUMNS = (
    Column("What", 15),
    Column("Name"),
    Column("Version", 10),
    Column("By", 7),
    Column("A new version", prose=True),
)
READS = "What you may read of all your subscriptions. x says what such a list can't show."


class Dependents(BrowsePage):
    """Who would notice if a vault or a key could not be used."""

    title_word = "Who depends on it"
    guide = (
        "Everything you may read that depends on the vault or the key, from Azure Resource Graph. By "
        "says how: key, it names the key; through, it names what does; vault, it names the vault and "
        "no key. ?? is a version that is not told. An empty list is no proof that nothing uses the "
        "key: the vault's audit log is."
    )

    def __init__(self, asked: str, name: str) -> None:
        """``asked``: what services.fleet.dependents.subject_of takes."""
        super().__init__()
        self._asked, self._named = asked, name

    def where(self) -> str:
        return self._named

    def listings(self) -> ComposeResult:
        yield Listing("Who depends on it", COLUMNS, id="dependents")

    def read(self, conn: Connection) -> None:
        self.say(READS)
        self.listing("dependents").read(self._pages(conn))

    async def _pages(self, conn: Connection) -> Pages:
        try:
            subject = await subject_of(conn, self._asked)
        except NoSubject as error:
            raise _none(str(error)) from None
        async for page in self._found(conn, subject):
            yield page
        title = f"What you may read, as of {conn.now():%H:%M:%S}Z"
        self.listing("dependents").query_one(TitleLine).show(left=title)

    async def _found(self, conn: Connection, subject: Subject) -> Pages:
        ids = [one.id for one in self.subscriptions]
        async for page in dependents(conn, subject, ids):
            yield [self._row(conn, one) for one in page]

    def _row(self, conn: Connection, one: Dependent) -> Row:
        version = one.version[:8] + "…" if one.version else "" if one.how == "vault" else "??"
        cells = (one.kind, one.name, version, one.how, one.says)
        page = portal.resource(conn.cloud, one.id, self.tenant)
        return Row(one.id, cells, one.id, None, page, place(one.id, self.subscriptions), data=one)

    def opened(self, row: Row) -> None:
        one: Dependent = row.data
        text = [one.says, *(f"Key: {key}" for key in one.keys), one.via and f"By way of {one.via}"]
        told = "\n".join([*filter(None, text), "", one.id])
        self.app.push_screen(TextView(f"{one.kind} {one.name}", told))

    def about(self, row: Row) -> str:
        one: Dependent = row.data
        version = f" Version {one.version}." if one.version else ""
        return f"{one.kind} {one.name}: {one.says}{version} In {place(one.id, self.subscriptions)}."

    def explain(self) -> Explanation:
        return Explanation(
            f"Who depends on {self._named}",
            "What is listed names the key or the vault in its own document, or names what does. It "
            "can no longer read or write its data where the key is disabled or taken away.",
            "\n\n".join(UNSEEN),
            "Before a key is disabled, move all of these, then look at the vault's audit log.",
            "Azure Resource Graph; Cosmos DB: how to set up customer-managed keys",
        )


def _none(why: str) -> AzureError:
    return AzureError(
        ErrorKind.NOT_FOUND,
        code="NoSubject",
        what=why,
        means="Nothing was asked of Azure Resource Graph.",
        do="Go back and choose a vault or a key.",
    )
