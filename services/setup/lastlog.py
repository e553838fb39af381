"""What the first container of a group has written last, for whoever has just made the group."""

import msgspec

from services.azure import containergroups
from services.azure.connection import Connection
from services.model.intent import ContainerGroupSetup
from services.model.plan import Plan

LINES = 50
"""How many are read."""


class LastLog(msgspec.Struct, frozen=True):
    """The end of a container's log. It is shown and kept nowhere: nobody knows what is in it."""

    container: str
    lines: tuple[str, ...]


async def last_log(conn: Connection, plan: Plan) -> LastLog | None:
    """Of the group that a plan has set up; None where it sets up none. Raises AzureError."""
    intent = plan.intent
    if not isinstance(intent, ContainerGroupSetup) or plan.purpose != "setup":
        return None
    first = intent.container_group.containers[0].name
    text = await containergroups.logs(conn, plan.subject, first, LINES)
    return LastLog(first, tuple(line for line in text.splitlines() if line.strip()))
