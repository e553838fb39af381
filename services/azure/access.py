"""What decides a caller's rights besides role assignments: denials and roles not yet active."""

import msgspec

from services.azure import calls
from services.azure.authorization import API, SDK, assignment
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.resources import Permission, Raw, RoleAssignment
from services.text import plain

EVERYBODY = "00000000-0000-0000-0000-000000000000"
"""Principal of a deny assignment that means all principals (deny assignments page)."""
ELIGIBLE_API = "2020-10-01"


class DenyAssignment(msgspec.Struct, frozen=True, kw_only=True):
    """What nobody, or some, may do at a scope, whatever their roles say."""

    id: str
    name: str
    scope: str
    permissions: tuple[Permission, ...]
    principals: tuple[str, ...]
    """Object ids; :data:`EVERYBODY` for all."""
    excluded: tuple[str, ...] = ()
    system: bool = False
    """Made by Azure for a managed group; it can't be taken away."""


class EligibleRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role the caller may activate (Privileged Identity Management)."""

    role: str
    scope: str


async def own_assignments(conn: Connection, scope: str, who: str) -> tuple[RoleAssignment, ...]:
    """Role assignments of a principal at, above and below a scope, its groups' included.

    Raises AzureError.
    """
    sdk = await calls.client(conn, SDK, ArmId.parse(scope).subscription)
    found = await calls.everything(
        "list your role assignments",
        sdk.role_assignments.list_for_scope,
        scope.strip("/"),
        filter=f"assignedTo('{who}')",
    )
    return tuple(assignment(one) for one in found)


async def list_denials(conn: Connection, scope: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments at, above and below a scope; raises AzureError."""
    path = f"{scope}/providers/Microsoft.Authorization/denyAssignments"
    found = await calls.listed(conn, path, {"api-version": API}, "list deny assignments")
    return tuple(map(_denial, found))


async def list_eligible(conn: Connection, scope: str) -> tuple[EligibleRole, ...]:
    """Roles the caller may activate at a scope and above; raises AzureError."""
    path = f"{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances"
    query = {"api-version": ELIGIBLE_API, "$filter": "asTarget()"}
    found = await calls.listed(conn, path, query, "list roles you may activate")
    return tuple(map(_eligible, found))


def _denial(raw: Raw) -> DenyAssignment:
    told = calls.part(raw, "properties")
    return DenyAssignment(
        id=plain(raw.get("id")),
        name=plain(told.get("denyAssignmentName")),
        scope=calls.arm_id(told.get("scope")),
        permissions=tuple(
            Permission(
                actions=calls.texts(one.get("actions")),
                not_actions=calls.texts(one.get("notActions")),
                data_actions=calls.texts(one.get("dataActions")),
                not_data_actions=calls.texts(one.get("notDataActions")),
            )
            for one in calls.objects(told, "permissions")
        ),
        principals=_ids(told, "principals"),
        excluded=_ids(told, "excludePrincipals"),
        system=told.get("isSystemProtected") is True,
    )


def _ids(raw: Raw, name: str) -> tuple[str, ...]:
    return tuple(plain(one.get("id")).lower() for one in calls.objects(raw, name))


def _eligible(raw: Raw) -> EligibleRole:
    told = calls.part(raw, "properties")
    expanded = calls.part(calls.part(told, "expandedProperties"), "roleDefinition")
    role = plain(told.get("roleDefinitionId")).rsplit("/", 1)[-1].lower()
    return EligibleRole(
        role=plain(expanded.get("displayName")) or role, scope=calls.arm_id(told.get("scope"))
    )
