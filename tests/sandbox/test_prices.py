"""The price list over HTTP: open to everybody, marked as the sandbox's own."""

from typing import Any

import msgspec
import pytest
from shapes import load, shape

from sandbox.providers import prices


def ask(sandbox: Any, query: str) -> Any:
    return sandbox.http().get(f"{sandbox.ready['prices']}?{query}", timeout=10)


def test_prices_need_no_sign_in_and_say_whose_they_are(sandbox: Any) -> None:
    wanted = "$filter=serviceName eq 'Key Vault' and armRegionName eq 'westeurope'"
    answer = ask(sandbox, f"api-version=2023-01-01-preview&currencyCode='EUR'&{wanted}")
    assert answer.status_code == 200
    assert "sandbox" in answer.headers["x-sandbox-prices"]
    body = answer.json()
    assert body["BillingCurrency"] == "EUR"
    assert {item["serviceName"] for item in body["Items"]} == {"Key Vault"}
    _, known = load()
    assert set(shape(200, {}, body).paths) <= known, "the shape is that of the documented example"


@pytest.mark.parametrize(
    "query", ["$filter=serviceName like 'x'", "currencyCode='XXX'", "$top=many", "$skip=-x"]
)
def test_a_bad_question_is_refused(sandbox: Any, query: str) -> None:
    answer = ask(sandbox, query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_tiers_begin_where_the_list_says() -> None:
    wanted = "Premium HSM-protected Advanced Key"
    tiers = [
        (item["tierMinimumUnits"], item["retailPrice"])
        for item in prices.items("USD")
        if item["meterName"] == wanted and item["armRegionName"] == "eastus"
    ]
    assert tiers == [(0.0, 5.0), (250.0, 2.5), (1500.0, 0.9), (4000.0, 0.4)]


def test_the_list_names_every_service_and_meter_once() -> None:
    kept = prices.price_list()
    assert {meter.service for meter in kept.meters} == set(kept.services)
    names = [
        (item["meterId"], item["skuId"], item["productId"], item["tierMinimumUnits"])
        for item in prices.items("USD")
    ]
    assert len(names) == len(set(names))
    for meter in kept.meters:
        assert set(meter.exact) <= set(kept.regions)


def test_a_strange_field_in_the_list_is_an_error() -> None:
    line = b'{"service":"a","product":"b","sku":"c","meter":"d","unit":"e","price":1,"x":2}'
    with pytest.raises(msgspec.ValidationError, match="x"):
        msgspec.json.decode(line, type=prices.Meter)
