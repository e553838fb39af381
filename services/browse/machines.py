"""What Browse says about container groups, disk encryption sets and clusters: pure."""

from collections.abc import Callable, Iterator

import msgspec

from services.azure import clusters, containergroups, disks, workspaces
from services.browse import Fact, Told, named
from services.fleet.words import kind_of as word_of
from services.ids import ArmId, BadId
from services.model.diagnosis import TargetKind
from services.model.resources import (
    ContainerGroup,
    DiskEncryptionSet,
    ManagedCluster,
    Raw,
    Workspace,
)

Machine = ContainerGroup | DiskEncryptionSet | ManagedCluster
Deployed = Workspace | Machine

PARSED: dict[TargetKind, Callable[[Raw], Deployed]] = {
    "workspace": workspaces.workspace,
    "container-group": containergroups.group,
    "disk-encryption-set": disks.encryption_set,
    "cluster": clusters.cluster,
}
"""How a row of Resource Graph becomes a noun, by its kind."""

MICROSOFTS = "Microsoft's"


def kind_of(one: Deployed) -> TargetKind:
    """Which kind of target it is."""
    match one:
        case Workspace():
            return "workspace"
        case ContainerGroup():
            return "container-group"
        case DiskEncryptionSet():
            return "disk-encryption-set"
        case ManagedCluster():
            return "cluster"


def key_of(one: Deployed) -> str:
    """Address of its key; empty where it names none. The disks of a cluster name a set instead."""
    match one:
        case Workspace():
            return one.encryption.key_id if one.encryption else ""
        case ContainerGroup():
            parts = (one.vault_uri.rstrip("/"), "keys", one.key, one.key_version)
            return "/".join(filter(None, parts)) if one.key else ""
        case DiskEncryptionSet():
            return one.key_url
        case ManagedCluster():
            return ""


def keyed_by(one: Deployed) -> str:
    """Whose key it is, in a word: the key's name, a cluster's set, or Microsoft's."""
    if isinstance(one, ManagedCluster):
        return f"set {_name(one.encryption_set)}" if one.encryption_set else MICROSOFTS
    return named(key_of(one)).key or MICROSOFTS


def line(one: Machine) -> str:
    """What counts about one, in one line."""
    key = named(key_of(one))
    whose = f"key {key.vault}/{key.key}/{key.version or '??'}" if key.key else "Microsoft's keys"
    match one:
        case DiskEncryptionSet():
            return f"{one.name}: {whose}, {_follows(one)}."
        case ManagedCluster():
            etcd = "a key of yours" if one.kms_key else "Microsoft's keys"
            through = _name(one.encryption_set)
            disks_ = f"OS disks through {through}" if through else "OS disks with Microsoft's keys"
            return f"{one.name}: {disks_}, etcd with {etcd}."
        case ContainerGroup():
            return f"{one.name}: {whose}."


def facts(one: Machine) -> list[Fact]:
    """What it tells about itself, as label and value."""
    match one:
        case ContainerGroup():
            told = _group(one)
        case DiskEncryptionSet():
            told = _set(one)
        case ManagedCluster():
            told = _cluster(one)
    if one.tags:
        told.append(("Tags", ", ".join(f"{name}={value}" for name, value in one.tags.items())))
    return told


def _group(one: ContainerGroup) -> list[Fact]:
    told = [("State", ", ".join(filter(None, (one.state, one.view))))]
    if one.key:
        who = f"the identity {_name(one.identity)}" if one.identity else "the service's own app"
        told += [("Encrypted", "with your own key"), *_key(key_of(one)), ("Reached by", who)]
    else:
        told.append(
            ("Encrypted", "with Microsoft's keys: one's own is given at creation, or never")
        )
    cores = f"{one.cores:g} core{'' if one.cores == 1 else 's'}"
    runs = (one.os, cores, f"address {one.address}" if one.address else "no address")
    return [*told, ("Runs", ", ".join(filter(None, runs)))]


def _set(one: DiskEncryptionSet) -> list[Fact]:
    last = f", last on {one.rotated:%Y-%m-%d %H:%M}Z" if one.rotated else ""
    who = ", ".join(map(_name, one.identities)) or "an identity of its own"
    told = [
        ("State", one.state),
        *_key(one.key_url),
        ("New versions", f"{_follows(one)}{last}"),
        ("Reached by", f"{who}, object id {one.principal_id}" if one.principal_id else who),
        ("Type", one.encryption or "??"),
    ]
    if one.rotation_error:
        told.insert(1, ("Rotation", f"has stopped: {one.rotation_error}"))
    return told


def _cluster(one: ManagedCluster) -> list[Fact]:
    if one.encryption_set:
        how = f"OS disks through the set {_name(one.encryption_set)}"
    else:
        how = "OS disks with Microsoft's keys: a set is given at creation, or never"
    names = ", ".join(map(_name, one.identities)) or "its own"
    about = f"Kubernetes {one.version or '??'}, tier {one.tier or '??'}"
    return [
        ("State", one.state),
        ("Encrypted", how),
        ("etcd", f"with the key {one.kms_key}" if one.kms_key else "with Microsoft's keys"),
        ("Identity", names),
        ("Nodes in", f"the group {one.node_group or '??'}"),
        ("Runs", about),
    ]


def _key(address: str) -> list[Fact]:
    key = named(address)
    version = f"version {key.version}" if key.version else "its newest version"
    return [("Vault", key.vault or "??"), ("Key", f"{key.key or '??'}, {version}")]


def _follows(one: DiskEncryptionSet) -> str:
    if one.rotates:
        return "moves to a new version by itself"
    return "stays on its version until it is changed"


def _name(id: str) -> str:
    try:
        return ArmId.parse(id).name
    except BadId:
        return id


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Something below it in the list."""

    id: str
    kind: str
    name: str
    state: str = ""
    told: Told = Told("", "")


WORDS = {"running": "OK", "completed": "OK", "error": "FAIL", "crashloopbackoff": "FAIL"}
"""Status words of containers; what is not here is judged by nobody."""


def itself(one: Machine, kind: str) -> Part:
    """The first row: state, and what it says about its key."""
    return Part(id=one.id, kind=kind, name=one.name, state=one.state, told=Told("", keyed_by(one)))


def containers(one: ContainerGroup) -> Iterator[Part]:
    """Its containers, as the instance view tells them; in it none names a key of its own."""
    for each in one.containers:
        word = WORDS.get((each.detail or each.state).lower(), "")
        says = each.detail or "the group's key"
        id = f"{one.id}/containers/{each.name}"
        yield Part(
            id=id, kind="container", name=each.name, state=each.state or "??", told=Told(word, says)
        )


def pools(one: ManagedCluster) -> Iterator[Part]:
    """Its node pools, and through what their disks are encrypted."""
    for each in one.pools:
        whose = "the set's key" if one.encryption_set else "Microsoft's keys"
        disk = f"{(each.os_disk or '??').lower()} OS disks"
        told = Told("", f"{whose}; {disk}, {each.count} x {each.size}")
        id = f"{one.id}/agentPools/{each.name}"
        yield Part(id=id, kind="node pool", name=each.name, state=each.state, told=told)


def users(ids: tuple[str, ...]) -> Iterator[Part]:
    """What is encrypted through a set: disks, snapshots, scale sets."""
    for id in ids:
        kind = word_of(ArmId.parse(id).type)
        told = Told("OK", "encrypted through this set")
        yield Part(id=id, kind=kind, name=_name(id), told=told)
