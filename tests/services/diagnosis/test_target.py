"""From an id, an address or a name to the workspace that is meant."""

import pytest
from carrying import connected
from sandboxed import RunningSandbox

from services.diagnosis.target import NoTarget, find

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"


@pytest.mark.parametrize("text", [WORKSPACE, WORKSPACE.upper(), "mlw-prod", " MLW-Prod ", VAULT])
async def test_an_id_a_name_or_the_vault_means_the_workspace(
    sandbox: RunningSandbox, text: str
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        assert (await find(conn, text)).id.lower() == WORKSPACE.lower()


async def test_the_address_of_key_or_vault_and_what_azure_made_mean_it_too(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/healthy")
    vault = f"https://kv-ml-prod.{sandbox.ready['key_vault_suffix']}"
    accounts = sandbox.call(
        "GET", f"{SUB}/providers/Microsoft.DocumentDB/databaseAccounts", version="2024-08-15"
    ).json()["value"]
    (account,) = [one["id"] for one in accounts]
    async with connected(sandbox) as conn:
        for text in (vault, f"{vault}/", f"{vault}/keys/cmk-ml", f"{vault}/keys/cmk-ml/{'0' * 32}"):
            assert (await find(conn, text)).id == WORKSPACE
        assert (await find(conn, account)).id == WORKSPACE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mlw", "Nothing that you may read fits mlw"),
        ("", "Name a workspace"),
        (SUB, "is a subscription"),
        (f"{SUB}/resourceGroups/rg-ml", "belongs to no workspace, "),
        ("/subscriptions/none", "an Azure id starts with"),
        ("https://elsewhere.test/secrets/x", "is not the address of a key"),
        ("https://kv-ml-prod.elsewhere.test/keys/cmk-ml", "that you may read fits"),
    ],
)
async def test_what_is_not_clear_says_why(sandbox: RunningSandbox, text: str, says: str) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        with pytest.raises(NoTarget, match=says):
            await find(conn, text)


async def test_several_are_listed(sandbox: RunningSandbox) -> None:
    sandbox.reset("contoso")
    vault = f"https://kv-ml-prod.{sandbox.ready['key_vault_suffix']}"
    async with connected(sandbox) as conn:
        with pytest.raises(NoTarget) as caught:
            await find(conn, vault)
    assert len(caught.value.found) > 1
    assert all(one.id in str(caught.value) for one in caught.value.found)


async def test_a_cluster_is_found_by_all_that_leads_to_it(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/cluster-healthy")
    cluster = f"{SUB}/resourceGroups/rg-aks/providers/Microsoft.ContainerService/managedClusters"
    vault = f"https://kv-ml-prod.{sandbox.ready['key_vault_suffix']}"
    nodes = f"{SUB}/resourceGroups/MC_rg-aks_aks-prod_westeurope"
    async with connected(sandbox) as conn:
        for text in (
            *("aks-prod", f"{cluster}/aks-prod", nodes, VAULT),
            *(vault, f"{vault}/keys/cmk-ml", f"{vault}/keys/cmk-ml/{'0' * 32}"),
        ):
            found = await find(conn, text)
            assert (found.kind, found.name) == ("cluster", "aks-prod"), text
        found = await find(conn, "des-prod")
        assert (found.kind, found.name) == ("disk-encryption-set", "des-prod")
        with pytest.raises(NoTarget, match="is a cluster: name a workspace"):
            await find(conn, f"{cluster}/aks-prod", ("workspace",))
        with pytest.raises(NoTarget, match="No workspace that you may read"):
            await find(conn, "aks-prod", ("workspace",))


async def test_one_name_of_two_kinds_is_listed(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/cluster-healthy")
    one = f"{SUB}/resourceGroups/rg-aks/providers/Microsoft.Compute/diskEncryptionSets"
    there = sandbox.call("GET", f"{one}/des-prod", version="2023-10-02").json()
    key = there["properties"]["activeKey"]
    body = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": key},
    }
    assert sandbox.call("PUT", f"{one}/aks-prod", body, version="2023-10-02").ok
    async with connected(sandbox) as conn:
        with pytest.raises(NoTarget, match="2 resources fit aks-prod") as caught:
            await find(conn, "aks-prod")
    assert [one.kind for one in caught.value.found] == ["cluster", "disk-encryption-set"]
