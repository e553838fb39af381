"""What a key of the user's encrypts, of every kind, as rows of a list."""

from collections.abc import Sequence

from screens.browse.listing import Pages
from screens.browse.rows import place
from screens.widgets.table import Column, Row
from services import browse, portal
from services.azure.connection import Connection
from services.diagnosis.target import Candidate, encrypted
from services.explain import Names
from services.ids import ArmId
from services.model.diagnosis import NOUNS
from services.model.resources import Subscription
from services.text import plain

TARGETS = (
    Column("Name"),
    Column("What", 20),
    Column("Region", 11),
    Column("Key"),
    Column("State", 9),
)


async def target_pages(conn: Connection, subscriptions: Sequence[Subscription]) -> Pages:
    """All of these subscriptions that can be diagnosed; raises AzureError."""
    known = {one.id: one for one in subscriptions}
    if known:
        async for page in encrypted(conn, list(known)):
            yield [_row(one, conn, known) for one in page]


def _row(one: Candidate, conn: Connection, known: dict[str, Subscription]) -> Row:
    owner = known.get(ArmId.parse(one.id).subscription)
    cells = (one.name, NOUNS[one.kind], one.location, _key(one), one.state)
    page = portal.resource(conn.cloud, one.id, owner.tenant_id if owner else "")
    return Row(one.id, cells, one.id, one.raw, page, place(one.id, tuple(known.values())), data=one)


def _key(one: Candidate) -> str:
    """Its key; a cluster names none, only the set that its disks are encrypted through."""
    if one.encryption_set:
        return f"by {plain(one.encryption_set.rpartition('/')[2])}"
    return browse.named(one.key).key


def target_about(one: Candidate, known: Sequence[Subscription]) -> str:
    """What counts about one, below the list."""
    key = browse.named(one.key)
    whose = f"key {key.vault}/{key.key}/{key.version or '??'}"
    if one.encryption_set:
        whose = f"disks encrypted through {plain(one.encryption_set.rpartition('/')[2])}"
    return f"{NOUNS[one.kind].capitalize()} {one.name}: {whose}. In {place(one.id, known)}."


def target_names(one: Candidate | None) -> Names:
    """The selected one for the explanation."""
    if one is None:
        return Names()
    key = browse.named(one.key)
    return Names(
        workspace=one.name,
        region=one.location,
        vault=key.vault or "your vault",
        key=key.key or "your key",
    )
