"""Workspaces that broke after the fact: what can be read, what Cosmos DB says, what repairs it."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox import activity, history, scenario
from sandbox.clock import Clock
from sandbox.providers import APIS, customerkeys, managedgroup
from sandbox.providers.cosmoskeys import CONFIRMED
from sandbox.routing import RouteTable
from sandbox.state import Json, State
from sandbox.world import Addresses, World

OTHERS = ("cluster-", "containers-")
"""Beginnings of the names of scenarios that are about no workspace: test_broken_machines.py."""
NAMES = [
    f"{folder}/{name}"
    for folder in ("broken", "combined")
    for name in scenario.names(folder)
    if not name.startswith(OTHERS)
]
WORKSPACE = (
    "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
ML = "Contoso-ML/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
VAULT = "Contoso-ML/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
GRANTS = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments"
KEY = "https://kv-ml-prod/keys/cmk-ml"
VERSION = f"{KEY}/0d1ab1ed000040008000000000000001"
UAI = "Contoso-ML/rg-ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai-ml"
ROUTES = RouteTable(APIS)


def call(what: str, body: Json | None = None, by: str = "admin") -> Json:
    return {"by": by, "call": what, **({"body": body} if body is not None else {})}


def properties(**given: Any) -> Json:
    return {"properties": given}


def grant(who: str, name: str = "1", scope: str = GRANTS, role: str = "") -> Json:
    role = role or "Key Vault Crypto Service Encryption User"
    body = properties(
        roleDefinitionId=f"{{scope:Contoso-ML}}{{role:{role}}}",
        principalId=f"{{object:{who}}}",
        principalType="ServicePrincipal",
    )
    return call(f"PUT {scope}/9e9a1200-0000-4000-8000-00000000000{name}", body)


def enabled(kid: str) -> Json:
    return call(f"PATCH {kid}", {"attributes": {"enabled": True}})


def network(**given: Any) -> Json:
    return call(f"PATCH {VAULT}", properties(**given))


def creation() -> Json:
    (asked,) = scenario.read("broken/_creation")["calls"]
    return {**asked, "ago": "0s"}


OPEN = network(
    publicNetworkAccess="Enabled", networkAcls={"defaultAction": "Deny", "bypass": "AzureServices"}
)
COSMOS = grant("Azure Cosmos DB")
RECOVER = call(
    f"PUT {VAULT}",
    {
        "location": "westeurope",
        "properties": {
            "tenantId": "c0a70500-0000-4000-8000-000000000001",
            "sku": {"family": "A", "name": "standard"},
            "createMode": "recover",
        },
    },
)
REGISTER = call("POST Contoso-ML/providers/Microsoft.DocumentDB/register")
ASSIGNED = call(
    f"PATCH {ML}",
    {
        "identity": {
            "type": "SystemAssigned,UserAssigned",
            "userAssignedIdentities": {
                "{scope:Contoso-ML/rg-ml}" + UAI.removeprefix("Contoso-ML/rg-ml"): {}
            },
        }
    },
)
CONTRIBUTOR = grant(
    "Azure Machine Learning",
    scope="Contoso-ML/providers/Microsoft.Authorization/roleAssignments",
    role="Contributor",
)
POLICY = {
    "tenantId": "c0a70500-0000-4000-8000-000000000001",
    "objectId": "{object:Azure Cosmos DB}",
    "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
}


@dataclass(frozen=True)
class Case:
    """What a scenario is like when it opens, and the calls that repair it."""

    why: str = "unwrapped"
    """``unwrapped`` where the data can be read, else why not."""
    status: str = ""
    """Cosmos DB's number; empty where it confirms the key, ``none`` where there is no account."""
    repair: list[Json] = field(default_factory=list)
    lost: bool = False
    """Nothing that is called brings the data back."""


