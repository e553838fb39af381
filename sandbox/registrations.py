"""Registered providers and the first-party apps that come with them."""

from sandbox import directory
from sandbox.state import Principal
from sandbox.world import World

COSMOS_DB = "a232010e-820c-4083-83bb-3ace5fc29d0b"
MACHINE_LEARNING = "0736f41a-0425-4b46-bdb5-1563eff02385"
CONTAINER_INSTANCE = "6bb8e274-af5d-4df2-98a3-4fd78b4cafd9"
KEY_VAULT = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
SEARCH = "880da380-985e-4198-81b9-e05b1cc53158"
STORAGE = "e406a681-f3d4-42a8-90b6-c2b029497af1"

FIRST_PARTY: dict[str, str] = {
    COSMOS_DB: "Azure Cosmos DB",
    MACHINE_LEARNING: "Azure Machine Learning",
    CONTAINER_INSTANCE: "Azure Container Instance Service",
    KEY_VAULT: "Azure Key Vault",
    SEARCH: "Azure AI Search",
    STORAGE: "Azure Storage",
}
"""App ids of Azure's own services in the public cloud, the same in every tenant."""

APPS: dict[str, str] = {
    "microsoft.documentdb": COSMOS_DB,
    "microsoft.machinelearningservices": MACHINE_LEARNING,
    "microsoft.containerinstance": CONTAINER_INSTANCE,
    "microsoft.keyvault": KEY_VAULT,
    "microsoft.search": SEARCH,
    "microsoft.storage": STORAGE,
}
"""Which app's service principal appears when a namespace is registered."""

ALWAYS = frozenset(
    {
        "microsoft.authorization",
        "microsoft.resources",
        "microsoft.features",
        "microsoft.resourcegraph",
        "microsoft.billing",
        "microsoft.consumption",
        "microsoft.costmanagement",
        "microsoft.portal",
        "microsoft.marketplaceordering",
    }
)
"""Namespaces that are registered in every subscription (RegistrationFree)."""


def first_party(world: World, tenant_id: str, app_id: str) -> Principal | None:
    """A first-party app's service principal in the tenant; None while it is not there."""
    return directory.by_app(world, tenant_id, app_id)


def appear(world: World, tenant_id: str, app_id: str) -> Principal:
    """Have a first-party app's service principal in the tenant; its object id is its own.

    Raises KeyError for an app that is none of Azure's.
    """
    known = first_party(world, tenant_id, app_id)
    if known:
        return known
    principal = Principal(
        object_id=world.state.new_id(),
        tenant_id=tenant_id,
        name=FIRST_PARTY[app_id.lower()],
        kind="ServicePrincipal",
        app_id=app_id.lower(),
        created=world.epoch(),
    )
    return directory.add(world, principal)


def vanish(world: World, subscription_id: str, namespace: str) -> None:
    """Take a namespace's first-party app out of the directory; it stays registered."""
    tenant: str = world.state.subscriptions[subscription_id.lower()]["tenantId"]
    found = first_party(world, tenant, APPS[namespace.lower()])
    if found:
        del world.state.principals[found.object_id.lower()]


def state(world: World, subscription_id: str, namespace: str) -> str:
    """Registered, Registering, Unregistering or NotRegistered."""
    if namespace.lower() in ALWAYS:
        return "Registered"
    key = f"{subscription_id}/{namespace}".lower()
    return world.state.registrations.get(key, "NotRegistered")


def put(world: World, subscription_id: str, namespace: str, value: str) -> None:
    """Set a registration; a registered namespace brings its first-party app along."""
    key = f"{subscription_id}/{namespace}".lower()
    world.state.registrations[key] = value
    app = APPS.get(namespace.lower())
    subscription = world.state.subscriptions.get(subscription_id.lower())
    if value == "Registered" and app and subscription:
        appear(world, subscription["tenantId"], app)
