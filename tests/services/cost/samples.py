"""Intents and price lists for the tests of costs."""

from typing import Any

from services.cost.meters import METERS
from services.model.cost import Meter, Prices, Tier
from services.model.intent import Intent, KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup

ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/"
PRICE = {
    "cosmos-throughput": 0.012,
    "cosmos-storage": 0.25,
    "search-basic": 0.101,
    "search-standard": 0.336,
    "search-standard2": 1.344,
    "storage-lrs": 0.02,
    "private-endpoint": 0.01,
    "vault-standard": 0.03,
    "vault-standard-advanced": 0.15,
    "vault-premium": 0.03,
    "vault-premium-advanced": 0.15,
    "vault-standard-rotation": 1.0,
    "hsm-2048": 1.0,
    "registry-standard": 0.6667,
    "registry-basic": 0.1666,
    "aci-cpu": 0.0405,
    "aci-memory": 0.00445,
    "aks-standard": 0.1,
    "disk-p10": 19.71,
    "disk-p15": 38.01,
}
"""USD for one unit; of meters with one tier."""
TIERS = {
    "hsm-advanced": ((0, 5.0), (250, 2.5), (1500, 0.9), (4000, 0.4)),
    "log-analytics": ((0, 0.0), (5, 2.5)),
}


def meter(id: str, tiers: tuple[tuple[float, float], ...], **other: Any) -> Meter:
    wanted = METERS[id]
    fields: dict[str, Any] = {
        "id": f"id-{id}",
        "service": wanted.service,
        "product": wanted.product,
        "sku": wanted.sku,
        "meter": wanted.meter,
        "region": "westeurope",
        "unit": wanted.unit,
        "currency": "USD",
        "tiers": tuple(Tier(start=start, price=price) for start, price in tiers),
    }
    return Meter(**{**fields, **other})


def prices(*without: str) -> Prices:
    """The whole list, but for some meters."""
    given = {**{id: ((0.0, price),) for id, price in PRICE.items()}, **TIERS}
    made = tuple(meter(id, tiers) for id, tiers in given.items() if id not in without)
    return Prices(region="westeurope", currency="USD", meters=made)


def intent(
    key: dict[str, Any] | None = None, vault: dict[str, Any] | None = None, **workspace: Any
) -> Intent:
    return WorkspaceSetup(
        subscription="00000000-0000-0000-0000-000000000001",
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(name="kv-one", **(vault or {})),
        key=KeyIntent(**{"name": "cmk", "create": True, "bits": 3072, **(key or {})}),
        workspace=WorkspaceIntent(**{"name": "mlw-one", **workspace}),
    )