LOST = {"lost": True}
CASES: dict[str, Case] = {
    "broken/f34-own-storage-key-disabled": Case(),
    "broken/f56-secrets-vault-deleted": Case(),
    "broken/healthy-delete-lock": Case(),
    "broken/f01-creation-purge-protection": Case(
        "ResourceNotFound", "none", [network(enablePurgeProtection=True), creation()]
    ),
    "broken/f05-key-version-disabled": Case("KeyDisabled", "4018", [enabled(VERSION)]),
    "broken/f05-key-version-disabled-logged": Case("KeyDisabled", "4018", [enabled(VERSION)]),
    "broken/f05-old-version-disabled": Case("KeyDisabled", "", [enabled(VERSION)]),
    "broken/f05-service-side-key-disabled": Case("KeyDisabled", "none", [enabled(KEY)]),
    "broken/f06-key-expired": Case(
        status="4018", repair=[call(f"PATCH {KEY}", {"attributes": {"exp": "{time:+90d}"}})]
    ),
    "broken/f06-key-not-yet-valid": Case(
        status="4018", repair=[call(f"PATCH {KEY}", {"attributes": {"nbf": "{time:-1d}"}})]
    ),
    "broken/f07-cosmos-principal-disabled": Case(
        "4000",
        "4000",
        [
            call(
                "PATCH /graph/v1.0/servicePrincipals/{object:Azure Cosmos DB}",
                {"accountEnabled": True},
            )
        ],
    ),
    "broken/f08-grant-removed": Case("ForbiddenByRbac", "4002", [COSMOS]),
    "broken/f08-grant-removed-among-others": Case("ForbiddenByRbac", "4002", [COSMOS]),
    "broken/f08-switched-to-policies": Case(
        "ForbiddenByPolicy", "4002", [network(enableRbacAuthorization=True)]
    ),
    "broken/f09-key-deleted": Case(
        "KeyNotFound", "4003", [call("POST https://kv-ml-prod/deletedkeys/cmk-ml/recover")]
    ),
    "broken/f09-key-purged": Case("4003", "4003", lost=True),
    "broken/f10-key-operations": Case(
        "KeyOperationForbidden",
        "4005",
        [call(f"PATCH {KEY}", {"key_ops": ["wrapKey", "unwrapKey", "encrypt", "decrypt"]})],
    ),
    "broken/f11-creation-malformed-key": Case("ResourceNotFound", "4006", [creation()]),
    "broken/f12-vault-gone": Case("4009", "4009", lost=True),
    "broken/f13-default-identity": Case(
        "4015",
        "4015",
        [
            call(
                "PATCH {part:mlw-prod/cosmos}",
                properties(defaultIdentity="FirstPartyIdentity"),
                "Azure Machine Learning",
            )
        ],
    ),
    "broken/f14-vault-firewall": Case("ForbiddenByFirewall", "4016", [OPEN]),
    "broken/f15-vault-deleted": Case("4017", "4017", [RECOVER, COSMOS]),
    "broken/f15-vault-deleted-policies": Case("4017", "4017", [RECOVER]),
    "broken/f17-cosmos-principal-gone": Case("4000", "4000", [REGISTER, COSMOS]),
    "broken/f18-grant-to-app-id": Case("ForbiddenByRbac", "4002", [COSMOS]),
    "broken/f19-creation-no-grant": Case("ResourceNotFound", "4002", [COSMOS, creation()]),
    "broken/f19-grant-propagating": Case("ForbiddenByRbac", "4002"),
    "broken/f20-policy-removed": Case(
        "ForbiddenByPolicy",
        "4002",
        [call(f"PUT {VAULT}/accessPolicies/add", properties(accessPolicies=[POLICY]))],
    ),
    "broken/f20-switched-to-rbac": Case(
        "ForbiddenByRbac", "4002", [network(enableRbacAuthorization=False)]
    ),
    "broken/f21-perimeter": Case("ForbiddenByConnection", "4016", [OPEN]),
    "broken/f21-public-access-disabled": Case("ForbiddenByConnection", "4016", [OPEN]),
    "broken/f21-service-side": Case("ForbiddenByConnection", "none", [OPEN]),
    "broken/f22-creation-provider": Case("ResourceNotFound", "none", [REGISTER, creation()]),
    "broken/f22-provider-unregistered": Case(repair=[REGISTER]),
    "broken/f23-creation-policy": Case(
        "ResourceNotFound",
        "none",
        [
            call(
                "DELETE Contoso-ML/providers/Microsoft.Authorization/policyAssignments/no-local-auth"
            ),
            creation(),
        ],
    ),
    "broken/f24-creation-cosmos-region": Case("ResourceNotFound", "none", lost=True),
    "broken/f25-creation-search-capacity": Case("ResourceNotFound", "none", lost=True),
    "broken/f28-workspace-soft-deleted": Case(
        "ResourceNotFound",
        "",
        [
            call(
                f"PUT {ML}",
                {"location": "westeurope", **properties(allowRecoverSoftDeletedWorkspace=True)},
            )
        ],
    ),
    "broken/f29-read-only-lock": Case(
        repair=[call("DELETE Contoso-ML/rg-sec/providers/Microsoft.Authorization/locks/freeze")]
    ),
    "broken/f30-managed-group-deleted": Case("ResourceNotFound", "none", lost=True),
    "broken/f30-search-deleted": Case("ResourceNotFound", lost=True),
    "broken/f41-subscription-moved": Case(
        "Unauthorized", "4000", [network(tenantId="c0a70500-0000-4000-8000-000000000001")]
    ),
    "broken/f43-creation-vault-elsewhere": Case("ResourceNotFound", "none", lost=True),
    "broken/f44-creation-key-type": Case("ResourceNotFound", "4005", lost=True),
    "broken/f51-identity-deleted": Case(
        "4000",
        "",
        [call(f"PUT {UAI}", {"location": "westeurope"}), ASSIGNED, grant("uai-ml", "2")],
    ),
    "broken/f51-identity-grant-removed": Case("ForbiddenByRbac", "", [grant("uai-ml", "2")]),
    "broken/f51-identity-unassigned": Case("4000", "", [ASSIGNED]),
    "broken/f52-creation-ml-not-contributor": Case(
        "ResourceNotFound", "none", [CONTRIBUTOR, creation()]
    ),
    "broken/f52-ml-not-contributor": Case(repair=[CONTRIBUTOR]),
    "broken/f56-recovered-without-grants": Case("ForbiddenByRbac", "4002", [COSMOS]),
    "broken/healthy": Case(),
    "broken/healthy-attached": Case(),
    "broken/healthy-identity": Case(),
    "broken/healthy-moved": Case(),
    "broken/healthy-policies": Case(),
    "broken/healthy-rotated": Case(),
    "broken/healthy-service-side": Case(status="none"),
    "combined/f05-f08-disabled-and-revoked": Case(
        "ForbiddenByRbac", "4002", [COSMOS, enabled(VERSION)]
    ),
    "combined/f05-f08-f14-all-three": Case(
        "ForbiddenByFirewall",
        "4016",
        [OPEN, COSMOS, network(networkAcls={"defaultAction": "Allow"}), enabled(VERSION)],
    ),
    "combined/f05-f51-identity-and-disabled": Case(
        "KeyDisabled", "4018", [grant("uai-ml", "2"), enabled(VERSION)]
    ),
    "combined/f05-f56-recovered-disabled": Case(
        "ForbiddenByRbac", "4002", [COSMOS, enabled(VERSION)]
    ),
    "combined/f08-f14-revoked-and-closed": Case("ForbiddenByFirewall", "4016", [OPEN, COSMOS]),
}


