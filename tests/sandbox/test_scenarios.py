"""Every built-in scenario opens, refers to nothing that is not there, and is what it says."""

import time
from typing import Any

import pytest

from sandbox import armid, scenario
from sandbox.clock import Clock
from sandbox.keyvault import names
from sandbox.providers import APIS, customerkeys
from sandbox.state import Json, State, load, save
from sandbox.world import Addresses, World

BUILT_IN = [
    *scenario.names(),
    *(f"{folder}/{name}" for folder in scenario.FOLDERS for name in scenario.names(folder)),
]
LOST = ("broken/f", "combined/", "broken/cluster-rotation", "broken/containers-identity")
WHOLE = [name for name in BUILT_IN if not name.startswith(LOST)]
"""Scenarios that refer to nothing that is not there; the others' point is what has gone."""
DEAD_GRANTS = {"failures/grant-to-app-id"}
"""Scenarios whose point is a grant to somebody who is not there."""
CAST = {"admin", "contributor", "reader", "key-officer", "guest", "app"}
WORKSPACES = "microsoft.machinelearningservices/workspaces"


def opened(name: str) -> World:
    jobs = {kind: job for api in APIS for kind, job in api.jobs.items()}
    world = World(State(), Clock(), Addresses(443), jobs)
    scenario.open_into(world, APIS, name, 0)
    return world


def of_type(world: World, kind: str) -> dict[str, Json]:
    found = {}
    for resource in world.state.resources.values():
        if resource.doc["type"].lower() == kind:
            found[resource.doc["name"]] = resource.doc
    return found


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_scenario_opens_with_its_cast(name: str) -> None:
    world = opened(name)
    listed = {item.name for item in world.state.principals.values() if item.listed}
    assert listed >= CAST
    assert load(save(world.state)).resources.keys() == world.state.resources.keys()


@pytest.mark.parametrize("name", WHOLE)
def test_nothing_refers_to_what_is_not_there(name: str) -> None:
    world = opened(name)
    state = world.state
    dangling = [
        f"{key}: group" for key in state.resources if armid.group_id(key) not in state.groups
    ]
    for resource in state.resources.values():
        if resource.doc["type"].lower() == WORKSPACES:
            dangling += _dangling(world, resource.doc)
    for assignment in state.assignments.values():
        properties = assignment.doc["properties"]
        known = properties["principalId"].lower() in state.principals
        if known == (name in DEAD_GRANTS and "a232010e" in properties["principalId"]):
            dangling.append(f"{assignment.doc['id']}: principal")
        if not _exists(world, properties["scope"]):
            dangling.append(f"{assignment.doc['id']}: scope")
    assert dangling == []


def _exists(world: World, scope: str) -> bool:
    low = scope.lower().rstrip("/")
    if "/providers/" in low:
        return low in world.state.resources
    if "/resourcegroups/" in low:
        return low in world.state.groups
    return low.removeprefix("/subscriptions/") in world.state.subscriptions


def _dangling(world: World, doc: Json) -> list[str]:
    properties = doc["properties"]
    wanted = ("storageAccount", "keyVault", "applicationInsights", "containerRegistry")
    found = [
        f"{doc['name']}: {name}"
        for name in wanted
        if properties.get(name) and world.resource(properties[name]) is None
    ]
    used = (properties.get("encryption") or {}).get("keyVaultProperties")
    if used:
        key = customerkeys.parse(used["keyIdentifier"])
        if names.find(world, key.vault) is None and names.deleted(world, key.vault) is None:
            found.append(f"{doc['name']}: vault")
        kept = world.state.table(names.KEYS).get(key.vault, {}).get(key.name.lower())
        versions = [item["version"] for item in kept["versions"]] if kept else []
        if key.version not in versions:
            found.append(f"{doc['name']}: key")
    identity = (doc.get("identity") or {}).get("userAssignedIdentities") or {}
    found += [f"{doc['name']}: {one}" for one in identity if world.resource(one) is None]
    return found


READABLE = {
    "mlw-disabled": "KeyDisabled",
    "mlw-revoked": "ForbiddenByRbac",
    "mlw-lost": "4017",
    "mlw-bi": "ForbiddenByPolicy",
    "mlw-failed": "ResourceNotFound",
}
"""Workspaces of contoso whose data can't be read, and why; all others can."""


