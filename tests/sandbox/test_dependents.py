"""What depends on a vault or key, as Resource Graph tells it."""

from typing import Any

import pytest
from sandboxed import RunningSandbox

PATH = "/providers/Microsoft.ResourceGraph/resources"
DEPENDENTS = (
    "resources | where tostring(properties) contains '{what}' "
    "| project id, type = tolower(type), name | order by type asc"
)
HOLDERS = (
    "authorizationresources | where type =~ 'microsoft.authorization/roleassignments' "
    "| where tostring(properties.scope) endswith '/vaults/kv-ml-prod' "
    "| project id, principal = tostring(properties.principalId)"
)


def found(sandbox: RunningSandbox, query: str, principal: str = "admin") -> list[dict[str, Any]]:
    answer = sandbox.call("POST", PATH, {"query": query}, version="2022-10-01", principal=principal)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


@pytest.mark.parametrize("what", ["https://kv-ml-prod.", "/keys/cmk-ml", "HTTPS://KV-ML-PROD."])
def test_resources_are_found_by_the_key_in_their_properties(
    sandbox: RunningSandbox, what: str
) -> None:
    sandbox.reset("broken/healthy")
    types = [row["type"].rpartition("/")[2] for row in found(sandbox, DEPENDENTS.format(what=what))]
    # The vault has its own address in it; Search tells nothing of its key.
    vault = ["vaults"] if what.lower().startswith("https") else []
    assert sorted(types) == sorted(["databaseaccounts", "storageaccounts", "workspaces", *vault])


def test_grants_are_found_by_their_scope(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy-identity")
    held = {row["principal"] for row in found(sandbox, HOLDERS)}
    names = {sandbox.world.state.principals[one].name for one in held}
    assert names == {"Azure Cosmos DB", "uai-ml"}


def test_nothing_is_found_by_who_may_not_read(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    assert found(sandbox, "authorizationresources | project id")
    sandbox.on_loop(lambda: _leave_only_storage(sandbox))
    rows = found(sandbox, DEPENDENTS.format(what="kv-ml-prod"), principal="reader")
    assert rows == []


def _leave_only_storage(sandbox: RunningSandbox) -> None:
    """The reader's role counts at one storage account only."""
    who = sandbox.principal("reader")["object_id"]
    for one in sandbox.world.state.assignments.values():
        if one.doc["properties"]["principalId"] == who:
            scope = one.doc["properties"]["scope"]
            store = f"{scope}/resourceGroups/rg-ml/providers/Microsoft.Storage/storageAccounts"
            one.doc["properties"]["scope"] = f"{store}/stmlprod"
    sandbox.world.caches.clear()
