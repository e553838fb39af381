"""What an intent for a container group or a cluster makes, as the bodies of its requests: pure.

They are the ones that the plan sends, with type and name, to be asked about beforehand.
"""

import msgspec

from services.azure import clusters, containergroups, disks
from services.checks.facts import CLUSTERS, CONTAINER_GROUPS, ENCRYPTION_SETS, Ids
from services.checks.needed import Body
from services.ids import KeyId
from services.model.intent import ClusterSetup, ContainerGroupSetup

DISKS = {"managed": "Managed", "ephemeral": "Ephemeral"}
TIERS = {"free": "Free", "standard": "Standard"}
"""Words of the intent to those of Azure Kubernetes Service."""
UNTOLD = "not-told"
"""Stands for each secret value: none is sent to be judged."""


def container_group(intent: ContainerGroupSetup, ids: Ids, uri: str, version: str) -> Body:
    """The group; without ``version`` (of the key) where none is known yet."""
    wish = intent.container_group
    body = containergroups.wanted(
        location=intent.region,
        tags=intent.tags,
        vault_uri=uri,
        key=intent.key.name,
        key_version=version,
        identity=str(ids.identity or ""),
        os=wish.os,
        restart=wish.restart,
        containers=msgspec.to_builtins(wish.containers),
        secrets={one.name: dict.fromkeys(one.secure_env, UNTOLD) for one in wish.containers},
    )
    return {"type": CONTAINER_GROUPS, "name": wish.name, **body}


def encryption_set(intent: ClusterSetup, ids: Ids, key: KeyId) -> Body:
    """The set; ``key`` without its version where none is known yet."""
    wish = intent.cluster.disk_encryption_set
    body = disks.wanted(
        location=intent.region,
        tags=intent.tags,
        vault_id=str(ids.vault),
        key_url=key.versionless if wish.rotate_to_latest else str(key),
        encryption=wish.encryption,
        rotate=wish.rotate_to_latest,
    )
    return {"type": ENCRYPTION_SETS, "name": wish.name, **body}


def cluster(intent: ClusterSetup, ids: Ids, version: str) -> Body:
    """The cluster; ``version`` of Kubernetes, empty for the service's default."""
    wish = intent.cluster
    body = clusters.wanted(
        wish.name,
        location=intent.region,
        tags=intent.tags,
        tier=TIERS[wish.tier],
        identity=str(ids.identity),
        encryption_set=str(ids.encryption_set),
        size=wish.node_size,
        count=wish.node_count,
        os_disk=DISKS[wish.os_disk],
        zones=wish.zones,
        version=version,
    )
    return {"type": CLUSTERS, "name": wish.name, **body}
