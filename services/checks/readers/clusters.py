"""What a cluster depends on. Of another kind of intent there is nothing to read."""

from typing import Any

from services.azure import clusters, disks
from services.checks.facts import Unknown, known
from services.checks.readers.access import roles_of
from services.checks.reading import Reading, by_name
from services.model.intent import ClusterSetup


async def _encryption_set(on: Reading) -> Any:
    if on.ids.encryption_set is None:
        return None
    return await known(disks.get_set(on.conn, str(on.ids.encryption_set)))


async def _disks_roles(on: Reading) -> Any:
    return await roles_of(on, "encryption_set", str(on.ids.vault))


async def _reader_roles(on: Reading) -> Any:
    if on.ids.encryption_set is None:
        return ()
    return await roles_of(on, "identity", str(on.ids.encryption_set))


async def _cluster(on: Reading) -> Any:
    if not isinstance(on.intent, ClusterSetup):
        return None
    return await known(clusters.get_cluster(on.conn, str(on.ids.target)))


async def _clusters(on: Reading) -> Any:
    if not isinstance(on.intent, ClusterSetup):
        return 0
    found = await known(clusters.list_clusters(on.conn, on.ids.group.subscription))
    if isinstance(found, Unknown):
        return found
    return sum(one.location == on.intent.region for one in found)


async def _compute_usages(on: Reading) -> Any:
    if not isinstance(on.intent, ClusterSetup):
        return ()
    return await known(disks.usages(on.conn, on.ids.group.subscription, on.intent.region))


async def _vm_sizes(on: Reading) -> Any:
    if not isinstance(on.intent, ClusterSetup):
        return ()
    return await known(disks.sizes(on.conn, on.ids.group.subscription, on.intent.region))


async def _kubernetes_versions(on: Reading) -> Any:
    if not isinstance(on.intent, ClusterSetup):
        return ()
    return await known(clusters.versions(on.conn, on.ids.group.subscription, on.intent.region))


READERS = by_name(
    _encryption_set,
    _disks_roles,
    _reader_roles,
    _cluster,
    _clusters,
    _compute_usages,
    _vm_sizes,
    _kubernetes_versions,
)
