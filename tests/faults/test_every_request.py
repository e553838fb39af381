"""Each thing that can befall a request, at each request of a plan: done once, and to its end.

A route is a method and what a path looks like. In `make soak` it is every single request.
"""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from carrying import QUICK, connected, intent_for
from sandboxed import RunningSandbox

from services.azure.connection import Connection, Timeouts
from services.model.intent import Create
from services.model.plan import Plan
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup.plan import make_plan
from tests.faults.estate import GUID, Estate, difference

STALL_S = 0.7
"""The read timeout of these runs, in place of 60 s; a request that stalls takes a little more."""
TIMEOUTS = Timeouts(read=STALL_S, backoff=0.01)
EXPIRED = {"code": "ExpiredAuthenticationToken", "message": "The access token expired."}
FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "headers": {"retry-after-ms": "50"}},
    "500": {"status": 500},
    "503": {"status": 503},
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
    "cut answer": {"reset": "middle"},
    "stall": {"delay": STALL_S + 0.1, "reset": "before"},
    "token expiry": {"status": 401, "body": {"error": EXPIRED}},
}
EFFECT = ("reset after", "cut answer")
"""With these the service has done what it was asked."""

SCOPE = r"^/subscriptions/[^/]+"
GROUP = SCOPE + r"/resourceGroups/rg-ml"
MANAGED = SCOPE + r"/resourceGroups/azureml-[^/]+"
TOKEN = "/oauth2/v2.0/token$"
ROUTES = (
    ("POST", TOKEN),
    ("GET", "^/subscriptions$"),
    ("GET", r"/servicePrincipals\("),
    ("GET", SCOPE + "/providers$"),
    ("GET", SCOPE + r"/providers/[^/]+$"),
    ("POST", SCOPE + r"/providers/[^/]+/register$"),
    ("GET", "/roleAssignments$"),
    ("PUT", "/roleAssignments/[^/]+$"),
    ("GET", GROUP + "$"),
    ("PUT", GROUP + "$"),
    ("GET", GROUP + "/providers/Microsoft.KeyVault/vaults/[^/]+$"),
    ("PUT", GROUP + "/providers/Microsoft.KeyVault/vaults/[^/]+$"),
    ("GET", "^/keys/[^/]+/?$"),
    ("POST", "^/keys/[^/]+/create$"),
    ("GET", GROUP + "/providers/Microsoft.OperationalInsights/workspaces/[^/]+$"),
    ("PUT", GROUP + "/providers/Microsoft.OperationalInsights/workspaces/[^/]+$"),
    ("GET", GROUP + "/providers/Microsoft.Insights/components/[^/]+$"),
    ("PUT", GROUP + "/providers/Microsoft.Insights/components/[^/]+$"),
    ("GET", GROUP + "/providers/Microsoft.Storage/storageAccounts/[^/]+$"),
    ("PUT", GROUP + "/providers/Microsoft.Storage/storageAccounts/[^/]+$"),
    ("GET", SCOPE + "/providers/Microsoft.Storage/locations/[^/]+/asyncoperations/"),
    ("GET", GROUP + "/providers/Microsoft.MachineLearningServices/workspaces/[^/]+$"),
    ("PUT", GROUP + "/providers/Microsoft.MachineLearningServices/workspaces/[^/]+$"),
    ("GET", "/Microsoft.MachineLearningServices/locations/[^/]+/workspaceOperationsStatus/"),
    ("GET", MANAGED + "/resources$"),
    ("GET", MANAGED + "/providers/Microsoft.DocumentDB/databaseAccounts$"),
    ("GET", MANAGED + "/providers/Microsoft.Search/searchServices$"),
    ("GET", MANAGED + "/providers/Microsoft.Storage/storageAccounts$"),
)
"""Every request of a plan with a new vault, a new key and a workspace."""
WIDER = (
    ("GET", "/userAssignedIdentities/[^/]+$"),
    ("PUT", "/userAssignedIdentities/[^/]+$"),
    ("GET", "/registries/[^/]+$"),
    ("PUT", "/registries/[^/]+$"),
    ("GET", "/registries/[^/]+/operationStatuses/"),
)
"""What an identity of one's own and a registry ask besides."""
WIDE: dict[str, Any] = {"identity": Create(create="id-ml"), "registry": "new"}


class Calm(NamedTuple):
    """A plan, and what a run of it does that nothing happens to."""

    plan: Plan
    asked: list[dict[str, Any]]
    writes: Counter[str]
    left: Any

    @property
    def text(self) -> bytes:
        return msgspec.json.encode(self.plan)


