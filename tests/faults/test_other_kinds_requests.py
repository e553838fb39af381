"""Each thing that can befall a request of a container group's or a cluster's plan.

What workspaces ask too is tried with them; in `make soak` it is every single request.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from carrying import connected
from sandboxed import RunningSandbox

from services.runs.engine import RunStatus
from tests.faults.estate import GUID, Estate
from tests.faults.otherkinds import PLANS, planned
from tests.faults.test_every_request import (
    FAULTS,
    GROUP,
    ROUTES,
    SCOPE,
    WIDER,
    Calm,
    befallen,
    carried,
)

SETS = GROUP + "/providers/Microsoft.Compute/diskEncryptionSets/[^/]+"
OWN: dict[str, tuple[tuple[str, str], ...]] = {
    "group": (
        ("GET", GROUP + "/providers/Microsoft.ContainerInstance/containerGroups/[^/]+$"),
        ("PUT", GROUP + "/providers/Microsoft.ContainerInstance/containerGroups/[^/]+$"),
        ("GET", SCOPE + "/providers/Microsoft.ContainerInstance/locations/[^/]+/operations/"),
    ),
    "first-party": (
        ("PUT", GROUP + "/providers/Microsoft.KeyVault/vaults/[^/]+/accessPolicies/add$"),
    ),
    "cluster": (
        ("GET", SETS + "$"),
        ("PUT", SETS + "$"),
        ("GET", SETS + "/providers/Microsoft.Authorization/roleAssignments$"),
        ("PUT", SETS + "/providers/Microsoft.Authorization/roleAssignments/[^/]+$"),
        ("GET", SCOPE + "/providers/Microsoft.Compute/locations/[^/]+/DiskOperations/"),
        ("GET", GROUP + "/providers/Microsoft.ContainerService/managedClusters/[^/]+$"),
        ("PUT", GROUP + "/providers/Microsoft.ContainerService/managedClusters/[^/]+$"),
        ("GET", SCOPE + "/providers/Microsoft.ContainerService/locations/[^/]+/operations/"),
        ("GET", SCOPE + "/resourceGroups/MC_[^/]+$"),
        ("GET", SCOPE + "/resourceGroups/MC_[^/]+/resources$"),
    ),
}
"""By plan: what no plan of a workspace asks."""
Calms = Callable[[str], Calm]


async def calmly(sandbox: RunningSandbox, folder: Path, kind: str) -> Calm:
    sandbox.reset()
    plan = await planned(sandbox, PLANS[kind])
    sandbox.reset()
    estate = Estate(sandbox, msgspec.json.encode(plan))
    async with connected(sandbox) as conn:
        status, failed = await carried(conn, folder, plan)
    assert status is RunStatus.SUCCEEDED, failed
    return Calm(plan, sandbox.requests(), estate.took(), estate.now())


@pytest.fixture(scope="module")
def calm_of(running_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Calms:
    """A calm run of each plan, carried out when it is first asked for."""
    known: dict[str, Calm] = {}

    def of(kind: str) -> Calm:
        if kind not in known:
            folder = tmp_path_factory.mktemp(kind)
            known[kind] = asyncio.run(calmly(running_sandbox, folder, kind))
        return known[kind]

    return of


@pytest.mark.parametrize("kind", PLANS)
def test_the_routes_of_other_kinds_are_all_that_their_plans_ask(calm_of: Calms, kind: str) -> None:
    asked = {(one["method"], one["path"]) for one in calm_of(kind).asked}
    known = [*ROUTES, *WIDER, *(route for own in OWN.values() for route in own)]
    unknown = {
        (method, path)
        for method, path in asked
        if not any(m == method and re.search(route, path, re.I) for m, route in known)
    }
    assert unknown == set()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("kind", "method", "path"), [(kind, *one) for kind in OWN for one in OWN[kind]]
)
def test_whatever_befalls_a_request_of_another_kind_its_plan_is_carried_out_once(
    sandbox: RunningSandbox,
    tmp_path: Path,
    calm_of: Calms,
    kind: str,
    method: str,
    path: str,
    fault: str,
) -> None:
    request = {"method": method, "path": path}
    assert asyncio.run(befallen(sandbox, tmp_path, calm_of(kind), fault, request)) == []


@pytest.mark.soak
@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_befalls_any_single_request_of_another_kind(
    sandbox: RunningSandbox, tmp_path: Path, calm_of: Calms, kind: str, fault: str
) -> None:
    """The nth request of each path. Of reads there may be one less: they depend on the time."""
    counted: Counter[tuple[str, str]] = Counter()
    found, calm = [], calm_of(kind)
    for number, one in enumerate(calm.asked):
        path = GUID.sub(
            "[0-9a-f-]+", re.escape(one["path"].removeprefix("/graph")).replace(r"\-", "-")
        )
        key = (one["method"], f"^{path}$")
        request: dict[str, Any] = {"method": key[0], "path": key[1], "skip": counted[key]}
        counted[key] += 1
        if "/oauth2/" in path and fault == "token expiry":
            continue
        said = asyncio.run(befallen(sandbox, tmp_path / str(number), calm, fault, request))
        if key[0] == "GET" and said == ["no request was met"]:
            continue
        found += [f"{request}: {line}" for line in said]
    assert not found, "\n".join(found)
