"""Each judge by itself: nothing wrong is OK, one wrong fact is named."""

from datetime import timedelta
from typing import Any

import pytest
from wishes import (
    APP,
    COSMOS,
    GROUP,
    ME,
    NOW,
    SUB,
    VAULT,
    WHOLE,
    WORKSPACE,
    facts,
    key,
    lock,
    role,
    usage,
    vault,
    wish,
)

from services.azure.access import EVERYBODY, DenyAssignment, EligibleRole
from services.azure.activitylog import ActivityEvent
from services.azure.authorization import CONTRIBUTOR, CRYPTO_USER
from services.azure.deployments import Deployment, Refused
from services.azure.perimeters import Perimeter
from services.azure.policy import PolicyAssignment, PolicyHit
from services.azure.usages import CosmosRegion
from services.checks.facts import Facts, Unknown
from services.checks.judges import guards
from services.checks.preflight import JUDGES, judge, judge_one
from services.checks.registry import BY_ID, CHECKS
from services.model.intent import Create, RepairsIntent
from services.model.plan import Finding
from services.model.resources import (
    AccessPolicy,
    DeletedKey,
    DeletedVault,
    NameCheck,
    Permission,
    Principal,
    PrivateEndpoint,
    ResourceGroup,
    RotationPolicy,
    Workspace,
)

READER = (Permission(actions=("*/read",)),)
SEEN = {one.lower(): READER for one in (WHOLE, GROUP, VAULT)}
UNREAD = Unknown("Azure refused it.")
DENIED = f"{WHOLE}/providers/Microsoft.Authorization/policyAssignments/no"
HIT = PolicyHit(assignment=DENIED, definition="/d/x", effect="Deny")
KEYLESS: dict[str, Any] = {"key": None}
NEW_VAULT: dict[str, Any] = {"vault": None, "key": None}


def denial(*principals: str, excluded: tuple[str, ...] = ()) -> DenyAssignment:
    return DenyAssignment(
        id="/d/1",
        name="hands off",
        scope=GROUP,
        permissions=(Permission(actions=("*/write",)),),
        principals=principals,
        excluded=excluded,
    )


def assigned(definition: str, **parts: Any) -> PolicyAssignment:
    told = {"id": DENIED, "name": "no", "scope": WHOLE, "definition": f"/d/{definition}"}
    return PolicyAssignment(**{**told, **parts})


def policies(name: str, *hits: Any) -> dict[str, Any]:
    return {"policies": {f"policy_{name}": hits}}


def endpoint(status: str) -> PrivateEndpoint:
    return PrivateEndpoint(id=f"{VAULT}/privateEndpointConnections/pe", name="pe", status=status)


DELETED = ActivityEvent(
    at=NOW - timedelta(days=4),
    caller="eve@contoso.test",
    operation="Microsoft.MachineLearningServices/workspaces/delete",
    status="Succeeded",
    resource_id=WORKSPACE,
    correlation_id="c-1",
)


CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("cloud", {"cloud": "AzureChinaCloud"}, {}, "fail"),
    ("tenant", {"tenant": SUB}, {}, "fail"),
    ("subscription", {}, {"visible": False}, "fail"),
    ("provider-registered", {}, {"providers": {}}, "fix"),
    ("provider-registered", {}, {"providers": UNREAD}, "unknown"),
    (
        "region-offered",
        {},
        {"offers": {"microsoft.search/searchservices": ("eastus",)}},
        "fail",
    ),
    ("vault-exists", {}, NEW_VAULT, "fail"),
    ("vault-exists", {}, {"vault": vault(state="Failed")}, "fail"),
    ("vault-exists", {}, {"vault": UNREAD}, "unknown"),
    (
        "vault-deleted",
        {},
        {**NEW_VAULT, "deleted_vault": DeletedVault(name="kv-ml", id=VAULT, location="w")},
        "fail",
    ),
    (
        "vault-name",
        {"vault": {"create": True}},
        {**NEW_VAULT, "vault_name": NameCheck(available=False, reason="AlreadyExists")},
        "fail",
    ),
    ("vault-protection", {}, {"vault": vault(purge_protection=False)}, "fix"),
    (
        "vault-protection",
        {"vault": {"repair": False}},
        {"vault": vault(soft_delete=False)},
        "fail",
    ),
    ("vault-retention", {}, {"vault": vault(retention_days=7)}, "warn"),
    ("vault-region", {}, {"vault": vault(location="northeurope")}, "fail"),
    ("vault-tenant", {}, {"vault": vault(tenant_id=SUB)}, "fail"),
    ("vault-address", {}, {"vault": vault(uri="https://kv-ml.vault.azure.cn")}, "fail"),
    ("vault-network", {}, {"vault": vault(default_action="Deny", bypass="None")}, "fail"),
    ("vault-network", {}, {"vault": vault(public_access="SecuredByPerimeter")}, "fail"),
    ("vault-network", {}, {"vault": vault(default_action="Deny")}, "warn"),
    ("vault-perimeter", {}, {"perimeters": (Perimeter(name="p", mode="Enforced"),)}, "fail"),
    ("vault-perimeter", {}, {"perimeters": (Perimeter(name="p", mode="Learning"),)}, "warn"),
    ("vault-perimeter", {}, {"perimeters": UNREAD}, "unknown"),
    (
        "vault-endpoints",
        {},
        {"vault": vault(public_access="Disabled", endpoints=(endpoint("Pending"),))},
        "warn",
    ),
    ("vault-network-you", {}, {"reachable": False}, "warn"),
    (
        "vault-network-you",
        {},
        {"vault": vault(default_action="Deny"), "key": UNREAD},
        "unknown",
    ),
    ("vault-access-model", {"vault": {"access": "policies"}}, {}, "warn"),
    ("vault-lock", {}, {"locks": ()}, "warn"),
    ("vault-lock", {}, {"locks": UNREAD}, "unknown"),
    ("key-exists", {}, KEYLESS, "fail"),
    ("key-exists", {"key": {"create": True, "version": "0f" * 16}}, KEYLESS, "fail"),
    ("key-exists", {}, {"key": UNREAD}, "unknown"),
    ("key-deleted", {}, {"key": None, "deleted_key": DeletedKey(name="cmk", id="x")}, "fail"),
    ("key-type", {}, {"key": key(type="EC")}, "fail"),
    ("key-type", {}, {"key": key(bits=1024)}, "fail"),
    ("key-type", {}, {"key": key(bits=2048)}, "warn"),
    ("key-type", {"key": {"create": True, "type": "RSA-HSM"}}, KEYLESS, "fail"),
    ("key-operations", {}, {"key": key(ops=("wrapKey",))}, "fail"),
    ("key-operations", {}, {"key": key(ops=("wrapKey", "unwrapKey"))}, "warn"),
    ("key-enabled", {}, {"key": key(enabled=False)}, "fail"),
    ("key-dates", {}, {"key": key(expires=NOW)}, "fail"),
    ("key-dates", {}, {"key": key(not_before=NOW + timedelta(days=1))}, "fail"),
    ("key-dates", {}, {"key": key(expires=NOW + timedelta(days=89))}, "warn"),
    (
        "key-rotation",
        {},
        {"key": key(expires=NOW + timedelta(days=900)), "rotation": RotationPolicy()},
        "warn",
    ),
    ("key-version", {"key": {"version": "0e" * 16}}, {"newest_key": key()}, "warn"),
    ("cosmos-principal", {}, {"cosmos": None}, "fix"),
    ("cosmos-principal", {}, {"cosmos": UNREAD}, "unknown"),
    (
        "cosmos-principal",
        {},
        {"cosmos": Principal(object_id=COSMOS, name="c", kind="x", enabled=False)},
        "fail",
    ),
    ("cosmos-grant", {}, {"cosmos_roles": ()}, "fix"),
    ("cosmos-grant", {}, {"cosmos_roles": UNREAD}, "unknown"),
    ("cosmos-grant", {}, {"vault": vault(rbac=False)}, "fix"),
    ("grant-to-app-id", {}, {"vault_roles": (role(CRYPTO_USER, APP, VAULT),)}, "warn"),
    (
        "grant-to-app-id",
        {},
        {"vault": vault(rbac=False, policies=(AccessPolicy(object_id=APP, keys=("get",)),))},
        "warn",
    ),
    (
        "policy-on-rbac-vault",
        {},
        {"vault": vault(policies=(AccessPolicy(object_id=COSMOS, keys=("get",)),))},
        "warn",
    ),
    (
        "grant-propagation",
        {},
        {"cosmos_roles": (role(CRYPTO_USER, COSMOS, VAULT, created=NOW - timedelta(minutes=3)),)},
        "warn",
    ),
    ("ml-principal", {}, {"ml": None}, "fix"),
    ("ml-contributor", {}, {"ml_roles": ()}, "fix"),
    ("identity-exists", {"workspace": {"identity": Create(create="uai")}}, {}, "fix"),
    (
        "identity-exists",
        {
            "workspace": {
                "identity": f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
            }
        },
        {},
        "fail",
    ),
    ("identity-grant", {"workspace": {"identity": Create(create="uai")}}, {}, "fix"),
    ("caller-permissions", {}, {"permissions": SEEN}, "fail"),
    ("caller-permissions", {}, {"permissions": {}}, "unknown"),
    (
        "caller-condition",
        {},
        {"assignments": (role(CONTRIBUTOR, ME, GROUP, condition="@Resource ..."),)},
        "warn",
    ),
    ("deny-assignment", {}, {"deny_assignments": (denial(EVERYBODY),)}, "fail"),
    ("deny-assignment", {}, {"deny_assignments": UNREAD}, "unknown"),
    ("lock-read-only", {}, {"locks": (lock("ReadOnly", GROUP),)}, "fail"),
    ("lock-delete", {}, {"locks": (lock("CanNotDelete", WHOLE),)}, "warn"),
    *(
        (f"policy-{name}", {}, policies(name, HIT), "fail")
        for name in ("workspace", "vault", "dependencies", "cosmos", "search", "storage")
    ),
    (
        "policy-definitions",
        {},
        {"policy_assignments": (assigned(next(iter(guards.MANAGED)), effect="Deny"),)},
        "warn",
    ),
    (
        "policy-key",
        {"key": {"create": True}},
        {**KEYLESS, "policy_assignments": (assigned(guards.EXPIRY, effect="Deny"),)},
        "warn",
    ),
    (
        "cosmos-region",
        {},
        {"cosmos_location": CosmosRegion(name="w", regular=False, zones=False, status="Online")},
        "fail",
    ),
    ("cosmos-region", {}, {"cosmos_location": UNREAD}, "unknown"),
    ("cosmos-accounts", {}, {"cosmos_accounts": 50}, "unknown"),
    ("search-quota", {}, {"search_usages": (usage("standard", 16, 16),)}, "fail"),
    ("search-quota", {}, {"search_usages": (usage("standard", 0, 0),)}, "fail"),
    ("search-quota", {}, {"search_usages": UNREAD}, "unknown"),
    ("storage-quota", {}, {"storage_usages": (usage("StorageAccounts", 249, 250),)}, "fail"),
    ("ml-quota", {}, {"group_workspaces": 800}, "fail"),
    ("ml-quota", {}, {"group_workspaces": UNREAD}, "unknown"),
    ("ml-quota", {}, {"ml_usages": (usage("Clusters", 9, 9, "totalCores"),)}, "warn"),
    ("names-rules", {"vault": {"name": "no--good"}}, {}, "fail"),
    *(
        (name, {}, {"names": {name.replace("-", "_"): NameCheck(available=False)}}, "fail")
        for name in ("storage-name", "secrets-vault-name", "registry-name")
    ),
    (
        "workspace",
        {},
        {"workspace": Workspace(id=WORKSPACE, name="mlw", location="westeurope")},
        "fail",
    ),
    (
        "workspace-deleted",
        {},
        {
            "managed_groups": (
                ResourceGroup(id="g", name="g", location="w", managed_by=WORKSPACE.upper()),
            )
        },
        "fail",
    ),
    ("workspace-deleted", {}, {"managed_groups": UNREAD}, "unknown"),
    ("workspace-deleted", {}, {"workspace_deletes": UNREAD}, "unknown"),
    ("workspace-deleted", {}, {"workspace_deletes": (DELETED,)}, "unknown"),
    ("deployment-running", {}, {"deployments": (Deployment(name="d", state="Running"),)}, "warn"),
    ("workspace-validate", {}, {"validation": Refused(code="X", message="no")}, "fail"),
    ("workspace-validate", {}, {"validation": UNREAD}, "unknown"),
]
ALWAYS_UNKNOWN = {"search-capacity", "workspace-deleted"}


