"""What container groups and clusters cost."""

import pytest
from samples import prices

from services.cost.estimate import estimate
from services.model.intent import (
    ClusterIntent,
    ClusterSetup,
    ContainerGroupIntent,
    ContainerGroupSetup,
    ContainerIntent,
    Create,
    DiskEncryptionSetIntent,
    KeyIntent,
    VaultIntent,
)

COMMON = {
    "subscription": "00000000-0000-0000-0000-000000000001",
    "region": "eastus",
    "resource_group": "rg",
    "vault": VaultIntent(name="kv-run"),
    "key": KeyIntent(name="cmk"),
}


def test_a_group_costs_its_cores_and_memory_all_month() -> None:
    containers = [ContainerIntent(name=name, image="nginx", cpu=2, memory_gb=4) for name in "ab"]
    wish = ContainerGroupIntent(name="g", identity=Create(create="u-g"), containers=containers)
    told = estimate(ContainerGroupSetup(**COMMON, container_group=wish), prices())  # type: ignore[arg-type]
    lines = {one.id: one for one in told.lines}
    assert lines["group-cores"].amount == 4 and lines["group-memory"].amount == 8
    cores, memory = lines["group-cores"].low, lines["group-memory"].low
    assert cores.price and cores.subtotal == pytest.approx(4 * 730 * cores.price)
    assert memory.price and memory.subtotal == pytest.approx(8 * 730 * memory.price)
    assert told.mode is None and told.modes is None and told.unknown == ()


@pytest.mark.parametrize(("disk", "lines"), [("managed", 2), ("ephemeral", 1)])
def test_nodes_without_a_known_price_are_in_no_sum(disk: str, lines: int) -> None:
    des = DiskEncryptionSetIntent(name="des")
    wish = ClusterIntent(
        name="aks",
        os_disk=disk,  # type: ignore[arg-type]
        identity=Create(create="u-a"),
        disk_encryption_set=des,
    )
    told = estimate(ClusterSetup(**COMMON, cluster=wish), prices())  # type: ignore[arg-type]
    own = [one for one in told.lines if one.made_by == "plan"]
    assert len(own) == lines
    assert not own[0].known and own[0].why
    assert len(told.unknown) == 1
    assert told.low is not None and all(one.known for one in told.lines if one.id != "nodes")
