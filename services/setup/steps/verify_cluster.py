"""Reads back how a cluster's disks are encrypted and compares; writes nothing."""

from services.azure import clusters, disks
from services.ids import same
from services.model.plan import Step
from services.model.resources import DiskEncryptionSet
from services.setup import late
from services.setup.compared import Line, key_line, line, told, untold
from services.setup.context import NOT_YET, Context, Observation

STAYS = "It only reads."
LOOKS_S = 3600.0
"""How long a set may keep what it found when it looked for a newer version."""


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
        judge_following(des, ctx.newest_grant_age()),
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


def judge_following(des: DiskEncryptionSet, granted_s: float | None) -> Line:
    """Whether the set could look for a newer version; the newest grant is ``granted_s`` old.

    It looks about once an hour, and keeps until then what it found before it had its grant
    (Learn, "Server-side encryption of Azure Disk Storage": automatic key rotation).
    """
    field, stopped = "autoKeyRotationError", des.rotation_error
    if stopped in late.SIGNS and granted_s is not None and granted_s < LOOKS_S:
        return untold(des.name, field, "none")
    return line(des.name, field, "none", stopped or "none")


def command(ctx: Context, step: Step) -> str:
    """For a person who may read the cluster."""
    return f"az aks show --ids {step.target} --query diskEncryptionSetId"