def told(check: str, parts: dict[str, Any], others: dict[str, Any]) -> list[Finding]:
    return list(JUDGES[check](wish(**parts), facts(**others)))


def test_in_a_world_without_fault_nothing_is_wrong() -> None:
    findings = judge(wish(), facts())
    wrong = {one.check for one in findings if one.status not in ("ok", "skipped")}
    assert wrong == ALWAYS_UNKNOWN
    ours = {one.id for one in CHECKS if "workspace" in one.kinds}
    assert ours == {found.check for found in findings}


def test_every_judge_has_a_case() -> None:
    ours = {one.id for one in CHECKS if "workspace" in one.kinds}
    assert {check for check, *_ in CASES} | {"search-capacity"} == ours


@pytest.mark.parametrize(("check", "parts", "others", "status"), CASES)
def test_what_is_wrong_is_named(
    check: str, parts: dict[str, Any], others: dict[str, Any], status: str
) -> None:
    found = told(check, parts, others)
    assert {one.check for one in found} == {check}
    assert status in {one.status for one in found}
    for one in found:
        assert one.title and one.meaning
        assert one.failures == BY_ID[check].failures or one.status == "skipped"
        assert one.repair is not None or one.status in ("unknown", "warn", "fail")
    assert len({one.id for one in found}) == len(found)


