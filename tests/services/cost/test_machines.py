"""What container groups and clusters cost."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from estate import Azure
from samples import prices

from services.azure import disks
from services.azure.prices import list_sizes
from services.cost import of_plan
from services.cost.estimate import actual, estimate
from services.cost.machines import os_disk_gb
from services.cost.meters import NODE, find
from services.model.cost import Assumptions, Found, Meter, Prices, Tier
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
from services.setup.plan import make_plan

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


def cluster(**parts: Any) -> ClusterSetup:
    des = DiskEncryptionSetIntent(name="des")
    wish = {"name": "aks", "identity": Create(create="u-a"), "disk_encryption_set": des}
    return ClusterSetup(**COMMON, cluster=ClusterIntent(**{**wish, **parts}))  # type: ignore[arg-type]


def vm(meter: str, price: float, product: str = "Virtual Machines Dsv5 Series") -> Meter:
    return Meter(
        id=f"id-{meter}-{price}",
        service="Virtual Machines",
        product=product,
        sku=meter,
        meter=meter,
        region="eastus",
        unit="1 Hour",
        currency="USD",
        tiers=(Tier(start=0, price=price),),
        size="Standard_D4s_v5",
    )


def with_machines(*more: Meter) -> Prices:
    known = prices()
    return msgspec.structs.replace(known, meters=(*known.meters, *more))


FOUND = Found(node_size="Standard_D4s_v5", os_disk_gb=128)
OTHERS = (
    vm("D4s v5", 0.376, "Virtual Machines Dsv5 Series Windows"),
    vm("D4s v5 Spot", 0.03),
    vm("D4s v5 Low Priority", 0.04),
)


def lines_of(intent: ClusterSetup, prices: Prices, found: Found = FOUND, **given: Any) -> Any:
    told = actual(intent, prices, Assumptions(**given), found)
    return told, {one.id: one for one in told.lines}


def test_nodes_cost_what_a_linux_machine_of_their_size_does() -> None:
    told, lines = lines_of(cluster(), with_machines(*OTHERS, vm("D4s v5", 0.192)))
    assert lines["nodes"].low.price == 0.192
    assert lines["nodes"].low.subtotal == pytest.approx(3 * 730 * 0.192)
    assert lines["os-disks"].low.subtotal == pytest.approx(3 * 19.71)
    assert told.unknown == ()


def test_a_size_sold_otherwise_only_has_no_price_and_says_so() -> None:
    told, lines = lines_of(cluster(), with_machines(*OTHERS))
    assert not lines["nodes"].known and "D4s v5 Spot" in lines["nodes"].why
    assert told.unknown == ("Nodes Standard_D4s_v5",)


def test_nodes_that_run_by_day_cost_less_and_their_disks_the_same() -> None:
    known = with_machines(vm("D4s v5", 0.192))
    _, all_month = lines_of(cluster(), known)
    _, by_day = lines_of(cluster(), known, running_hours=200)
    assert by_day["nodes"].low.subtotal == pytest.approx(3 * 200 * 0.192)
    assert by_day["os-disks"].low == all_month["os-disks"].low
    assert "200 hours" in by_day["nodes"].assumption


def test_ephemeral_disks_cost_nothing() -> None:
    told, lines = lines_of(cluster(os_disk="ephemeral"), with_machines())
    assert "os-disks" not in lines
    assert told.unknown == ("Nodes Standard_D4s_v5",)


def test_the_standard_tier_has_a_price_and_the_free_one_a_sentence() -> None:
    told, lines = lines_of(cluster(tier="standard"), with_machines())
    assert lines["tier"].low.subtotal == pytest.approx(73.0)
    assert not any("free tier" in one for one in told.free)
    told, lines = lines_of(cluster(), with_machines())
    assert "tier" not in lines and any("free tier" in one for one in told.free)


@pytest.mark.parametrize(
    ("cores", "gb"),
    [(2, 128), (7, 128), (8, 256), (15, 256), (16, 512), (63, 512), (64, 1024), (416, 1024)],
)
def test_a_managed_disk_grows_with_the_cores(cores: int, gb: int) -> None:
    assert os_disk_gb(cores) == gb


@pytest.mark.parametrize(
    ("gb", "meter"),
    [
        (32, "P4"),
        (33, "P6"),
        (128, "P10"),
        (256, "P15"),
        (512, "P20"),
        (1024, "P30"),
        (2000, "P40"),
    ],
)
def test_a_disk_is_billed_by_the_tier_it_fits(gb: int, meter: str) -> None:
    found = msgspec.structs.replace(FOUND, os_disk_gb=gb)
    _, lines = lines_of(cluster(), with_machines(), found)
    assert lines["os-disks"].low.meter == f"{meter} LRS Disk"


def test_a_disk_larger_than_every_tier_has_no_price() -> None:
    found = msgspec.structs.replace(FOUND, os_disk_gb=4095)
    _, lines = lines_of(cluster(), with_machines(), found)
    assert not lines["os-disks"].known and "4095 GB" in lines["os-disks"].why


async def test_the_price_list_tells_a_size(azure: Azure, tmp_path: Path) -> None:
    wish = cluster(node_size="standard_d8s_v5")
    wish = msgspec.structs.replace(wish, subscription=azure.sandbox.subscription)
    plan = await make_plan(azure.conn, wish)
    basis = await of_plan.read(azure.conn, plan, tmp_path)
    lines = {one.id: one for one in basis.estimate().lines}
    assert lines["nodes"].what == "Nodes Standard_D8s_v5", "as Compute spells it"
    assert lines["nodes"].low.price == pytest.approx(0.384)
    assert lines["os-disks"].low.meter == "P15 LRS Disk", "8 cores get 256 GB"
    asked = [one["path"] for one in azure.sandbox.requests() if "/retail/prices" in one["path"]]
    again = await of_plan.read(azure.conn, plan, tmp_path)
    assert again.estimate() == basis.estimate()
    now = [one["path"] for one in azure.sandbox.requests() if "/retail/prices" in one["path"]]
    assert now == asked, "both lists are kept for a day"


async def test_every_size_of_the_sandbox_but_one_has_a_price(azure: Azure) -> None:
    sizes = await disks.sizes(azure.conn, azure.sandbox.subscription, "westeurope")
    unknown = []
    for one in sizes:
        found = await list_sizes(azure.conn, "westeurope", "USD", one.name)
        known = msgspec.structs.replace(prices(), meters=found)
        if find(known, f"{NODE}{one.name}")[0] is None:
            unknown.append(one.name)
    assert unknown == ["Standard_F4s_v2"], "one is left out, to see a price that is not known"