def opened(name: str, speed: float = 1.0) -> World:
    jobs = {kind: job for api in APIS for kind, job in api.jobs.items()}
    world = World(State(), Clock(speed), Addresses(443), jobs)
    scenario.open_into(world, APIS, name, 0)
    return world


def account(world: World) -> str:
    """What the workspace's Cosmos DB account says of its key; ``none`` without one."""
    for resource in world.state.resources.values():
        if resource.doc["type"] == "Microsoft.DocumentDB/databaseAccounts":
            return str(resource.doc["properties"].get("customerManagedKeyStatus", "none"))
    return "none"


def search(world: World) -> str:
    (doc,) = [
        one.doc
        for one in world.state.resources.values()
        if one.doc["type"] == "Microsoft.Search/searchServices"
    ]
    return str(doc["properties"]["encryptionWithCmk"]["encryptionComplianceStatus"])


def passes(world: World, seconds: float) -> None:
    world.clock.offset += seconds
    world.run_due()


def test_every_scenario_is_told_of() -> None:
    assert sorted(CASES) == sorted(NAMES)


@pytest.mark.parametrize("speed", [1.0, 2000.0])
@pytest.mark.parametrize("name", NAMES)
def test_a_workspace_is_broken_as_its_scenario_says(name: str, speed: float) -> None:
    world, case = opened(name, speed), CASES[name]
    assert customerkeys.readable(world, WORKSPACE) == (case.why == "unwrapped", case.why)
    if case.status in ("", "none"):
        assert account(world) == (CONFIRMED if case.status == "" else "none")
    else:
        assert f"({case.status})" in account(world)


