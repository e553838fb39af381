"""Subscriptions, providers, groups and what is in them, through the real SDKs over TLS."""

import pytest
from estate import Azure, connect

from services.azure import (
    groups,
    locks,
    providers,
    resourcegraph,
    resources,
    subscriptions,
    tenants,
)
from services.azure.errors import AzureError, ErrorKind


async def test_subscriptions_and_tenants(azure: Azure) -> None:
    (mine,) = await subscriptions.list_subscriptions(azure.conn)
    assert (mine.id, mine.name, mine.tenant_id) == (azure.sub, "Contoso-ML", azure.tenant)
    assert azure.tenant in {tenant.id for tenant in await tenants.list_tenants(azure.conn)}


async def test_regions_have_short_names(azure: Azure) -> None:
    found = {one.name: one for one in await subscriptions.list_locations(azure.conn, azure.sub)}
    assert found["westeurope"].display_name == "West Europe"
    assert all(name.isalnum() and name.islower() for name in found)


async def test_a_provider_is_registered_and_tells_where_it_is_offered(azure: Azure) -> None:
    name = "Microsoft.Network"
    before = await providers.get_provider(azure.conn, azure.sub, name)
    assert before.state in ("NotRegistered", "Unregistered")
    begun = await providers.register(azure.conn, azure.sub, name)
    assert begun.state == "Registering"
    azure.advance(300)
    after = {one.namespace: one for one in await providers.list_providers(azure.conn, azure.sub)}
    assert after[name].state == "Registered"
    vaults = {kind.name: kind for kind in after["Microsoft.KeyVault"].types}["vaults"]
    assert "westeurope" in vaults.locations
    assert azure.seen("POST")[-1].path.endswith(f"/providers/{name}/register")


async def test_a_group_is_made_and_found(azure: Azure) -> None:
    assert await groups.get_group(azure.conn, azure.sub, "rg-new") is None
    made = await groups.create_group(azure.conn, azure.sub, "rg-new", "northeurope", {"team": "ml"})
    assert (made.location, made.tags, made.state) == ("northeurope", {"team": "ml"}, "Succeeded")
    assert await groups.get_group(azure.conn, azure.sub, "RG-NEW") == made
    listed = await groups.list_groups(azure.conn, azure.sub)
    assert [one.name for one in listed] == ["rg-new", "rg-test"]
    assert await groups.list_resources(azure.conn, azure.sub, "rg-new") == []


async def test_resources_are_put_and_read_by_id(azure: Azure) -> None:
    log = azure.id("Microsoft.OperationalInsights/workspaces", "log-1")
    app = azure.id("Microsoft.Insights/components", "appi-1")
    registry = azure.id("Microsoft.ContainerRegistry/registries", "crtest1")
    bodies = {
        log: {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}},
        app: {
            "location": "westeurope",
            "kind": "web",
            "properties": {"Application_Type": "web", "WorkspaceResourceId": log},
        },
        registry: {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}},
    }
    for id, body in bodies.items():
        version = resources.api_version(id)
        assert await resources.get_resource(azure.conn, id, version) is None
        made = await resources.put_resource(azure.conn, id, body, version)
        assert (made.id.lower(), made.location) == (id.lower(), "westeurope")
        there = await resources.get_resource(azure.conn, id, version)
        assert there is not None
        assert (there.name, there.kind, there.sku) == (made.name, made.kind, made.sku)
        assert there.state in ("Succeeded", "")
    component = await resources.get_resource(azure.conn, app, resources.api_version(app))
    assert component is not None
    assert component.raw["properties"]["WorkspaceResourceId"] == log
    listed = await groups.list_resources(azure.conn, azure.sub, "rg-test")
    states = {one.id.lower(): one.state for one in listed}
    assert {states.get(id.lower()) for id in bodies} == {"Succeeded"}


async def test_locks_of_the_group_are_seen_from_a_resource(azure: Azure) -> None:
    id = f"{azure.group}/providers/Microsoft.Authorization/locks/keep"
    await azure.put(id, {"properties": {"level": "CanNotDelete", "notes": "ask"}}, "2020-05-01")
    (lock,) = await locks.list_locks(azure.conn, azure.vault_id("kv-any"))
    assert (lock.name, lock.level, lock.notes) == ("keep", "CanNotDelete", "ask")
    assert lock.scope == azure.group


async def test_resource_graph_turns_its_pages(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    ids = [azure.id(kind, f"uai-{number}") for number in range(5)]
    for id in ids:
        await azure.put(id, {"location": "westeurope"}, "2023-01-31")
    monkeypatch.setattr(resourcegraph, "PAGE", 2)
    kql = f"resources | where type =~ '{kind}' | project id, name | order by id asc"
    pages = [page async for page in resourcegraph.query(azure.conn, kql, [azure.sub])]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row["name"] for page in pages for row in page] == [f"uai-{n}" for n in range(5)]


async def test_a_reader_is_told_what_is_missing(azure: Azure) -> None:
    async with await connect(azure.sandbox.ready, "reader") as reader:
        with pytest.raises(AzureError) as refused:
            await groups.create_group(reader, azure.sub, "rg-x", "westeurope", {})
    assert refused.value.kind is ErrorKind.FORBIDDEN
    assert "Microsoft.Resources/subscriptions/resourceGroups/write" in refused.value.do.replace(
        "resourcegroups", "resourceGroups"
    )
    assert refused.value.request_id
