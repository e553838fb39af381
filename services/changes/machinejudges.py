"""What speaks against moving a disk encryption set, or making a container group again: pure."""

from collections.abc import Iterator

from services.azure.authorization import CRYPTO_USER
from services.changes.findings import finding, missing_right, unread
from services.changes.model import GroupPlace, KeyUser, Rotation, SetPlace, same_key
from services.checks.facts import Unknown
from services.checks.fit import vault_fit
from services.checks.nodefit import made_anew
from services.checks.rights import granted, has_permissions
from services.model.plan import Finding
from services.model.resources import KeyVersion, ManagedCluster, Vault
from services.setup import recreation

DELETE_GROUP = "Microsoft.ContainerInstance/containerGroups/delete"
DISKS = "disk-encryption"
CONTAINERS = "container-instances-encrypt-data"
AKS = "azure-disk-customer-managed-keys"


def may_use(rotation: Rotation, user: KeyUser) -> bool | None:
    """Whether it has what it needs of the key that is gone to; None where that is not known."""
    vault = rotation.vault
    if isinstance(vault, Unknown) or isinstance(user.object_id, Unknown):
        return None
    if not vault.rbac:
        return has_permissions(vault, user.object_id, user.keys)
    if isinstance(user.roles, Unknown):
        return None
    scope = f"{vault.id}/keys/{rotation.name}"
    return granted(user.roles, scope, user.object_id, CRYPTO_USER) is not None


def of_set(rotation: Rotation, place: SetPlace) -> Iterator[Finding]:
    """A set: whether it follows by itself, who uses the key, which nodes stay behind."""
    one = place.set
    if one.rotates:
        yield from _following(rotation, place)
    yield from _user(rotation, place.of.id, place.user)
    yield from _place_of_vault(rotation, place)
    if isinstance(place.clusters, Unknown):
        yield unread("rotation-clusters", one.id, "A cluster that uses the set", place.clusters)
        return
    for cluster in place.clusters:
        yield from _ephemeral(cluster)


def _following(rotation: Rotation, place: SetPlace) -> Iterator[Finding]:
    one, newest = place.set, rotation.current
    if one.rotation_error:
        yield finding(
            "rotation-stopped",
            "fail" if same_key(rotation) else "warn",
            one.id,
            f"Disk encryption set {one.name} has stopped to follow new versions:"
            f" {one.rotation_error}",
            meaning="It would not take a new version; its state stays Succeeded all the same.",
            repair=f"Give it a working identity and its rights on the key: wrapkey diagnose"
            f" {one.id}",
            failures=("F55",),
            source=DISKS,
        )
    if not place.key.version and not rotation.makes:
        yield finding(
            "rotation-version",
            "unknown",
            one.id,
            f"Which version disk encryption set {one.name} uses, Azure does not tell",
            meaning="It names its key without a version, and goes to the newest by itself.",
            source=DISKS,
        )
    wanted = rotation.wanted
    if rotation.makes or not isinstance(wanted, KeyVersion) or not isinstance(newest, KeyVersion):
        return
    if wanted.version != newest.version:
        yield finding(
            "rotation-follows",
            "fail",
            one.id,
            f"Disk encryption set {one.name} follows the newest version by itself",
            meaning=f"It would leave version {wanted.version} again within an hour.",
            repair="Going to a given version needs that turned off: az disk-encryption-set update"
            f" --ids {one.id} --enable-auto-key-rotation false --key-url {wanted.id}",
            source=DISKS,
        )


