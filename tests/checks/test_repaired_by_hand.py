"""What a finding advises works: done by a person, the check is content and nothing fails.

Repairs that the plan makes are in test_failures.py and test_chosen_repairs.py.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from azure.keyvault.keys import KeyRotationLifetimeAction, KeyRotationPolicy
from azure.keyvault.keys._shared import http_challenge_cache
from sandboxed import RunningSandbox
from test_failures import (
    GROUP,
    NAMES,
    REPAIRED,
    RUNS,
    SUBSCRIPTION,
    VAULTS,
    WORKSPACE,
    connected,
    opened,
    who,
)

from services.azure.connection import Connection
from services.checks import repairs
from services.checks.registry import TRIPS
from services.model.intent import ContainerIntent, Create, DiskEncryptionSetIntent, Intent
from services.setup.plan import make_plan

Hand = Callable[[RunningSandbox, Connection, Intent], Awaitable[Intent]]
VAULT_API, POLICY_API, LOCK_API = "2026-02-01", "2022-06-01", "2016-09-01"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
WELL = {"ok", "skipped", "unknown"}


def wish(**parts: Any) -> Hand:
    """Another wish: tables of the intent, or fields of it."""

    async def change(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
        tables = {
            name: msgspec.structs.replace(getattr(intent, name), **value)
            if isinstance(getattr(intent, name), msgspec.Struct)
            else value
            for name, value in parts.items()
        }
        return msgspec.structs.replace(intent, **tables)

    return change


def call(method: str, path: str, body: Any = None, *, version: str) -> Hand:
    """A request that an administrator makes."""

    async def change(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
        answer = sandbox.call(method, path, body, version=version)
        assert answer.status_code < 300, answer.text
        return intent

    return change


def gone(collection: str, scope: str, version: str) -> Hand:
    """Everything of a kind at a scope is taken away."""

    async def change(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
        path = f"{scope}/providers/Microsoft.Authorization/{collection}"
        found = sandbox.call("GET", path, version=version).json()["value"]
        assert found
        for one in found:
            assert sandbox.call("DELETE", one["id"], version=version).status_code < 300
        return intent

    return change


def waits(seconds: int) -> Hand:
    async def change(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
        sandbox.advance(seconds)
        return intent

    return change


def owner(principal: str) -> Hand:
    """Somebody who may gives the caller a role."""
    name = "11111111-1111-4111-8111-111111111111"
    roles = f"{SUBSCRIPTION}/providers/Microsoft.Authorization"

    async def change(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
        properties = {
            "roleDefinitionId": f"{roles}/roleDefinitions/{OWNER}",
            "principalId": sandbox.principal(principal)["object_id"],
        }
        path, body = f"{roles}/roleAssignments/{name}", {"properties": properties}
        return await call("PUT", path, body, version="2022-04-01")(sandbox, conn, intent)

    return change


async def later_expiry(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
    uri = conn.cloud.vault_uri(intent.vault.name)
    until = datetime.now(UTC) + timedelta(days=400)
    await conn.keys(uri).update_key_properties(intent.key.name, expires_on=until)
    return intent


async def rotated(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
    client = conn.keys(conn.cloud.vault_uri(intent.vault.name))
    action = KeyRotationLifetimeAction("rotate", time_before_expiry="P30D")
    policy = KeyRotationPolicy(lifetime_actions=[action], expires_in="P1Y")
    await client.update_key_rotation_policy(intent.key.name, policy)
    return await later_expiry(sandbox, conn, intent)


async def nobody_by_app_id(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
    """A lock above the vault keeps its role assignments from being deleted, too."""
    await gone("locks", f"{SUBSCRIPTION}/resourceGroups/rg-sec", LOCK_API)(sandbox, conn, intent)
    path = f"{VAULTS}/kv-cmk/providers/Microsoft.Authorization/roleAssignments"
    for one in sandbox.call("GET", path, version="2022-04-01").json()["value"]:
        if one["properties"]["principalId"] == conn.cloud.cosmos_app_id:
            assert sandbox.call("DELETE", one["id"], version="2022-04-01").status_code == 200
    return intent


async def no_policy(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
    vault = f"{VAULTS}/{intent.vault.name}"
    entries = sandbox.call("GET", vault, version=VAULT_API).json()["properties"]["accessPolicies"]
    body = {"properties": {"accessPolicies": entries}}
    path = f"{vault}/accessPolicies/remove"
    return await call("PUT", path, body, version=VAULT_API)(sandbox, conn, intent)


async def in_our_tenant(sandbox: RunningSandbox, conn: Connection, intent: Intent) -> Intent:
    body = {"properties": {"tenantId": sandbox.ready["tenant_id"], "accessPolicies": []}}
    path = f"{VAULTS}/{intent.vault.name}"
    await call("PATCH", path, body, version=VAULT_API)(sandbox, conn, intent)
    # The SDK remembers for the whole process which tenant a vault asked for; a new one does not.
    http_challenge_cache.clear()
    return intent


READY = {"name": "kv-cmk"}
NO_POLICY = gone("policyAssignments", SUBSCRIPTION, POLICY_API)
NO_LOCK = gone("locks", GROUP, LOCK_API)
MADE: dict[str, Any] = {"name": "kv-made-anew", "create": True}
NEW_KEY: dict[str, Any] = {"name": "cmk-new", "create": True, "bits": 2048}
OPEN_TO_ME = {
    "properties": {
        "networkAcls": {
            "defaultAction": "Deny",
            "bypass": "AzureServices",
            "ipRules": [{"value": "203.0.113.7/32"}],
        }
    }
}
KEEP = f"{VAULTS}/kv-cmk/providers/Microsoft.Authorization/locks/keep"
ENDPOINT = f"{VAULTS}/kv-flawed/privateEndpointConnections/pe-vault"
APPROVED = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
SEARCH_ONE = f"{GROUP}/providers/Microsoft.Search/searchServices/srch-the-one"
IDENTITY = f"{RUNS}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai-run"
STORAGE_ONE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stmlsecond"

HANDS: dict[str, Hand] = {
    "region-offered": wish(region="westeurope", vault=READY),
    "vault-name": wish(vault={"name": "kv-made-anew"}),
    "vault-retention": wish(vault={"retention_days": 7}),
    "vault-region": wish(vault=READY),
    "vault-tenant": in_our_tenant,
    "vault-perimeter": wish(vault=READY),
    "vault-endpoints": call("PUT", ENDPOINT, APPROVED, version=VAULT_API),
    "vault-network-you": call("PATCH", f"{VAULTS}/kv-flawed", OPEN_TO_ME, version=VAULT_API),
    "vault-access-model": wish(vault={"access": "policies"}),
    "vault-lock": call("PUT", KEEP, {"properties": {"level": "CanNotDelete"}}, version=LOCK_API),
    "key-type": wish(key=NEW_KEY),
    "key-dates": later_expiry,
    "key-rotation": rotated,
    "key-version": wish(key={"version": "latest"}),
    "grant-to-app-id": nobody_by_app_id,
    "policy-on-rbac-vault": no_policy,
    "grant-propagation": waits(86_400),
    "identity-exists": wish(workspace={"identity": Create(create="uai-ml")}),
    "caller-permissions": owner("reader"),
    "caller-condition": owner("contributor"),
    "deny-assignment": wish(resource_group="rg-other"),
    "lock-read-only": NO_LOCK,
    "lock-delete": NO_LOCK,
    "policy-workspace": NO_POLICY,
    "policy-vault": NO_POLICY,
    "policy-dependencies": NO_POLICY,
    "policy-cosmos": NO_POLICY,
    "policy-search": NO_POLICY,
    "policy-storage": NO_POLICY,
    "policy-definitions": NO_POLICY,
    "policy-key": NO_POLICY,
    "workspace-validate": NO_POLICY,
    "cosmos-region": wish(region="northeurope", vault=MADE, key=NEW_KEY),
    "search-quota": call("DELETE", SEARCH_ONE, version="2025-05-01"),
    "storage-quota": call("DELETE", STORAGE_ONE, version="2025-08-01"),
    "ml-quota": wish(resource_group="rg-other"),
    "storage-name": wish(workspace={"storage": Create(create="stanothername")}),
    "secrets-vault-name": wish(workspace={"secrets_vault": Create(create="kv-another")}),
    "registry-name": wish(workspace={"registry": Create(create="crAnotherName")}),
    "workspace": wish(workspace={"name": "mlw-other"}),
    "workspace-deleted": call("DELETE", f"{WORKSPACE}?forceToPurge=true", version="2025-06-01"),
    "deployment-running": waits(86_400),
}
HANDS |= {
    "group-flow": wish(container_group={"flow": "identity", "identity": IDENTITY}),
    "container-group": wish(container_group={"name": "score-2"}),
    "group-quota": wish(region="northeurope", vault=MADE, key=NEW_KEY),
    "group-size": wish(container_group={"containers": [ContainerIntent(name="m", image="i")]}),
    "encryption-set": wish(cluster={"disk_encryption_set": DiskEncryptionSetIntent(name="des-2")}),
    "cluster": wish(cluster={"name": "aks-2"}),
    "cluster-cores": wish(cluster={"node_count": 1}),
    "node-size": wish(cluster={"node_size": "Standard_D2s_v3"}),
    "node-zones": wish(cluster={"zones": ["1"]}),
    "ephemeral-disks": wish(cluster={"os_disk": "managed"}),
    "kubernetes-version": wish(cluster={"kubernetes": "default"}),
    "policy-container-group": NO_POLICY,
    "policy-encryption-set": wish(tags={"owner": "ada"}),
    "policy-cluster": NO_POLICY,
    "container-group-validate": NO_POLICY,
    "cluster-validate": NO_POLICY,
    "lock-read-only-container-group": gone("locks", RUNS, LOCK_API),
    "lock-read-only-cluster": gone("locks", RUNS, LOCK_API),
    "lock-delete-container-group": gone("locks", RUNS, LOCK_API),
    "lock-delete-cluster": gone("locks", RUNS, LOCK_API),
}
"""Of container groups and clusters."""
NONE = {
    "search-capacity": "Nobody can make room in a region.",
    "cluster-count": "No API tells how many clusters fit, whatever is done.",
}
"""Failures without a repair, and why."""
FIXED = {"identity-exists", "encryption-set"}
"""What is advised is another one, which the plan makes."""


def test_every_failure_has_a_repair_that_is_tried_or_says_why_it_has_none() -> None:
    by_plan = {*REPAIRED, *repairs.STEPS}
    assert set(NAMES) == by_plan | HANDS.keys() | NONE.keys()
    assert not by_plan & HANDS.keys()


@pytest.mark.parametrize("name", HANDS)
async def test_its_advice_makes_the_plan_pass(sandbox: RunningSandbox, name: str) -> None:
    intent, check = opened(sandbox, name), TRIPS[name].id
    async with connected(sandbox, who(name)) as conn:
        before = await make_plan(conn, intent)
        assert {one.status for one in before.findings if one.check == check} - WELL
        intent = await HANDS[name](sandbox, conn, intent)
        sandbox.advance(900)
        plan = await make_plan(conn, intent)
    fine = {*WELL, "fix"} if name in FIXED else WELL
    left = [one for one in plan.findings if one.check == check and one.status not in fine]
    assert [one.title for one in left] == []
    assert [one.title for one in plan.findings if one.status == "fail"] == []
