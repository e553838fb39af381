"""What is judged of container groups alone: pure."""

from collections.abc import Iterator

from services.checks.facts import Unknown
from services.diagnosis.containers.facts import ENDED, ContainerLive, has_run, key_of, view_of
from services.diagnosis.containers.readers import CORES, short
from services.diagnosis.findings import JudgeOf, found, told, unread
from services.ids import ArmId, same
from services.model.plan import Finding
from services.model.resources import ContainerGroup, Identity, KeyVersion

_LIFE = "A group keeps its version for life; another one takes another group."
_SHOWN = 5
"""Names of groups in one title."""


def group_key(live: ContainerLive) -> Iterator[Finding]:
    """vaultBaseUrl, keyName and keyVersion together are the address of a key."""
    group = live.group
    if key_of(group) is None:
        yield found(
            "group-key",
            "fail",
            group.id,
            f"{group.name} names no key that can be found",
            told(live, "container_group", "properties.encryptionProperties", group.key),
            meaning="vaultBaseUrl, keyName and keyVersion together must be the address of a key.",
            repair="Delete the group and make it anew with the address of a key (wrapkey apply).",
        )


def group_identity(live: ContainerLive) -> Iterator[Finding]:
    """The group must have the identity that it names for the key."""
    group = live.group
    if not group.identity:
        return
    assigned = any(same(group.identity, one) for one in group.identities)
    now = live.facts.identity
    kept = group.principals.get(group.identity.lower(), "")
    other = isinstance(now, Identity) and bool(kept) and now.principal_id.lower() != kept
    if assigned and not other:
        return
    name = ArmId.parse(group.identity).name
    field = "identity.userAssignedIdentities"
    yield found(
        "group-identity",
        "fail",
        group.identity,
        f"{name} was made anew since, and {group.name} keeps the principal that is gone"
        if assigned
        else f"{name} is to reach the key and is not assigned to {group.name}",
        told(live, "container_group", field, kept or "not assigned"),
        meaning="It gets no token as that identity, so it can't reach the key when it starts.",
        repair="Delete the group and make it anew (wrapkey apply): Azure never tells its secret"
        " values, so wrapkey can't send it again.",
    )


def group_version(live: ContainerLive) -> Iterator[Finding]:
    """A newer version is no fault: the old one only must stay enabled."""
    group, newest = live.group, live.facts.newest_key
    if not isinstance(newest, KeyVersion) or newest.version == group.key_version:
        return
    yield found(
        "group-version",
        "warn",
        group.id,
        f"{group.name} uses version {group.key_version[:8]}…, and {newest.version[:8]}… is newer",
        told(live, "container_group", "properties.encryptionProperties.keyVersion",
             group.key_version),
        told(live, "newest_key", "kid", newest.id),
        meaning=f"{_LIFE} Keep the old version enabled as long as the group is needed.",
        repair=f"wrapkey rotate {group.id} deletes the group and makes it anew with the newest"
        " version.",
    )  # fmt: skip


def group_events(live: ContainerLive) -> Iterator[Finding]:
    """What the service says of its last start, where that failed."""
    group = live.group
    failed = [one for one in group.events if one.type.lower() == "warning"]
    if not failed or view_of(group).lower() == "running":
        return
    last = failed[-1]
    of = f"container {last.container}: " if last.container else ""
    yield found(
        "group-events",
        "fail",
        group.id,
        f"{of}{last.message or last.name}",
        told(live, "container_group", "properties.instanceView.events", last.name),
        meaning=_explained(last.message),
    )


_WORDS = (
    ("not authorized", "The vault refused it: who unwraps the key may not use it."),
    ("forbidden", "The vault refused it: access is missing, or its network is closed."),
    ("disabled", "The vault refused it: this version of the key is disabled."),
    ("not allowed", "The vault refused it: the key's state does not allow it."),
    ("not found", "Vault, key or version were not found."),
    ("4000", "It got no token as the identity that is to unwrap the key."),
    ("4017", "The vault was not found."),
    ("4003", "The key was not found."),
)


def _explained(message: str) -> str:
    """An event's text in plain words, where it is about the key."""
    low = message.lower()
    why = next((words for part, words in _WORDS if part in low), "")
    return why if "key" in low or "vault" in low else "Container Instances say no more of it."


def group_runs(live: ContainerLive) -> Iterator[Finding]:
    """A group that ended by itself with success is in order."""
    group, view = live.group, view_of(live.group).lower()
    if view not in ("failed", "stopped") and group.state.lower() != "failed":
        return
    never = group.state.lower() == "failed" and not has_run(group)
    evidence = (
        told(live, "container_group", "properties.provisioningState", group.state),
        told(live, "container_group", "properties.instanceView.state", group.view),
    )
    start = f"az container start --ids {group.id}"
    anew = (
        f"Delete it (az container delete --ids {group.id} --yes), then make it anew with its file:"
        " wrapkey apply FILE. Azure keeps nothing of it that could be started."
    )
    yield found(
        "group-runs",
        "fail",
        group.id,
        f"{group.name} never started"
        if never
        else f"{group.name} has failed"
        if "failed" in (view, group.state.lower())
        else f"{group.name} is {view}",
        *evidence,
        meaning="It holds quota while it is there."
        if never
        else "It is started by hand only, and needs its key then. It holds quota while it is there.",
        repair=anew if never else start,
        failures=None if view == "failed" else (),
    )


def group_stale(live: ContainerLive) -> Iterator[Finding]:
    """Groups that have ended or failed count against the quota as running ones do."""
    usages, others = live.facts.group_usages, live.neighbours
    if isinstance(others, Unknown):
        title = "The other container groups of the region could not be read"
        yield unread("group-stale", live.group.location, title, others)
        return
    if isinstance(usages, Unknown) or not short(usages, live.group):
        return
    cores = next(one for one in usages if one.name.lower() == CORES)
    stale = [one for one in others if _stale(one)]
    held = sum(one.cores for one in stale)
    evidence = told(live, "group_usages", "StandardCores", f"{cores.used:g} of {cores.limit:g}")
    if not stale:
        yield found(
            "group-stale", "warn", live.group.location,
            f"{cores.used:g} of {cores.limit:g} cores of {live.group.location} are in use",
            evidence,
            meaning="A group of this size that is made anew would be refused: all of them run.",
            repair="Ask for more cores: https://aka.ms/azquota",
        )  # fmt: skip
        return
    names = ", ".join(one.name for one in stale[:_SHOWN])
    more = f" and {len(stale) - _SHOWN} more" if len(stale) > _SHOWN else ""
    ids = " ".join(one.id for one in stale)
    yield found(
        "group-stale",
        "warn",
        live.group.location,
        f"{names}{more}: not running, and holding {held:g} of {cores.limit:g} cores of"
        f" {live.group.location}",
        evidence,
        *(
            told(live, "neighbours", f"{one.name} instanceView.state", view_of(one))
            for one in stale[:_SHOWN]
        ),
        meaning="Groups count until they are deleted, also those that have ended, failed or are"
        " stopped. A group that is made anew is refused (ContainerGroupQuotaReached).",
        repair=f"Where nobody needs them: az container delete --yes --ids {ids}",
    )


def _stale(group: ContainerGroup) -> bool:
    viewed = bool(group.view)
    return group.state.lower() == "failed" or (viewed and group.view.lower() in ENDED)


JUDGES: dict[str, JudgeOf[ContainerLive]] = {
    "group-key": group_key,
    "group-identity": group_identity,
    "group-version": group_version,
    "group-events": group_events,
    "group-runs": group_runs,
    "group-stale": group_stale,
}
