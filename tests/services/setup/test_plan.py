"""Plans as pure functions of intent and facts."""

from datetime import UTC, datetime, timedelta
from pkgutil import iter_modules
from typing import Any

import msgspec
import pytest

from services.azure.authorization import CONTRIBUTOR, CRYPTO_OFFICER, CRYPTO_USER
from services.azure.clouds import AZURE_PUBLIC
from services.checks.facts import Facts, Unknown
from services.checks.needed import namespaces
from services.checks.preflight import judge
from services.model.intent import (
    Create,
    Intent,
    KeyIntent,
    VaultIntent,
    WorkspaceIntent,
    WorkspaceSetup,
)
from services.model.plan import Plan, Step
from services.model.resources import (
    AccessPolicy,
    Caller,
    DeletedVault,
    Encryption,
    KeyVersion,
    NameCheck,
    Permission,
    Principal,
    ResourceGroup,
    RoleAssignment,
    Vault,
    Workspace,
)
from services.setup import steps
from services.setup.plan import build, settled

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SUB = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-00000000000a"
ME = "00000000-0000-0000-0000-0000000000e1"
COSMOS = "00000000-0000-0000-0000-0000000000c1"
ML = "00000000-0000-0000-0000-0000000000d1"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-ml"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-ml"
URI = "https://kv-ml.vault.azure.net"
KEY = f"{URI}/keys/cmk/{'0f' * 16}"


def intent(**parts: Any) -> Intent:
    vault = {"name": "kv-ml", "create": True, **parts.pop("vault", {})}
    key = {"name": "cmk", "create": True, **parts.pop("key", {})}
    workspace = {"name": "mlw", **parts.pop("workspace", {})}
    return WorkspaceSetup(
        subscription=SUB,
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(**vault),
        key=KeyIntent(**key),
        workspace=WorkspaceIntent(**workspace),
        **parts,
    )


def facts(now: datetime = NOW, **parts: Any) -> Facts:
    caller = Caller(object_id=ME, tenant_id=TENANT, name="ada", kind="User")
    return Facts(cloud=AZURE_PUBLIC, caller=caller, tenant=TENANT, now=now, **parts)


def vault(**parts: Any) -> Vault:
    told = {
        "id": VAULT,
        "name": "kv-ml",
        "location": "westeurope",
        "uri": URI,
        "tenant_id": TENANT,
        "sku": "standard",
        "rbac": True,
        "soft_delete": True,
        "purge_protection": True,
        "retention_days": 90,
    }
    return Vault(**{**told, **parts})


def role(role_id: str, who: str, scope: str) -> RoleAssignment:
    return RoleAssignment(
        id="x", scope=scope, principal_id=who, principal_type="ServicePrincipal", role_id=role_id
    )


KEY_VERSION = KeyVersion(id=KEY, version="0f" * 16, type="RSA", bits=3072)
GROUPS = {"rg-ml": ResourceGroup(id=GROUP, name="rg-ml", location="westeurope")}
APPS = {
    "cosmos": Principal(object_id=COSMOS, name="Azure Cosmos DB", kind="ServicePrincipal"),
    "ml": Principal(object_id=ML, name="Azure Machine Learning", kind="ServicePrincipal"),
}


def settled_facts(wish: Intent, **parts: Any) -> Facts:
    """Everything there but the workspace and what it stands on."""
    told: dict[str, Any] = {
        "providers": {name.lower(): "Registered" for name in namespaces(wish)},
        "groups": GROUPS,
        "vault": vault(),
        "key": KEY_VERSION,
        "cosmos_roles": (role(CRYPTO_USER, COSMOS, f"{VAULT}/keys/cmk"),),
        "ml_roles": (role(CONTRIBUTOR, ML, f"/subscriptions/{SUB}"),),
        **APPS,
    }
    return facts(**{**told, **parts})


def ids(plan: Plan) -> list[str]:
    return [step.id for step in plan.steps]


def test_from_nothing_everything_is_planned_in_order() -> None:
    plan = build(intent(), facts())
    assert ids(plan) == [
        "register-machinelearningservices",
        "register-storage",
        "register-keyvault",
        "register-documentdb",
        "register-search",
        "register-insights",
        "register-operationalinsights",
        "group",
        "vault",
        "key-rights",
        "key",
        "cosmos-principal",
        "grant-cosmos",
        "ml-principal",
        "grant-ml-contributor",
        "log-analytics",
        "storage",
        "insights",
        "secrets-vault",
        "workspace",
        "verify",
    ]
    place = {id: at for at, id in enumerate(ids(plan))}
    assert all(place[need] < place[step.id] for step in plan.steps for need in step.needs)
    for step in plan.steps:
        assert msgspec.json.decode(msgspec.json.encode(step), type=Step) == step
        assert not step.title.endswith(".")


