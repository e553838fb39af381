"""What tests of services share: a connection to a sandbox that begins empty."""

from collections.abc import AsyncIterator

import pytest
from estate import Azure, connect
from sandboxed import RunningSandbox

from services.azure import groups, providers

NAMESPACES = (
    "Microsoft.KeyVault",
    "Microsoft.DocumentDB",
    "Microsoft.Search",
    "Microsoft.Storage",
    "Microsoft.Insights",
    "Microsoft.OperationalInsights",
    "Microsoft.ContainerRegistry",
    "Microsoft.ManagedIdentity",
    "Microsoft.MachineLearningServices",
)


@pytest.fixture
async def azure(sandbox: RunningSandbox) -> AsyncIterator[Azure]:
    """Signed in as the Owner, with registered providers and a resource group."""
    async with await connect(sandbox.ready) as conn:
        made = Azure(sandbox, conn)
        for namespace in NAMESPACES:
            await providers.register(conn, made.sub, namespace)
        made.advance(300)
        await groups.create_group(conn, made.sub, "rg-test", "westeurope", {})
        yield made
