"""ARM's own part: the gate, groups, registrations, roles, locks, the activity log."""

import time

import pytest
from sandboxed import RunningSandbox

from sandbox import rbac
from sandbox.server import plane_of
from sandbox.state import Resource

GROUP = "/subscriptions/{s}/resourceGroups/rg1"


@pytest.fixture
def group(sandbox: RunningSandbox) -> str:
    path = GROUP.format(s=sandbox.subscription)
    assert sandbox.call("PUT", path, {"location": "westeurope"}).status_code == 201
    return path


def code(response) -> str:
    return response.json()["error"]["code"]


def test_a_request_without_a_token_is_told_where_to_get_one(sandbox: RunningSandbox) -> None:
    answer = sandbox.http().get(f"{sandbox.arm}/subscriptions?api-version=2022-12-01")
    assert (answer.status_code, code(answer)) == (401, "AuthenticationFailed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
    path = f"/subscriptions/{sandbox.subscription}?api-version=2022-12-01"
    challenge = sandbox.http().get(sandbox.arm + path).headers["WWW-Authenticate"]
    assert f'/{sandbox.ready["tenant_id"]}"' in challenge


@pytest.mark.parametrize(
    ("host", "path", "wanted"),
    [
        ("localhost:1", "/subscriptions/x", ("arm", "/subscriptions/x")),
        (
            "localhost:1",
            "/subscriptions/login/providers",
            ("arm", "/subscriptions/login/providers"),
        ),
        ("localhost:1", "/graph//v1.0/me", ("graph", "//v1.0/me")),
        ("localhost:1", "//graph/v1.0/me", ("graph", "/v1.0/me")),
        ("localhost:1", "//t/oauth2/v2.0/token", ("open", "//t/oauth2/v2.0/token")),
        ("localhost:1", "/t/v2.0/.well-known/openid-configuration", ("open", None)),
        ("localhost:1", "/common/discovery/instance", ("open", None)),
        ("localhost:1", "/Metadata/endpoints", ("open", None)),
        ("localhost:1", "/api/retail/prices", ("open", None)),
        ("localhost:1", "/admin/clock", ("admin", None)),
        ("kv1.vault.localhost:1", "/admin/clock", ("vault", None)),
        ("KV1.VAULT.LOCALHOST", "/keys", ("vault", None)),
    ],
)
def test_hosts_and_paths_choose_the_service(
    host: str, path: str, wanted: tuple[str, str | None]
) -> None:
    assert plane_of(host, path) == (wanted[0], path if wanted[1] is None else wanted[1])


def test_tokens_of_others_and_for_others_are_refused(sandbox: RunningSandbox) -> None:
    def ask(token: str):
        return sandbox.http().get(
            f"{sandbox.arm}/subscriptions?api-version=2022-12-01",
            headers={"Authorization": f"Bearer {token}"},
        )

    assert code(ask("abc")) == "InvalidAuthenticationToken"
    assert code(ask(sandbox.token(audience="vault"))) == "InvalidAuthenticationTokenAudience"
    issuer, admin = sandbox.world.issuer, sandbox.principal("admin")
    principal = sandbox.world.principal(admin["object_id"])
    assert issuer is not None and principal is not None
    old = issuer.access_token(principal, sandbox.arm, -1)
    assert code(ask(old)) == "ExpiredAuthenticationToken"
    head, claims, signature = sandbox.token().split(".")
    assert code(ask(f"{head}.{claims}.{signature[:-6]}AAAAAA")) == "InvalidAuthenticationToken"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", "MissingApiVersionParameter"),
        ("?api-version=latest", "InvalidApiVersionParameter"),
        ("?api-version=2022-1-1", "InvalidApiVersionParameter"),
    ],
)
def test_api_versions_have_a_form(sandbox: RunningSandbox, query: str, wanted: str) -> None:
    answer = sandbox.call("GET", f"/subscriptions{query}", version="")
    assert (answer.status_code, code(answer)) == (400, wanted)


@pytest.mark.parametrize("version", ["2031-01-01", "2019-10-01-Preview", "2026-01-01-preview.2"])
def test_any_version_of_the_right_form_serves(sandbox: RunningSandbox, version: str) -> None:
    assert sandbox.call("GET", "/subscriptions", version=version).status_code == 200


