"""What a finished run costs: the estimate again, with the SKUs that Azure chose."""

from screens.session import Session
from services.cost import of_plan, words
from services.model.intent import WorkspaceSetup
from services.model.plan import Plan


async def as_made(session: Session, plan: Plan) -> str:
    """A line about a plan that was carried out; empty where it has nothing to price."""
    if plan.intent is None or plan.purpose != "setup":
        return ""
    known = session.memory
    basis = await of_plan.read_made(session.live, plan, session.paths.state, known.currency)
    made = basis.estimate(known.assumptions)
    assumed = " (SKUs are assumed)" if isinstance(plan.intent, WorkspaceSetup) else ""
    how = " with the SKUs that Azure chose" if made.actual else assumed
    left = f"; {len(made.unknown)} prices ??" if made.unknown else ""
    return f"It costs {words.short(made)}{how}{left}. {made.problem}".rstrip()
