"""Handlers of the small providers, called directly with a world."""

import inspect
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import pytest

from sandbox import cascade, rbac
from sandbox.clock import Clock
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import (
    identities,
    insights,
    loganalytics,
    prices,
    registries,
    resourcegraph,
    resources,
)
from sandbox.routing import ARM, OPEN, Api, RouteTable
from sandbox.state import Principal, Resource, State
from sandbox.world import Addresses, World

S = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
T = "33333333-3333-3333-3333-333333333333"
ADMIN = "aaaaaaaa-0000-0000-0000-000000000001"
READER = "aaaaaaaa-0000-0000-0000-000000000002"
G = f"/subscriptions/{S}/resourceGroups/rg-ml"
UAI = f"{G}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai-ml"
APIS = [identities.api, insights.api, loganalytics.api, registries.api]
LISTS = [resources.api, resourcegraph.api, prices.api]


class Bench:
    """The providers' handlers behind the real route table, without server and gate."""

    def __init__(self) -> None:
        self.clock = Clock(speed=1.0)
        jobs = {kind: job for api in APIS for kind, job in api.jobs.items()}
        self.world = World(State(), self.clock, Addresses(443), jobs)
        self.table = RouteTable([*APIS, *LISTS])
        state = self.world.state
        for number, key in enumerate((S, OTHER)):
            doc = {"subscriptionId": key, "tenantId": T, "displayName": f"Sub{number}"}
            state.subscriptions[key] = doc | {"state": "Enabled"}
        state.groups[G.lower()] = Resource(
            {"id": G, "name": "rg-ml", "location": "westeurope", "tags": {}}, 0.0
        )
        for object_id in (ADMIN, READER):
            state.principals[object_id] = Principal(object_id, T, object_id, "User")
        for key in (S, OTHER):
            rbac.grant(self.world, f"/subscriptions/{key}", "Owner", ADMIN)

    def send(
        self, method: str, url: str, body: object = None, *, who: str = ADMIN, plane: str = ARM
    ) -> Answer:
        parts = urlsplit(url)
        query = {key.lower(): value for key, value in parse_qsl(parts.query)}
        data = msgspec.json.encode(body) if body is not None else b""
        path = unquote(parts.path)
        request = Request(method, "localhost", path, query, {}, data, id="r-1")
        request.principal = self.world.principal(who)
        found = self.table.find(plane, method, path)
        assert found, f"no route for {method} {path}"
        route, request.params = found
        self.world.run_due()
        answer = route.handler(self.world, request)
        assert not inspect.isawaitable(answer)
        return answer


@pytest.fixture
def bench() -> Bench:
    return Bench()


