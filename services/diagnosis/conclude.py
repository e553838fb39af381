"""From what was read to what is told: pure, and the same at once and from a bundle."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from services.checks.facts import Unknown
from services.diagnosis.absent import absent, not_ours
from services.diagnosis.causes import linked
from services.diagnosis.clusters.facts import ClusterLive
from services.diagnosis.clusters.way import CLUSTER
from services.diagnosis.containers.facts import ContainerLive
from services.diagnosis.containers.way import CONTAINERS
from services.diagnosis.facts import Examined, Live, key_of
from services.diagnosis.findings import Judge
from services.diagnosis.judges import managed, workspace
from services.diagnosis.registry import SHARED, reads_of
from services.diagnosis.repairs import with_repairs
from services.diagnosis.seen import Gone, Seen
from services.diagnosis.settling import LAG, settling
from services.diagnosis.since import LOOKS, dated
from services.diagnosis.timeline import timeline
from services.diagnosis.tree import tree
from services.diagnosis.way import Way, judge
from services.model.diagnosis import Diagnosis, NotRead
from services.model.plan import Finding
from services.model.resources import Workspace

JUDGES: dict[str, Judge] = {**workspace.JUDGES, **managed.JUDGES}
"""Diagnosis' own of workspaces, by the id of the check."""

OF_CREATION = frozenset(
    {
        *("policy-workspace", "policy-cosmos", "policy-search", "policy-storage"),
        *("cosmos-region", "search-quota", "storage-quota"),
    }
)
"""Checks that are only asked where the workspace was never made whole, or failed to change."""

OF_KEY = frozenset({"key", "deleted_key", "newest_key", "rotation", "versions"})
"""Facts that need the name of a key."""

ON_REQUEST = frozenset({"remarks", "probe"})
"""Facts that are only read where somebody asks for them."""


def conclude(seen: Seen) -> Diagnosis:
    """The diagnosis that follows from what was read."""
    there, target = seen.there, seen.target
    by = seen.caller.name or seen.caller.app_id or seen.caller.object_id
    if not isinstance(there, Examined):
        node, finding = (
            absent(target, there) if isinstance(there, Gone) else not_ours(target, there)
        )
        return Diagnosis(
            target=target,
            at=seen.at,
            by=by,
            cloud=seen.cloud.name,
            tree=node,
            findings=(finding,),
            masked=seen.masked,
        )
    way = way_of(there)
    found = (one for check in way.checks(there) for one in judge(way, check, there))
    causal = linked(dated(one, there, way.looks) for one in found)
    findings = way.mended(settling(causal, there, way.lag), there)
    return Diagnosis(
        target=target,
        at=seen.at,
        by=by,
        cloud=seen.cloud.name,
        tree=way.tree(there, findings),
        findings=findings,
        timeline=timeline(there, findings),
        unread=unread(there),
        masked=seen.masked,
    )


def checks_of(there: Workspace, left_out: frozenset[str]) -> tuple[str, ...]:
    """The checks that are asked of this workspace, where some facts are not read."""
    whole, without = there.state == "Succeeded", left_out_of(there, left_out)
    return tuple(
        check
        for check in (*SHARED, *JUDGES)
        if not (whole and check in OF_CREATION) and not without & reads_of(check)
    )


def left_out_of(there: Workspace, left_out: frozenset[str]) -> frozenset[str]:
    """Facts that are not read: these, and those of a key that has no name."""
    return left_out if key_of(there) else left_out | OF_KEY


def judge_one(check: str, live: Examined) -> Iterator[Finding]:
    """The findings of one check on what was read; OK where nothing is wrong."""
    return judge(way_of(live), check, live)


def way_of(live: Examined) -> Way[Any]:
    """How a target of this kind is judged."""
    return WAYS[type(live)]


def _checks(live: Live) -> Sequence[str]:
    return checks_of(live.workspace, ON_REQUEST - live.facts.had)


WORKSPACE: Way[Live] = Way(
    checks=_checks,
    judges=JUDGES,
    whole=lambda live: live.workspace.state == "Succeeded",
    looks=LOOKS,
    lag=LAG,
    mended=with_repairs,
    tree=tree,
)
WAYS: Mapping[type[Examined], Way[Any]] = {
    Live: WORKSPACE,
    ClusterLive: CLUSTER,
    ContainerLive: CONTAINERS,
}
"""By what was read: one for each kind of target."""


def unread(live: Examined) -> tuple[NotRead, ...]:
    """What could not be read, once for each reason."""
    whats: dict[str, list[str]] = {}
    for what, why in (*_unknowns(live), *_unknowns(live.facts)):
        words = what.replace("_", " ")
        if words not in whats.setdefault(why, []):
            whats[why].append(words)
    return tuple(NotRead(what=", ".join(what), why=why) for why, what in whats.items())


def _unknowns(struct: msgspec.Struct) -> Iterator[tuple[str, str]]:
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        for one in value.values() if isinstance(value, Mapping) else (value,):
            if isinstance(one, Unknown):
                yield name, one.reason
