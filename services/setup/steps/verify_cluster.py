"""Reads back how a cluster's disks are encrypted and compares; writes nothing."""

from services.azure import clusters, disks
from services.ids import same
from services.model.plan import Step
from services.setup.compared import Line, key_line, line, told
from services.setup.context import NOT_YET, Context, Observation

STAYS = "It only reads."


async def observe(ctx: Context, step: Step) -> Observation:
    """Always read anew."""
    return NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Read, compare, tell. Raises StepFailed where something is not as planned."""
    wish = step.params
    found = await clusters.get_cluster(ctx.conn, step.target)
    des = await disks.get_set(ctx.conn, wish["encryption_set"])
    do = "The set of OS disks is chosen when a cluster is made: it takes another cluster."
    if found is None or des is None:
        what = "cluster" if found is None else "disk encryption set"
        return told([line(what, "state", "there", "not there", good=False)], "The cluster", do)
    used = found.encryption_set
    lines: list[Line] = [
        line("cluster", "provisioningState", "Succeeded", found.state),
        line(
            "cluster",
            "diskEncryptionSetID",
            wish["encryption_set"],
            used or "none",
            good=same(used, wish["encryption_set"]),
        ),
        key_line(
            des.name,
            "activeKey.keyUrl",
            ctx.result("key", "id"),
            des.key_url,
            version=not wish["rotate"] and wish["create"],
        ),
        line(des.name, "autoKeyRotationError", "none", des.rotation_error or "none"),
    ]
    if wish["create"]:
        rotates = str(des.rotates).lower()
        lines += [
            line(des.name, "encryptionType", disks.TYPES[wish["encryption"]], des.encryption),
            line(
                des.name,
                "rotationToLatestKeyVersionEnabled",
                str(wish["rotate"]).lower(),
                rotates,
            ),
        ]
    lines += [
        line(f"pool {pool.name}", "osDiskType", wish["os_disk"], pool.os_disk)
        for pool in found.pools
        if not wish["exists"]
    ]
    if not wish["exists"]:
        lines.append(line("cluster", "sku.tier", wish["tier"], found.tier))
    return told(lines, "The cluster", do)


def command(ctx: Context, step: Step) -> str:
    """For a person who may read the cluster."""
    return f"az aks show --ids {step.target} --query diskEncryptionSetId"