@pytest.mark.parametrize("name", [name for name in NAMES if not CASES[name].lost])
def test_what_repairs_it_brings_the_data_back(name: str) -> None:
    world = opened(name)
    for one in CASES[name].repair:
        history.perform(world, ROUTES, one)
        passes(world, 900)
    passes(world, 2 * 86_400 if "propagating" in name else 7200)
    assert customerkeys.readable(world, WORKSPACE) == (True, "unwrapped")
    assert account(world) == ("none" if "service-side" in name else CONFIRMED)
    properties = world.state.resources[WORKSPACE.lower()].doc["properties"]
    assert properties["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("name", [name for name in NAMES if CASES[name].lost])
def test_what_is_lost_stays_lost(name: str) -> None:
    world = opened(name)
    passes(world, 30 * 86_400)
    assert not customerkeys.readable(world, WORKSPACE)[0]


def test_search_tells_of_its_own_access_only() -> None:
    assert search(opened("broken/f51-identity-grant-removed")) == "NonCompliant"
    assert search(opened("broken/f05-old-version-disabled")) == "NonCompliant"
    assert search(opened("broken/f13-default-identity")) == "Compliant"


def test_accounts_without_their_key_can_hardly_be_changed() -> None:
    world = opened("broken/f08-grant-removed")

    def change(part: str, body: Json, refused: bool = False) -> None:
        one = call(f"PATCH {{part:mlw-prod/{part}}}", body, "Azure Machine Learning")
        history.perform(world, ROUTES, {**one, "refused": refused})

    change("search", properties(replicaCount=2), refused=True)
    change("search", properties(disableLocalAuth=True))
    change("cosmos", {"tags": {"a": "b"}}, refused=True)
    change("cosmos", properties(defaultIdentity="FirstPartyIdentity"))
    history.perform(world, ROUTES, COSMOS)
    passes(world, 7200)
    change("search", properties(replicaCount=2))
    change("cosmos", {"tags": {"a": "b"}})


def test_services_follow_a_moved_key_in_their_own_time() -> None:
    world = opened("broken/healthy-rotated")
    newest = "{newest:kv-ml-prod/cmk-ml}"
    body = properties(encryption={"keyVaultProperties": {"keyIdentifier": newest}})
    history.perform(world, ROUTES, call(f"PATCH {ML}", body))

    def versions() -> list[str]:
        records = (world.state.resources[one.lower()].inner["cmk"] for one in owned)
        return [customerkeys.parse(record["full"]).version[:8] for record in records]

    owned = [
        managedgroup.part_id(world.state.resources[WORKSPACE.lower()].doc, part)
        for part in (managedgroup.PARTS["storage"], managedgroup.PARTS["search"])
    ]
    passes(world, 20)
    assert versions() == ["0d1ab1ed", "0d1ab1ed"]
    passes(world, 120)
    assert versions()[0] != "0d1ab1ed" == versions()[1]
    passes(world, 3600)
    assert "0d1ab1ed" not in versions()
    history.perform(world, ROUTES, call(f"PATCH {VERSION}", {"attributes": {"enabled": False}}))
    passes(world, 7200)
    assert customerkeys.readable(world, WORKSPACE) == (True, "unwrapped")


def test_the_activity_log_knows_who_called_and_when() -> None:
    world = opened("combined/f08-f14-revoked-and-closed")
    log = [(event["operation"], event["caller"]) for event in world.state.activity]
    assert log == [
        ("Microsoft.KeyVault/vaults/write", "cleo@contoso.test"),
        ("Microsoft.Authorization/roleAssignments/delete", "ada@contoso.test"),
    ]
    closed, revoked = (event["eventTimestamp"] for event in world.state.activity)
    assert closed < revoked < world.iso()


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("broken/f20-policy-removed", ["Microsoft.KeyVault/vaults/accessPolicies/write"]),
        (
            "broken/f56-recovered-without-grants",
            ["Microsoft.KeyVault/vaults/delete", "Microsoft.KeyVault/vaults/write"],
        ),
        ("broken/f22-provider-unregistered", ["Microsoft.DocumentDB/unregister/action"]),
        ("broken/f29-read-only-lock", ["Microsoft.Authorization/locks/write"]),
        (
            "broken/f30-managed-group-deleted",
            ["Microsoft.Resources/subscriptions/resourceGroups/delete"] * 2,
        ),
        (
            "broken/f28-workspace-soft-deleted",
            ["Microsoft.MachineLearningServices/workspaces/delete"] * 2,
        ),
        ("broken/f07-cosmos-principal-disabled", []),
        ("broken/f09-key-deleted", []),
    ],
)
def test_writes_are_logged_and_keys_and_directory_are_not(name: str, operations: list[str]) -> None:
    log = opened(name).state.activity
    assert [event["operation"] for event in log] == operations