def refused(bench: Bench, method: str, url: str, body: object = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        bench.send(method, url, body)
    return caught.value


def test_an_identity_is_new_once_and_keeps_its_principal(bench: Bench) -> None:
    first = bench.send("PUT", UAI, {"location": "West Europe"})
    assert first.status == 201
    assert first.headers["Location"] == first.body["id"]
    assert "/resourcegroups/rg-ml/" in first.body["id"]
    again = bench.send("PUT", UAI.upper(), {"location": "westeurope", "tags": {"a": "b"}})
    assert again.status == 200
    assert again.body["properties"] == first.body["properties"]
    assert "Location" not in again.headers
    principal = bench.world.principal(first.body["properties"]["principalId"])
    assert principal is not None
    assert principal.sp_type == "ManagedIdentity"
    assert principal.created == pytest.approx(bench.clock.epoch() + 20, abs=1)


def test_a_deleted_identity_takes_its_principal_along(bench: Bench) -> None:
    object_id = bench.send("PUT", UAI, {"location": "westeurope"}).body["properties"]["principalId"]
    assert bench.send("DELETE", UAI).status == 200
    assert bench.world.principal(object_id) is None
    assert bench.send("DELETE", UAI).status == 204
    assert refused(bench, "GET", UAI).code == "ResourceNotFound"


def test_identities_are_listed_by_group_and_subscription(bench: Bench) -> None:
    bench.send("PUT", UAI, {"location": "westeurope"})
    for scope in (G, f"/subscriptions/{S}"):
        url = f"{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
        assert [item["name"] for item in bench.send("GET", url).body["value"]] == ["uai-ml"]


@pytest.mark.parametrize(
    ("location", "code"),
    [
        (None, "LocationRequired"),
        ("atlantis", "LocationNotAvailableForResourceType"),
        ("northeurope", "InvalidResourceLocation"),
    ],
)
def test_a_location_is_needed_and_stays(bench: Bench, location: str | None, code: str) -> None:
    bench.send("PUT", UAI, {"location": "westeurope"})
    assert refused(bench, "PUT", UAI, {"location": location} if location else {}).code == code


def test_tags_change_by_patch(bench: Bench) -> None:
    bench.send("PUT", UAI, {"location": "westeurope"})
    assert bench.send("PATCH", UAI, {"tags": {"x": "y"}}).body["tags"] == {"x": "y"}
    assert bench.send("GET", UAI).body["tags"] == {"x": "y"}


def test_insights_needs_the_workspace_it_names(bench: Bench) -> None:
    law = f"{G}/providers/Microsoft.OperationalInsights/workspaces/law-ml"
    url = f"{G}/providers/microsoft.insights/components/appi-ml"
    body = {
        "kind": "web",
        "location": "westeurope",
        "properties": {"Application_Type": "web", "WorkspaceResourceId": law},
    }
    assert refused(bench, "PUT", url, body).status == 400
    bench.send("PUT", law, {"location": "westeurope"})
    made = bench.send("PUT", url, body).body
    assert made["properties"]["IngestionMode"] == "LogAnalytics"
    again = bench.send("PUT", url, body).body
    assert again["properties"]["AppId"] == made["properties"]["AppId"]


def test_log_analytics_takes_time_and_comes_back_within_two_weeks(bench: Bench) -> None:
    law = f"{G}/providers/Microsoft.OperationalInsights/workspaces/law-ml"
    made = bench.send("PUT", law, {"location": "westeurope"})
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Creating")
    customer = made.body["properties"]["customerId"]
    bench.clock.offset += loganalytics.CREATION_S
    assert bench.send("GET", law).body["properties"]["provisioningState"] == "Succeeded"
    bench.send("DELETE", law)
    revived = bench.send("PUT", law, {"location": "westeurope"}).body
    assert revived["properties"]["customerId"] == customer
    bench.send("DELETE", law + "?force=true")
    fresh = bench.send("PUT", law, {"location": "westeurope"}).body
    assert fresh["properties"]["customerId"] != customer


def test_a_registry_name_is_taken_everywhere(bench: Bench) -> None:
    url = f"{G}/providers/Microsoft.ContainerRegistry/registries/crml01"
    body = {"location": "westeurope", "sku": {"name": "Basic"}}
    check = "/providers/Microsoft.ContainerRegistry/checkNameAvailability"
    asked = {"name": "CRML01", "type": "Microsoft.ContainerRegistry/registries"}
    assert bench.send("POST", f"/subscriptions/{OTHER}{check}", asked).body["nameAvailable"]
    made = bench.send("PUT", url + "?api-version=2023-07-01", body)
    assert made.status == 201
    poll = made.headers["Azure-AsyncOperation"].removeprefix("https://localhost:443")
    assert bench.send("GET", poll).body == {"status": "Creating"}
    bench.clock.offset += registries.CREATION_S
    assert bench.send("GET", poll).body == {"status": "Succeeded"}
    assert bench.send("GET", url).body["properties"]["provisioningState"] == "Succeeded"
    answer = bench.send("POST", f"/subscriptions/{OTHER}{check}", asked).body
    assert answer["reason"] == "AlreadyExists"
    elsewhere = url.replace(S, OTHER)
    assert refused(bench, "PUT", elsewhere, body).code == "AlreadyInUse"
    assert refused(bench, "PUT", url.replace("crml01", "cr-1"), body).code == "InvalidResourceName"


def test_resources_are_filtered_and_paged(bench: Bench) -> None:
    for number in range(3):
        url = UAI.replace("uai-ml", f"uai-{number}")
        bench.send("PUT", url, {"location": "westeurope", "tags": {"n": str(number)}})
    root = f"/subscriptions/{S}/resources"

    def names(query: str) -> list[str]:
        return [item["name"] for item in bench.send("GET", f"{root}?{query}").body["value"]]

    kind = "resourceType eq 'microsoft.managedidentity/userassignedidentities'"
    assert names(f"$filter={kind} and name eq 'UAI-1'") == ["uai-1"]
    assert names("$filter=tagName eq 'n' and tagValue eq '2'") == ["uai-2"]
    assert names("$filter=substringof('ai-0', name) or name eq 'uai-2'") == ["uai-0", "uai-2"]
    assert names("$filter=resourceGroup eq 'nothing'") == []
    first = bench.send("GET", f"{root}?$top=2&$filter={kind}").body
    assert len(first["value"]) == 2
    rest = bench.send("GET", first["nextLink"].removeprefix("https://localhost:443")).body
    assert [item["name"] for item in rest["value"]] == ["uai-2"]
    assert "nextLink" not in rest
    assert "/resourceGroups/" in rest["value"][0]["id"]
    assert refused(bench, "GET", f"{root}?$filter=name like 'a'").status == 400


def test_lists_show_only_what_the_caller_may_read(bench: Bench) -> None:
    bench.send("PUT", UAI, {"location": "westeurope"})
    bench.send("PUT", UAI.replace("uai-ml", "uai-2"), {"location": "westeurope"})
    rbac.grant(bench.world, UAI, "Reader", READER)
    seen = bench.send("GET", f"/subscriptions/{S}/resources", who=READER).body["value"]
    assert [item["name"] for item in seen] == ["uai-ml"]
    rows = ask(bench, "Resources | project id, name", who=READER).body
    assert [row["name"] for row in rows["data"]] == ["uai-ml"]
    assert len(ask(bench, "Resources").body["data"]) == 2


def test_who_has_no_role_in_a_subscription_may_not_list_it(bench: Bench) -> None:
    with pytest.raises(Refusal) as caught:
        bench.send("GET", f"/subscriptions/{S}/resources", who=READER)
    assert (caught.value.status, caught.value.code) == (403, "AuthorizationFailed")


def test_a_patch_changes_only_what_is_the_users(bench: Bench) -> None:
    made = bench.send("PUT", UAI, {"location": "westeurope"}).body["properties"]
    patched = bench.send("PATCH", UAI, {"properties": {"principalId": "mine"}}).body
    assert patched["properties"]["principalId"] == made["principalId"] != "mine"
    url = f"{G}/providers/Microsoft.ContainerRegistry/registries/crml01"
    bench.send("PUT", url, {"location": "westeurope", "sku": {"name": "Basic"}})
    patched = bench.send("PATCH", url, {"properties": {"adminUserEnabled": True}}).body
    assert patched["properties"]["adminUserEnabled"] is True


def test_a_group_takes_its_identities_principals_along(bench: Bench) -> None:
    object_id = bench.send("PUT", UAI, {"location": "westeurope"}).body["properties"]["principalId"]
    cascade.delete(bench.world, G)
    assert bench.world.principal(object_id) is None


GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"


def ask(bench: Bench, query: str, who: str = ADMIN, **body: object) -> Answer:
    return bench.send("POST", GRAPH, {"query": query, **body}, who=who)


def test_a_query_walks_pages_by_skip_token(bench: Bench) -> None:
    for number in range(5):
        bench.send("PUT", UAI.replace("uai-ml", f"uai-{number}"), {"location": "westeurope"})
    query = "Resources | where type =~ 'Microsoft.ManagedIdentity/userAssignedIdentities'"
    seen: list[str] = []
    options: dict[str, object] = {"$top": 2}
    while True:
        body = ask(bench, query + "| project id, name", options=options).body
        assert (body["totalRecords"], body["resultTruncated"]) == (5, "false")
        seen += [row["name"] for row in body["data"]]
        if "$skipToken" not in body:
            break
        options = {"$top": 2, "$skipToken": body["$skipToken"]}
    assert seen == [f"uai-{number}" for number in range(5)]
    without_id = ask(bench, query + "| project name", options={"$top": 2}).body
    assert without_id["resultTruncated"] == "true"
    assert "$skipToken" not in without_id


def test_containers_are_subscriptions_and_groups(bench: Bench) -> None:
    body = ask(bench, "ResourceContainers | project name, type").body
    assert body["data"] == [
        {"name": "Sub0", "type": "microsoft.resources/subscriptions"},
        {"name": "Sub1", "type": "microsoft.resources/subscriptions"},
        {"name": "rg-ml", "type": "microsoft.resources/subscriptions/resourcegroups"},
    ]


def test_a_query_over_subscriptions_of_nobody_is_refused(bench: Bench) -> None:
    with pytest.raises(Refusal) as caught:
        ask(bench, "Resources", who=READER, subscriptions=[S])
    assert caught.value.extra["details"][0]["code"] == "NoValidSubscriptionsInQueryRequest"


@pytest.mark.parametrize(
    ("query", "code"),
    [("where where", "ParserFailure"), ("Resources | join (Resources)", "NotSupported")],
)
def test_a_bad_query_says_why_in_its_details(bench: Bench, query: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        ask(bench, query)
    assert caught.value.code == "BadRequest"
    assert [detail["code"] for detail in caught.value.extra["details"]] == ["InvalidQuery", code]


def price(bench: Bench, query: str) -> dict[str, list[dict[str, object]]]:
    body = bench.send("GET", f"/api/retail/prices?{query}", plane=OPEN).body
    assert isinstance(body, dict)
    return body


def test_prices_are_filtered_by_meter_and_region(bench: Bench) -> None:
    query = (
        "api-version=2023-01-01-preview&$filter=serviceName eq 'Azure Cognitive Search' and "
        "armRegionName eq 'eastus' and skuName eq 'Standard S1' and priceType eq 'Consumption'"
    )
    items = price(bench, query)["Items"]
    assert [(item["meterName"], item["retailPrice"]) for item in items] == [
        ("Standard S1 Unit", 0.336)
    ]
    euros = price(bench, query + "&currencyCode='EUR'")["Items"]
    assert euros[0]["currencyCode"] == "EUR"
    lower = query.replace("'Azure Cognitive Search'", "'azure cognitive search'")
    assert price(bench, lower)["Items"] == []
    assert price(bench, lower.replace("2023-01-01-preview", "2021-10-01-preview"))["Items"]


def test_prices_come_in_pages(bench: Bench) -> None:
    total = len(prices.items("USD"))
    assert total > prices.OLD_PAGE
    seen = 0
    url: str | None = "/api/retail/prices?currencyCode=USD"
    while url:
        body = bench.send("GET", url.removeprefix("https://localhost:443"), plane=OPEN).body
        seen += body["Count"]
        url = body["NextPageLink"]
    assert seen == total


def test_every_item_has_the_whole_shape() -> None:
    names = {frozenset(item) for item in prices.items("USD")}
    assert len(names) == 1
    assert len(next(iter(names))) == 21
    assert all(isinstance(item["retailPrice"], float) for item in prices.items("JPY"))


def test_apis_do_not_overlap() -> None:
    def routes(api: Api) -> list[tuple[str, str]]:
        return [(route.method, route.pattern.lower()) for route in api.routes]

    every = [entry for api in [*APIS, *LISTS] for entry in routes(api)]
    assert len(every) == len(set(every))
