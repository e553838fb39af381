"""The cluster itself: its nodes, their disks, its identity."""

from collections.abc import Iterator

from services.azure.authorization import CONTRIBUTOR, READER, role_name
from services.checks.facts import Unknown
from services.checks.nodefit import made_anew
from services.checks.rights import covers
from services.diagnosis.clusters.facts import ClusterLive, principal_of
from services.diagnosis.clusters.judges.sets import used_set
from services.diagnosis.findings import JudgeOf, found, told, unread
from services.diagnosis.judges.workspace import BUSY
from services.failures import classify
from services.ids import ArmId, same
from services.model.plan import Finding
from services.model.resources import NodeSet

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READS = (READER, CONTRIBUTOR, OWNER)
"""Built-in roles that include Microsoft.Compute/diskEncryptionSets/read."""
DATA_DISKS = "Volumes of a StorageClass that names a set can still be encrypted with your key."


def os_disks(live: ClusterLive) -> Iterator[Finding]:
    """Chosen when a cluster is made, and never again."""
    there = live.cluster
    if there is not None and not there.encryption_set:
        yield found(
            "os-disks",
            "skipped",
            there.id,
            f"The OS disks of {there.name} are encrypted with Microsoft's keys",
            told(live, "cluster", "properties.diskEncryptionSetID", "null"),
            meaning=f"That is chosen when a cluster is made and can't be changed. {DATA_DISKS}",
        )


def cluster_identity(live: ClusterLive) -> Iterator[Finding]:
    """The control plane works as it: for volumes, for etcd, for nodes."""
    there, who = live.cluster, live.cluster_identity
    if there is None or not there.identities:
        return
    id = there.identities[0]
    if isinstance(who, Unknown):
        title = f"Identity {ArmId.parse(id).name} of the cluster could not be read"
        yield unread("cluster-identity", id, title, who)
    elif who is None:
        yield found(
            "cluster-identity",
            "fail",
            id,
            f"Identity {ArmId.parse(id).name} of cluster {there.name} is gone",
            told(live, "cluster_identity", "status", "404"),
            meaning="The control plane worked as it: no volume and no node is made, and etcd's key"
            " is not reached.",
            repair="Make an identity and give it to the cluster: az aks update --ids"
            f" {there.id} --enable-managed-identity --assign-identity ID",
        )


def cluster_reads_set(live: ClusterLive) -> Iterator[Finding]:
    """The control plane's identity, not the kubelet's, reads the set for each new volume."""
    there, used = live.cluster, used_set(live)
    if there is None or used is None:
        return
    if isinstance(live.set_roles, Unknown):
        title = f"Whether {there.name} may read the set is not known"
        yield unread("cluster-reads-set", used.id, title, live.set_roles)
        return
    who = principal_of(live)
    roles = [
        one
        for one in live.set_roles
        if one.principal_id == who.lower() and covers(one.scope, used.id)
    ]
    if any(one.role_id in READS for one in roles):
        return
    names = ", ".join(role_name(one.role_id) for one in roles)
    yield found(
        "cluster-reads-set",
        "unknown" if roles else "fail",
        used.id,
        f"Whether {names} lets cluster {there.name} read the set is not known"
        if roles
        else f"Cluster {there.name} may not read disk encryption set {used.name}",
        told(live, "set_roles", "roleDefinitionId", names or "none"),
        meaning="Volumes that name the set are not made: their pods stay Pending"
        " (LinkedAuthorizationFailed). Nodes and volumes that are there go on.",
        repair=f"az role assignment create --assignee-object-id {who or 'ID'}"
        f" --assignee-principal-type ServicePrincipal --role Reader --scope {used.id}",
    )


def nodes_running(live: ClusterLive) -> Iterator[Finding]:
    """Machines that stop because of a key stay stopped until somebody starts them."""
    there = live.cluster
    if there is None or live.power == "Stopped":
        return  # somebody stopped the cluster: its machines are gone with it
    if isinstance(live.nodes, Unknown):
        title = f"The machines of {there.name} could not be read"
        yield unread("nodes-running", there.id, title, live.nodes)
        return
    for one in live.nodes:
        if one.stopped:
            yield found(
                "nodes-running",
                "fail",
                one.id,
                f"{one.stopped} of {one.stopped + one.running} machines of {one.name} are stopped",
                told(live, "node_sets", "instanceView.statuses", "PowerState/stopped"),
                failures=("F31",) if one.encryption_set else (),
                meaning="Compute shuts machines down about an hour after it lost the key of their"
                " disks, and does not start them when it is back: somebody has to. Starting a scale"
                " set is a call of Compute; whether AKS supports it for its nodes is not verified."
                " What AKS documents is to stop and start the whole cluster: az aks stop, then az"
                " aks start, with everything in it.",
                repair=start_command(one),
            )


