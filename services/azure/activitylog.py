"""The activity log of a subscription: who changed what, when, and what Azure refused.

It holds writes through Resource Manager, also those that Azure's own services make, for 90
days (activity log page). What happens inside a service is not in it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from services.azure import calls
from services.azure.connection import Connection
from services.failures import innermost
from services.model.resources import Raw
from services.text import plain

SDK = "azure.mgmt.monitor.aio:MonitorManagementClient"
_AHEAD = timedelta(minutes=1)
"""Azure's answers date themselves to the second; an event of this second is to be seen too."""


class ActivityEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the log. An operation has several: accepted, then how it ended."""

    at: datetime
    """UTC."""
    caller: str
    """Sign-in name of a person; app id or object id of an app."""
    operation: str
    """The action, for example Microsoft.MachineLearningServices/workspaces/delete."""
    status: str
    """Started, Accepted, Succeeded or Failed."""
    resource_id: str
    correlation_id: str
    """Shared by all entries of one operation, those of managed resources included."""
    sub_status: str = ""
    """The HTTP status by name, for example Forbidden."""
    code: str = ""
    """Azure's innermost error code, of a failure that tells one."""
    message: str = ""
    """Azure's innermost error text."""
    principals: tuple[str, ...] = ()
    """Object ids that the body of a change of access names, in lower case; empty where the log
    does not keep the body."""
    raw: Raw = msgspec.field(default_factory=dict)


async def events(
    conn: Connection,
    subscription: str,
    *,
    since: datetime,
    resource_id: str = "",
    resource_group: str = "",
    provider: str = "",
    at_most: int = 0,
) -> list[ActivityEvent]:
    """What happened since a time (UTC), newest first; raises AzureError.

    ``resource_id`` narrows it to one resource, else ``resource_group`` to one group, else
    ``provider`` to the operations of one namespace; Azure takes one of the three. Each may be
    gone by now. ``at_most``: no further page is read once there are so many entries; 0 reads
    all. Azure refuses times more than 90 days ago.
    """
    sdk = await calls.client(conn, SDK, subscription)
    wanted = [f"eventTimestamp ge '{_told(since)}'"]
    wanted.append(f"eventTimestamp le '{_told(conn.now() + _AHEAD)}'")
    if resource_id:
        wanted.append(f"resourceUri eq '{resource_id}'")
    elif resource_group:
        wanted.append(f"resourceGroupName eq '{resource_group}'")
    elif provider:
        wanted.append(f"resourceProvider eq '{provider}'")
    found: list[Raw] = []
    what = "read the activity log"
    async for page in calls.pages(what, sdk.activity_logs.list, filter=" and ".join(wanted)):
        found += page
        if at_most and len(found) >= at_most:
            break
    made = [one for one in map(event, found) if one is not None]
    return sorted(made, key=lambda one: one.at, reverse=True)


def event(raw: Raw) -> ActivityEvent | None:
    """An event from its JSON; None for one without a time."""
    at = calls.moment(raw.get("eventTimestamp"))
    if at is None:
        return None
    told = calls.part(raw, "properties")
    cause = innermost(told.get("statusMessage")) if told.get("statusMessage") else None
    return ActivityEvent(
        at=at,
        caller=plain(raw.get("caller")),
        operation=_value(raw, "operationName"),
        status=_value(raw, "status"),
        resource_id=calls.arm_id(raw.get("resourceId")),
        correlation_id=plain(raw.get("correlationId")),
        sub_status=_value(raw, "subStatus"),
        code=cause.code if cause else "",
        message=cause.message if cause else "",
        principals=tuple(dict.fromkeys(_principals(told))),
        raw=raw,
    )


def _principals(told: Raw) -> Iterator[str]:
    """Of an assignment, which a deletion has in its answer; or of access policies."""
    for name, text in told.items():
        if name.lower() not in ("requestbody", "responsebody") or not isinstance(text, str):
            continue
        try:
            body = msgspec.json.decode(text)
        except msgspec.DecodeError:  # the log cuts long bodies
            continue
        properties = calls.part(body, "properties") if isinstance(body, dict) else {}
        for one in (properties, *calls.objects(properties, "accessPolicies")):
            who = one.get("principalId") or one.get("objectId")
            if isinstance(who, str):
                yield plain(who).lower()


def _value(raw: Raw, name: str) -> str:
    return plain(calls.part(raw, name).get("value"))


def _told(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