def test_the_activity_log_tells_which_grant_was_removed() -> None:
    world = opened("broken/f08-grant-removed-among-others")
    told = [activity.render(event) for event in world.state.activity]
    operations = [one["operationName"]["value"].partition("/")[2] for one in told]
    assert operations == [
        "policyAssignments/write",
        "vaults/write",
        "workspaces/write",
        "workspaces/write",
        "roleAssignments/delete",
        "roleAssignments/delete",
        "roleAssignments/delete",
        "vaults/write",
    ]
    removed = [one for one in told if one["operationName"]["value"].endswith("Assignments/delete")]
    assert [one["status"]["value"] for one in removed] == ["Succeeded", "Failed", "Succeeded"]
    whose = [
        json.loads(one["properties"]["responseBody"])["properties"]["principalId"]
        for one in removed
        if one["status"]["value"] == "Succeeded"
    ]
    names = [world.state.principals[one].name for one in whose]
    assert names == ["Azure Cosmos DB", "reader"]


def test_a_key_is_disabled_unseen_by_the_activity_log() -> None:
    assert opened("broken/f05-key-version-disabled").state.activity == []


def history_of(text: str, tmp_path: Any) -> World:
    path = tmp_path / "mine.toml"
    path.write_text(f'include = ["broken/_prod.toml"]\n{text}')
    return opened(str(path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('ago = "5x"\nby = "admin"\ncall = "GET /x"', "no duration"),
        ('ago = "40d"\nby = "admin"\ncall = "GET /x"', "before the history begins"),
        ('ago = "1d"\nby = "nobody"\ncall = "GET /x"', "no principal"),
        ('ago = "1d"\nby = "admin"\ncall = "GET /x"', "nothing answers there"),
        (f'ago = "1d"\nby = "reader"\ncall = "DELETE {VAULT}"', "AuthorizationFailed"),
        (f'ago = "1d"\nby = "admin"\ncall = "DELETE {VAULT}"\nrefused = true', "was not refused"),
        ('ago = "1d"\nby = "admin"\ncall = "GET /x"\nbodyy = {}', "has no bodyy"),
    ],
)
def test_a_history_that_did_not_happen_is_refused(text: str, words: str, tmp_path: Any) -> None:
    with pytest.raises(scenario.ScenarioError, match=words):
        history_of(f"[[calls]]\n{text}\n", tmp_path)


def test_what_was_tried_in_vain_is_logged_as_that(tmp_path: Any) -> None:
    text = f'[[calls]]\nago = "1d"\nby = "reader"\ncall = "DELETE {VAULT}"\nrefused = true\n'
    (event,) = history_of(text, tmp_path).state.activity
    assert (event["status"], event["caller"]) == (403, "rhea@contoso.test")