def start_command(one: NodeSet) -> str:
    """What somebody enters who may start machines."""
    id = ArmId.parse(one.id)
    return f"az vmss start -n {id.name} -g {id.group} --subscription {id.subscription}"


def nodes_version(live: ClusterLive) -> Iterator[Finding]:
    """A rotation does not reach ephemeral disks of nodes that run."""
    used = used_set(live)
    if used is None or used.rotated is None or isinstance(live.nodes, Unknown):
        return
    for one in live.nodes:
        if one.ephemeral and one.oldest is not None and one.oldest < used.rotated:
            yield found(
                "nodes-version",
                "warn",
                one.id,
                f"Nodes of {one.name} keep the version of the key that was before",
                told(live, "node_sets", "properties.timeCreated", one.oldest.isoformat()),
                told(
                    live,
                    "encryption_set",
                    "properties.lastKeyRotationTimestamp",
                    used.rotated.isoformat(),
                ),
                meaning="Their OS disks are ephemeral and were made before the set went to its"
                " version. Keep the version before enabled until they are made anew.",
                repair=f"They are made anew {made_anew(_mode(live, one))}. A new image, where there"
                " is one: az aks nodepool upgrade --node-image-only",
            )


def _mode(live: ClusterLive, one: NodeSet) -> str:
    """System or User; empty where the pool of a scale set is not told."""
    pools = live.cluster.pools if live.cluster else ()
    return next((pool.mode for pool in pools if f"-{pool.name}-" in one.name), "")


def data_disks(live: ClusterLive) -> Iterator[Finding]:
    """Volumes that no set encrypts, beside OS disks that one does."""
    there = live.cluster
    if there is None:
        return
    if isinstance(live.disks, Unknown):
        yield unread("data-disks", there.id, "Data disks could not be read", live.disks)
        return
    plain_ones = [one for one in live.disks if not one.encryption_set]
    if plain_ones and there.encryption_set:
        yield found(
            "data-disks",
            "warn",
            there.node_group,
            f"{len(plain_ones)} of {len(live.disks)} data disks use Microsoft's keys",
            told(live, "node_disks", "name", ", ".join(one.name for one in plain_ones[:5])),
            meaning="Their StorageClass names no set. The cluster's set is for OS disks alone.",
            repair="Make new volumes with a StorageClass that names the set (diskEncryptionSetID);"
            " a disk that is there can be changed while no machine has it: az disk update"
            " --encryption-type EncryptionAtRestWithCustomerKey --disk-encryption-set SET",
        )


def pools_made(live: ClusterLive) -> Iterator[Finding]:
    """CreateVMSSAgentPoolFailed, for example."""
    there = live.cluster
    for one in there.pools if there else ():
        if one.state in ("Failed", "Canceled") and there is not None:
            yield found(
                "pools-made",
                "fail",
                f"{there.id}/agentPools/{one.name}",
                f"Node pool {one.name} of {there.name}: {one.state}",
                told(live, "cluster", "agentPoolProfiles.provisioningState", one.state),
                meaning="Its nodes were not made, or not changed.",
                repair="Repair the cause, then let Azure go on: az aks update --ids " + there.id,
            )


def cluster_state(live: ClusterLive) -> Iterator[Finding]:
    """Failed: what Azure said of it stands in the activity log."""
    there = live.cluster
    if there is None or there.state in ("", "Succeeded"):
        return
    evidence = [told(live, "cluster", "properties.provisioningState", there.state)]
    if there.state in BUSY or there.state in ("Starting", "Stopping", "Upgrading"):
        title = f"Cluster {there.name} is {there.state.lower()}"
        meaning = "Something changes it now; look again when that is done."
        yield found("cluster-state", "warn", there.id, title, *evidence, meaning=meaning)
        return
    refused = next(
        (
            one
            for one in (() if isinstance(live.activity, Unknown) else live.activity)
            if same(one.resource_id, there.id) and one.status == "Failed" and one.code
        ),
        None,
    )
    said = f"{refused.code}: {refused.message}" if refused else ""
    entry = classify([refused.code], refused.message) if refused else None
    if said:
        evidence.append(told(live, "activity", "properties.statusMessage", said))
    yield found(
        "cluster-state",
        "fail",
        there.id,
        f"Cluster {there.name}: {there.state}" + (f" ({refused.code})" if refused else ""),
        *evidence,
        failures=(entry.number,) if entry and entry.number else ("F31",),
        meaning="Its last creation or change failed.",
        repair=f"Repair the cause, then let Azure go on: az aks update --ids {there.id}",
    )


JUDGES: dict[str, JudgeOf[ClusterLive]] = {
    "os-disks": os_disks,
    "cluster-identity": cluster_identity,
    "cluster-reads-set": cluster_reads_set,
    "nodes-running": nodes_running,
    "nodes-version": nodes_version,
    "data-disks": data_disks,
    "pools-made": pools_made,
    "cluster-state": cluster_state,
}
