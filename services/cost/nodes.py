"""What the nodes of a cluster are: read where their price depends on it."""

from services.azure import clusters, disks
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.cost.machines import os_disk_gb
from services.model.cost import Found
from services.model.intent import ClusterSetup


async def planned(conn: Connection, intent: ClusterSetup) -> Found:
    """Name of the size as Compute spells it, which prices are asked by, and the disk it gets.

    What can't be read stays as the intent has it and ``problem`` says why. Raises nothing.
    """
    wish = intent.cluster.node_size
    try:
        listed = await disks.sizes(conn, intent.subscription, intent.region)
    except AzureError as error:
        return Found(node_size=wish, problem=f"{error.what} {error.means}")
    one = next((one for one in listed if one.name.lower() == wish.lower()), None)
    if one is None:
        return Found(node_size=wish)
    return Found(node_size=one.name, os_disk_gb=os_disk_gb(one.cores) if one.cores else 0)


async def made(conn: Connection, intent: ClusterSetup, id: str) -> Found:
    """The same of a cluster that is there: its pool tells the disk. Raises nothing."""
    try:
        cluster = await clusters.get_cluster(conn, id)
    except AzureError as error:
        return Found(node_size=intent.cluster.node_size, problem=f"{error.what} {error.means}")
    pool = next(iter(cluster.pools), None) if cluster else None
    if pool is None:
        return await planned(conn, intent)
    return Found(node_size=pool.size, os_disk_gb=pool.os_disk_gb)