def test_what_is_there_is_left_out() -> None:
    wish = intent()
    plan = build(wish, settled_facts(wish))
    assert ids(plan) == [
        "key",
        "log-analytics",
        "storage",
        "insights",
        "secrets-vault",
        "workspace",
        "verify",
    ]
    wrong = {one.check for one in plan.findings if one.status not in ("ok", "skipped")}
    assert wrong == {"search-capacity"}
    assert plan.steps[0].params["version"] == "0f" * 16


@pytest.mark.parametrize(
    ("parts", "planned"),
    [
        ({"vault": vault(purge_protection=False)}, {"vault-repair"}),
        ({"cosmos_roles": ()}, {"grant-cosmos"}),
        ({"cosmos_roles": (role(CRYPTO_USER, COSMOS, f"{VAULT}/keys/other"),)}, {"grant-cosmos"}),
        ({"cosmos_roles": (role(CRYPTO_USER, ME, VAULT),)}, {"grant-cosmos"}),
        ({"cosmos_roles": (role(CRYPTO_OFFICER, COSMOS, GROUP),)}, set()),
        ({"cosmos": None}, {"cosmos-principal", "grant-cosmos"}),
        ({"ml_roles": (role(CONTRIBUTOR, ML, GROUP),)}, {"grant-ml-contributor"}),
        ({"ml": Unknown("no")}, {"ml-principal", "grant-ml-contributor"}),
        ({"key": None}, {"key-rights"}),
        (
            {"key": None, "rights": (Permission(actions=("*",), data_actions=("*",)),)},
            set(),
        ),
        (
            {"key": None, "rights": (Permission(actions=("*",)),)},
            {"key-rights"},
        ),
        ({"key": Unknown("403")}, {"key-rights"}),
        ({"groups": {}}, {"group"}),
        ({"vault": vault(rbac=False), "cosmos_roles": ()}, {"grant-cosmos"}),
        (
            {
                "vault": vault(
                    rbac=False,
                    policies=(
                        AccessPolicy(object_id=COSMOS, keys=("get", "wrapkey", "unwrapkey")),
                    ),
                )
            },
            set(),
        ),
    ],
)
def test_each_missing_fact_plans_its_step(parts: dict[str, Any], planned: set[str]) -> None:
    wish = intent()
    usual = set(ids(build(wish, settled_facts(wish))))
    assert set(ids(build(wish, settled_facts(wish, **parts)))) - usual == planned


def test_a_role_on_a_policy_vault_is_never_granted() -> None:
    plan = build(intent(vault={"access": "policies"}), facts())
    kinds = {step.id: step.kind for step in plan.steps}
    assert kinds["key-rights"] == kinds["grant-cosmos"] == "grant-policy"


def test_a_shared_vault_is_granted_on_the_key_only() -> None:
    wish = intent()
    new = build(wish, facts())
    shared = build(wish, settled_facts(wish, cosmos_roles=(), key=None))
    assert next(s.target for s in new.steps if s.id == "grant-cosmos") == VAULT
    step = next(s for s in shared.steps if s.id == "grant-cosmos")
    assert step.target == f"{VAULT}/keys/cmk"
    assert "key" in step.needs


def test_service_side_grants_cosmos_nothing() -> None:
    plan = build(intent(workspace={"encryption": "service-side"}), facts())
    assert not {"grant-cosmos", "cosmos-principal"} & set(ids(plan))


def test_the_app_id_is_never_granted() -> None:
    plan = build(intent(), facts(**APPS))
    granted = {step.params.get("principal") for step in plan.steps if step.action == "grant"}
    assert AZURE_PUBLIC.cosmos_app_id not in granted
    assert AZURE_PUBLIC.ml_app_id not in granted
    assert {COSMOS, ML} <= granted


def test_names_are_settled_for_the_file() -> None:
    plan = build(intent(), facts())
    wish = settled(plan).workspace
    assert wish.storage == Create(create=plan.names["storage"])
    assert wish.registry == "none"
    again = build(settled(plan), facts())
    assert [step.target for step in again.steps] == [step.target for step in plan.steps]


