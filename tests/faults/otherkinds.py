"""The plans of container groups and clusters that the fault tests carry out."""

from collections.abc import Callable

import msgspec
from carrying import connected
from sandboxed import RunningSandbox

from services.model.intent import Create, Intent
from services.model.plan import Plan
from services.setup.plan import make_plan
from tests.services.setup.test_other_kinds import cluster_for, group_for

Make = Callable[[RunningSandbox], Intent]


def group(sandbox: RunningSandbox) -> Intent:
    """A container group with an identity of its own, on a vault with role assignments."""
    return _here(group_for(sandbox))


def first_party(sandbox: RunningSandbox) -> Intent:
    """A container group through the service's own app, on a vault with access policies."""
    access = {"access": "policies"}
    return _here(group_for(sandbox, access, flow="first-party", identity=""))


def cluster(sandbox: RunningSandbox) -> Intent:
    """A cluster with its disk encryption set and its identity."""
    return _here(cluster_for(sandbox, node_count=1, identity=Create(create="uai-aks")))


def _here(intent: Intent) -> Intent:
    """In the group that the routes of the other fault tests name."""
    return msgspec.structs.replace(intent, resource_group="rg-ml")


PLANS: dict[str, Make] = {"group": group, "first-party": first_party, "cluster": cluster}


async def planned(sandbox: RunningSandbox, make: Make) -> Plan:
    """The plan, on a sandbox that was just opened."""
    async with connected(sandbox) as conn:
        return await make_plan(conn, make(sandbox))
