"""The managed resource group of a workspace: what is in it, and who uses the key there."""

from dataclasses import dataclass
from typing import Protocol

from sandbox import armid, assigned, cascade, policy, rbac, regions, registrations, tracked
from sandbox.protocol import Refusal
from sandbox.providers import cosmos, cosmoskeys, customerkeys, identities, search, storage
from sandbox.providers.customerkeys import UNASKED, KeyUnusable
from sandbox.registrations import COSMOS_DB, MACHINE_LEARNING
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.MachineLearningServices")
"""Shared by the modules of this namespace."""

USER_ASSIGNED = "user-assigned"
"""The identity of the workspace's ``encryption.identity``."""

WHO_WRAPS: dict[tuple[str, str], str] = {
    # With a system identity one grant is documented: Azure Cosmos DB gets get, wrapKey and
    # unwrapKey ("Customer-managed keys for Azure Machine Learning" and Cosmos DB's CMK
    # pages). No page names one for Search or Storage, so they come in by the same one.
    ("system", "cosmos"): COSMOS_DB,
    ("system", "search"): COSMOS_DB,
    ("system", "storage"): COSMOS_DB,
    # With a user-assigned identity that identity needs the three permissions too: azurerm's
    # user_assigned_identity_id says storage reaches the vault through it. Search is inferred.
    ("user", "cosmos"): COSMOS_DB,
    ("user", "search"): USER_ASSIGNED,
    ("user", "storage"): USER_ASSIGNED,
    # Service-side encryption: Machine Learning wraps in its own resources. Its quickstart
    # asks for Contributor of the Machine Learning app and for no grant on the key.
    ("service-system", "workspace"): UNASKED,
    ("service-user", "workspace"): USER_ASSIGNED,
}
"""Who uses the key, by (kind of identity, service): an app id, USER_ASSIGNED or UNASKED.

Which grants the live service really demands is an open question; nothing is demanded here
that no source names.
"""


GROUP_WRITE = "Microsoft.Resources/subscriptions/resourceGroups/write"


class Provider(Protocol):
    """What the three providers' modules have in common."""

    CREATE_S: float

    def refuse_full(self, world: World, subscription: str, location: str) -> None:
        """Raise Refusal where quota or region say no."""

    def make(
        self, world: World, resource_id: str, location: str, *, managed_by: str = ""
    ) -> Resource:
        """Begin a resource."""

    def finish(self, world: World, resource: Resource, state: str = "Succeeded") -> None:
        """End its creation."""

    def take_key(self, world: World, resource: Resource, kid: str, object_id: str) -> None:
        """Encrypt it; raises KeyUnusable."""

    def take_key_unseen(self, world: World, resource: Resource, kid: str, object_id: str) -> None:
        """Encrypt it in the past, for scenarios."""

    def tell(self, world: World, resource: Resource, trouble: KeyUnusable | None) -> None:
        """Show what using the key found."""

    def error_of(self, trouble: KeyUnusable) -> Json:
        """The error of an operation that failed on the key."""


@dataclass(frozen=True)
class Part:
    """One of the three managed resources."""

    name: str
    namespace: str
    kind: str
    provider: Provider


PARTS = {
    "cosmos": Part("cosmos", "Microsoft.DocumentDB", "databaseAccounts", cosmos),
    "search": Part("search", "Microsoft.Search", "searchServices", search),
    "storage": Part("storage", "Microsoft.Storage", "storageAccounts", storage),
}