OTHER_KEYS = Workspace(
    id=f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw",
    name="mlw",
    location="westeurope",
    state="Succeeded",
)
OURS = msgspec.structs.replace(OTHER_KEYS, encryption=Encryption(vault_id=VAULT, key_id=KEY))


@pytest.mark.parametrize(
    ("wish", "parts", "check", "status"),
    [
        ({}, {"vault": vault(location="northeurope")}, "vault-region", "fail"),
        ({}, {"vault": vault(purge_protection=False)}, "vault-protection", "fix"),
        (
            {"vault": {"repair": False}},
            {"vault": vault(purge_protection=False)},
            "vault-protection",
            "fail",
        ),
        ({}, {"vault": vault(default_action="Deny", bypass="None")}, "vault-network", "fail"),
        ({}, {"vault": vault(default_action="Deny")}, "vault-network", "warn"),
        ({}, {"vault": vault(tenant_id=SUB)}, "vault-tenant", "fail"),
        ({}, {"vault": Unknown("403")}, "vault-exists", "unknown"),
        ({"vault": {"create": False}}, {"vault": None}, "vault-exists", "fail"),
        (
            {},
            {"vault": None, "deleted_vault": DeletedVault(name="kv-ml", id=VAULT, location="w")},
            "vault-deleted",
            "fail",
        ),
        (
            {},
            {"vault": None, "vault_name": NameCheck(available=False, reason="Taken")},
            "vault-name",
            "fail",
        ),
        ({}, {"key": msgspec.structs.replace(KEY_VERSION, enabled=False)}, "key-enabled", "fail"),
        ({}, {"key": msgspec.structs.replace(KEY_VERSION, type="EC")}, "key-type", "fail"),
        ({"key": {"create": False}}, {"key": None}, "key-exists", "fail"),
        ({}, {"key": Unknown("403")}, "key-exists", "unknown"),
        ({}, {"cosmos": Unknown("403")}, "cosmos-principal", "unknown"),
        ({}, {"providers": Unknown("403")}, "provider-registered", "unknown"),
        ({}, {"workspace": OTHER_KEYS}, "workspace", "fail"),
        ({"tenant": SUB}, {}, "tenant", "fail"),
        ({"cloud": "AzureChinaCloud"}, {}, "cloud", "fail"),
    ],
)
def test_what_would_fail_is_found_before(
    wish: dict[str, Any], parts: dict[str, Any], check: str, status: str
) -> None:
    found = build(intent(**wish), settled_facts(intent(), **parts)).findings
    assert [one.status for one in found if one.check == check] == [status]
    one = next(one for one in found if one.check == check)
    assert one.title
    assert one.meaning


def test_our_own_workspace_is_no_obstacle_and_not_made_again() -> None:
    plan = build(intent(), settled_facts(intent(), workspace=OURS))
    assert [one.status for one in plan.findings if one.check == "workspace"] == ["ok"]
    assert "workspace" not in ids(plan)


def test_an_expired_key_is_judged_by_the_moment_of_the_facts() -> None:
    now = NOW
    key = msgspec.structs.replace(KEY_VERSION, expires=now + timedelta(days=200))
    for moment, status in ((now, "ok"), (now + timedelta(days=201), "fail")):
        told = settled_facts(intent(), key=key, now=moment)
        assert [x.status for x in judge(intent(), told) if x.check == "key-dates"] == [status]


@pytest.mark.parametrize(
    ("create", "key", "title", "action"),
    [
        (True, None, "key cmk (RSA 3072)", "create"),
        (True, Unknown("403"), "key cmk (RSA 3072), made when absent", "create"),
        (True, KEY_VERSION, "use key cmk, version 0f0f0f0f…", "verify"),
        (False, Unknown("403"), "use key cmk, newest version", "verify"),
    ],
)
def test_the_key_step_says_what_is_known(create: bool, key: Any, title: str, action: str) -> None:
    wish = intent(key={"create": create})
    step = next(s for s in build(wish, settled_facts(wish, key=key)).steps if s.id == "key")
    assert (step.title, step.action) == (title, action)


KINDS = sorted(one.name for one in iter_modules(steps.__path__))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_step_is_taken_back_or_says_why_it_stays(kind: str) -> None:
    assert (steps.undoable(kind) is None) is bool(steps.stays(kind))
