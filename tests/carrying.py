"""Plans made and carried out against the sandbox, for the tests of several rooms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from azure.identity.aio import ClientSecretCredential
from sandboxed import RunningSandbox

from services.azure.clouds import Cloud
from services.azure.connection import Connection, Timeouts
from services.azure.transport import Transport
from services.model.intent import Intent, KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.plan import Event, Plan
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup.context import Settings
from services.setup.plan import make_plan

QUICK = Settings(propagation_s=0.1, probe_s=0.05, poll_s=0.05, look_s=0.05, backoff_s=0.02)
READS = ("GET", "HEAD")
ASKING = (
    *("checkNameAvailability", "checkPolicyRestrictions", "/validate"),
    *("/oauth2/", "getByIds", "ResourceGraph/resources", "/diagnose", "/query"),
)


@asynccontextmanager
async def connected(
    sandbox: RunningSandbox,
    name: str = "admin",
    timeouts: Timeouts | None = None,
    read_only: bool = False,
) -> AsyncIterator[Connection]:
    """Signed in as one of the sandbox's principals, through azure-identity and TLS."""
    cloud = Cloud.from_ready(sandbox.ready)
    who = sandbox.principal(name)
    transport = Transport(Timeouts(), cloud.ca_file, "")
    credential = ClientSecretCredential(
        sandbox.ready["tenant_id"],
        who["client_id"],
        who["client_secret"],
        authority=cloud.authority,
        disable_instance_discovery=True,
        transport=transport,
    )
    async with await Connection.open(
        cloud, credential, settings=timeouts, read_only=read_only
    ) as conn:
        yield conn
    await transport.shut()


def intent_for(sandbox: RunningSandbox, **parts: Any) -> Intent:
    """A new vault, a new key and a workspace; ``vault``, ``key`` and ``workspace`` change it."""
    vault = {"name": "kv-ml-prod", "create": True, **parts.pop("vault", {})}
    key = {"name": "cmk-ml", "create": True, "bits": 2048, **parts.pop("key", {})}
    workspace = {"name": "mlw-prod", **parts.pop("workspace", {})}
    return WorkspaceSetup(
        subscription=sandbox.subscription,
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(**vault),
        key=KeyIntent(**key),
        workspace=WorkspaceIntent(**workspace),
        **parts,
    )


class Carried(msgspec.Struct):
    """What came of a plan."""

    plan: Plan
    status: RunStatus
    events: list[Event]
    run: str
    results: dict[str, Any]

    def named(self, event: str) -> list[str]:
        """The steps of all events of a name, in order."""
        return [one.step for one in self.events if one.event == event]

    def failures(self) -> list[dict[str, Any]]:
        """Details of the failed steps, for assertion messages."""
        return [{one.step: one.detail} for one in self.events if one.event == "step.failed"]


async def carry_out(
    conn: Connection, folder: Path, intent: Intent | Plan, settings: Settings = QUICK
) -> Carried:
    """Plan an intent, or take a plan, and run it to its end."""
    plan = intent if isinstance(intent, Plan) else await make_plan(conn, intent)
    journal = await Journal.open(folder / "runs" / "journal.sqlite")
    run = await Run.start(conn, journal, plan, settings=settings)
    events: list[Event] = []
    run.subscribe(events.append)
    try:
        status = await run.go()
    finally:
        await run.close()
        await journal.close()
    return Carried(plan, status, events, run.id, dict(run.context.results))


def is_write(request: dict[str, Any]) -> bool:
    """Whether a request of the sandbox's record could change something."""
    return request["method"] not in READS and not any(
        word.lower() in request["path"].lower() for word in ASKING
    )


def writes(sandbox: RunningSandbox) -> list[str]:
    """Everything the sandbox was asked that could change something."""
    return [f"{one['method']} {one['path']}" for one in sandbox.requests() if is_write(one)]
