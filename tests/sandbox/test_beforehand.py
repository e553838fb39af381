"""What can be asked before anything is made: deployments, rights, regions, quotas."""

import pytest
from sandboxed import RunningSandbox

BASE = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
GROUP = f"{BASE}/resourceGroups/rg-ml"
DEPLOYMENTS = f"{GROUP}/providers/Microsoft.Resources/deployments"
WORKSPACE = {
    "type": "Microsoft.MachineLearningServices/workspaces",
    "apiVersion": "2025-06-01",
    "name": "mlw-new",
    "location": "westeurope",
    "properties": {},
}


def validate(sandbox: RunningSandbox, *resources: object, principal: str = "admin") -> object:
    body = {"properties": {"mode": "Incremental", "template": {"resources": list(resources)}}}
    path = f"{DEPLOYMENTS}/check/validate"
    return sandbox.call("POST", path, body, version="2024-03-01", principal=principal)


def test_a_valid_template_makes_nothing(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/_healthy")
    before = len(sandbox.world.state.resources)
    answer = validate(sandbox, WORKSPACE)
    assert answer.status_code == 200, answer.text
    properties = answer.json()["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert properties["validatedResources"] == [
        {"id": f"{GROUP}/providers/{WORKSPACE['type']}/mlw-new"}
    ]
    assert len(sandbox.world.state.resources) == before
    assert sandbox.call("GET", DEPLOYMENTS).json() == {"value": []}


def test_a_denied_template_carries_the_policy_in_its_details(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/policy-workspace")
    answer = validate(sandbox, WORKSPACE)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "InvalidTemplateDeployment")
    (detail,) = error["details"]
    assert (detail["code"], detail["target"]) == ("RequestDisallowedByPolicy", "mlw-new")
    assert detail["additionalInfo"][0]["info"]["policyDefinitionEffect"] == "deny"


@pytest.mark.parametrize(
    ("scenario", "resource", "principal", "status", "code"),
    [
        ("empty", WORKSPACE, "admin", 404, "ResourceGroupNotFound"),
        ("failures/_healthy", {**WORKSPACE, "name": "[x()]"}, "admin", 501,
         "DeploymentsNotSimulated"),
        ("failures/_healthy", {**WORKSPACE, "location": "southafricanorth"}, "admin", 400,
         "LocationNotAvailableForResourceType"),
        ("failures/_healthy", {**WORKSPACE, "name": "a/b"}, "admin", 400, "InvalidTemplate"),
        ("failures/_healthy", WORKSPACE, "reader", 403, "AuthorizationFailed"),
        ("failures/deny-assignment", WORKSPACE, "admin", 403,
         "DenyAssignmentAuthorizationFailed"),
        ("failures/lock-read-only", WORKSPACE, "admin", 409, "ScopeLocked"),
        ("failures/provider-registered",
         {**WORKSPACE, "type": "Microsoft.DocumentDB/databaseAccounts"}, "admin", 409,
         "MissingSubscriptionRegistration"),
    ],
)  # fmt: skip
def test_what_a_template_is_refused_for(
    sandbox: RunningSandbox,
    scenario: str,
    resource: dict[str, object],
    principal: str,
    status: int,
    code: str,
) -> None:
    sandbox.reset(scenario)
    answer = validate(sandbox, resource, principal=principal)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_running_deployment_is_listed_until_it_ends(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/deployment-running")
    running = f"{DEPLOYMENTS}?$filter=provisioningState eq 'Running'"
    (one,) = sandbox.call("GET", running).json()["value"]
    assert sandbox.call("GET", one["id"]).json() == one
    sandbox.advance(86_400)
    assert sandbox.call("GET", running).json()["value"] == []
    (same,) = sandbox.call("GET", DEPLOYMENTS).json()["value"]
    assert same["properties"]["provisioningState"] == "Succeeded"


def test_a_condition_lets_only_the_roles_it_names_be_assigned(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/caller-condition")
    app = sandbox.principal("app")["object_id"]

    def assign(role: str, number: int) -> int:
        name = f"00000000-0000-4000-8000-{number:012d}"
        path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}"
        wanted = f"{BASE}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {"properties": {"roleDefinitionId": wanted, "principalId": app}}
        answer = sandbox.call("PUT", path, body, version="2022-04-01", principal="contributor")
        return int(answer.status_code)

    assert assign("acdd72a7-3385-48ef-bd42-f606fba81ae7", 1) == 201
    assert assign("e147488a-f6f5-4113-8e2d-b22465e65bf6", 2) == 403
    path = f"{BASE}/providers/Microsoft.Authorization/roleAssignments"
    told = sandbox.call("GET", path, version="2022-04-01").json()["value"]
    (condition,) = [
        one["properties"]["condition"] for one in told if one["properties"]["condition"]
    ]
    assert "{acdd72a7-3385-48ef-bd42-f606fba81ae7}" in condition


def test_eligible_roles_are_told_to_whom_they_are_for(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/caller-permissions")
    path = f"{GROUP}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances"
    asked = f"{path}?$filter=asTarget()"
    (one,) = sandbox.call("GET", asked, principal="reader").json()["value"]
    role = one["properties"]["expandedProperties"]["roleDefinition"]
    assert role["displayName"] == "Contributor"
    assert sandbox.call("GET", asked).json() == {"value": []}


def test_a_denial_is_listed_where_it_holds(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/deny-assignment")
    tail = "/providers/Microsoft.Authorization/denyAssignments"
    (one,) = sandbox.call("GET", GROUP + tail, version="2022-04-01").json()["value"]
    assert one["properties"]["permissions"][0]["actions"] == [f"{WORKSPACE['type']}/write"]
    other = GROUP.replace("rg-ml", "rg-sec") + tail
    assert sandbox.call("GET", other, version="2022-04-01").json() == {"value": []}


def test_a_group_holds_only_so_many_workspaces(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/workspace")
    sandbox.admin("POST", "settings", {"quota": {"workspaces": 1}})
    ids = {
        "storageAccount": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stmlready",
        "keyVault": f"{GROUP.replace('rg-ml', 'rg-sec')}/providers/Microsoft.KeyVault/vaults/kv-cmk",
        "applicationInsights": f"{GROUP}/providers/Microsoft.Insights/components/appi-ready",
    }
    body = {"location": "westeurope", "properties": ids}
    path = f"{GROUP}/providers/{WORKSPACE['type']}"
    answer = sandbox.call("PUT", f"{path}/mlw-second", body, version="2025-06-01")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "QuotaExceeded")
    tags = {"tags": {"changed": "yes"}}
    changed = sandbox.call("PATCH", f"{path}/mlw-new", tags, version="2025-06-01")
    assert changed.status_code == 202


@pytest.mark.parametrize(
    ("scenario", "provider", "body"),
    [
        ("storage-name", "Microsoft.Storage", {"name": "sttakenname"}),
        ("secrets-vault-name", "Microsoft.KeyVault", {"name": "kv-taken-too"}),
        ("registry-name", "Microsoft.ContainerRegistry", {"name": "crtakenname"}),
    ],
)
def test_a_name_of_another_tenant_is_not_free(
    sandbox: RunningSandbox, scenario: str, provider: str, body: dict[str, str]
) -> None:
    kind = {
        "Microsoft.Storage": "storageAccounts",
        "Microsoft.KeyVault": "vaults",
        "Microsoft.ContainerRegistry": "registries",
    }[provider]
    path = f"{BASE}/providers/{provider}/checkNameAvailability"
    asked = {**body, "type": f"{provider}/{kind}"}
    sandbox.reset(f"failures/{scenario}")
    assert sandbox.call("POST", path, asked).json()["nameAvailable"] is False
    sandbox.reset("failures/_healthy")
    assert sandbox.call("POST", path, asked).json()["nameAvailable"] is True
