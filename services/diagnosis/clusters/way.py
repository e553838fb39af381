"""How a cluster or a disk encryption set is judged."""

from services.checks.facts import Unknown
from services.diagnosis.clusters import registry
from services.diagnosis.clusters.facts import ClusterLive, key_of
from services.diagnosis.clusters.judges import etcd, nodes, sets
from services.diagnosis.clusters.repairs import with_repairs
from services.diagnosis.clusters.tree import tree
from services.diagnosis.facts import Examined
from services.diagnosis.findings import JudgeOf
from services.diagnosis.since import LOOKS, NEVER_TOLD, Look, When, entries, of_subject
from services.diagnosis.way import Way
from services.ids import ArmId
from services.model.plan import Finding
from services.model.resources import DiskEncryptionSet, KeyVersion, ManagedCluster

JUDGES: dict[str, JudgeOf[ClusterLive]] = {**sets.JUDGES, **nodes.JUDGES, **etcd.JUDGES}
LAG = ("set-rotation",)
"""A set looks for its key once an hour."""
OF_CLUSTER = frozenset(nodes.JUDGES) | frozenset(etcd.JUDGES) | {"set-place"}
"""Checks that are asked of a cluster only."""
WITHOUT_KEY = frozenset({"provider-registered", "lock-read-only"})
"""Preflight's checks that can be judged where there is no vault to look at."""


def checks_for(
    cluster: ManagedCluster | None, used: DiskEncryptionSet | Unknown | None
) -> tuple[str, ...]:
    """The checks that are asked; none of a key that has no name."""
    shared = registry.SHARED if key_of(used) is not None else sorted(WITHOUT_KEY)
    own = [check for check in JUDGES if cluster is not None or check not in OF_CLUSTER]
    return (*shared, *own)


def _checks(live: ClusterLive) -> tuple[str, ...]:
    return checks_for(live.cluster, live.encryption_set)


def whole(live: ClusterLive) -> bool:
    """Whether what is looked at is in order by its own state."""
    used = sets.used_set(live)
    state = live.cluster.state if live.cluster else (used.state if used else "")
    return state == "Succeeded"


def _newest_changed(finding: Finding, live: Examined) -> When:
    newest = live.facts.newest_key
    return (newest.updated, "??") if isinstance(newest, KeyVersion) else NEVER_TOLD


def _reader_lost(finding: Finding, live: Examined) -> When:
    name = ArmId.parse(finding.subject).name
    found = entries(live, name, ("roleassignments/delete",))
    return (found[0].at, found[0].caller) if found else NEVER_TOLD


def _kms_changed(finding: Finding, live: Examined) -> When:
    kms = live.kms if isinstance(live, ClusterLive) else None
    told = kms.key if kms else None
    return (told.updated, "") if isinstance(told, KeyVersion) else NEVER_TOLD


def _kms_grant_lost(finding: Finding, live: Examined) -> When:
    kms = live.kms if isinstance(live, ClusterLive) else None
    vault = ArmId.parse(kms.vault_id).name if kms and kms.vault_id else ""
    taken = entries(live, vault, ("roleassignments/delete", "accesspolicies/write"))
    return (taken[0].at, taken[0].caller) if len(taken) == 1 else NEVER_TOLD


LOOKS_HERE: dict[str, Look] = {
    **LOOKS,
    "set-newest": _newest_changed,
    "set-identity": of_subject("userassignedidentities/delete"),
    "cluster-identity": of_subject("userassignedidentities/delete"),
    "set-there": of_subject("diskencryptionsets/delete"),
    "cluster-reads-set": _reader_lost,
    "kms-key": _kms_changed,
    "kms-grant": _kms_grant_lost,
}

CLUSTER: Way[ClusterLive] = Way(
    checks=_checks,
    judges=JUDGES,
    whole=whole,
    looks=LOOKS_HERE,
    lag=LAG,
    mended=with_repairs,
    tree=tree,
)
