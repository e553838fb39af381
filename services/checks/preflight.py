"""Judges what would fail before anything is written: all at once, or as facts arrive."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

from services.azure.connection import Connection
from services.checks.check import Check
from services.checks.facts import PLAN, Facts, concerning, planned_from
from services.checks.findings import Judge, holds
from services.checks.judges import (
    access,
    caller,
    clusters,
    containers,
    guards,
    key,
    network,
    place,
    room,
    vault,
)
from services.checks.reading import Reading, reading
from services.checks.registry import BY_ID, CHECKS
from services.checks.repairs import judged as judged_by_choice
from services.model.intent import Intent, kind_of, named
from services.model.plan import Finding

JUDGES: dict[str, Judge] = {
    **place.JUDGES,
    **vault.JUDGES,
    **network.JUDGES,
    **key.JUDGES,
    **access.JUDGES,
    **caller.JUDGES,
    **guards.JUDGES,
    **room.JUDGES,
    **containers.JUDGES,
    **clusters.JUDGES,
}
"""By the id of the check."""

ALWAYS = ("cloud", "tenant", "subscription")
"""Checks that make sense where the subscription is not seen."""

EVERYTHING = PLAN | {fact for check in CHECKS for fact in check.reads}
"""Every fact that a check or a step is judged from, whatever the kind of intent."""


def checks_of(intent: Intent) -> tuple[Check, ...]:
    """The checks that an intent of this kind is asked."""
    return tuple(check for check in CHECKS if kind_of(intent) in check.kinds)


def everything(intent: Intent) -> frozenset[str]:
    """Every fact that a check or a step of an intent is judged from."""
    reads = {fact for check in checks_of(intent) for fact in check.reads}
    return planned_from(intent) | concerning(reads, intent)


def judge(intent: Intent, facts: Facts) -> tuple[Finding, ...]:
    """All findings about an intent, by the facts that were read; in the registry's order."""
    return tuple(
        finding for check in checks_of(intent) for finding in judge_one(check, intent, facts)
    )


def judge_one(check: Check, intent: Intent, facts: Facts) -> Iterator[Finding]:
    """The findings of one check: none where it could not be judged, OK where nothing is wrong."""
    reads = concerning(check.reads, intent)
    if not facts.had.issuperset(reads) or not (facts.visible or check.id in ALWAYS):
        return
    told = tuple(judged_by_choice(intent, facts, one) for one in JUDGES[check.id](intent, facts))
    yield from told or (holds(check.id, named(intent), facts),)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that came as they came, in the registry's order."""
    place = {check: at for at, check in enumerate(BY_ID)}
    return tuple(sorted(findings, key=lambda one: place.get(one.check, len(place))))


async def run_checks(
    conn: Connection, intent: Intent, further: Mapping[str, str]
) -> AsyncIterator[Finding]:
    """Findings as their facts arrive; writes nothing.

    ``further`` are ids of resources the plan may create, with their api-versions. Raises
    AzureError where nothing can be read: no sign-in, or no subscriptions.
    """
    async with reading(conn, intent, further) as made:
        async for finding in judged(made):
            yield finding


async def read_all(
    conn: Connection,
    intent: Intent,
    further: Mapping[str, str],
    heard: Callable[[Finding], None] | None = None,
) -> tuple[Facts, tuple[Finding, ...]]:
    """Every fact and every finding; each finding goes to ``heard`` as soon as there is one.

    Raises AzureError like :func:`run_checks`.
    """
    found: list[Finding] = []
    async with reading(conn, intent, further) as made:
        async for finding in judged(made):
            found.append(finding)
            if heard is not None:
                heard(finding)
        await made.gather(everything(intent))
        return made.facts(), in_order(found)


async def judged(made: Reading) -> AsyncIterator[Finding]:
    """Findings of a pass, each check as soon as what it reads is there."""
    tasks = [asyncio.ensure_future(_judged(made, check)) for check in checks_of(made.intent)]
    try:
        for next_one in asyncio.as_completed(tasks):
            for finding in await next_one:
                yield finding
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _judged(made: Reading, check: Check) -> tuple[Finding, ...]:
    needs = set(concerning(check.reads, made.intent))
    if check.id not in ALWAYS:
        needs.add("subscription")
    await made.gather(needs)
    return tuple(judge_one(check, made.intent, made.facts()))