class BuildFailed(Exception):
    """A step failed; carries the error of the asynchronous status.

    ``write`` is what Machine Learning could not write: action, ARM id and HTTP status.
    """

    def __init__(self, error: Json, write: tuple[str, str, int] | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.write = write


def bad(message: str) -> Json:
    """A BadRequest error."""
    return {"code": "BadRequest", "message": message}


def mode(doc: Json) -> str:
    """``none``, ``own-resources`` or ``service-side``."""
    properties = doc["properties"]
    status = (properties.get("encryption") or {}).get("status", "")
    if str(status).lower() != "enabled":
        return "none"
    return "service-side" if properties.get("enableServiceSideCMKEncryption") else "own-resources"


def key_id(doc: Json) -> str:
    """The key identifier a workspace is configured with."""
    return str(doc["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"])


def wrapper(world: World, doc: Json, service: str) -> str:
    """Object id that a service uses the workspace's key as, by :data:`WHO_WRAPS`.

    Raises :class:`KeyUnusable` 4000 where the principal is missing: no token for it.
    """
    identity = doc["properties"]["encryption"].get("identity") or {}
    chosen = str(identity.get("userAssignedIdentity") or "")
    kind = "user" if chosen else "system"
    who = WHO_WRAPS[f"service-{kind}" if service == "workspace" else kind, service]
    if who == UNASKED:
        return UNASKED
    if who == USER_ASSIGNED:
        object_id = assigned.principal_of(doc, chosen)
        if not world.principal(object_id):
            raise KeyUnusable("4000")
        return object_id
    return cosmoskeys.principal(world, doc["id"])


def works_as(world: World, resource: Resource) -> str:
    """Who search, storage or a workspace uses the key as now; empty where nobody can tell.

    Raises :class:`KeyUnusable` 4000 where that identity is gone.
    """
    kind = armid.resource_type(resource.doc["id"]).lower()
    if not resource.managed_by and not kind.endswith("/workspaces"):
        encryption = resource.doc["properties"].get("encryption") or {}
        chosen = (encryption.get("identity") or {}).get("userAssignedIdentity", "")
        own = assigned.principal_of(resource.doc, chosen)
        if not own:
            raise KeyUnusable("4000")
        return own
    owner = world.resource(resource.managed_by) if resource.managed_by else resource
    if owner is None or mode(owner.doc) == "none":
        return ""
    part = next((one.name for one in PARTS.values() if kind.endswith(one.kind.lower())), "")
    return wrapper(world, owner.doc, part or "workspace")


for _kind in (
    "search/searchservices",
    "storage/storageaccounts",
    "machinelearningservices/workspaces",
):
    customerkeys.WORKS_AS[f"microsoft.{_kind}"] = works_as


def machine_learning(world: World, doc: Json) -> str:
    """Object id of the Machine Learning app; its app id in a tenant that does not have it."""
    app = registrations.first_party(world, tracked.tenant(world, doc["id"]), MACHINE_LEARNING)
    return app.object_id if app else MACHINE_LEARNING


def judge_rights(world: World, doc: Json) -> None:
    """The Machine Learning app needs Contributor on the subscription (its REST quickstart)."""
    subscription = armid.subscription(doc["id"])
    object_id = machine_learning(world, doc)
    action, scope = GROUP_WRITE, group_id(doc)
    if object_id != MACHINE_LEARNING and rbac.allows(
        world, object_id, action, f"/subscriptions/{subscription}"
    ):
        return
    raise BuildFailed(
        {
            "code": "AuthorizationFailed",
            "message": f"The client '{MACHINE_LEARNING}' with object id '{object_id}' does not "
            f"have authorization to perform action '{action}' over scope '{scope}' or the scope "
            "is invalid. If access was recently granted, please refresh your credentials.",
        },
        (action, scope, 403),
    )


def group_name(doc: Json) -> str:
    """Name of the managed resource group.

    Two formulas are documented: ``<workspace resource group><GUID>`` and
    ``azureml-rg-<workspace>_<GUID>``. This is the second (the concept page's).
    """
    return f"azureml-rg-{doc['name']}_{doc['properties']['workspaceId']}"


def group_id(doc: Json) -> str:
    """ARM id of the managed resource group."""
    return f"/subscriptions/{armid.subscription(doc['id'])}/resourceGroups/{group_name(doc)}"


def part_id(doc: Json, part: Part) -> str:
    """ARM id of a managed resource; names have no documented form."""
    unique = str(doc["properties"]["workspaceId"]).replace("-", "")[:16]
    name = f"aml{part.name[:6]}{unique}"[:24]
    return f"{group_id(doc)}/providers/{part.namespace}/{part.kind}/{name}"


def part_write(part: Part) -> str:
    """The action of writing a managed resource."""
    return f"{part.namespace}/{part.kind}/write"


def make_group(world: World, workspace: Resource) -> None:
    """The managed group and its deny assignment; the workspace names it from now on."""
    doc = workspace.doc
    judge_rights(world, doc)
    where = group_id(doc)
    group = {
        "id": where,
        "name": group_name(doc),
        "type": "Microsoft.Resources/resourceGroups",
        "location": regions.short(doc["location"]),
        "managedBy": doc["id"],
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }
    world.state.groups[where.lower()] = Resource(group, world.epoch(), managed_by=doc["id"])
    app = registrations.first_party(world, tracked.tenant(world, doc["id"]), MACHINE_LEARNING)
    spared = [{"id": app.object_id, "type": "ServicePrincipal"}] if app else []
    name = world.state.new_id()
    denial_id = f"{where}/providers/Microsoft.Authorization/denyAssignments/{name}"
    denial = {
        "properties": {
            "denyAssignmentName": f"System deny assignment of {doc['name']}",
            "description": "Created by Azure Machine Learning to protect managed resources.",
            "permissions": [
                {
                    "actions": ["*"],
                    "notActions": ["*/read"],
                    "dataActions": [],
                    "notDataActions": [],
                }
            ],
            "scope": where,
            "doNotApplyToChildScopes": False,
            "principals": [{"id": rbac.EVERYONE, "type": "SystemDefined"}],
            "excludePrincipals": spared,
            "isSystemProtected": True,
        },
        "id": denial_id,
        "type": "Microsoft.Authorization/denyAssignments",
        "name": name,
    }
    world.state.denials[denial_id.lower()] = Resource(denial, world.epoch(), managed_by=doc["id"])
    doc["properties"]["serviceProvisionedResourceGroup"] = group_name(doc)


def remove_identity(world: World, doc: Json) -> None:
    """End the system identity of a workspace that is gone for good."""
    principal_id = (doc.get("identity") or {}).get("principalId")
    if principal_id:
        identities.remove_identity(world, principal_id)


def remove_group(world: World, doc: Json) -> None:
    """Take the managed group away with everything in it."""
    where = group_id(doc)
    cascade.delete(world, where)
    world.state.groups.pop(where.lower(), None)


def begin(world: World, workspace: Resource, part: Part) -> Resource:
    """Begin one managed resource; raises Refusal with what its provider says against it."""
    doc = workspace.doc
    subscription = armid.subscription(doc["id"])
    if registrations.state(world, subscription, part.namespace) != "Registered":
        message = (
            f"The subscription is not registered to use namespace '{part.namespace}'. See "
            "https://aka.ms/rps-not-found for how to register subscriptions."
        )
        code = "MissingSubscriptionRegistration"
        details = [{"code": code, "target": part.namespace, "message": message}]
        raise Refusal(409, code, message, details=details)
    where = part_id(doc, part)
    kind = f"{part.namespace}/{part.kind}"
    tracked.refuse_unoffered(kind, doc["location"])
    body: Json = {"type": kind, "name": armid.name(where), "location": doc["location"]}
    if part.name == "cosmos":
        # It is made with the key; what Machine Learning sends besides is not known.
        body["properties"] = {"keyVaultKeyUri": key_id(doc).rpartition("/")[0]}
    policy.refuse(world, where, body)
    part.provider.refuse_full(world, subscription, doc["location"])
    return part.provider.make(world, where, doc["location"], managed_by=doc["id"])