def _user(rotation: Rotation, subject: str, user: KeyUser) -> Iterator[Finding]:
    """Whether the one who unwraps may use the key: before anything is changed."""
    may = may_use(rotation, user)
    vault = rotation.vault
    if may:
        return
    if may is None:
        why = next(
            (x for x in (user.object_id, user.roles, vault) if isinstance(x, Unknown)),
            Unknown("It is not known."),
        )
        yield finding(
            "rotation-grant",
            "fail",
            subject,
            f"Whether {user.name} may use key {rotation.name} is not known",
            meaning=f"{why.reason} What can't use its key loses its data.",
            repair="Rotate as somebody who may read that, or repair the identity first.",
        )
        return
    where = vault.name if isinstance(vault, Vault) else "the vault"
    yield finding(
        "rotation-grant",
        "fix",
        subject,
        f"{user.name} may not use key {rotation.name} of {where} yet",
        meaning="A step of this rotation gives that before the key is changed.",
    )


def _place_of_vault(rotation: Rotation, place: SetPlace) -> Iterator[Finding]:
    """Another vault must be in the set's region, protected, and open to trusted services."""
    vault = rotation.vault
    if isinstance(vault, Unknown) or place.key.host == rotation.host:
        return
    fit = vault_fit(vault, place.set.location, "")
    if fit.word in ("no", "fix"):
        yield finding(
            "rotation-vault",
            "fail",
            place.set.id,
            f"Vault {vault.name} can't serve {place.set.name}: {fit.because}",
            meaning="Disks need a vault of their own region that is protected against purge.",
            repair="Choose another vault, or repair this one.",
            failures=("F01",) if fit.word == "fix" else ("F43",),
            source=DISKS,
        )


def _ephemeral(cluster: ManagedCluster) -> Iterator[Finding]:
    """Nodes whose disks are no managed disks: Compute can't wrap their key anew."""
    for pool in cluster.pools:
        if pool.os_disk.lower() != "ephemeral":
            continue
        yield finding(
            "rotation-ephemeral",
            "warn",
            cluster.id,
            f"Pool {pool.name} of cluster {cluster.name} has ephemeral OS disks: its nodes keep the"
            " old version",
            meaning=f"A new version reaches them when they are made anew: {made_anew(pool.mode)}."
            " Keep the old version enabled until then.",
            repair=f"After the rotation: {reimage(cluster, pool.name)}",
            part=pool.name,
            source=AKS,
        )


def reimage(cluster: ManagedCluster, pool: str) -> str:
    """The command that makes a pool's nodes anew, where a newer node image is there."""
    _, _, rest = cluster.id.partition("/resource")
    group = rest.split("/")[1] if rest else ""
    return (
        f"az aks nodepool upgrade --node-image-only --name {pool} --cluster-name {cluster.name}"
        f" --resource-group {group}"
    )


def of_group(rotation: Rotation, place: GroupPlace) -> Iterator[Finding]:
    """A group: that it is deleted and made again, what is lost, and what stands in the way."""
    one = place.group
    for number, why in enumerate(place.refused):
        yield finding(
            "rotation-recreate",
            "fail",
            one.id,
            f"Container group {one.name} can't be made again as it is: {why}",
            meaning="Another key takes another group, and this one would not be the same.",
            repair=recreation.INTENT,
            part=str(number),
        )
    if place.refused:
        return
    yield finding(
        "rotation-recreate",
        "warn",
        one.id,
        f"Container group {one.name} is deleted and made again: another key takes another group",
        meaning=f"What goes for good: {'; '.join(recreation.LOST)}. If it can't be made again, for"
        " example because its region has no room, it is gone: the journal keeps what it was made"
        " of, and the run can be resumed.",
        repair="Save what you need of it before.",
        source=CONTAINERS,
    )
    for hole in place.holes:
        if not hole.source:
            yield finding(
                "rotation-secret",
                "fail",
                one.id,
                f"{hole.name} must be given again: Azure does not tell it",
                meaning="It is read where it is used, and kept nowhere.",
                repair=f"Say where it is found: --secret {hole.name}=env:NAME or"
                f" --secret {hole.name}=file:PATH",
                part=hole.name,
            )
    yield from _user(rotation, one.id, place.user)
    yield from missing_right(
        one.id,
        place.permissions,
        DELETE_GROUP,
        f"delete container group {one.name}",
        f"Contributor on {one.name}",
        status="fail",
    )
