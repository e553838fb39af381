"""The disk encryption set between the disks and their key."""

from collections.abc import Iterator

from services.checks.facts import Unknown
from services.checks.fit import key_fit
from services.diagnosis.clusters.facts import ClusterLive, key_of
from services.diagnosis.findings import JudgeOf, found, told, unread
from services.ids import ArmId, BadId, KeyId
from services.model.plan import Finding
from services.model.resources import DiskEncryptionSet, KeyVersion

_URL = "properties.activeKey.keyUrl"


def used_set(live: ClusterLive) -> DiskEncryptionSet | None:
    """The set, where there is one and it was read."""
    return live.encryption_set if isinstance(live.encryption_set, DiskEncryptionSet) else None


def set_there(live: ClusterLive) -> Iterator[Finding]:
    """A cluster names its set for life."""
    if not live.set_id:
        return
    name = ArmId.parse(live.set_id).name
    if isinstance(live.encryption_set, Unknown):
        title = f"Disk encryption set {name} could not be read"
        yield unread("set-there", live.set_id, title, live.encryption_set)
    elif live.encryption_set is None:
        yield found(
            "set-there",
            "fail",
            live.set_id,
            f"Disk encryption set {name} is gone",
            told(live, "encryption_set", "status", "404"),
            meaning="The cluster names it for its whole life. No node and no volume is made without"
            " it, and machines that stop do not start.",
            repair="Make one of the same name, group and region for the same key (az"
            " disk-encryption-set create) and give it access to the key; whether Compute takes it"
            " up again is not documented. Else make the cluster anew.",
        )


def set_key(live: ClusterLive) -> Iterator[Finding]:
    """The key identifier can be read."""
    used = used_set(live)
    if used is None:
        return
    try:
        KeyId.parse(used.key_url)
    except BadId as error:
        yield found(
            "set-key",
            "fail",
            used.id,
            f"Disk encryption set {used.name} names no key that can be read: {used.key_url}",
            told(live, "encryption_set", _URL, used.key_url),
            failures=("F11",),
            meaning=f"{error}.",
            repair="Give it the key's own address: az disk-encryption-set update --ids"
            f" {used.id} --key-url ADDRESS --source-vault VAULT",
        )


def set_identity(live: ClusterLive) -> Iterator[Finding]:
    """System-assigned, or a user-assigned one that is there."""
    used = used_set(live)
    if used is None or used.principal_id:
        return
    field = "identity.userAssignedIdentities"
    if isinstance(live.set_identity, Unknown):
        title = f"The identity of disk encryption set {used.name} could not be read"
        yield unread("set-identity", used.id, title, live.set_identity)
    elif not used.identities:
        yield found(
            "set-identity",
            "fail",
            used.id,
            f"Disk encryption set {used.name} has no identity",
            told(live, "encryption_set", "identity.type", "None"),
            meaning="It reaches the key as nobody: machines of its disks do not start.",
            repair=f"az disk-encryption-set identity assign --ids {used.id} --system-assigned, then"
            " give that identity access to the key.",
        )
    elif live.set_identity is None:
        name = ArmId.parse(used.identities[0]).name
        yield found(
            "set-identity",
            "fail",
            used.identities[0],
            f"Identity {name} of disk encryption set {used.name} is gone",
            told(live, "encryption_set", field, used.identities[0]),
            meaning="The set reached its key as this identity. It follows no new version, machines"
            " of its disks are shut down about an hour later and do not start.",
            repair="Make the identity again, assign it to the set and give it access to the key: an"
            " identity of the same name is another principal.",
        )


def set_place(live: ClusterLive) -> Iterator[Finding]:
    """Disks and their set are in one region and one subscription."""
    used, cluster = used_set(live), live.cluster
    if used is None or cluster is None:
        return
    if used.location != cluster.location:
        yield found(
            "set-place",
            "fail",
            used.id,
            f"Disk encryption set {used.name} is in {used.location}, the cluster in"
            f" {cluster.location}",
            told(live, "encryption_set", "location", used.location),
            meaning="Disks can only use a set of their own region.",
            repair="Make the cluster anew with a set of its region.",
        )
    if ArmId.parse(used.id).subscription != ArmId.parse(cluster.id).subscription:
        yield found(
            "set-place",
            "fail",
            used.id,
            f"Disk encryption set {used.name} is in another subscription than the cluster",
            told(live, "cluster", "properties.diskEncryptionSetID", used.id),
            meaning="Disks can only use a set of their own subscription.",
            repair="Make the cluster anew with a set of its subscription.",
            part="subscription",
        )


