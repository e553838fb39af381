"""Which calls write: read-only connections send none, and a recorder hears of each one."""

from collections.abc import Awaitable

import pytest
from estate import Azure, connect

from services.azure import (
    authorization,
    graph,
    groups,
    identities,
    keys,
    providers,
    resourcegraph,
    storage,
    vaults,
    workspaces,
)
from services.azure.errors import AzureError, ErrorKind
from services.azure.policies import Outcome, Write, recorder
from services.model.resources import AccessPolicy, DeletedVault, RotationPolicy

OWN = ("get", "create", "update", "wrapkey", "unwrapkey", "setrotationpolicy", "recover")
APP = "a232010e-820c-4083-83bb-3ace5fc29d0b"


async def vault_with_key(azure: Azure) -> tuple[vaults.Vault, str]:
    """A vault whose keys the signed-in user may use, and a key's identifier."""
    me = await azure.conn.who()
    own = AccessPolicy(object_id=me.object_id, keys=OWN)
    spec = vaults.VaultSpec(
        location="westeurope", tenant_id=azure.tenant, rbac=False, policies=(own,)
    )
    vault = await vaults.create_vault(azure.conn, azure.vault_id("kv-writes"), spec)
    key = await keys.create_key(azure.conn, vault.uri, "cmk", keys.KeySpec(bits=2048))
    return vault, key.id


CHALLENGE = 401
"""A vault's first answer to a connection: for whom a token must be."""


async def test_what_only_asks_passes_a_read_only_connection(azure: Azure) -> None:
    vault, key_id = await vault_with_key(azure)
    before = len(azure.seen())
    async with await connect(azure.sandbox.ready, read_only=True) as conn:
        await vaults.check_name(conn, azure.sub, "kv-free")
        await storage.check_name(conn, azure.sub, "stfree01")
        await graph.principals(conn, [azure.object_id("app")])
        await keys.probe_wrap(conn, key_id)
        found = [v async for page in resourcegraph.list_vaults(conn, [azure.sub]) for v in page]
    assert [one.id for one in found] == [vault.id]
    seen = [call for call in azure.seen()[before:] if call.method == "POST"]
    asked = [call for call in seen if "oauth2" not in call.path and call.status != CHALLENGE]
    names = [call.path.lower().rsplit("/", 1)[-1] for call in asked]
    assert names == [
        "checknameavailability",
        "checknameavailability",
        "getbyids",
        "wrapkey",
        "unwrapkey",
        "resources",
    ]


async def test_no_write_passes_a_read_only_connection(azure: Azure) -> None:
    vault, _ = await vault_with_key(azure)
    scope, sub = vault.id, azure.sub
    gone = DeletedVault(name="kv", id=scope, location="westeurope")
    spec = vaults.VaultSpec(location="westeurope", tenant_id=azure.tenant)
    before = len(azure.seen())
    async with await connect(azure.sandbox.ready, read_only=True) as conn:
        role = (authorization.CRYPTO_USER, azure.object_id("app"), "ServicePrincipal")
        account = azure.id("Microsoft.Storage/storageAccounts", "stx01")
        uai = azure.id("Microsoft.ManagedIdentity/userAssignedIdentities", "uai-x")
        mlw = azure.id("Microsoft.MachineLearningServices/workspaces", "mlw-x")
        writes: list[Awaitable[object]] = [
            providers.register(conn, sub, "Microsoft.Network"),
            groups.create_group(conn, sub, "rg-x", "westeurope", {}),
            vaults.create_vault(conn, azure.vault_id("kv-x"), spec),
            vaults.recover(conn, gone),
            vaults.enable_purge_protection(conn, scope),
            vaults.add_policy(conn, scope, AccessPolicy(object_id="x", keys=("get",))),
            keys.create_key(conn, vault.uri, "cmk", keys.KeySpec(bits=2048)),
            keys.set_rotation_policy(conn, vault.uri, "cmk", RotationPolicy()),
            keys.recover_key(conn, vault.uri, "cmk"),
            authorization.assign_role(conn, scope, *role),
            graph.create_service_principal(conn, APP),
            identities.create_identity(conn, uai, "westeurope", {}),
            storage.create_account(conn, account, "westeurope", {}),
            workspaces.begin_create(conn, mlw, {"location": "westeurope"}),
        ]
        for write in writes:
            with pytest.raises(AzureError) as refused:
                await write
            assert refused.value.kind is ErrorKind.READ_ONLY
            assert refused.value.sent is False
    sent = {call.method for call in azure.seen()[before:] if "oauth2" not in call.path}
    assert sent <= {"GET"}


class Heard:
    """Remembers what a recorder is told."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, str]] = []
        self.outcomes: list[int | None] = []

    async def before(self, write: Write) -> None:
        self.writes.append((write.method, write.path.rsplit("/", 1)[-1]))
        assert write.body_sha256
        assert write.client_request_id

    async def after(self, write: Write, outcome: Outcome) -> None:
        self.outcomes.append(outcome.status)

    async def ended(self, address: str, outcome: str) -> None:
        raise AssertionError(f"{address} {outcome}: no call here starts an operation by address")


async def test_a_recorder_hears_of_each_write_once_and_of_no_read(azure: Azure) -> None:
    heard = Heard()
    token = recorder.set(heard)
    try:
        vault, key_id = await vault_with_key(azure)
        await vaults.add_policy(azure.conn, vault.id, AccessPolicy(object_id="x", keys=("get",)))
        policy = RotationPolicy(rotate_after="P1Y", expiry="P2Y")
        await keys.set_rotation_policy(azure.conn, vault.uri, "cmk", policy)
        await keys.probe_wrap(azure.conn, key_id)
        await graph.create_service_principal(
            azure.conn, azure.sandbox.principal("app")["client_id"]
        )
        who = azure.object_id("app")
        role = (authorization.CRYPTO_USER, who, "ServicePrincipal")
        await authorization.assign_role(azure.conn, vault.id, *role)
    finally:
        recorder.reset(token)
    assert [method for method, _ in heard.writes] == ["PUT", "POST", "PUT", "PUT", "POST", "PUT"]
    assert [last for _, last in heard.writes][:5] == [
        "kv-writes",
        "create",
        "add",
        "rotationpolicy",
        "servicePrincipals",
    ]
    assert len(heard.outcomes) == len(heard.writes)
    assert None not in heard.outcomes