async def carried(conn: Connection, folder: Path, plan: Plan) -> tuple[RunStatus, list[Any]]:
    """Begin the plan, or go on with the journal's one run."""
    journal = await Journal.open(folder / "runs" / "journal.sqlite")
    try:
        known = [row.id for row in await journal.runs()]
        make = Run.load(conn, journal, *known, settings=QUICK) if known else None
        run = await (make or Run.start(conn, journal, plan, settings=QUICK))
        async with asyncio.timeout(60):
            status = await run.go()
        await run.close()
        events = await journal.events(run.id)
        return status, [one.detail for _, one in events if one.event == "step.failed"]
    finally:
        await journal.close()


async def calmly(sandbox: RunningSandbox, folder: Path, **workspace: Any) -> Calm:
    sandbox.reset()
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox, workspace=workspace))
    sandbox.reset()
    estate = Estate(sandbox, msgspec.json.encode(plan))
    async with connected(sandbox) as conn:
        status, failed = await carried(conn, folder, plan)
    assert status is RunStatus.SUCCEEDED, failed
    return Calm(plan, sandbox.requests(), estate.took(), estate.now())


@pytest.fixture(scope="module")
def calms(running_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> list[Calm]:
    """The plain plan, and the one with an identity and a registry."""
    plain, wide = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("wide")
    sandbox = running_sandbox
    return [asyncio.run(calmly(sandbox, plain)), asyncio.run(calmly(sandbox, wide, **WIDE))]


async def befallen(
    sandbox: RunningSandbox, folder: Path, calm: Calm, fault: str, request: dict[str, Any]
) -> list[str]:
    """What was not as it should be after a run that a fault befell; None if it met nothing."""
    sandbox.reset()
    estate = Estate(sandbox, calm.text)
    sandbox.admin("POST", "faults", {**request, **FAULTS[fault]})
    async with connected(sandbox, timeouts=TIMEOUTS) as conn:
        status, failed = await carried(conn, folder, calm.plan)
        if status is not RunStatus.SUCCEEDED:
            status, failed = await carried(conn, folder, calm.plan)
    said = [] if status is RunStatus.SUCCEEDED else [f"{status}: {failed}"]
    if sandbox.admin("GET", "faults")["value"][0]["times"]:
        said.append("no request was met")
    said += await estate.wrong(folder, calm.writes, cut=fault in EFFECT)
    return said + difference(calm.left, estate.now())


def test_the_routes_are_all_that_a_plan_asks(calms: list[Calm]) -> None:
    asked = {(one["method"], one["path"]) for calm in calms for one in calm.asked}
    unknown = {
        (method, path)
        for method, path in asked
        if not any(m == method and re.search(r, path, re.I) for m, r in (*ROUTES, *WIDER))
    }
    assert unknown == set()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("method", "path"), [*ROUTES, *WIDER])
def test_whatever_befalls_a_request_the_plan_is_carried_out_once(
    sandbox: RunningSandbox, tmp_path: Path, calms: list[Calm], method: str, path: str, fault: str
) -> None:
    if path == TOKEN and fault == "token expiry":
        pytest.skip("who asks for a token has none that could end")
    calm = calms[(method, path) in WIDER]
    request = {"method": method, "path": path}
    assert asyncio.run(befallen(sandbox, tmp_path, calm, fault, request)) == []


@pytest.mark.soak
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_befalls_any_single_request(
    sandbox: RunningSandbox, tmp_path: Path, calms: list[Calm], fault: str
) -> None:
    """The nth request of each path. Of reads there may be one less: they depend on the time."""
    counted: Counter[tuple[str, str]] = Counter()
    found = []
    for number, one in enumerate(calms[1].asked):
        path = GUID.sub(
            "[0-9a-f-]+", re.escape(one["path"].removeprefix("/graph")).replace(r"\-", "-")
        )
        key = (one["method"], f"^{path}$")
        request = {"method": key[0], "path": key[1], "skip": counted[key]}
        counted[key] += 1
        if "/oauth2/" in path and fault == "token expiry":
            continue
        said = asyncio.run(befallen(sandbox, tmp_path / str(number), calms[1], fault, request))
        if key[0] == "GET" and said == ["no request was met"]:
            continue
        found += [f"{request}: {line}" for line in said]
    assert not found, "\n".join(found)
