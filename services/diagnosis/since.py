"""Since when something is so, and who made it so: from the key, the vault, the activity log.

A key is changed on the vault's data plane, which the activity log does not know: its own time
of change is known, who changed it is not, unless the vault sends its audit log somewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from services.azure.activitylog import ActivityEvent
from services.checks.facts import Unknown, ids_of
from services.checks.users import user
from services.diagnosis.facts import Examined
from services.ids import same
from services.model.plan import Finding
from services.model.resources import (
    DeletedKey,
    DeletedVault,
    KeyVersion,
    Principal,
    Vault,
)
from services.text import plain

NOBODY_TELLS = "??"
NEAR = timedelta(seconds=5)
"""Two clocks that tell of one change may differ by so much."""
AUDIT = (
    "Who did it is not known: changes of keys are not in the activity log. To know it next time,"
    " send the vault's AuditEvent log to a Log Analytics workspace: az monitor diagnostic-settings"
    " create --resource {vault} --name audit --workspace WORKSPACE --logs"
    ' \'[{{"category":"AuditEvent","enabled":true}}]\'. Log Analytics bills what it takes in.'
)

When = tuple[datetime | None, str]
"""Time and who; the time is None where nothing is known."""
NEVER_TOLD: When = (None, "")
Look = Callable[[Finding, Examined], When]


def dated(finding: Finding, live: Examined, looks: "Mapping[str, Look] | None" = None) -> Finding:
    """A failing finding with the time since when it is so, where that can be known.

    ``looks`` tells by check where its beginning can be read from; by default LOOKS.
    """
    look = (LOOKS if looks is None else looks).get(finding.check)
    if finding.status not in ("fail", "warn") or look is None:
        return finding
    at, by = look(finding, live)
    if at is None:
        return finding
    if finding.check in _AFTER_RECOVERY and _deleted_before(live):
        finding = msgspec.structs.replace(
            finding,
            failures=(*finding.failures, "F56"),
            meaning=f"{finding.meaning} The vault was deleted and recovered: role assignments do"
            " not come back with it.",
        )
    meaning = finding.meaning
    if by == NOBODY_TELLS:
        by, told = _audited(at, live)
    if by == NOBODY_TELLS:
        meaning = f"{meaning} {told}" if meaning else told
    return msgspec.structs.replace(finding, since=at, by=by, meaning=meaning)


def _audited(at: datetime, live: Examined) -> tuple[str, str]:
    """Who changed the key at that moment by the vault's audit log; else why nobody tells."""
    if live.audit is None:
        return NOBODY_TELLS, AUDIT.format(vault=ids_of(live.intent).vault)
    if isinstance(live.audit, Unknown):
        return NOBODY_TELLS, f"Who did it stands in the vault's audit log. {live.audit.reason}"
    for one in live.audit:
        if one.succeeded and abs(one.at - at) < NEAR:
            return one.caller, ""
    return NOBODY_TELLS, "The vault's audit log has nothing of that moment."


def _deleted_before(live: Examined) -> ActivityEvent | None:
    """When the vault was deleted, where it is there again and works with roles."""
    vault = live.facts.vault
    there = isinstance(vault, Vault) and vault.rbac
    return _last(live, live.intent.vault.name, ("vaults/delete",)) if there else None


def _grant_lost(finding: Finding, live: Examined) -> When:
    """With the vault where that was deleted, else by who took access from this very principal.

    Where the log does not say from whom, the only change of access is it; of several none.
    """
    gone = _deleted_before(live)
    if gone:
        return gone.at, gone.caller
    taken = entries(live, live.intent.vault.name, _TAKEN)
    who = _principal_of(finding, live)
    named = [one for one in taken if who in one.principals]
    if named:
        return named[0].at, named[0].caller
    untold = [one for one in taken if not one.principals]
    vault = live.facts.vault
    if isinstance(vault, Vault) and not vault.rbac:
        untold += _vault_writes(live)
    return only(untold)


def _principal_of(finding: Finding, live: Examined) -> str:
    """Whose grant a finding is about: object id in lower case."""
    one = user(live.intent, live.facts, finding.check.removesuffix("-grant"))
    return one.object_id.lower() if one else ""


def _vault_changed(finding: Finding, live: Examined) -> When:
    """By the only change of the vault: the log does not tell what a change was of."""
    return only(_vault_writes(live))


def _vault_writes(live: Examined) -> list[ActivityEvent]:
    """Changes of the vault, without its creation where there was another one since."""
    found = entries(live, live.intent.vault.name, ("vaults/write",))
    return [one for one in found if one.sub_status != "Created"] or found


def only(found: Sequence[ActivityEvent]) -> When:
    """The one operation that these entries are of."""
    marks = {one.correlation_id or one.at.isoformat() for one in found}
    return (found[0].at, found[0].caller) if len(marks) == 1 else NEVER_TOLD


def _key_changed(finding: Finding, live: Examined) -> When:
    key = live.facts.key
    return (key.updated, NOBODY_TELLS) if isinstance(key, KeyVersion) else NEVER_TOLD


