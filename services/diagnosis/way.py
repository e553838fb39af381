"""How one kind of target is judged: what differs from kind to kind, in one place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from services.checks import preflight
from services.checks.findings import holds as holds_before
from services.diagnosis.findings import JudgeOf, Looked, holds, retold
from services.diagnosis.registry import SHARED_BY
from services.diagnosis.since import Look
from services.model.diagnosis import Node
from services.model.plan import Finding


@dataclass(frozen=True)
class Way(Generic[Looked]):
    """The way of one kind; everything in it is pure."""

    checks: Callable[[Looked], Sequence[str]]
    """Ids of the checks that are asked of it, by what was read."""
    judges: Mapping[str, JudgeOf[Looked]]
    """Diagnosis' own, by the id of the check; the other checks are preflight's."""
    whole: Callable[[Looked], bool]
    """Whether it was made and is in order as far as its own state tells."""
    looks: Mapping[str, Look]
    """By check: where its beginning can be read from."""
    lag: Sequence[str]
    """Checks of what a service itself says, which it says anew within the hour."""
    mended: Callable[[Sequence[Finding], Looked], tuple[Finding, ...]]
    """The findings with the steps that repair them."""
    tree: Callable[[Looked, Sequence[Finding]], Node]


def judge(way: Way[Looked], check: str, live: Looked) -> Iterator[Finding]:
    """The findings of one check on what was read; OK where nothing is wrong."""
    if check in SHARED_BY[live.target.kind]:
        said = tuple(preflight.JUDGES[check](live.intent, live.facts))
        plain_ones = said or (holds_before(check, live.target.name, live.facts),)
        yield from (retold(one, live, whole=way.whole(live)) for one in plain_ones)
    else:
        yield from tuple(way.judges[check](live)) or (holds(check, live),)
