"""What a container group depends on, as a tree with a status at each node: pure."""

from collections.abc import Iterator, Sequence

from services.checks.facts import Unknown
from services.checks.users import CONTAINERS
from services.diagnosis.containers.facts import ContainerLive, key_of, view_of
from services.diagnosis.tree import node
from services.ids import ArmId
from services.model.diagnosis import Node
from services.model.plan import Finding
from services.model.resources import KeyVersion, Principal, Vault

CHECKS: dict[str, tuple[str, ...]] = {
    "vault": (
        *("vault-exists", "vault-deleted", "vault-protection", "vault-tenant", "vault-network"),
        *("vault-network-you", "vault-lock", "group-flow"),
    ),
    "key": ("group-key", "key-exists", "key-deleted", "group-version"),
    "key-version": ("key-enabled", "key-dates", "key-operations", "key-type"),
    "identity": ("identity-exists", "group-identity", "containers-principal"),
    "grant": ("identity-grant", "containers-grant"),
}
"""By node: the checks that judge it. Those of no node are about the group."""


def tree(live: ContainerLive, findings: Sequence[Finding]) -> Node:
    """The group with its key, who unwraps it, and its containers."""
    placed = {check for checks in CHECKS.values() for check in checks}
    mine = [one for one in findings if one.check not in placed]
    group = live.group
    below = [_version(live, findings), _identity(live, findings), *_containers(live)]
    cores = f"{group.cores:g} core{'' if group.cores == 1 else 's'}"
    note = f"{view_of(group)}, {cores} in {group.location}"
    return node("container-group", group.id, group.name, mine, note=note, below=below)


def _of(which: str, findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if one.check in CHECKS[which]]


def _version(live: ContainerLive, findings: Sequence[Finding]) -> Node:
    group, key, told = live.group, key_of(live.group), live.facts.key
    note = ""
    if isinstance(told, KeyVersion):
        note = f"{told.type} {told.bits or '??'}"
        note += f", until {told.expires:%-d %b %Y}" if told.expires else ""
    unread = isinstance(told, Unknown)
    of_key = node(
        "key",
        key.versionless if key else "",
        group.key,
        _of("key", findings),
        below=(_vault(live, findings),),
        unknown=unread,
    )
    return node(
        "key-version",
        str(key) if key else "",
        group.key_version or "no version",
        _of("key-version", findings),
        note=note,
        below=(of_key,),
        unknown=unread,
    )


def _vault(live: ContainerLive, findings: Sequence[Finding]) -> Node:
    vault, note, id = live.facts.vault, "", ""
    if isinstance(vault, Vault):
        note, id = f"{vault.location}, {'roles' if vault.rbac else 'access policies'}", vault.id
    name = live.intent.vault.name
    unread = isinstance(vault, Unknown)
    return node("vault", id, name, _of("vault", findings), note=note, unknown=unread)


def _identity(live: ContainerLive, findings: Sequence[Finding]) -> Node:
    """The group's own identity, or the service's app."""
    group, vault = live.group, live.facts.vault
    kind = "access policy" if isinstance(vault, Vault) and not vault.rbac else "role"
    grant = node("grant", "", f"{kind} to read and unwrap", _of("grant", findings))
    mine = _of("identity", findings)
    if group.identity:
        title, unread = ArmId.parse(group.identity).name, isinstance(live.facts.identity, Unknown)
        return node("identity", group.identity, title, mine, below=(grant,), unknown=unread)
    app = live.facts.containers
    there = isinstance(app, Principal)
    note = app.object_id if isinstance(app, Principal) else "not in this tenant"
    unread = isinstance(app, Unknown)
    return node(
        "identity",
        app.object_id if isinstance(app, Principal) else "",
        CONTAINERS,
        mine,
        note=note if there or not unread else "??",
        below=(grant,),
        unknown=unread,
    )


def _containers(live: ContainerLive) -> Iterator[Node]:
    """What each container does, as the group tells."""
    for one in live.group.containers:
        note = ", ".join(word for word in (one.state, one.detail) if word)
        yield node("container", "", f"container {one.name}", (), note=note)