def test_evidence_names_call_field_value_and_request() -> None:
    (one,) = told("vault-region", {}, {"vault": vault(location="northeurope")})
    (evidence,) = one.evidence
    assert (evidence.call, evidence.field) == ("GET vault", "location")
    assert (evidence.value, evidence.request_id) == ("northeurope", "r-1")


def test_a_denial_that_leaves_the_caller_out_is_none() -> None:
    excluded = (denial(EVERYBODY, excluded=(ME,)), denial("somebody-else"))
    assert told("deny-assignment", {}, {"deny_assignments": excluded}) == []


def test_audits_do_not_refuse_and_an_effect_that_is_not_told_is_looked_up() -> None:
    def statuses(hit: PolicyHit, *assignments: PolicyAssignment) -> list[str]:
        others = {**policies("cosmos", hit), "policy_assignments": assignments}
        return [one.status for one in told("policy-cosmos", {}, others)]

    silent = PolicyHit(assignment=DENIED, definition="/d/x", effect="")
    assert statuses(PolicyHit(assignment=DENIED, definition="/d/x", effect="Audit")) == []
    assert statuses(silent) == ["warn"]
    assert statuses(silent, assigned("x", effect="Deny")) == ["fail"]
    assert statuses(silent, assigned("x", effect="Deny", enforced=False)) == []


def test_a_delete_in_the_activity_log_tells_who_when_and_until_when() -> None:
    (one,) = told("workspace-deleted", {}, {"workspace_deletes": (DELETED,)})
    until = DELETED.at + timedelta(days=14)
    assert f"{DELETED.at:%-d %b %Y}" in one.title and f"{until:%-d %b %Y}" in one.title
    assert {"eve@contoso.test", "c-1"} <= {evidence.value for evidence in one.evidence}
    assert "does not tell whether it was deleted for good" in one.meaning
    (none,) = told("workspace-deleted", {}, {"workspace_deletes": UNREAD})
    assert UNREAD.reason in none.meaning


def test_a_condition_does_not_matter_where_the_role_is_held_without_one_too() -> None:
    narrowed = role(CONTRIBUTOR, ME, GROUP, condition="@Resource ...")
    for scope, status in ((WHOLE, "ok"), (VAULT, "warn")):
        held = {"assignments": (narrowed, role(CONTRIBUTOR, ME, scope))}
        assert [
            one.status for one in judge_one(BY_ID["caller-condition"], wish(), facts(**held))
        ] == [status]


def test_what_others_may_do_is_a_warning_and_says_which_role_could_be_activated() -> None:
    others = {
        "permissions": SEEN,
        "eligible": (EligibleRole(role="Owner", scope=WHOLE),),
        "cosmos_roles": (),
    }
    found = {one.id.rpartition(":")[2]: one for one in told("caller-permissions", {}, others)}
    grant = found["Microsoft.Authorization/roleAssignments/write"]
    assert grant.status == "warn" and "waits" in grant.meaning
    assert grant.repair and "activate" in grant.repair.text and "Owner" in grant.repair.text
    assert found["Microsoft.MachineLearningServices/workspaces/write"].status == "fail"


