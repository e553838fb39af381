"""Policies: what they refuse, and asking beforehand."""

import pytest
from sandboxed import RunningSandbox

from sandbox import policy

PURGE = "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53"


@pytest.fixture
def vault(sandbox: RunningSandbox) -> str:
    top = f"/subscriptions/{sandbox.subscription}"
    sandbox.call("POST", f"{top}/providers/Microsoft.KeyVault/register")
    sandbox.advance(1)
    sandbox.call("PUT", f"{top}/resourceGroups/rg1", {"location": "westeurope"})
    return f"{top}/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/kv-policy-1"


def assign(sandbox: RunningSandbox, effect: str = "Deny", **more: object) -> str:
    path = (
        f"/subscriptions/{sandbox.subscription}/providers/Microsoft.Authorization"
        "/policyAssignments/keep-keys"
    )
    definition = f"/providers/Microsoft.Authorization/policyDefinitions/{PURGE}"
    properties = {
        "policyDefinitionId": definition, "parameters": {"effect": {"value": effect}}, **more,
    }  # fmt: skip
    made = sandbox.call("PUT", path, {"properties": properties})
    assert made.status_code == 201, made.text
    return path


def body(sandbox: RunningSandbox, **properties: object) -> dict:
    return {
        "location": "westeurope",
        "properties": {
            "tenantId": sandbox.ready["tenant_id"],
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            **properties,
        },
    }


def test_a_vault_without_purge_protection_is_refused(sandbox: RunningSandbox, vault: str) -> None:
    path = assign(sandbox)
    refused = sandbox.call("PUT", vault, body(sandbox), version="2023-07-01")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (403, "RequestDisallowedByPolicy")
    assert error["target"] == "kv-policy-1"
    assert error["additionalInfo"][0]["info"]["policyAssignmentId"] == path
    good = body(sandbox, enablePurgeProtection=True)
    assert sandbox.call("PUT", vault, good, version="2023-07-01").status_code == 200
    assert sandbox.call("DELETE", path).status_code == 200
    assert sandbox.call("DELETE", path).status_code == 204


@pytest.mark.parametrize(
    ("effect", "more"),
    [
        ("Audit", {}),
        ("Deny", {"enforcementMode": "DoNotEnforce"}),
        ("Deny", {"notScopes": ["rg1"]}),
    ],
)
def test_what_does_not_deny_lets_it_pass(
    sandbox: RunningSandbox, vault: str, effect: str, more: dict
) -> None:
    if "notScopes" in more:
        more = {"notScopes": [vault.rpartition("/providers/")[0]]}
    assign(sandbox, effect, **more)
    assert sandbox.call("PUT", vault, body(sandbox), version="2023-07-01").status_code == 200


def test_asking_beforehand_tells_the_same(sandbox: RunningSandbox, vault: str) -> None:
    path = assign(sandbox)
    rule = {"if": {"field": "location", "notIn": ["westeurope"]}, "then": {"effect": "deny"}}
    base = f"/subscriptions/{sandbox.subscription}/providers/Microsoft.Authorization"
    made = sandbox.call(
        "PUT", f"{base}/policyDefinitions/eu", {"properties": {"policyRule": rule}}
    ).json()
    properties = {"policyDefinitionId": made["id"]}
    sandbox.call("PUT", f"{base}/policyAssignments/eu", {"properties": properties})
    question = {
        "resourceDetails": {
            "resourceContent": {"type": "Microsoft.KeyVault/vaults", "properties": {}}
        },
        "pendingFields": [{"field": "location", "values": ["westeurope", "eastus"]}],
    }
    check = f"/subscriptions/{sandbox.subscription}/providers/Microsoft.PolicyInsights"
    told = sandbox.call(
        "POST", f"{check}/checkPolicyRestrictions", question, principal="reader"
    ).json()
    found = told["contentEvaluationResult"]["policyEvaluations"]
    assert path in [item["policyInfo"]["policyAssignmentId"] for item in found]
    assert told["fieldRestrictions"][0]["restrictions"][0]["values"] == ["eastus"]
    listed = sandbox.call("GET", f"{base}/policyAssignments").json()["value"]
    assert [item["name"] for item in listed] == ["keep-keys", "eu"]


def test_a_rule_that_can_not_be_judged_is_refused(sandbox: RunningSandbox) -> None:
    base = f"/subscriptions/{sandbox.subscription}/providers/Microsoft.Authorization"
    rule = {"if": {"count": {"field": "x"}}, "then": {"effect": "deny"}}
    answer = sandbox.call(
        "PUT", f"{base}/policyDefinitions/odd", {"properties": {"policyRule": rule}}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidPolicyRule")


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"field": "tags['env']", "equals": "PROD"}, True),
        ({"field": "tags.team", "exists": "false"}, True),
        ({"field": "location", "in": ["eastus", "westus"]}, False),
        ({"not": {"field": "location", "equals": "westeurope"}}, False),
        ({"field": "name", "like": "kv-*"}, True),
        ({"field": "Microsoft.KeyVault/vaults/sku.name", "equals": "premium"}, True),
        ({"field": "Microsoft.KeyVault/vaults/absent", "notEquals": "x"}, True),
        ({"anyOf": [{"field": "kind", "exists": "true"}, {"field": "type", "exists": True}]}, True),
    ],
)
def test_conditions(condition: dict, wanted: bool) -> None:
    resource = {
        "type": "Microsoft.KeyVault/vaults",
        "name": "kv-1",
        "location": "westeurope",
        "tags": {"env": "prod"},
        "properties": {"sku": {"name": "Premium"}},
    }
    assert policy.holds(condition, resource) is wanted


def test_everybody_reads_the_built_in_definitions(sandbox: RunningSandbox) -> None:
    path = "/providers/Microsoft.Authorization/policyDefinitions"
    for who in ("admin", "reader"):
        assert sandbox.call("GET", f"{path}/{PURGE}", principal=who).json()["name"] == PURGE
    own = f"/subscriptions/{sandbox.subscription}{path}"
    rule = {"if": {"field": "type", "equals": "x"}, "then": {"effect": "audit"}}
    made = sandbox.call("PUT", f"{own}/mine", {"properties": {"policyRule": rule}})
    assert made.status_code == 201, made.text

    def names(at: str) -> list[str]:
        return [one["name"] for one in sandbox.call("GET", at).json()["value"]]

    assert {"mine", PURGE} < set(names(own))
    assert PURGE in names(path) and "mine" not in names(path)
    stranger = own.replace(sandbox.subscription, "00000000-1111-2222-3333-444444444444")
    assert sandbox.call("GET", f"{stranger}/{PURGE}").status_code == 404
