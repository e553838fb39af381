"""Who is who and who may do what, through the real SDKs and Graph over TLS."""

import pytest
from estate import Azure, connect

from services.azure import authorization, graph, identities, vaults
from services.azure.errors import AzureError, ErrorKind

COSMOS = "a232010e-820c-4083-83bb-3ace5fc29d0b"
SEARCH = "880da380-985e-4198-81b9-e05b1cc53158"
UNKNOWN = "11111111-2222-4333-8444-555555555555"


async def vault(azure: Azure) -> str:
    """The id of a vault that uses role assignments."""
    spec = vaults.VaultSpec(location="westeurope", tenant_id=azure.tenant)
    return (await vaults.create_vault(azure.conn, azure.vault_id("kv-rbac"), spec)).id


async def test_an_app_has_an_object_of_its_own_in_the_tenant(azure: Azure) -> None:
    found = await graph.service_principal(azure.conn, COSMOS)
    assert found is not None
    assert (found.app_id, found.kind, found.enabled) == (COSMOS, "ServicePrincipal", True)
    assert found.object_id not in ("", COSMOS)
    last = azure.seen("GET")[-1]
    assert last.path.endswith(f"/v1.0/servicePrincipals(appId='{COSMOS}')")
    assert "accountEnabled" in last.query["$select"]


async def test_an_app_is_found_where_graph_does_not_take_its_id_in_the_path(azure: Azure) -> None:
    refusal = {"status": 400, "path": "servicePrincipals\\(", "times": 2, "body": {"error": {}}}
    expected = await graph.service_principal(azure.conn, COSMOS)
    azure.sandbox.admin("POST", "faults", refusal)
    found = await graph.service_principal(azure.conn, COSMOS)
    assert found is not None
    assert expected is not None
    assert found.object_id == expected.object_id
    assert azure.seen("GET")[-1].query["$filter"] == f"appId eq '{COSMOS}'"
    assert await graph.service_principal(azure.conn, UNKNOWN) is None


async def test_a_missing_app_is_created_once(azure: Azure) -> None:
    app = azure.sandbox.principal("app")["client_id"]
    missing = UNKNOWN
    assert await graph.service_principal(azure.conn, missing) is None
    first = await graph.create_service_principal(azure.conn, app)
    again = await graph.create_service_principal(azure.conn, app)
    assert first == again
    assert first.object_id == azure.object_id("app")


async def test_principals_are_looked_up_by_object_id(azure: Azure) -> None:
    admin, app = azure.object_id("admin"), azure.object_id("app")
    found = await graph.principals(azure.conn, [admin.upper(), app, UNKNOWN, ""])
    assert {id: one.kind for id, one in found.items()} == {
        admin: "User",
        app: "ServicePrincipal",
    }
    assert await graph.principals(azure.conn, []) == {}


async def test_who_i_am(azure: Azure) -> None:
    me = await graph.me(azure.conn)
    assert (me.object_id, me.kind) == (azure.object_id("admin"), "User")


async def test_a_role_is_given_once_however_often_it_is_asked(azure: Azure) -> None:
    scope, who = await vault(azure), azure.object_id("app")
    ask = (scope, authorization.CRYPTO_USER, who, "ServicePrincipal")
    first = await authorization.assign_role(azure.conn, *ask)
    again = await authorization.assign_role(azure.conn, *ask)
    assert first.id == again.id
    assert (first.role_id, first.principal_id, first.scope) == (ask[1], who, scope)
    assert first.principal_type == "ServicePrincipal"
    puts = [call for call in azure.seen("PUT") if "/roleAssignments/" in call.path]
    assert len({call.path for call in puts}) == 1
    listed = await authorization.list_assignments(azure.conn, scope, who)
    assert [one.role_id for one in listed if one.scope == scope] == [ask[1]]


async def test_a_grant_of_another_name_counts_as_given(azure: Azure) -> None:
    scope, who = await vault(azure), azure.object_id("app")
    role = authorization.CRYPTO_USER
    name = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{UNKNOWN}"
    definition = f"/subscriptions/{azure.sub}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {"roleDefinitionId": f"{definition}/{role}", "principalId": who}
    await azure.put(name, {"properties": properties}, authorization.API)
    given = await authorization.assign_role(azure.conn, scope, role, who, "ServicePrincipal")
    assert given.id == name


async def test_an_unknown_object_id_is_refused(azure: Azure) -> None:
    with pytest.raises(AzureError) as refused:
        await authorization.assign_role(
            azure.conn, azure.group, authorization.CRYPTO_USER, UNKNOWN, ""
        )
    assert refused.value.code == "PrincipalNotFound"


async def test_assignments_at_and_above_a_scope(azure: Azure) -> None:
    listed = await authorization.list_assignments(azure.conn, azure.group)
    above = {(one.principal_id, authorization.role_name(one.role_id)) for one in listed}
    assert (azure.object_id("admin"), "Owner") in above
    assert (azure.object_id("key-officer"), "Key Vault Crypto Officer") in above
    assert {one.scope for one in listed} == {f"/subscriptions/{azure.sub}"}
    assert azure.seen("GET")[-1].query["$filter"] == "atScope()"


async def test_what_the_caller_may_do(azure: Azure) -> None:
    (owner,) = await authorization.list_permissions(azure.conn, azure.group)
    assert (owner.actions, owner.data_actions) == (("*",), ())
    async with await connect(azure.sandbox.ready, "key-officer") as conn:
        blocks = await authorization.list_permissions(conn, f"/subscriptions/{azure.sub}")
    assert any("Microsoft.KeyVault/vaults/keys/*" in block.data_actions for block in blocks)


async def test_an_identity_keeps_its_ids(azure: Azure) -> None:
    id = azure.id("Microsoft.ManagedIdentity/userAssignedIdentities", "uai-1")
    assert await identities.get_identity(azure.conn, id) is None
    made = await identities.create_identity(azure.conn, id, "westeurope", {"team": "ml"})
    again = await identities.create_identity(azure.conn, id, "westeurope", {"team": "ml"})
    assert (made.id, made.principal_id, made.client_id) == (
        id,
        again.principal_id,
        again.client_id,
    )
    assert made.principal_id != made.client_id
    there = await identities.get_identity(azure.conn, id)
    assert there is not None
    assert there.raw["tags"] == {"team": "ml"}
    assert [one.id for one in await identities.list_identities(azure.conn, azure.sub)] == [id]


async def test_graph_may_be_closed_to_a_principal(azure: Azure) -> None:
    async with await connect(azure.sandbox.ready, "app") as conn:
        with pytest.raises(AzureError) as refused:
            await graph.me(conn)
    assert refused.value.kind in (ErrorKind.INVALID, ErrorKind.FORBIDDEN)
