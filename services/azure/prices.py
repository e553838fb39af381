"""The Azure Retail Prices API: meters of a region, open to everybody.

Page "Azure Retail Prices": up to 1,000 items a page (older versions 100), ``NextPageLink``
while there are more, texts in filters case-sensitive since 2023-01-01-preview.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from services.azure import calls
from services.azure.clouds import PRICES
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from services.model.cost import Meter, Tier
from services.model.resources import Raw
from services.text import plain

API = "2023-01-01-preview"

CURRENCIES = (
    *("USD", "AUD", "BRL", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "INR"),
    *("JPY", "KRW", "NOK", "NZD", "RUB", "SEK", "TWD"),
)
"""Currencies of the API. Azure prices in USD; the others are converted for reference."""

MOST = 1e15
"""No price and no tier is this high."""

MACHINES = "Virtual Machines"
"""Service of the meters of sizes."""

MOST_PAGES = 50
"""Pages followed for one service; a list of meters by name takes one."""


async def list_meters(
    conn: Connection, region: str, currency: str, names: Mapping[str, Iterable[str]]
) -> tuple[Meter, ...]:
    """Meters on consumption in a region: ``names`` is service name to meter names.

    One question for each service, all at the same time. Raises AzureError.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            asked = [
                tasks.create_task(_items(conn, region, currency, service, meters))
                for service, meters in names.items()
            ]
    except ExceptionGroup as group:
        first = group.exceptions[0]
    else:
        return meters([item for task in asked for item in task.result()])
    raise first


async def list_sizes(conn: Connection, region: str, currency: str, size: str) -> tuple[Meter, ...]:
    """Every meter of a size of virtual machines: systems, spot, low priority. Raises AzureError.

    Their names follow no rule that a size tells, so they are asked for by ``armSkuName``.
    """
    return meters(await _answered(conn, currency, MACHINES, _of_size(region, size)))


def _of_size(region: str, size: str) -> str:
    return f"{_of_service(MACHINES, region)} and armSkuName eq {_text(size)}"


def filter_of(region: str, service: str, meters: Iterable[str]) -> str:
    """The ``$filter`` for some meters of a service in a region."""
    named = " or ".join(f"meterName eq {_text(name)}" for name in sorted(set(meters)))
    return f"{_of_service(service, region)} and ({named})"


def _of_service(service: str, region: str) -> str:
    return (
        f"serviceName eq {_text(service)} and armRegionName eq {_text(region)}"
        " and priceType eq 'Consumption'"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def _items(
    conn: Connection, region: str, currency: str, service: str, meters: Iterable[str]
) -> list[Raw]:
    return await _answered(conn, currency, service, filter_of(region, service, meters))


async def _answered(conn: Connection, currency: str, service: str, wanted: str) -> list[Raw]:
    query = {"api-version": API, "currencyCode": _text(currency), "$filter": wanted}
    path = PRICES + "?" + "&".join(f"{name}={quote(value)}" for name, value in query.items())
    what = f"read prices of {service}"
    found: list[Raw] = []
    for _ in range(MOST_PAGES):
        answer = await conn.call("prices", "GET", path, what=what)
        raw = answer.body if isinstance(answer.body, dict) else {}
        found += calls.objects(raw, "Items")
        link = raw.get("NextPageLink")
        if not isinstance(link, str) or not link:
            return found
        path = link
    raise AzureError(
        ErrorKind.UNKNOWN,
        code="TooManyPages",
        message=f"more than {MOST_PAGES} pages of prices of {service}",
        what=what,
        means="The price list does not end; something between may answer in its place.",
        do="Try again later. Everything but the cost works without prices.",
        sent=True,
    )


def meters(items: Iterable[Raw]) -> tuple[Meter, ...]:
    """Items of the API as meters, each with its tiers.

    An item without a price is left out. Where a tier stands there twice, the primary meter
    counts, then the newest price that holds, then the higher one.
    """
    now = datetime.now(UTC)
    kept: dict[tuple[str, ...], dict[float, Raw]] = {}
    for item in items:
        if _amount(item, "retailPrice") is None or item.get("reservationTerm"):
            continue
        names = tuple(plain(item.get(name)) for name in _SAME)
        tiers = kept.setdefault(names, {})
        start = _amount(item, "tierMinimumUnits") or 0.0
        if start not in tiers or _rank(item, now) > _rank(tiers[start], now):
            tiers[start] = item
    return tuple(_meter(tiers) for tiers in kept.values())


_SAME = ("serviceName", "productName", "skuName", "meterName", "armRegionName", "unitOfMeasure")
"""Fields that make two items tiers of one meter."""


def _rank(item: Raw, now: datetime) -> tuple[bool, bool, datetime, float]:
    since = calls.moment(item.get("effectiveStartDate")) or datetime.min.replace(tzinfo=UTC)
    primary = item.get("isPrimaryMeterRegion") is True
    return since <= now, primary, since, _amount(item, "retailPrice") or 0.0


def _meter(tiers: dict[float, Raw]) -> Meter:
    raw = tiers[min(tiers)]
    return Meter(
        id=plain(raw.get("meterId")),
        service=plain(raw.get("serviceName")),
        product=plain(raw.get("productName")),
        sku=plain(raw.get("skuName")),
        meter=plain(raw.get("meterName")),
        size=plain(raw.get("armSkuName")),
        region=plain(raw.get("armRegionName")),
        unit=plain(raw.get("unitOfMeasure")),
        currency=plain(raw.get("currencyCode")),
        tiers=tuple(
            Tier(start=start, price=_amount(item, "retailPrice") or 0.0)
            for start, item in sorted(tiers.items())
        ),
        effective=calls.moment(raw.get("effectiveStartDate")),
    )


def _amount(item: Raw, name: str) -> float | None:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # Neither nan, nor infinity, nor an integer that no float holds.
    return float(value) if 0 <= value < MOST else None
