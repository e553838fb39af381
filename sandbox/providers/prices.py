"""The Retail Prices API over the sandbox's own price list (``sandbox/prices.json``).

Every answer carries the header ``x-sandbox-prices`` that says whose prices these are.
Meters without a price from a public example are not in the list, so that a client has to
cope with a price that is not known.
"""

import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import quote

import msgspec

from sandbox import odata
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import OPEN, Api
from sandbox.state import Json
from sandbox.world import World

api = Api("", plane=OPEN)

PAGE = 1000
"""Items in a page; requests without an api-version get :data:`OLD_PAGE`."""
OLD_PAGE = 100
_CASE_COUNTS_SINCE = "2023-01-01-preview"
_MARK = {"x-sandbox-prices": "own price list of the sandbox, not Azure's"}
_IDS = uuid.UUID("5b7a3a52-38b0-4b2f-8f6c-5f4a4de2b1f0")


class Meter(msgspec.Struct, forbid_unknown_fields=True):
    """One line of the price list."""

    service: str
    product: str
    sku: str
    meter: str
    unit: str
    price: float
    """USD in a region of factor 1."""
    tier: float = 0.0
    """tierMinimumUnits."""
    arm: str = ""
    """armSkuName."""
    exact: dict[str, float] = {}
    """Known prices of single regions."""


class Region(msgspec.Struct, forbid_unknown_fields=True):
    """A region of the price list."""

    location: str
    factor: float


class PriceList(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    note: str
    rates: dict[str, float]
    regions: dict[str, Region]
    services: dict[str, str]
    meters: list[Meter]


@cache
def price_list() -> PriceList:
    """The file, read once."""
    path = Path(__file__).parent.parent / "prices.json"
    return msgspec.json.decode(path.read_bytes(), type=PriceList)


@cache
def items(currency: str) -> tuple[Json, ...]:
    """All items in a currency. Raises KeyError for one without a rate."""
    rate = price_list().rates[currency]
    return tuple(
        _item(meter, name, region, currency, rate)
        for name, region in price_list().regions.items()
        for meter in price_list().meters
    )


def _item(meter: Meter, name: str, region: Region, currency: str, rate: float) -> Json:
    price = round(meter.exact.get(name, meter.price * region.factor) * rate, 6)
    product = _id(meter.product).upper()[:12]
    return {
        "currencyCode": currency,
        "tierMinimumUnits": meter.tier,
        "retailPrice": price,
        "unitPrice": price,
        "armRegionName": name,
        "location": region.location,
        "effectiveStartDate": "2024-07-01T00:00:00Z",
        "meterId": _id(f"{meter.service}/{meter.product}/{meter.meter}/{name}"),
        "meterName": meter.meter,
        "productId": f"DZH{product[:9]}",
        "skuId": f"DZH{product[:9]}/{_id(meter.sku + name).upper()[:4]}",
        "availabilityId": None,
        "productName": meter.product,
        "skuName": meter.sku,
        "serviceName": meter.service,
        "serviceId": f"DZH{_id(meter.service).upper()[:9]}",
        "serviceFamily": price_list().services[meter.service],
        "unitOfMeasure": meter.unit,
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": meter.arm,
    }


def _id(text: str) -> str:
    return str(uuid.uuid5(_IDS, text))


@api.route("GET", "/api/retail/prices")
def prices(world: World, request: Request) -> Answer:
    """Items by ``$filter``; ``priceType`` in a filter is the item's ``type``."""
    currency = request.query.get("currencycode", "USD").strip("'").upper()
    if currency not in price_list().rates:
        raise Refusal(400, "BadRequest", f"The currency code '{currency}' is not supported.")
    wanted = _wanted(request)
    found = [item for item in items(currency) if wanted(item)]
    if request.query.get("meterregion", "").strip("'") == "primary":
        found = [item for item in found if item["isPrimaryMeterRegion"]]
    return Answer(200, _page(world, request, found, currency), dict(_MARK))


def _wanted(request: Request) -> Callable[[Json], bool]:
    text = request.query.get("$filter", "").strip()
    if not text:
        return lambda item: True
    try:
        predicate = odata.parse(text, fold=request.api_version < _CASE_COUNTS_SINCE)
    except odata.BadFilter as error:
        raise Refusal(400, "BadRequest", f"Invalid OData parameters supplied: {error}.") from None
    return lambda item: predicate(lambda name: item.get("type" if name == "priceType" else name))


def _page(world: World, request: Request, found: list[Json], currency: str) -> Json:
    size = PAGE if request.api_version else OLD_PAGE
    try:
        skip = int(request.query.get("$skip", 0))
        size = min(size, int(request.query.get("$top", size)))
    except ValueError:
        raise Refusal(400, "BadRequest", "$skip and $top must be numbers.") from None
    page = found[max(skip, 0) : max(skip, 0) + size]
    following = None
    if skip + size < len(found):
        kept = {key: value for key, value in request.query.items() if key != "$skip"}
        kept["$skip"] = str(skip + size)
        query = "&".join(f"{key}={quote(value)}" for key, value in kept.items())
        following = f"{world.addresses.prices}?{query}"
    return {
        "BillingCurrency": currency,
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Items": page,
        "NextPageLink": following,
        "Count": len(page),
    }
