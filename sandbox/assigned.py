"""Managed identities assigned to a resource: the ``identity`` member of its document."""

from sandbox import armid, rbac, tracked
from sandbox.protocol import GatewayRefusal, Refusal, Request
from sandbox.providers import identities
from sandbox.state import Json
from sandbox.world import World

ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"


def judge_linked(world: World, request: Request, wanted: Json) -> None:
    """Refuse a caller who may not assign the user-assigned identities that a body names.

    403 LinkedAuthorizationFailed, as ARM words it (azuredisk-csi-driver issue 2609).
    """
    caller = request.caller
    for uai in (wanted.get("userAssignedIdentities") or {}) if wanted else {}:
        if rbac.allows(world, caller.object_id, ASSIGN, uai):
            continue
        scope = armid.canonical(request.path)
        action = f"{armid.resource_type(scope)}/write"
        raise GatewayRefusal(
            403,
            "LinkedAuthorizationFailed",
            f"The client '{caller.upn or caller.app_id}' with object id '{caller.object_id}' has "
            f"permission to perform action '{action}' on scope '{scope}'; however, it does not "
            f"have permission to perform action(s) '{ASSIGN}' on the linked scope(s) '{uai}' "
            "(respectively) or the linked scope(s) are invalid.",
        )


def assign(world: World, doc: Json, wanted: Json) -> Json:
    """The identity member that a PUT or PATCH leaves.

    A system-assigned identity is made once and kept; dropping it removes its principal.
    Refuses (400) a user-assigned identity that does not exist.
    """
    present = doc.get("identity") or {}
    words = [word.strip().lower() for word in str(wanted.get("type", "None")).split(",")]
    kinds = [name for name in ("SystemAssigned", "UserAssigned") if name.lower() in words]
    identity: Json = {"type": ",".join(kinds) or "None"}
    if "SystemAssigned" in kinds:
        tenant = tracked.tenant(world, doc["id"])
        principal_id = present.get("principalId")
        if not principal_id:
            principal_id = identities.system_identity(world, tenant, doc["name"]).object_id
        identity |= {"principalId": principal_id, "tenantId": tenant}
    elif present.get("principalId"):
        identities.remove_identity(world, present["principalId"])
    if "UserAssigned" in kinds:
        given = wanted.get("userAssignedIdentities") or present.get("userAssignedIdentities") or {}
        identity["userAssignedIdentities"] = {uai: _known(world, uai) for uai in given}
    return identity


def principal_of(doc: Json, user_assigned: str) -> str:
    """Object id of one of a resource's identities: a user-assigned one, or with an empty id
    the system's; an empty string where it has no such identity."""
    identity = doc.get("identity") or {}
    if not user_assigned:
        return str(identity.get("principalId", ""))
    for uai, value in (identity.get("userAssignedIdentities") or {}).items():
        if uai.lower() == user_assigned.lower():
            return str(value["principalId"])
    return ""


def _known(world: World, uai: str) -> Json:
    found = world.resource(uai)
    if found is None:
        raise Refusal(
            400,
            "FailedIdentityOperation",
            f"The user assigned identity '{uai}' was not found.",
        )
    properties = found.doc["properties"]
    return {"principalId": properties["principalId"], "clientId": properties["clientId"]}