def _newest_changed(finding: Finding, live: Examined) -> When:
    newest = live.facts.newest_key
    return (newest.updated, NOBODY_TELLS) if isinstance(newest, KeyVersion) else NEVER_TOLD


def _key_ended(finding: Finding, live: Examined) -> When:
    """An expiry comes by itself: nobody did it."""
    key, now = live.facts.key, live.facts.now
    if not isinstance(key, KeyVersion):
        return NEVER_TOLD
    if key.expires is not None and key.expires <= now:
        return key.expires, ""
    early = key.not_before is not None and key.not_before > now
    return (key.updated, NOBODY_TELLS) if early else NEVER_TOLD


def _key_deleted(finding: Finding, live: Examined) -> When:
    gone = live.facts.deleted_key
    return (gone.deleted, NOBODY_TELLS) if isinstance(gone, DeletedKey) else NEVER_TOLD


def _vault_deleted(finding: Finding, live: Examined) -> When:
    gone = live.facts.deleted_vault
    logged = _last(live, str(live.intent.vault.name), ("vaults/delete",))
    if logged:
        return logged.at, logged.caller
    return (gone.deleted, "") if isinstance(gone, DeletedVault) else NEVER_TOLD


def of_subject(*operations: str) -> Callable[[Finding, Examined], When]:
    """The newest entry about the very thing that the finding is about."""

    def look(finding: Finding, live: Examined) -> When:
        found = _last(live, finding.subject.rstrip("/").rpartition("/")[2], operations)
        return (found.at, found.caller) if found else NEVER_TOLD

    return look


def _unregistered(finding: Finding, live: Examined) -> When:
    """The newest time that this very provider was unregistered."""
    action = f"{finding.id.rpartition(':')[2]}/unregister/action".lower()
    found = [one for one in _above(live) if one.operation.lower() == action]
    return (found[0].at, found[0].caller) if found else NEVER_TOLD


def _contributor_lost(finding: Finding, live: Examined) -> When:
    """Who took a role at the subscription from Machine Learning; of several untold ones none."""
    taken = [one for one in _above(live) if one.operation.lower().endswith(_TAKEN[0])]
    ml = live.facts.ml
    who = ml.object_id.lower() if isinstance(ml, Principal) else ""
    named = [one for one in taken if who in one.principals]
    if named:
        return named[0].at, named[0].caller
    return only([one for one in taken if not one.principals])


def _policy_assigned(finding: Finding, live: Examined) -> When:
    """When the assignment that denies was last written, where that was in these days."""
    for one in () if isinstance(live.activity, Unknown) else live.activity:
        written = one.operation.lower().endswith("policyassignments/write")
        if written and one.status != "Failed" and same(one.resource_id, finding.subject):
            return one.at, plain(one.caller)
    return NEVER_TOLD


def _above(live: Examined) -> list[ActivityEvent]:
    """What succeeded at the subscription itself, newest first."""
    return [
        msgspec.structs.replace(one, caller=plain(one.caller))
        for one in (() if isinstance(live.activity, Unknown) else live.activity)
        if one.status not in ("Failed", "Started")
        and "/resourcegroups/" not in one.resource_id.lower()
    ]


def _last(live: Examined, name: str, operations: Sequence[str]) -> ActivityEvent | None:
    """The newest entry that succeeded on a resource of this name, or below it."""
    return next(iter(entries(live, name, operations)), None)


def entries(live: Examined, name: str, operations: Sequence[str]) -> list[ActivityEvent]:
    """What succeeded on a resource of this name, or below it, newest first."""
    if isinstance(live.activity, Unknown) or not name:
        return []
    wanted = tuple(one.lower() for one in operations)
    return [
        msgspec.structs.replace(one, caller=plain(one.caller))
        for one in live.activity
        if one.status not in ("Failed", "Started")
        and one.operation.lower().endswith(wanted)
        and f"/{name.lower()}/" in f"{one.resource_id.lower()}/"
    ]


_AFTER_RECOVERY = ("cosmos-grant", "identity-grant", "disks-grant", "containers-grant")
_TAKEN = ("roleassignments/delete", "accesspolicies/write")

LOOKS: dict[str, Look] = {
    "vault-deleted": _vault_deleted,
    "vault-network": _vault_changed,
    "vault-tenant": _vault_changed,
    "key-deleted": _key_deleted,
    "key-enabled": _key_changed,
    "key-operations": _key_changed,
    "key-dates": _key_ended,
    "newest-version": _newest_changed,
    "cosmos-grant": _grant_lost,
    **dict.fromkeys(("identity-grant", "disks-grant", "containers-grant"), _grant_lost),
    "policy-on-rbac-vault": _vault_changed,
    "provider-registered": _unregistered,
    "ml-contributor": _contributor_lost,
    **dict.fromkeys(
        ("policy-workspace", "policy-cosmos", "policy-search", "policy-storage"), _policy_assigned
    ),
    "identity-exists": of_subject("userassignedidentities/delete"),
    "lock-read-only": of_subject("locks/write"),
    "lock-delete": of_subject("locks/write"),
    "managed-group": of_subject("resourcegroups/delete"),
    "own-resources": of_subject("/delete"),
}
"""By check: where its beginning can be read from."""
