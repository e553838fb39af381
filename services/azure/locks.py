"""Management locks, which refuse deletes and changes whoever asks."""

from services.azure import calls
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.resources import Lock, Raw
from services.text import plain

SDK = "azure.mgmt.resource.locks.aio:ManagementLockClient"
_MARK = "/providers/microsoft.authorization/locks/"


async def list_locks(conn: Connection, scope: str, *, below: bool = False) -> list[Lock]:
    """The locks that hold at a scope: its own and those above it; raises AzureError.

    ``below``: its own and those of what lies in it instead, which a delete takes along.
    ``atScope()`` is what Get-AzResourceLock -AtScope sends.
    """
    sdk = await calls.client(conn, SDK, ArmId.parse(scope).subscription)
    found = await calls.everything(
        "list locks",
        sdk.management_locks.list_by_scope,
        scope.strip("/"),
        filter=None if below else "atScope()",
    )
    return [lock(one) for one in found]


def lock(raw: Raw) -> Lock:
    """A lock from its JSON; its scope is what its id hangs under."""
    id, properties = calls.arm_id(raw.get("id")), calls.part(raw, "properties")
    at = id.lower().find(_MARK)
    return Lock(
        id=id,
        name=plain(raw.get("name")),
        level=plain(properties.get("level")),
        scope=id[:at] if at >= 0 else "",
        notes=plain(properties.get("notes")),
        raw=raw,
    )
