"""Resource providers: whether a subscription may use them, and in which regions."""

from services.azure import calls
from services.azure.connection import Connection
from services.model.resources import Provider, Raw, ResourceType
from services.text import plain

SDK = "azure.mgmt.resource.resources.aio:ResourceManagementClient"


async def get_provider(conn: Connection, subscription: str, namespace: str) -> Provider:
    """One provider with its registration and regions; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    return provider(await calls.ask(f"read provider {namespace}", sdk.providers.get, namespace))


async def list_providers(conn: Connection, subscription: str) -> list[Provider]:
    """Every provider of a subscription, by namespace; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything("list providers", sdk.providers.list)
    return sorted(map(provider, found), key=lambda one: one.namespace.lower())


async def register(conn: Connection, subscription: str, namespace: str) -> Provider:
    """Start the registration of a provider; it ends later, in state Registered.

    Needs NAMESPACE/register/action on the subscription. Raises AzureError.
    """
    sdk = await calls.client(conn, SDK, subscription)
    return provider(
        await calls.ask(f"register provider {namespace}", sdk.providers.register, namespace)
    )


def provider(raw: Raw) -> Provider:
    """A provider from its JSON."""
    return Provider(
        namespace=plain(raw.get("namespace")),
        state=plain(raw.get("registrationState")),
        types=tuple(
            ResourceType(
                name=plain(kind.get("resourceType")),
                locations=tuple(map(calls.region, calls.texts(kind.get("locations")))),
            )
            for kind in calls.objects(raw, "resourceTypes")
        ),
        raw=raw,
    )