def test_subscriptions_malformed_unknown_and_of_another_tenant(sandbox: RunningSandbox) -> None:
    bad = sandbox.call("GET", "/subscriptions/abc/resourceGroups")
    assert (bad.status_code, code(bad)) == (400, "InvalidSubscriptionId")
    none = sandbox.call("GET", f"/subscriptions/{'0' * 8}-0000-0000-0000-{'0' * 12}")
    assert (none.status_code, code(none)) == (404, "SubscriptionNotFound")
    fabrikam = list(sandbox.world.state.tenants)[1]
    token = sandbox.token("guest", tenant=fabrikam)
    other = sandbox.http().get(
        f"{sandbox.arm}/subscriptions/{sandbox.subscription}?api-version=2022-12-01",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (other.status_code, code(other)) == (401, "InvalidAuthenticationTokenTenant")


def test_every_answer_can_be_found_again(sandbox: RunningSandbox) -> None:
    sent = {"x-ms-client-request-id": "mine", "x-ms-return-client-request-id": "true"}
    answer = sandbox.call("GET", "/subscriptions", headers=sent)
    headers = answer.headers
    assert headers["x-ms-client-request-id"] == "mine"
    assert headers["x-ms-request-id"] and headers["x-ms-correlation-request-id"]
    assert headers["x-ms-routing-request-id"].endswith(headers["x-ms-correlation-request-id"])
    assert int(headers["x-ms-ratelimit-remaining-subscription-reads"]) > 0
    assert sandbox.requests()[-1]["request_id"] == headers["x-ms-request-id"]


def test_paths_are_found_however_they_are_spelled(sandbox: RunningSandbox, group: str) -> None:
    spelled = f"//SUBSCRIPTIONS/{sandbox.subscription.upper()}/resourcegroups/RG1/"
    answer = sandbox.call("GET", spelled)
    assert answer.json()["id"] == group
    assert sandbox.call("HEAD", spelled).status_code == 204


def test_a_group_is_made_kept_and_not_moved(sandbox: RunningSandbox, group: str) -> None:
    again = sandbox.call("PUT", group, {"location": "West Europe", "tags": {"a": "1"}})
    assert (again.status_code, again.json()["tags"]) == (200, {"a": "1"})
    moved = sandbox.call("PUT", group, {"location": "eastus"})
    assert (moved.status_code, code(moved)) == (409, "InvalidResourceGroupLocation")
    assert sandbox.call("PATCH", group, {"tags": {"b": "2"}}).json()["tags"] == {"b": "2"}
    listed = sandbox.call("GET", f"/subscriptions/{sandbox.subscription}/resourceGroups").json()
    assert [item["name"] for item in listed["value"]] == ["rg1"]
    missing = sandbox.call("GET", group[:-1] + "2")
    assert (missing.status_code, code(missing)) == (404, "ResourceGroupNotFound")
    assert missing.headers["x-ms-failure-cause"] == "gateway"


def test_deleting_a_group_takes_its_time_and_what_is_in_it(
    sandbox: RunningSandbox, group: str
) -> None:
    reader = sandbox.principal("reader")["object_id"]
    name = "11111111-1111-4111-8111-111111111111"
    assignment = f"{group}/providers/Microsoft.Authorization/roleAssignments/{name}"
    role = f"/subscriptions/{sandbox.subscription}/providers/Microsoft.Authorization" + (
        "/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
    )
    body = {"properties": {"roleDefinitionId": role, "principalId": reader}}
    assert sandbox.call("PUT", assignment, body).status_code == 201
    sandbox.world.clock.speed = 1.0
    try:
        started = sandbox.call("DELETE", group)
        assert (started.status_code, started.content) == (202, b"")
        poll = started.headers["Location"].removeprefix(sandbox.arm)
        running = sandbox.call("GET", poll, version="")
        assert (running.status_code, running.headers["Location"]) == (202, sandbox.arm + poll)
        sandbox.advance(31)
        assert sandbox.call("GET", poll, version="").status_code == 200
    finally:
        sandbox.world.clock.speed = sandbox.speed
    assert sandbox.call("HEAD", group).status_code == 404
    assert not any("rg1" in key for key in sandbox.world.state.assignments)


def test_registering_takes_time_and_brings_the_app(sandbox: RunningSandbox) -> None:
    base = f"/subscriptions/{sandbox.subscription}/providers/Microsoft.DocumentDB"
    app = "/v1.0/servicePrincipals(appId='a232010e-820c-4083-83bb-3ace5fc29d0b')"
    assert sandbox.call("GET", base).json()["registrationState"] == "NotRegistered"
    assert sandbox.graph("GET", app).json()["error"]["code"] == "Request_ResourceNotFound"
    sandbox.world.clock.speed = 1.0
    try:
        assert sandbox.call("POST", f"{base}/register").json()["registrationState"] == "Registering"
        assert sandbox.call("GET", base).json()["registrationState"] == "Registering"
        sandbox.advance(61)
    finally:
        sandbox.world.clock.speed = sandbox.speed
    assert sandbox.call("GET", base).json()["registrationState"] == "Registered"
    found = sandbox.graph("GET", app).json()
    assert found["displayName"] == "Azure Cosmos DB"
    assert found["id"] != found["appId"]


def test_providers_tell_where_they_are_offered(sandbox: RunningSandbox) -> None:
    base = f"/subscriptions/{sandbox.subscription}/providers"
    value = sandbox.call("GET", base).json()["value"]
    places = {}
    for provider in value:
        for kind in provider["resourceTypes"]:
            places[f"{provider['namespace']}/{kind['resourceType']}"] = set(kind["locations"])
    everywhere = places["Microsoft.KeyVault/vaults"]
    for kind in (
        "Microsoft.MachineLearningServices/workspaces",
        "Microsoft.DocumentDB/databaseAccounts",
        "Microsoft.Search/searchServices",
        "Microsoft.Storage/storageAccounts",
    ):
        assert places[kind] < everywhere
    unknown = sandbox.call("GET", f"{base}/Microsoft.Nothing")
    assert (unknown.status_code, code(unknown)) == (404, "InvalidResourceNamespace")


def test_locations_are_complete(sandbox: RunningSandbox) -> None:
    value = sandbox.call("GET", f"/subscriptions/{sandbox.subscription}/locations").json()["value"]
    assert len(value) >= 20
    for item in value:
        assert isinstance(item["metadata"]["longitude"], str)
        assert item["displayName"] and item["regionalDisplayName"].startswith("(")


def test_what_a_role_does_not_allow_is_refused_in_words(
    sandbox: RunningSandbox, group: str
) -> None:
    answer = sandbox.call("PATCH", group, {"tags": {}}, principal="reader")
    assert (answer.status_code, code(answer)) == (403, "AuthorizationFailed")
    text = answer.json()["error"]["message"]
    assert "rhea@contoso.test" in text and group in text
    assert "'Microsoft.Resources/subscriptions/resourceGroups/write'" in text


def test_no_rights_hide_a_missing_group(sandbox: RunningSandbox) -> None:
    path = GROUP.format(s=sandbox.subscription)
    sandbox.on_loop(sandbox.world.state.assignments.clear)
    answer = sandbox.call("GET", path)
    assert (answer.status_code, code(answer)) == (403, "AuthorizationFailed")


def test_a_list_shows_what_the_caller_may_read(sandbox: RunningSandbox, group: str) -> None:
    sandbox.call("PUT", f"{group}-other", {"location": "westeurope"})
    reader = sandbox.principal("reader")["object_id"]

    def only_here() -> None:
        sandbox.world.state.assignments.clear()
        rbac.grant(sandbox.world, group, "Reader", reader)

    sandbox.on_loop(only_here)
    top = f"/subscriptions/{sandbox.subscription}/resourceGroups"
    listed = sandbox.call("GET", top, principal="reader").json()["value"]
    assert [item["id"] for item in listed] == [group]
    assert code(sandbox.call("GET", top, principal="contributor")) == "AuthorizationFailed"
    hidden = sandbox.call("GET", f"/subscriptions/{sandbox.subscription}", principal="contributor")
    assert code(hidden) == "AuthorizationFailed"
    subscriptions = sandbox.call("GET", "/subscriptions", principal="contributor").json()
    assert subscriptions == {"value": [], "count": {"type": "Total", "value": 0}}


def test_a_denial_by_azure_holds_even_the_owner(sandbox: RunningSandbox, group: str) -> None:
    def deny() -> None:
        sandbox.world.state.denials["d"] = Resource(
            {
                "id": f"{group}/providers/Microsoft.Authorization/denyAssignments/d",
                "name": "d",
                "properties": {
                    "denyAssignmentName": "Managed by somebody",
                    "scope": group,
                    "principals": [{"id": rbac.EVERYONE, "type": "SystemDefined"}],
                    "excludePrincipals": [],
                    "permissions": [{"actions": ["*"], "notActions": ["*/read"]}],
                    "isSystemProtected": True,
                },
            },
            0.0,
        )

    sandbox.on_loop(deny)
    assert sandbox.call("GET", group).status_code == 200
    refused = sandbox.call("DELETE", group)
    assert (refused.status_code, code(refused)) == (403, "DenyAssignmentAuthorizationFailed")
    assert "Managed by somebody" in refused.json()["error"]["message"]
    path = f"{group}/providers/Microsoft.Authorization/denyAssignments"
    assert len(sandbox.call("GET", path).json()["value"]) == 1


def test_locks_hold_until_they_are_gone(sandbox: RunningSandbox, group: str) -> None:
    lock = f"{group}/providers/Microsoft.Authorization/locks/keep"
    made = sandbox.call("PUT", lock, {"properties": {"level": "CanNotDelete"}})
    assert (made.status_code, made.json()["name"]) == (201, "keep")
    refused = sandbox.call("DELETE", group)
    assert (refused.status_code, code(refused)) == (409, "ScopeLocked")
    assert f"locked: '{group}'" in refused.json()["error"]["message"]
    assert sandbox.call("PATCH", group, {"tags": {}}).status_code == 200
    assert sandbox.call("PUT", lock, {"properties": {"level": "readonly"}}).status_code == 200
    assert code(sandbox.call("PATCH", group, {"tags": {}})) == "ScopeLocked"
    listed = sandbox.call("GET", f"{group}/providers/Microsoft.Authorization/locks").json()
    assert [item["properties"]["level"] for item in listed["value"]] == ["ReadOnly"]
    contributor = sandbox.call("DELETE", lock, principal="contributor")
    assert code(contributor) == "AuthorizationFailed"
    assert sandbox.call("DELETE", lock).status_code == 200
    assert sandbox.call("DELETE", lock).status_code == 204
    assert sandbox.call("DELETE", group).status_code == 202


def test_the_activity_log_tells_of_writes_only(sandbox: RunningSandbox, group: str) -> None:
    sandbox.call("GET", group)
    sandbox.call("PATCH", group, {"tags": {"x": "y"}})
    sandbox.call("DELETE", group, principal="reader")
    values = (
        f"/subscriptions/{sandbox.subscription}/providers/Microsoft.Insights"
        "/eventtypes/management/values?$filter=eventTimestamp ge '2020-01-01T00:00:00Z'"
    )
    log = sandbox.call("GET", values, version="2015-04-01").json()["value"]
    verbs = [item["operationName"]["value"].rpartition("/")[2] for item in log]
    assert verbs == ["delete", "write", "write"]
    assert [item["status"]["value"] for item in log] == ["Failed", "Succeeded", "Succeeded"]
    assert log[1]["caller"] == "ada@contoso.test"
    bare = values.replace("'2020-01-01T00:00:00Z'", "2020-01-01T00:00:00.123456")
    assert sandbox.call("GET", bare, version="2015-04-01").json()["value"] == log
    none = sandbox.call("GET", f"{values} and resourceGroupName eq 'other'", version="2015-04-01")
    assert none.json()["value"] == []


def test_the_bucket_runs_dry_and_says_for_how_long(sandbox: RunningSandbox) -> None:
    sandbox.world.state.settings["throttle"] = {"reads": {"burst": 2, "per_s": 0.5}}
    answers = [sandbox.call("GET", "/subscriptions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[1].headers["x-ms-ratelimit-remaining-subscription-reads"] == "0"
    assert code(answers[2]) == "SubscriptionRequestsThrottled"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 2
    assert sandbox.call("GET", "/subscriptions", principal="reader").status_code == 200


def test_a_policy_that_denies_refuses_the_put(sandbox: RunningSandbox) -> None:
    path = GROUP.format(s=sandbox.subscription)
    sandbox.world.state.table("policies")["p"] = {
        "id": f"/subscriptions/{sandbox.subscription}/providers/Microsoft.Authorization"
        "/policyAssignments/p",
        "name": "p",
        "displayName": "Only in Europe",
        "scope": f"/subscriptions/{sandbox.subscription}",
        "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/d",
        "rule": {
            "if": {"field": "location", "notIn": ["westeurope"]},
            "then": {"effect": "deny"},
        },
    }
    refused = sandbox.call("PUT", path, {"location": "eastus"})
    assert (refused.status_code, code(refused)) == (403, "RequestDisallowedByPolicy")
    assert refused.json()["error"]["additionalInfo"][0]["type"] == "PolicyViolation"
    assert sandbox.call("PUT", path, {"location": "westeurope"}).status_code == 201


def test_a_reset_is_quick(sandbox: RunningSandbox) -> None:
    sandbox.admin("POST", "reset", {"scenario": "empty"})
    started = time.perf_counter()
    sandbox.admin("POST", "reset", {"scenario": "empty"})
    assert time.perf_counter() - started < 0.05