def test_contoso_workspaces_are_as_broken_as_they_should_be() -> None:
    world = opened("contoso")
    docs = of_type(world, WORKSPACES)
    assert len(docs) >= 12
    outcome = {name: customerkeys.readable(world, doc["id"]) for name, doc in docs.items()}
    broken = {name: why for name, (able, why) in outcome.items() if not able}
    assert broken == READABLE


def test_contoso_has_the_vaults_that_people_are_shown() -> None:
    world = opened("contoso")
    vaults = of_type(world, "microsoft.keyvault/vaults")
    deleted = world.state.table(names.DELETED)
    assert len(vaults) + len(deleted) >= 38
    good, data, closed = (
        vaults[name]["properties"] for name in ("kv-ml-prod", "kv-data", "kv-eu-fw")
    )
    assert good["enableRbacAuthorization"] and good["enablePurgeProtection"]
    assert not data["enableRbacAuthorization"] and "enablePurgeProtection" not in data
    assert closed["networkAcls"]["defaultAction"] == "Deny"
    assert closed["networkAcls"]["bypass"] == "AzureServices"
    assert "kv-old" in deleted


def test_contoso_has_keys_of_every_sort() -> None:
    world = opened("contoso")
    kept = world.state.table(names.KEYS)
    now = world.epoch()
    current = [key["versions"][-1] for keys in kept.values() for key in keys.values()]

    def has(test: Any) -> bool:
        return any(test(version) for version in current)

    kinds = {(version["kty"], version.get("bits")) for version in current}
    assert {("RSA", 2048), ("RSA", 3072), ("RSA", 4096), ("RSA-HSM", 3072)} <= kinds
    assert has(lambda version: version["kty"] == "EC")
    assert has(lambda version: not version["enabled"])
    assert has(lambda version: version.get("exp") and version["exp"] < now)
    assert has(lambda version: version.get("nbf") and version["nbf"] > now)
    assert has(lambda version: version.get("exp") and now < version["exp"] < now + 90 * 86400)
    assert any(len(key["versions"]) > 10 for keys in kept.values() for key in keys.values())
    assert not has(lambda version: version["pem"]), "loading must not make RSA material"


def test_large_is_large_and_quickly_there() -> None:
    started = time.process_time()
    world = opened("large")
    spent = time.process_time() - started
    vaults = of_type(world, "microsoft.keyvault/vaults")
    assert len(vaults) == 10_000
    assert len(of_type(world, WORKSPACES)) == 5_000
    assert (
        sum("1a46e000-0000-4000-8000-000000000000" in doc["id"] for doc in vaults.values()) == 5000
    )
    assert spent < 5, "a second on an idle machine; this only catches a change of its order"


def test_later_files_change_single_fields_of_an_intent(tmp_path: Any) -> None:
    (tmp_path / "base.toml").write_text(
        '[intent]\nregion = "a"\nvault = { name = "kv", sku = 1 }\n'
    )
    more = tmp_path / "more.toml"
    more.write_text('include = ["base.toml"]\n[intent]\nregion = "b"\nvault = { sku = 2 }\n')
    read = scenario.read(str(more))["intent"]
    assert read == {"region": "b", "vault": {"name": "kv", "sku": 2}}
    assert not opened(str(more)).state.resources


def test_a_strange_table_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[vaultz]]\nname = "kv"\n')
    with pytest.raises(scenario.ScenarioError, match="vaultz"):
        opened(str(path))


def test_recovering_a_vault_brings_the_data_of_its_workspace_back(sandbox: Any) -> None:
    sandbox.reset("contoso")
    root = f"/subscriptions/{sandbox.subscription}/resourceGroups"
    workspace = f"{root}/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-lost"

    def readable() -> bool:
        return bool(customerkeys.readable(sandbox.world, workspace)[0])

    assert not readable()
    body = {
        "location": "westeurope",
        "properties": {
            "createMode": "recover",
            "tenantId": sandbox.ready["tenant_id"],
            "sku": {"family": "A", "name": "standard"},
        },
    }
    vault = f"{root}/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-lost"
    answer = sandbox.call("PUT", vault, body, version="2023-07-01")
    assert answer.status_code == 200, answer.text
    assert sandbox.on_loop(readable)
