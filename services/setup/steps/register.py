"""Registers a resource provider with the subscription and waits until it is."""

from services.azure import providers
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation
from services.setup.waiting import until

STAYS = (
    "A registered provider stays: it costs nothing, and others in the subscription may rely"
    " on it by now."
)


async def observe(ctx: Context, step: Step) -> Observation:
    """Registered? Registering is not enough for the first resource (F22)."""
    return Observation(done=await _state(ctx, step) == "Registered")


async def apply(ctx: Context, step: Step) -> Observation:
    """Register, unless that goes on already or has just ended, and wait."""
    if await _state(ctx, step) not in ("Registering", "Registered"):
        await providers.register(ctx.conn, _subscription(step), step.params["namespace"])
    return await until(ctx, step, lambda: observe(ctx, step))


def command(ctx: Context, step: Step) -> str:
    """For a person who may register providers."""
    return (
        f"az provider register --wait --namespace {step.params['namespace']}"
        f" --subscription {_subscription(step)}"
    )


async def _state(ctx: Context, step: Step) -> str:
    found = await providers.get_provider(ctx.conn, _subscription(step), step.params["namespace"])
    return found.state


def _subscription(step: Step) -> str:
    return ArmId.parse(step.target.split("/providers/")[0]).subscription
