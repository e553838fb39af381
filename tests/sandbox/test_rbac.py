"""Who may do what, as pure rules over the state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import rbac
from sandbox.clock import Clock
from sandbox.roles import BY_ID
from sandbox.state import Resource, State
from sandbox.world import Addresses, World

SUB = "/subscriptions/s1"
GROUP = f"{SUB}/resourceGroups/g1"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v1"
KEY = f"{VAULT}/keys/k1"
ME = "00000000-0000-4000-8000-000000000001"
WRAP = "Microsoft.KeyVault/vaults/keys/wrap/action"
READ_VAULT = "Microsoft.KeyVault/vaults/read"


def world(speed: float = 1.0) -> World:
    return World(State(), Clock(speed), Addresses(1))


def settled(made: World) -> None:
    made.clock.offset += 61


@pytest.mark.parametrize(
    ("role", "action", "data", "wanted"),
    [
        ("Owner", "Microsoft.KeyVault/vaults/write", False, True),
        ("Owner", "Microsoft.Authorization/roleAssignments/write", False, True),
        ("Owner", WRAP, True, False),
        ("Owner", "Microsoft.KeyVault/vaults/keys/create/action", True, False),
        ("Contributor", "microsoft.keyvault/VAULTS/write", False, True),
        ("Contributor", "Microsoft.Authorization/roleAssignments/write", False, False),
        ("Contributor", "Microsoft.Authorization/locks/delete", False, False),
        ("Contributor", "Microsoft.Authorization/roleAssignments/read", False, True),
        ("Contributor", WRAP, True, False),
        ("Reader", READ_VAULT, False, True),
        ("Reader", "Microsoft.KeyVault/vaults/write", False, False),
        ("Reader", "Microsoft.KeyVault/vaults/keys/read", True, False),
        ("User Access Administrator", "Microsoft.Authorization/roleAssignments/write", False, True),
        ("User Access Administrator", "Microsoft.KeyVault/vaults/write", False, False),
        ("Key Vault Administrator", WRAP, True, True),
        ("Key Vault Administrator", "Microsoft.KeyVault/vaults/write", False, False),
        ("Key Vault Crypto Officer", "Microsoft.KeyVault/vaults/keys/create/action", True, True),
        ("Key Vault Crypto Officer", "Microsoft.KeyVault/vaults/secrets/read", True, False),
        ("Key Vault Crypto User", WRAP, True, True),
        ("Key Vault Crypto User", "Microsoft.KeyVault/vaults/keys/create/action", True, False),
        ("Key Vault Crypto Service Encryption User", WRAP, True, True),
        (
            "Key Vault Crypto Service Encryption User",
            "Microsoft.KeyVault/vaults/keys/encrypt/action",
            True,
            False,
        ),
        ("Key Vault Reader", "Microsoft.KeyVault/vaults/keys/read", True, True),
        ("Key Vault Reader", WRAP, True, False),
        ("Key Vault Contributor", "Microsoft.KeyVault/vaults/write", False, True),
        (
            "Key Vault Contributor",
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            False,
            False,
        ),
        ("Key Vault Contributor", "Microsoft.KeyVault/vaults/keys/read", True, False),
        (
            "Key Vault Purge Operator",
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            False,
            True,
        ),
        (
            "Managed Identity Operator",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            False,
            True,
        ),
        (
            "AzureML Data Scientist",
            "Microsoft.MachineLearningServices/workspaces/write",
            False,
            False,
        ),
    ],
)
def test_built_in_roles(role: str, action: str, data: bool, wanted: bool) -> None:
    made = world()
    rbac.grant(made, SUB, role, ME)
    settled(made)
    assert rbac.allows(made, ME, action, VAULT, data=data) is wanted


def test_a_grant_counts_below_its_scope_and_nowhere_else() -> None:
    made = world()
    rbac.grant(made, GROUP, "Reader", ME)
    assert rbac.allows(made, ME, READ_VAULT, VAULT)
    assert rbac.allows(made, ME, READ_VAULT, GROUP.upper())
    assert not rbac.allows(made, ME, READ_VAULT, SUB)
    assert not rbac.allows(made, ME, READ_VAULT, f"{SUB}/resourceGroups/g11")
    assert not rbac.allows(made, "someone-else", READ_VAULT, VAULT)


def test_arm_sees_a_grant_at_once_and_a_service_later() -> None:
    made = world()
    role = rbac.grant(made, VAULT, "Key Vault Administrator", ME)
    assert rbac.allows(made, ME, READ_VAULT, VAULT)
    assert not rbac.allows(made, ME, WRAP, KEY, data=True)
    settled(made)
    assert rbac.allows(made, ME, WRAP, KEY, data=True)
    rbac.revoke(made, role.doc["id"])
    assert rbac.allows(made, ME, WRAP, KEY, data=True)
    settled(made)
    assert not rbac.allows(made, ME, WRAP, KEY, data=True)


def test_what_was_revoked_before_it_counted_never_counts() -> None:
    made = world()
    role = rbac.grant(made, VAULT, "Key Vault Administrator", ME)
    made.clock.offset += 30
    rbac.revoke(made, role.doc["id"])
    for _ in range(10):
        assert not rbac.allows(made, ME, WRAP, KEY, data=True)
        made.clock.offset += 20


def test_an_assignment_put_in_the_place_of_another_is_seen() -> None:
    made = world()
    other = "00000000-0000-4000-8000-000000000002"
    role = rbac.grant(made, SUB, "Reader", ME, name="n")
    assert rbac.allows(made, ME, READ_VAULT, VAULT)
    del made.state.assignments[role.doc["id"].lower()]
    rbac.grant(made, SUB, "Reader", other, name="n")
    assert not rbac.allows(made, ME, READ_VAULT, VAULT)
    assert rbac.allows(made, other, READ_VAULT, VAULT)


roles = st.sampled_from(sorted(rbac.BUILT_IN))
scopes = st.sampled_from([SUB, GROUP, VAULT, KEY, f"{SUB}/resourceGroups/other"])
actions = st.sampled_from(
    sorted(
        {
            action.replace("*", "x").strip("/")
            for role in BY_ID.values()
            for action in (*role.actions, *role.data_actions)
        }
        | {WRAP, READ_VAULT, "Microsoft.Authorization/roleAssignments/write"}
    )
)


def deny(made: World, scope: str, actions: list[str], spared: list[str]) -> None:
    principals = [{"id": rbac.EVERYONE, "type": "SystemDefined"}]
    made.state.denials["d"] = Resource(
        {
            "id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/d",
            "properties": {
                "scope": scope,
                "principals": principals,
                "excludePrincipals": [{"id": one, "type": "User"} for one in spared],
                "permissions": [
                    {
                        "actions": actions,
                        "notActions": [],
                        "dataActions": actions,
                        "notDataActions": [],
                    }
                ],
            },
        },
        0.0,
    )


@given(st.lists(st.tuples(roles, scopes), max_size=4), actions, scopes, st.booleans())
def test_a_denial_wins_over_every_grant(
    grants: list[tuple[str, str]], action: str, scope: str, data: bool
) -> None:
    made = world()
    for role, at in grants:
        rbac.grant(made, at, role, ME)
    settled(made)
    before = rbac.allows(made, ME, action, scope, data=data)
    deny(made, scope, [action], [])
    assert not rbac.allows(made, ME, action, scope, data=data)
    deny(made, scope, [action], [ME])
    assert rbac.allows(made, ME, action, scope, data=data) is before


@given(st.lists(st.tuples(roles, scopes), max_size=4), actions, scopes, st.booleans())
def test_what_is_allowed_at_a_scope_is_allowed_below_it(
    grants: list[tuple[str, str]], action: str, scope: str, data: bool
) -> None:
    made = world()
    for role, at in grants:
        rbac.grant(made, at, role, ME)
    settled(made)
    if rbac.allows(made, ME, action, scope, data=data):
        assert rbac.allows(made, ME, action, f"{scope}/more/things", data=data)


@given(roles, actions)
def test_data_and_control_never_stand_in_for_each_other(role: str, action: str) -> None:
    definition = rbac.BUILT_IN[role]
    if not definition.data_actions:
        assert not rbac.role_allows(definition.id, action, True)
    if not definition.actions:
        assert not rbac.role_allows(definition.id, action, False)
