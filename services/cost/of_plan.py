"""The estimate of a plan: prices from disk or the API, real SKUs where the workspace exists."""

from pathlib import Path

from services.azure import workspaces
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.cost import cache, managed, nodes
from services.cost.estimate import USUAL, actual
from services.model.cost import Assumptions, Estimate, Found, Prices
from services.model.intent import ClusterSetup
from services.model.plan import Plan, wanted

FOLDER = "prices"
"""Below the state folder."""


class Basis:
    """What an estimate is made from; another assumption needs nothing read again."""

    def __init__(self, plan: Plan, prices: Prices, found: Found) -> None:
        self.plan, self.prices, self.found = plan, prices, found

    def estimate(self, assumptions: Assumptions = USUAL) -> Estimate:
        """The estimate under these assumptions; pure."""
        return actual(wanted(self.plan), self.prices, assumptions, self.found, self.plan.names)


async def read(conn: Connection, plan: Plan, state: Path, currency: str = "USD") -> Basis:
    """Read prices, and, where the plan makes no workspace because it exists, what Azure made.

    Raises nothing: what could not be read is said in the estimate's ``problem``.
    """
    return await _basis(conn, plan, state, currency, await _found(conn, plan))


async def read_made(conn: Connection, plan: Plan, state: Path, currency: str = "USD") -> Basis:
    """Like :func:`read`, after the plan was carried out: with what Azure made. Raises nothing."""
    return await _basis(conn, plan, state, currency, await _made(conn, plan))


async def _basis(conn: Connection, plan: Plan, state: Path, currency: str, found: Found) -> Basis:
    folder, region = state / FOLDER, wanted(plan).region
    prices = await cache.load(conn, folder, region, currency, size=found.node_size)
    return Basis(plan, prices, found)


async def _found(conn: Connection, plan: Plan) -> Found:
    intent = wanted(plan)
    if isinstance(intent, ClusterSetup):
        return await nodes.planned(conn, intent)
    if any(step.kind == "workspace" for step in plan.steps):
        return Found()
    return await _made(conn, plan)


async def _made(conn: Connection, plan: Plan) -> Found:
    intent = wanted(plan)
    if isinstance(intent, ClusterSetup):
        return await nodes.made(conn, intent, plan.subject)
    target = next((step.target for step in plan.steps if step.kind == "verify"), "")
    try:
        workspace = await workspaces.get_workspace(conn, target) if target else None
    except AzureError as error:
        return Found(problem=f"{error.what} {error.means}")
    return Found() if workspace is None else await managed.read(conn, workspace)