KEY_MAKER = (Permission(data_actions=("Microsoft.KeyVault/vaults/keys/create/action",)),)
POLICIES: dict[str, Any] = {"vault": vault(rbac=False)}
GONE = DeletedVault(name="kv-ml", id=VAULT, location="westeurope")
LOST = DeletedKey(name="cmk", id="k")
CHOSEN: list[tuple[str, dict[str, Any], str]] = [
    ("vault_deleted", {**NEW_VAULT, "deleted_vault": GONE}, "recover vault kv-ml"),
    (
        "vault_deleted",
        {**NEW_VAULT, "deleted_vault": GONE, "rights": READER},
        "give yourself rights on keys",
    ),
    (
        "vault_network",
        {"vault": vault(default_action="Deny", bypass="None")},
        "let trusted services pass the firewall of vault kv-ml",
    ),
    ("key_deleted", {**KEYLESS, "deleted_key": LOST}, "recover the key"),
    ("key_enabled", {"key": key(enabled=False)}, "enable the key"),
    ("key_operations", {"key": key(ops=("wrapKey",))}, "allow the key what the services need"),
    ("key_enabled", {"key": key(enabled=False), **POLICIES}, "give yourself rights on keys"),
    ("key_enabled", {"key": key(enabled=False), "rights": READER}, "give yourself rights on keys"),
]


@pytest.mark.parametrize(("field", "others", "why"), CHOSEN)
def test_what_a_chosen_repair_does_is_counted_among_what_you_may_not_do(
    field: str, others: dict[str, Any], why: str
) -> None:
    seen = facts(**{"permissions": SEEN, "rights": KEY_MAKER, **others})
    without, taken = (
        {
            one.title
            for one in judge_one(
                BY_ID["caller-permissions"],
                wish(key={"create": False}, repairs=RepairsIntent(**{field: choice})),
                seen,
            )
        }
        for choice in (False, True)
    )
    assert f"You may not {why}" in taken - without


OFFERED: list[tuple[str, dict[str, Any], str]] = [
    ("provider_registered", {"providers": {}}, "register Microsoft.KeyVault"),
    ("cosmos_grant", {"cosmos_roles": ()}, "let Azure Cosmos DB use the key"),
    ("ml_contributor", {"ml_roles": ()}, "make Azure Machine Learning Contributor"),
]


@pytest.mark.parametrize(("field", "others", "why"), OFFERED)
def test_what_a_repair_would_do_that_is_left_out_needs_no_permission(
    field: str, others: dict[str, Any], why: str
) -> None:
    seen = facts(**{"permissions": SEEN, **others})
    taken, left = (
        {
            one.title
            for one in judge_one(
                BY_ID["caller-permissions"],
                wish(repairs=RepairsIntent(**{field: choice})),
                seen,
            )
        }
        for choice in (True, False)
    )
    assert f"You may not {why}" in taken - left


def test_a_judge_looks_only_at_what_its_check_reads() -> None:
    fields = {
        "subscription": {"tenant", "visible"},
        "providers": {"providers", "offers"},
        "permissions": {"permissions", "rights"},
        "key": {"key", "reachable", "key_from_arm"},
    }
    free = {"cloud", "caller", "now", "asked", "had", "tenant", "visible"}
    strayed: dict[str, set[str]] = {}
    for check in CHECKS:
        allowed = set(free)
        for fact in check.reads:
            allowed |= fields.get(fact, {fact})
            if fact.startswith("policy_") and fact != "policy_assignments":
                allowed.add("policies")
            if fact.endswith("_name"):
                allowed.add("names")
        cases = [(parts, others) for id, parts, others, _ in CASES if id == check.id]
        for parts, others in [*cases, ({}, {})]:
            looked = Spy(facts(**others)).judged(check.id, wish(**parts))
            if looked - allowed:
                strayed[check.id] = looked - allowed
    assert sorted((id, field) for id, fields in strayed.items() for field in fields) == []


class Spy:
    """Facts that remember which of their fields were looked at."""

    def __init__(self, real: Facts) -> None:
        self._real = real
        self._looked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self._looked.add(name)
        return getattr(self._real, name)

    def judged(self, check: str, intent: Any) -> set[str]:
        list(JUDGES[check](intent, self))  # type: ignore[arg-type]
        return self._looked
