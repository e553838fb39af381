"""A new identity's principal: there at once, known to role assignments some seconds later."""

from collections.abc import Iterator
from typing import Any

import pytest
from contract import Az

from sandbox.providers import identities

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture
def az(sandbox: Any) -> Iterator[Az]:
    speed = sandbox.world.clock.speed
    sandbox.world.clock.speed = 1.0
    yield Az(sandbox)
    sandbox.world.clock.speed = speed


def _assign(az: Az, principal_id: str, **more: str) -> Any:
    name = az.world.state.new_id()
    path = f"{az.group_id}/providers/Microsoft.Authorization/roleAssignments/{name}"
    role = f"{az.root}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    properties = {"roleDefinitionId": role, "principalId": principal_id, **more}
    return az.arm("PUT", path, {"properties": properties}, version="2022-04-01")


def _principal(az: Az) -> str:
    az.register("Microsoft.ManagedIdentity")
    path = f"{az.group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
    made = az.made("PUT", path, {"location": "westus"})
    return str(made["properties"]["principalId"])


def test_role_assignments_learn_of_an_identity_late(az: Az) -> None:
    principal_id = _principal(az)
    early = _assign(az, principal_id)
    assert (early.status, early.body["error"]["code"]) == (400, "PrincipalNotFound")
    az.jump(identities.REPLICATION_S + 1)
    assert _assign(az, principal_id).status == 201


def test_naming_the_principal_type_helps(az: Az) -> None:
    principal_id = _principal(az)
    assert _assign(az, principal_id, principalType="ServicePrincipal").status == 201


def test_a_location_header_is_relative_as_recorded(az: Az) -> None:
    az.register("Microsoft.ManagedIdentity")
    path = f"{az.group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
    made = az.arm("PUT", path, {"location": "westus"})
    assert made.headers["location"] == made.body["id"]
    assert made.body["id"].startswith("/subscriptions/")
