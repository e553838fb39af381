"""The unmodified Azure clients against ARM's own part and Graph."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.resource.locks import ManagementLockClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.subscription import SubscriptionClient as OldSubscriptionClient
from sandboxed import RunningSandbox

COSMOS = "a232010e-820c-4083-83bb-3ace5fc29d0b"
CRYPTO = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


@pytest.fixture
def client(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)

    def make(kind: Any, *arguments: Any, principal: str = "admin") -> Any:
        cast = sandbox.principal(principal)
        credential = ClientSecretCredential(
            sandbox.ready["tenant_id"],
            cast["client_id"],
            cast["client_secret"],
            authority=sandbox.ready["authority"],
            disable_instance_discovery=True,
            connection_verify=sandbox.ca_file,
        )
        return kind(
            credential,
            *arguments,
            base_url=sandbox.arm,
            credential_scopes=[f"{sandbox.arm}/.default"],
            connection_verify=sandbox.ca_file,
            polling_interval=0.02,
        )

    return make


def test_groups_through_the_resource_client(sandbox: RunningSandbox, client: Any) -> None:
    resources = client(ResourceManagementClient, sandbox.subscription)
    made = resources.resource_groups.create_or_update("rg1", {"location": "westeurope"})
    assert made.properties.provisioning_state == "Succeeded"
    assert resources.resource_groups.check_existence("rg1")
    assert [group.name for group in resources.resource_groups.list()] == ["rg1"]
    resources.resource_groups.update("rg1", {"tags": {"a": "b"}})
    assert resources.resource_groups.get("rg1").tags == {"a": "b"}
    resources.resource_groups.begin_delete("rg1").result(10)
    assert not resources.resource_groups.check_existence("rg1")
    with pytest.raises(ResourceNotFoundError) as refused:
        resources.resource_groups.get("rg1")
    assert refused.value.error.code == "ResourceGroupNotFound"


def test_providers_through_the_resource_client(sandbox: RunningSandbox, client: Any) -> None:
    resources = client(ResourceManagementClient, sandbox.subscription)
    assert resources.providers.register("microsoft.search").registration_state == "Registering"
    sandbox.advance(1)
    found = resources.providers.get("Microsoft.Search")
    assert found.registration_state == "Registered"
    assert "West Europe" in found.resource_types[0].locations
    states = {item.namespace: item.registration_state for item in resources.providers.list()}
    assert states["Microsoft.Authorization"] == "Registered"
    assert states["Microsoft.DocumentDB"] == "NotRegistered"


def test_subscriptions_and_tenants(sandbox: RunningSandbox, client: Any) -> None:
    for kind in (SubscriptionClient, OldSubscriptionClient):
        subscriptions = client(kind)
        found = list(subscriptions.subscriptions.list())
        assert [item.display_name for item in found] == ["Contoso-ML"]
        assert found[0].state == "Enabled"
        names = {
            item.name
            for item in subscriptions.subscriptions.list_locations(found[0].subscription_id)
        }
        assert {"westeurope", "eastus"} < names
    guest = client(SubscriptionClient, principal="guest")
    assert len(list(guest.tenants.list())) == 2
    new = client(SubscriptionClient)
    assert next(iter(new.subscriptions.list())).tenant_id == sandbox.ready["tenant_id"]


def _assign(
    sandbox: RunningSandbox, client: Any, principal_id: str, role: str = CRYPTO, **given: str
) -> Any:
    scope = f"/subscriptions/{sandbox.subscription}"
    properties = {
        "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": principal_id,
    }
    kind = given.get("kind")
    if kind:
        properties["principalType"] = kind
    return client.role_assignments.create(
        given.get("scope", scope),
        given.get("name", str(uuid.uuid4())),
        {"properties": properties},
    )


def test_roles_through_the_authorization_client(sandbox: RunningSandbox, client: Any) -> None:
    roles = client(AuthorizationManagementClient, sandbox.subscription)
    scope = f"/subscriptions/{sandbox.subscription}"
    named = list(roles.role_definitions.list(scope, filter="roleName eq 'key vault READER'"))
    assert [item.role_name for item in named] == ["Key Vault Reader"]
    assert named[0].permissions[0].data_actions[0] == "Microsoft.KeyVault/vaults/*/read"
    reader = sandbox.principal("reader")["object_id"]
    made = _assign(sandbox, roles, reader)
    assert made.principal_type == "User"
    of_reader = roles.role_assignments.list_for_scope(scope, filter=f"principalId eq '{reader}'")
    assert len(list(of_reader)) == 2
    assert roles.role_assignments.get_by_id(made.id).name == made.name
    again = _assign(sandbox, roles, reader, name=made.name)
    assert again.id == made.id
    with pytest.raises(HttpResponseError) as refused:
        _assign(sandbox, roles, reader)
    assert (refused.value.status_code, refused.value.error.code) == (409, "RoleAssignmentExists")
    with pytest.raises(HttpResponseError) as refused:
        _assign(sandbox, roles, reader, "acdd72a7-3385-48ef-bd42-f606fba81ae7", name=made.name)
    assert refused.value.error.code == "RoleAssignmentUpdateNotPermitted"
    assert roles.role_assignments.delete_by_id(made.id).id == made.id
    assert roles.role_assignments.delete_by_id(made.id) is None


def test_an_unknown_principal_needs_its_type(sandbox: RunningSandbox, client: Any) -> None:
    roles = client(AuthorizationManagementClient, sandbox.subscription)
    with pytest.raises(HttpResponseError) as refused:
        _assign(sandbox, roles, COSMOS)
    assert (refused.value.status_code, refused.value.error.code) == (400, "PrincipalNotFound")
    assert COSMOS.replace("-", "") in refused.value.message
    made = _assign(sandbox, roles, COSMOS, kind="ServicePrincipal")
    assert made.principal_id == COSMOS
    with pytest.raises(HttpResponseError) as refused:
        _assign(sandbox, roles, sandbox.principal("app")["object_id"], kind="User")
    assert refused.value.error.code == "UnmatchedPrincipalType"


def test_lists_of_assignments_look_up_and_down(sandbox: RunningSandbox, client: Any) -> None:
    roles = client(AuthorizationManagementClient, sandbox.subscription)
    resources = client(ResourceManagementClient, sandbox.subscription)
    group = resources.resource_groups.create_or_update("rg1", {"location": "westeurope"}).id
    app = sandbox.principal("app")["object_id"]
    below = _assign(sandbox, roles, app, scope=group)
    top = f"/subscriptions/{sandbox.subscription}"

    def listed(scope: str, text: str | None = None) -> set[str]:
        return {item.id for item in roles.role_assignments.list_for_scope(scope, filter=text)}

    assert below.id in listed(top)
    assert below.id not in listed(top, "atScope()")
    assert listed(group, "atScope()") == listed(group) == listed(top)
    assert below.id in listed(group, f"assignedTo('{app}')")


def test_permissions_are_the_callers(sandbox: RunningSandbox, client: Any) -> None:
    resources = client(ResourceManagementClient, sandbox.subscription)
    resources.resource_groups.create_or_update("rg1", {"location": "westeurope"})
    officer = client(AuthorizationManagementClient, sandbox.subscription, principal="key-officer")
    found = list(officer.permissions.list_for_resource_group("rg1"))
    assert ["*/read"] in [item.actions for item in found]
    assert any("Microsoft.KeyVault/vaults/keys/*" in (item.data_actions or []) for item in found)


def test_who_may_grant_only_some_roles(sandbox: RunningSandbox, client: Any) -> None:
    admin = client(AuthorizationManagementClient, sandbox.subscription)
    app = sandbox.principal("app")["object_id"]
    _assign(sandbox, admin, app, "8b54135c-b56d-4d72-a534-26097cfdc8d8")
    limited = client(AuthorizationManagementClient, sandbox.subscription, principal="app")
    reader = sandbox.principal("reader")["object_id"]
    assert _assign(sandbox, limited, reader).principal_id == reader
    with pytest.raises(HttpResponseError) as refused:
        _assign(sandbox, limited, app, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
    assert refused.value.error.code == "AuthorizationFailed"
    assert "ABAC condition" in refused.value.message


def test_locks_through_the_lock_client(sandbox: RunningSandbox, client: Any) -> None:
    resources = client(ResourceManagementClient, sandbox.subscription)
    resources.resource_groups.create_or_update("rg1", {"location": "westeurope"})
    locks = client(ManagementLockClient, sandbox.subscription)
    made = locks.management_locks.create_or_update_at_resource_group_level(
        "rg1", "keep", {"level": "CanNotDelete", "notes": "why"}
    )
    assert (made.level, made.notes) == ("CanNotDelete", "why")
    with pytest.raises(HttpResponseError) as refused:
        resources.resource_groups.begin_delete("rg1")
    assert refused.value.error.code == "ScopeLocked"
    locks.management_locks.delete_at_resource_group_level("rg1", "keep")
    assert list(locks.management_locks.list_at_resource_group_level("rg1")) == []


def test_the_activity_log_through_the_monitor_client(sandbox: RunningSandbox, client: Any) -> None:
    resources = client(ResourceManagementClient, sandbox.subscription)
    resources.resource_groups.create_or_update("rg1", {"location": "westeurope"})
    for _ in range(204):
        sandbox.call("PATCH", f"/subscriptions/{sandbox.subscription}/resourceGroups/rg1", {})
    monitor = client(MonitorManagementClient, sandbox.subscription)
    text = "eventTimestamp ge '2020-01-01T00:00:00Z' and resourceGroupName eq 'RG1'"
    found = list(monitor.activity_logs.list(filter=text))
    assert len(found) == 205
    assert found[0].operation_name.value == "Microsoft.Resources/subscriptions/resourceGroups/write"
    assert found[0].event_timestamp >= found[-1].event_timestamp


def test_graph_knows_people_and_apps(sandbox: RunningSandbox) -> None:
    assert sandbox.graph("GET", "/v1.0/me").json()["userPrincipalName"] == "ada@contoso.test"
    refused = sandbox.graph("GET", "/v1.0/me", principal="app")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadRequest")
    app = sandbox.principal("app")
    for text in (
        f"appId eq '{app['client_id']}'",
        f"servicePrincipalNames/any(c:c eq '{app['client_id']}')",
        "displayName eq 'app'",
        f"displayName eq 'no' or appId eq '{app['client_id']}'",
        "startswith(displayName,'ap')",
    ):
        found = sandbox.graph("GET", f"/v1.0/servicePrincipals?$filter={text}").json()["value"]
        assert [item["id"] for item in found] == [app["object_id"]], text
    bad = sandbox.graph("GET", "/v1.0/servicePrincipals?$filter=a ge 3")
    assert bad.json()["error"]["code"] == "Request_UnsupportedQuery"
    ids = [app["object_id"], sandbox.principal("admin")["object_id"], str(uuid.uuid4())]
    objects = sandbox.graph("POST", "/v1.0/directoryObjects/getByIds", {"ids": ids}).json()
    kinds = [item["@odata.type"].rpartition(".")[2] for item in objects["value"]]
    assert kinds == ["servicePrincipal", "user"]


def test_graph_adds_azures_own_apps_and_no_unknown_ones(sandbox: RunningSandbox) -> None:
    missing = sandbox.graph("GET", f"/v1.0/servicePrincipals(appId='{COSMOS}')")
    assert missing.status_code == 404
    assert missing.json()["error"]["innerError"]["request-id"] == missing.headers["request-id"]
    made = sandbox.graph("POST", "/v1.0/servicePrincipals", {"appId": COSMOS})
    assert made.status_code == 201
    select = f"/v1.0/servicePrincipals(appId='{COSMOS}')?$select=id,appId"
    found = sandbox.graph("GET", select).json()
    assert found["id"] == made.json()["id"] != COSMOS
    assert set(found) <= {"@odata.context", "id", "appId"}
    assert sandbox.graph("POST", "/v1.0/servicePrincipals", {"appId": COSMOS}).status_code == 409
    unknown = sandbox.graph("POST", "/v1.0/servicePrincipals", {"appId": str(uuid.uuid4())})
    assert unknown.json()["error"]["code"] == "Request_BadRequest"
    wrong = sandbox.http().get(
        f"{sandbox.ready['graph']}/v1.0/me",
        headers={"Authorization": f"Bearer {sandbox.token()}"},
    )
    assert wrong.status_code == 401
