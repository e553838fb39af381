"""The part of a plan that is a cluster, with its disk encryption set."""

from services.checks.facts import Unknown
from services.checks.machines import DISKS, TIERS
from services.checks.nodefit import version_of
from services.model.intent import ClusterSetup
from services.model.plan import Step
from services.setup import grants
from services.setup.basis import Basis, register

ONCE = "Which set encrypts the OS disks is settled for the cluster's whole life."


def before(basis: Basis, intent: ClusterSetup) -> list[Step]:
    """The set and its way to the key, the cluster's identity and its way to the set."""
    made = [] if _known(basis.facts.encryption_set) else [_set(basis, intent)]
    made += grants.on_key(basis, "disks")
    return [*made, *grants.identity(basis), *grants.reader(basis)]


def _known(found: object) -> bool:
    return getattr(found, "state", "") == "Succeeded" and not isinstance(found, Unknown)


def _set(basis: Basis, intent: ClusterSetup) -> Step:
    wish = intent.cluster.disk_encryption_set
    rule = "follows new versions" if wish.rotate_to_latest else "stays on its version"
    return Step(
        id="encryption-set",
        kind="encryption-set",
        title=f"disk encryption set {wish.name}, {rule}",
        action="create" if wish.create else "verify",
        target=str(basis.ids.encryption_set),
        params={
            "location": intent.region,
            "tags": intent.tags,
            "vault_id": str(basis.ids.vault),
            "create": wish.create,
            "encryption": wish.encryption,
            "rotate": wish.rotate_to_latest,
        },
        needs=(
            "group",
            "group-vault",
            "group-set",
            "key",
            "vault-repair",
            register("Microsoft.Compute"),
        ),
        expected_s=10,
    )


def target(basis: Basis, intent: ClusterSetup, needs: tuple[str, ...]) -> list[Step]:
    """The cluster, once all of these steps are done, and the look at how it is encrypted."""
    wish, id = intent.cluster, str(basis.ids.target)
    known = _known(basis.facts.cluster)
    common = {"encryption_set": str(basis.ids.encryption_set), "os_disk": DISKS[wish.os_disk]}
    made = Step(
        id="cluster",
        kind="cluster",
        title=f"cluster {wish.name}, {wish.node_count} x {wish.node_size}",
        action="create",
        target=id,
        params={
            **common,
            "location": intent.region,
            "tags": intent.tags,
            "identity": str(basis.ids.identity),
            "version": version_of(intent, basis.facts.kubernetes_versions),
            "size": wish.node_size,
            "count": wish.node_count,
            "zones": wish.zones,
            "tier": TIERS[wish.tier],
        },
        needs=needs,
        irreversible=ONCE,
        expected_s=300,
    )
    verify = Step(
        id="verify",
        kind="verify-cluster",
        title=f"read back how the disks of {wish.name} are encrypted",
        action="verify",
        target=id,
        params={
            **common,
            "exists": known,
            "tier": TIERS[wish.tier],
            "create": wish.disk_encryption_set.create,
            "encryption": wish.disk_encryption_set.encryption,
            "rotate": wish.disk_encryption_set.rotate_to_latest,
        },
        needs=("cluster", "key"),
        expected_s=2,
    )
    return [verify] if known else [made, verify]
