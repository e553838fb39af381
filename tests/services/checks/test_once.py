"""Each fact is read once, by whatever way an intent sends the readers through ``contoso``."""

from collections import Counter
from typing import Any

import pytest
from carrying import connected
from sandboxed import RunningSandbox

from services.checks.preflight import checks_of, read_all
from services.model.intent import (
    Create,
    Intent,
    KeyIntent,
    VaultIntent,
    WorkspaceIntent,
    WorkspaceSetup,
)
from services.setup.dependencies import dependencies_of

CHALLENGE = 401
"""Key Vault tells only in this answer for whom a token must be: the first GET of a vault comes
again with one. That is signing in, not reading a fact twice."""

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/uai-ml"
WISHES: dict[str, dict[str, Any]] = {
    "all there": {"key": {"name": "expires-in-a-year"}},
    "vault in the workspace's group": {"vault": {"name": "kv-new", "create": True}},
    "vault soft-deleted": {"vault": {"name": "kv-old", "resource_group": "rg-old"}},
    "vault of access policies": {
        "vault": {"name": "kv-data", "resource_group": "rg-data"},
        "key": {"name": "cmk-data"},
    },
    "vault closed": {
        "vault": {"name": "kv-eu-fw", "resource_group": "rg-net"},
        "key": {"name": "cmk-eu"},
    },
    "own identity": {"workspace": {"identity": IDENTITY}},
    "everything new": {
        "resource_group": "rg-new",
        "vault": {"name": "kv-new", "create": True},
        "key": {"name": "cmk", "create": True},
        "workspace": {"identity": Create(create="id-new"), "registry": "new"},
    },
    "group of the region": {"workspace": {"encryption": "service-side"}},
}


def intent_for(subscription: str, **parts: Any) -> Intent:
    """A workspace in rg-ml, with a vault of rg-sec unless said otherwise."""
    vault = parts.pop("vault", {"name": "kv-keys", "resource_group": "rg-sec"})
    workspace = {"name": "mlw-once", **parts.pop("workspace", {})}
    group = parts.pop("resource_group", "rg-ml")
    if workspace.get("identity") == IDENTITY:
        scope = f"/subscriptions/{subscription}/resourceGroups/{group}/providers"
        workspace["identity"] = f"{scope}/{IDENTITY}"
    return WorkspaceSetup(
        subscription=subscription,
        region="westeurope",
        resource_group=group,
        vault=VaultIntent(**vault),
        key=KeyIntent(**parts.pop("key", {"name": "rsa-3072"})),
        workspace=WorkspaceIntent(**workspace),
    )


@pytest.mark.parametrize("wish", WISHES)
async def test_no_address_is_asked_for_twice(sandbox: RunningSandbox, wish: str) -> None:
    sandbox.reset("contoso")
    intent = intent_for(sandbox.subscription, **WISHES[wish])
    async with connected(sandbox) as conn:
        _, findings = await read_all(conn, intent, dependencies_of(intent).further)
    assert {one.check for one in findings} == {check.id for check in checks_of(intent)}
    asked = Counter(
        (one["host"], one["path"].lower(), one["query"])
        for one in sandbox.requests()
        if one["method"] == "GET" and one["status"] != CHALLENGE
    )
    assert len(asked) > 20
    assert [address for address, times in asked.items() if times > 1] == []