def set_newest(live: ClusterLive) -> Iterator[Finding]:
    """What a set that follows its key would take next."""
    used, newest = used_set(live), live.facts.newest_key
    if used is None or not used.rotates:
        return
    if isinstance(newest, Unknown):
        yield unread("set-newest", used.id, "The key's newest version could not be read", newest)
    elif _differs(live, newest):
        assert isinstance(newest, KeyVersion)
        fit = key_fit(newest, live.facts.now)
        if fit.word == "no":
            yield found(
                "set-newest",
                "fail",
                newest.id,
                f"The newest version of key {live.intent.key.name}, {newest.version[:8]}…, can't be"
                f" used: {fit.because}",
                told(live, "newest_key", "attributes.enabled", newest.enabled),
                meaning="The set follows the newest version and can't take this one. The disks go"
                " on with the version before, as long as that is enabled.",
            )


def set_rotation(live: ClusterLive) -> Iterator[Finding]:
    """autoKeyRotationError, which leaves provisioningState as it was."""
    used = used_set(live)
    if used is None or not used.rotation_error:
        return
    yield found(
        "set-rotation",
        "fail",
        used.id,
        f"Disk encryption set {used.name} has stopped following its key: {used.rotation_error}",
        told(live, "encryption_set", "properties.autoKeyRotationError.code", used.rotation_error),
        told(live, "encryption_set", "properties.provisioningState", used.state),
        meaning="Its state stays as it was, so nothing else tells it. New versions of the key are"
        " not taken; the disks keep the one that they have, which must stay enabled.",
        repair="The set looks again within the hour after the cause is gone.",
    )


def set_version(live: ClusterLive) -> Iterator[Finding]:
    """Behind the newest version: on purpose where rotation is off."""
    used, newest = used_set(live), live.facts.newest_key
    if used is None or used.rotation_error or not _differs(live, newest):
        return
    assert isinstance(newest, KeyVersion)
    if used.rotates:
        meaning = (
            "It is told to follow and takes a new version within the hour. Until then, and while"
            " nodes with ephemeral disks keep the version before, that must stay enabled."
        )
    else:
        meaning = (
            "Its rotation is off (rotationToLatestKeyVersionEnabled = false), so it stays on its"
            " version until somebody moves it. That version must stay enabled as long."
        )
    yield found(
        "set-version",
        "warn",
        used.id,
        f"Key {live.intent.key.name} has a newer version than set {used.name} uses",
        told(live, "encryption_set", _URL, used.key_url),
        told(live, "newest_key", "key.kid", newest.id),
        meaning=meaning,
        repair=""
        if used.rotates
        else f"Move it: wrapkey rotate {used.id}. Or let it follow: az disk-encryption-set update"
        f" --ids {used.id} --enable-auto-key-rotation true",
    )


def _differs(live: ClusterLive, newest: object) -> bool:
    key = key_of(live.encryption_set)
    return (
        isinstance(newest, KeyVersion)
        and key is not None
        and bool(key.version)
        and newest.version != key.version
    )


def set_state(live: ClusterLive) -> Iterator[Finding]:
    """Failed: its last change did not succeed."""
    used = used_set(live)
    if used is None or used.state in ("", "Succeeded"):
        return
    failed = used.state in ("Failed", "Canceled")
    yield found(
        "set-state",
        "fail" if failed else "warn",
        used.id,
        f"Disk encryption set {used.name}: {used.state}",
        told(live, "encryption_set", "properties.provisioningState", used.state),
        meaning="Its last change failed." if failed else "Something changes it now.",
        repair="Repair the cause, then send the change again." if failed else "",
    )


JUDGES: dict[str, JudgeOf[ClusterLive]] = {
    "set-there": set_there,
    "set-key": set_key,
    "set-identity": set_identity,
    "set-place": set_place,
    "set-newest": set_newest,
    "set-rotation": set_rotation,
    "set-version": set_version,
    "set-state": set_state,
}
