"""What happened to a target and everything it depends on, newest first: pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.azure.activitylog import ActivityEvent
from services.checks.facts import Unknown
from services.diagnosis.facts import Examined
from services.diagnosis.since import NEAR, NOBODY_TELLS
from services.model.diagnosis import Change
from services.model.plan import Finding
from services.model.resources import DeletedKey, KeyVersion

ASKING = ("/diagnose/action", "/listkeys/action", "/validate/action", "/whatif/action")
"""Actions that the activity log has and that change nothing; the first is our own."""


def timeline(live: Examined, findings: Iterable[Finding]) -> tuple[Change, ...]:
    """Every change that is known, with the findings it fits."""
    failing = [one for one in findings if one.since is not None and one.status in ("fail", "warn")]
    changes = [*_logged(live), *_audited(live), *_of_key(live)]
    marked = (
        Change(
            at=one.at,
            what=one.what,
            subject=one.subject,
            by=one.by,
            source=one.source,
            correlation_id=one.correlation_id,
            fits=tuple(finding.id for finding in failing if _fits(one, finding)),
        )
        for one in changes
    )
    return tuple(sorted(marked, key=lambda one: one.at, reverse=True))


def _fits(change: Change, finding: Finding) -> bool:
    """By the moment that the finding says it began, and by who did it where that is known."""
    assert finding.since is not None
    same_one = finding.by in ("", NOBODY_TELLS) or finding.by == change.by
    return abs(change.at - finding.since) < NEAR and same_one


def _logged(live: Examined) -> Iterator[Change]:
    """The activity log, one line for an operation: how it ended."""
    if isinstance(live.activity, Unknown):
        return
    seen: set[tuple[str, str]] = set()
    for one in live.activity:
        if one.operation.lower().endswith(ASKING):
            continue
        mark = (one.correlation_id or one.at.isoformat(), one.operation.lower())
        if mark not in seen:
            seen.add(mark)
            yield _entry(one)


def _entry(event: ActivityEvent) -> Change:
    failed = f": {event.code or event.status}" if event.status == "Failed" else ""
    return Change(
        at=event.at,
        what=f"{event.operation}{failed}",
        subject=event.resource_id,
        by=event.caller,
        correlation_id=event.correlation_id,
    )


def _audited(live: Examined) -> Iterator[Change]:
    """What the vault logged of the key."""
    for one in live.audit if isinstance(live.audit, tuple) else ():
        yield Change(
            at=one.at,
            what=one.operation if one.succeeded else f"{one.operation}: refused",
            subject=one.path,
            by=one.caller,
            source="audit log",
            correlation_id=one.correlation_id,
        )


def _of_key(live: Examined) -> Iterator[Change]:
    """What the versions tell of themselves; changes of a key are in no activity log."""
    versions = () if isinstance(live.versions, Unknown) else live.versions
    known = {one.id.lower(): one for one in versions}
    for one in (live.facts.key, live.facts.newest_key):
        if isinstance(one, KeyVersion):
            known[one.id.lower()] = one
    for version in known.values():
        yield from _of_version(version, live.facts.now)
    gone = live.facts.deleted_key
    if isinstance(gone, DeletedKey) and gone.deleted is not None:
        yield _change(gone.deleted, "key deleted", gone.id, NOBODY_TELLS)


def _of_version(version: KeyVersion, now: datetime) -> Iterator[Change]:
    short = version.version[:8]
    made, changed = version.created, version.updated
    if made is not None:
        yield _change(made, f"key version {short}… made", version.id, NOBODY_TELLS)
    if changed is not None and changed != made:
        state = "" if version.enabled else "; it is disabled now"
        yield _change(
            changed, f"key version {short}… last changed{state}", version.id, NOBODY_TELLS
        )
    if version.expires is not None and version.expires <= now:
        yield _change(version.expires, f"key version {short}… expired", version.id, "")


def _change(at: datetime, what: str, subject: str, by: str) -> Change:
    return Change(at=at, what=what, subject=subject, by=by, source="key")
