"""The end of a key: what a repair sets unless somebody chooses another one. Pure."""

from datetime import UTC, datetime, timedelta

import msgspec

from services.model.plan import Plan, Step

LONGER = timedelta(days=365)
"""How long an expired key lives on when nobody chooses its end."""

RULE = (
    "The end of a key is chosen by you and must lie in the future; a year from now where you"
    " choose none. A policy of your organization can allow less, and Azure says so then. A"
    " rotation policy sets the end of new versions only."
)


class BadEnd(ValueError):
    """This can't be the end of the key; the message says why."""


def parse(text: str) -> datetime:
    """A day (``2027-11-23``) or a moment in ISO 8601, as UTC; raises BadEnd."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadEnd(f"{text} is no date: write a day as 2027-11-23.") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def lasting(plan: Plan, until: datetime, now: datetime) -> Plan:
    """The plan with this end for every version that it gives one; raises BadEnd."""
    if until <= now:
        raise BadEnd(f"{iso(until)} has passed. {RULE}")
    if not any(_ends(step) for step in plan.steps):
        raise BadEnd("No step of this repair gives a key an end, so there is no date to choose.")
    steps = tuple(_until(step, until) if _ends(step) else step for step in plan.steps)
    return msgspec.structs.replace(plan, steps=steps)


def _ends(step: Step) -> bool:
    return step.kind == "key-extend" and bool(step.params["expires"])


def _until(step: Step, until: datetime) -> Step:
    title = words(
        step.params["name"], step.params["version"], f"let it expire on {until:%-d %b %Y}"
    )
    params = {**step.params, "expires": iso(until)}
    return msgspec.structs.replace(step, title=title, params=params)


def words(name: str, version: str, what: str) -> str:
    """Title of a step that changes one version."""
    return f"key {name}, version {version[:8]}…: {what}"


def iso(at: datetime) -> str:
    """To the second, ending in Z."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
