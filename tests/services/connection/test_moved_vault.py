"""A vault that belongs to another tenant than before, while the app runs."""

import pytest
from estate import connect
from sandboxed import RunningSandbox

from services.azure import keys
from services.azure.connection import Connection
from services.azure.errors import AzureError

VAULT = (
    "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-sec/providers"
    "/Microsoft.KeyVault/vaults/kv-ml-prod"
)


def belongs_to(sandbox: RunningSandbox, tenant: str) -> None:
    body = {"properties": {"tenantId": tenant}}
    answer = sandbox.call("PATCH", VAULT, body, version="2026-02-01")
    assert answer.ok, answer.text


async def key_of(conn: Connection, uri: str) -> str:
    found = await keys.get_key(conn, uri, "cmk-ml")
    assert found is not None
    return found.type


async def test_the_tenant_it_left_is_not_asked_for_ever(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f41-subscription-moved")
    async with await connect(sandbox.ready) as conn:
        uri = conn.cloud.vault_uri("kv-ml-prod")
        for _ in range(2):
            with pytest.raises(AzureError) as caught:
                await key_of(conn, uri)
            assert caught.value.code == "AADSTS700016"
        belongs_to(sandbox, sandbox.ready["tenant_id"])
        assert await key_of(conn, uri) == "RSA"
