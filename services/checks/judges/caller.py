"""Whether the caller may do what the plan does: Azure's own answer decides."""

from collections.abc import Iterator

from services.azure.access import EVERYBODY, DenyAssignment
from services.azure.authorization import CRYPTO_OFFICER, role_name
from services.checks.deeds import Deed, deeds
from services.checks.facts import Facts, Unknown, ids_of
from services.checks.findings import Judge, found, seen, unread
from services.checks.judges.access import role_words
from services.checks.rights import ASSIGN, allows, covers, nearest
from services.ids import ArmId
from services.model.intent import Intent
from services.model.plan import Finding
from services.model.resources import RoleAssignment

GRANTING = "Owner, User Access Administrator or Role Based Access Control Administrator"


def caller_permissions(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """What only somebody else may do is a warning where the run can wait for them."""
    told: set[tuple[str, str]] = set()
    for deed in deeds(intent, facts):
        permissions = nearest(facts.permissions, deed.scope)
        if (deed.action, deed.scope) in told:
            continue
        told.add((deed.action, deed.scope))
        if isinstance(permissions, Unknown):
            title = f"Whether you may {deed.why} could not be read"
            part = f"unread:{deed.action}"
            yield unread("caller-permissions", deed.scope, title, permissions, part=part)
        elif not allows(permissions, deed.action, data=deed.data):
            yield _missing(facts, deed)


def _missing(facts: Facts, deed: Deed) -> Finding:
    role = GRANTING if deed.action == ASSIGN else "Contributor"
    if deed.action.endswith("assign/action"):
        role = "Managed Identity Operator"
    elif deed.data:
        role = role_name(CRYPTO_OFFICER)
    where = deed.scope.rpartition("/")[2]
    repair = f"Ask for {role} on {where}{_eligible(facts)}."
    meaning = (
        f"Azure's permissions do not list {deed.action} there; {role_words(facts.assignments)}."
    )
    if deed.by_others:
        meaning += " The run waits at that step and shows the command for somebody who may."
    return found(
        "caller-permissions",
        "warn" if deed.by_others else "fail",
        deed.scope,
        f"You may not {deed.why}",
        seen(facts, "permissions", "actions", f"no {deed.action}"),
        meaning=meaning,
        repair=repair,
        part=deed.action,
    )


def _eligible(facts: Facts) -> str:
    if isinstance(facts.eligible, Unknown):
        return " (whether you may activate a role yourself could not be read)"
    names = sorted({f"{one.role} on {one.scope.rpartition('/')[2]}" for one in facts.eligible})
    return f", or activate what you are eligible for: {', '.join(names)}" if names else ""


def caller_condition(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Azure's permissions do not tell of conditions."""
    scope = str(ArmId(ids_of(intent).group.subscription))
    if isinstance(facts.assignments, Unknown):
        title = "Whether conditions narrow your roles could not be read"
        yield unread("caller-condition", scope, title, facts.assignments)
        return
    for one in facts.assignments:
        if one.condition and not _held_without(one, facts.assignments):
            yield found(
                "caller-condition",
                "warn",
                one.scope,
                f"Your role {role_name(one.role_id)} has a condition",
                seen(facts, "assignments", "condition", one.condition),
                meaning="Azure lists the action among what you may do, and may refuse it all the"
                " same where the condition is not met.",
                repair="Look whether the condition allows the roles that the plan gives.",
                part=one.id,
            )


def _held_without(narrowed: RoleAssignment, all_held: tuple[RoleAssignment, ...]) -> bool:
    """Whether the same role, or Owner, is held there without a condition too."""
    enough = {"Owner", role_name(narrowed.role_id)}
    return any(
        not one.condition and covers(one.scope, narrowed.scope) and role_name(one.role_id) in enough
        for one in all_held
    )


def deny_assignment(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A denial wins over every role."""
    scope = str(ArmId(ids_of(intent).group.subscription))
    if isinstance(facts.deny_assignments, Unknown):
        title = "Deny assignments could not be read"
        yield unread("deny-assignment", scope, title, facts.deny_assignments)
        return
    wanted = list(deeds(intent, facts))
    for one in facts.deny_assignments:
        if not _concerns(one, facts):
            continue
        hit = next(
            (
                deed
                for deed in wanted
                if covers(one.scope, deed.scope)
                and allows(one.permissions, deed.action, data=deed.data)
            ),
            None,
        )
        if hit is not None:
            yield found(
                "deny-assignment",
                "fail",
                one.scope,
                f"Deny assignment {one.name} forbids to {hit.why}",
                seen(facts, "deny_assignments", "permissions.actions", hit.action),
                meaning="A deny assignment wins over every role"
                + (", and this one belongs to Azure." if one.system else "."),
                repair="Choose another resource group, or have whoever made it exclude you.",
                part=one.id,
            )


def _concerns(one: DenyAssignment, facts: Facts) -> bool:
    me = facts.caller.object_id.lower()
    return me not in one.excluded and (me in one.principals or EVERYBODY in one.principals)


JUDGES: dict[str, Judge] = {
    "caller-permissions": caller_permissions,
    "caller-condition": caller_condition,
    "deny-assignment": deny_assignment,
}
