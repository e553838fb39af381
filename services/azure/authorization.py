"""Role assignments, and what the caller may do."""

import uuid
from collections.abc import Mapping
from types import MappingProxyType

from services import names
from services.azure import calls
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from services.ids import ArmId, same
from services.model.resources import Permission, Raw, RoleAssignment
from services.text import plain

SDK = "azure.mgmt.authorization.aio:AuthorizationManagementClient"
API = "2022-04-01"

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
        "12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
        "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
        "21090545-7ca7-4776-b22c-e363652d74d2": "Key Vault Reader",
        "a68e7c17-0ab2-4c09-9a58-125dae29748c": "Key Vault Purge Operator",
        "8b54135c-b56d-4d72-a534-26097cfdc8d8": "Key Vault Data Access Administrator",
        "f25e0fa2-a7c8-4377-a976-54943a77a395": "Key Vault Contributor",
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
        "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
        "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
        "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
        "f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
        "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
        "f6c7c914-8db3-469d-8ca1-694a8f32e121": "AzureML Data Scientist",
        "b556d68e-0be0-4f35-a333-ad7ee1ce17ea": ("Azure AI Enterprise Network Connection Approver"),
        "b78c5d69-af96-48a3-bf8d-a8b4d589de94": "Azure AI Administrator",
    }
)
"""Built-in roles by the GUID of their definition, the same in every tenant."""

CRYPTO_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Key Vault Crypto Service Encryption User: read, wrap and unwrap, no more."""
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"

_NAMES = uuid.UUID("6c1f3d7e-53a5-5f0e-9d83-7a0f6c1d2b44")
"""Namespace of the assignment names made here; changing it would make duplicates."""


def role_name(role_id: str) -> str:
    """The name of a built-in role, else the GUID of its definition."""
    id = role_id.rsplit("/", 1)[-1].lower()
    return ROLES.get(id, plain(id))


async def list_assignments(
    conn: Connection, scope: str, principal_id: str = ""
) -> list[RoleAssignment]:
    """Role assignments as ARM knows them; Key Vault honours new ones some minutes later.

    Without a principal: those at the scope and above. With one: all of its assignments at
    the scope, above and below, but not those it has through a group. Raises AzureError.
    """
    sdk = await calls.client(conn, SDK, ArmId.parse(scope).subscription)
    found = await calls.everything(
        "list role assignments",
        sdk.role_assignments.list_for_scope,
        scope.strip("/"),
        filter=f"principalId eq '{principal_id}'" if principal_id else "atScope()",
    )
    return [assignment(one) for one in found]


def object_id(text: str) -> str:
    """An object id for a grant; raises AzureError (INVALID) for the app id of an Azure service.

    Key Vault and Resource Manager store such a grant, and nobody ever has it.
    """
    wrong = names.app_id_problem(text)
    if wrong is None:
        return text
    raise AzureError(
        ErrorKind.INVALID,
        code="AppIdNotObjectId",
        message=text,
        what=f"{names.APP_IDS[text.strip().lower()]} can't be granted anything by its app id.",
        means=wrong,
        do="Use the object id.",
        sent=False,
    )


async def assign_role(
    conn: Connection, scope: str, role_id: str, principal_id: str, principal_type: str
) -> RoleAssignment:
    """Give a role to a principal by its object id; one that exists is success.

    The name follows from scope, principal and role, so that asking twice grants once.
    principal_type (User, Group, ServicePrincipal; empty where unknown) spares the directory
    lookup that fails for new principals (PrincipalNotFound). Raises AzureError.
    """
    principal_id = object_id(principal_id)
    where = ArmId.parse(scope)
    sdk = await calls.client(conn, SDK, where.subscription)
    definition = (
        f"/subscriptions/{where.subscription}/providers/Microsoft.Authorization"
        f"/roleDefinitions/{role_id}"
    )
    properties = {
        "roleDefinitionId": definition,
        "principalId": principal_id,
    }
    if principal_type:
        properties["principalType"] = principal_type
    try:
        raw = await calls.ask(
            f"give {role_name(role_id)} on {where.name}",
            sdk.role_assignments.create,
            scope.strip("/"),
            assignment_name(scope, role_id, principal_id),
            calls.body({"properties": properties}),
        )
    except AzureError as error:
        if error.code != "RoleAssignmentExists":
            raise
        for one in await list_assignments(conn, scope, principal_id):
            if one.role_id == role_id.lower() and same(one.scope, scope):
                return one
        raise
    return assignment(raw)


async def get_assignment(conn: Connection, id: str) -> RoleAssignment | None:
    """A role assignment by its id, or None where there is none; raises AzureError."""
    sdk = await calls.client(conn, SDK, ArmId.parse(id).subscription)
    raw = await calls.find("read a role assignment", sdk.role_assignments.get_by_id, id.strip("/"))
    return None if raw is None else assignment(raw)


async def delete_assignment(conn: Connection, id: str) -> None:
    """Take a role away; one that is not there is success. Raises AzureError."""
    sdk = await calls.client(conn, SDK, ArmId.parse(id).subscription)
    await calls.ask("take a role away", sdk.role_assignments.delete_by_id, id.strip("/"))


def assignment_name(scope: str, role_id: str, principal_id: str) -> str:
    """The GUID that names an assignment; case and a last slash make no difference."""
    parts = (scope.strip("/"), principal_id, role_id)
    return str(uuid.uuid5(_NAMES, "|".join(parts).lower()))


async def list_permissions(conn: Connection, scope: str) -> list[Permission]:
    """What the caller may do at a scope, roles of groups included; raises AzureError.

    The SDK has this call for groups and resources only, the address serves every scope.
    """
    path = f"/{scope.strip('/')}/providers/Microsoft.Authorization/permissions"
    query = {"api-version": API}
    found: list[Permission] = []
    while path:
        answer = await conn.call("arm", "GET", path, params=query, what="read permissions")
        raw = answer.body if isinstance(answer.body, dict) else {}
        found += map(_permission, calls.objects(raw, "value"))
        path, query = raw.get("nextLink") or "", {}
    return found


def _permission(raw: Raw) -> Permission:
    return Permission(
        actions=calls.texts(raw.get("actions")),
        not_actions=calls.texts(raw.get("notActions")),
        data_actions=calls.texts(raw.get("dataActions")),
        not_data_actions=calls.texts(raw.get("notDataActions")),
    )


def assignment(raw: Raw) -> RoleAssignment:
    """A role assignment from its JSON."""
    properties = calls.part(raw, "properties")
    return RoleAssignment(
        id=calls.arm_id(raw.get("id")),
        scope=calls.arm_id(properties.get("scope")),
        principal_id=plain(properties.get("principalId")).lower(),
        principal_type=plain(properties.get("principalType")),
        role_id=plain(properties.get("roleDefinitionId")).rsplit("/", 1)[-1].lower(),
        created=calls.moment(properties.get("createdOn")),
        condition=plain(properties.get("condition")),
        raw=raw,
    )
