"""Diagnosis of one workspace: against the longest chain of reads that wait for each other."""

import asyncio
from collections.abc import Iterator

from benchmarks.checks import DELAY, RUNS, Admin, Watched, seconds
from benchmarks.measure import Figure, alternate
from benchmarks.sandbox import running
from services.azure import workspaces
from services.azure.clouds import Cloud
from services.azure.connection import Connection
from services.azure.credentials import principal_from_ready
from services.diagnosis.conclude import ON_REQUEST
from services.diagnosis.diagnose import diagnose, wanted
from services.diagnosis.facts import described, ids_in
from services.diagnosis.readers import READERS
from services.ids import ArmId
from services.model.diagnosis import Target
from services.model.resources import Caller

SCENARIO = "broken/f08-grant-removed-among-others"
TARGET = Target(
    id="/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw-prod",
    name="mlw-prod",
)


async def chain_of(conn: Connection) -> list[str]:
    """The longest chain of requests of a whole pass, a fact for each."""
    there = await workspaces.get_workspace(conn, TARGET.id)
    assert there is not None
    told = await conn.who()
    caller = Caller(
        object_id=told.object_id,
        tenant_id=told.tenant_id,
        name=told.name,
        kind=told.principal_type,
        app_id=told.app_id,
    )
    made = Watched(conn, described(there), {}, caller)
    made.readers = READERS
    made.ids = ids_in(there, made.ids)
    made.give("workspace", there)
    facts = wanted(there, ON_REQUEST)
    stop = conn.subscribe(made.hear)
    await made.gather(facts)
    stop()
    return ["workspace", *max((made.chain(one) for one in facts), key=len)]


async def one_by_one(conn: Connection, count: int) -> None:
    """Plain GETs, each after the other's answer."""
    path = f"/subscriptions/{ArmId.parse(TARGET.id).subscription}"
    for _ in range(count):
        await conn.call("arm", "GET", path, params={"api-version": "2022-12-01"})


def figures() -> Iterator[Figure | str]:
    """Without Azure's own diagnosis: how long that takes is Azure's affair."""
    with running(SCENARIO) as (ready, _), asyncio.Runner() as runner:
        admin = Admin(ready)
        conn = runner.run(Connection.open(Cloud.from_ready(ready), principal_from_ready(ready)))
        runner.run(diagnose(conn, TARGET, ask_azure=False))
        runner.run(admin.ask("POST", "faults", {"path": "/", "times": -1, "delay": DELAY}))
        chain = runner.run(chain_of(conn))
        runner.run(admin.ask("DELETE", "requests"))
        found = runner.run(diagnose(conn, TARGET, ask_azure=False))
        asked = runner.run(admin.ask("GET", "requests"))["value"]
        asked = [one for one in asked if not one["path"].startswith("/admin")]
        value, baseline = alternate(
            lambda: runner.run(seconds(diagnose(conn, TARGET, ask_azure=False))),
            lambda: runner.run(seconds(one_by_one(conn, len(chain)))),
            RUNS,
        )
        runner.run(conn.close())
    checks = len({one.check for one in found.findings})
    yield f"{checks} checks, {len(asked)} requests; the longest chain: {' > '.join(chain)}"
    name = f"diagnosis / its longest chain, {DELAY:.1f} s a request"
    yield Figure(name, value, baseline, 1.15)
