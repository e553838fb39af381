import json
from datetime import UTC, datetime

import msgspec
from test_engine import plan, step

from services.cost.estimate import estimate
from services.model.cost import Estimate, Meter, Prices, Tier
from services.model.plan import Event, Finding, Repair
from services.runs.headless import event_document, json_line, plan_document, refusals, worst

SEARCH = Meter(
    id="m",
    service="Azure Cognitive Search",
    product="Azure AI Search",
    sku="Basic",
    meter="Basic Unit",
    region="westeurope",
    unit="1 Hour",
    currency="USD",
    tiers=(Tier(start=0, price=0.101),),
)
BAD = Finding(
    id="vault:kv",
    check="vault",
    subject="kv",
    status="fail",
    title="no",
    repair=Repair(text="turn it on", steps=(step("vault-repair"),), irreversible=True),
)
UNREAD = Finding(id="key:unread", check="key", subject="k", status="unknown", title="??")


def test_a_plan_is_one_document_of_promised_names() -> None:
    made = msgspec.structs.replace(plan(step("a"), step("b", "a")), findings=(BAD, UNREAD))
    document = json.loads(json_line(plan_document(made)))
    assert document["schema"] == 1
    assert document["cost"] is None and document["cost_reason"]
    assert document["quota"] == []
    assert set(document["steps"][1]) == {
        "id",
        "title",
        "action",
        "target",
        "needs",
        "irreversible",
        "expected_s",
    }
    assert document["steps"][1]["needs"] == ["a"]
    assert document["findings"][0]["repair"]["steps"][0]["id"] == "vault-repair"
    assert "params" not in json_line(document)


def test_what_it_costs_stands_in_the_document_and_nothing_unknown_is_zero() -> None:
    wish = plan().intent
    prices = Prices(region=wish.region, currency="USD", meters=(SEARCH,))
    document = json.loads(json_line(plan_document(plan(), estimate(wish, prices))))
    cost = document["cost"]
    assert document["cost_reason"] == ""
    assert set(cost) == {field.name for field in msgspec.structs.fields(Estimate)}
    assert (cost["low"], cost["high"], cost["currency"]) == (None, None, "USD")
    search = next(one for one in cost["lines"] if one["id"] == "search")
    assert search["low"]["subtotal"] == 73.73
    assert search["high"]["subtotal"] is None
    assert search["what"] in cost["unknown"]
    assert cost["assumptions"]["cosmos_rus"] == 4000


def test_little_money_is_not_rounded_to_nothing() -> None:
    from services.runs.headless import _rounded

    assert _rounded({"price": [0.0000000123456789, 12345.678912345]}) == {
        "price": [0.000000012345679, 12345.679]
    }


def test_only_failures_refuse_and_they_can_be_accepted() -> None:
    made = msgspec.structs.replace(plan(), findings=(UNREAD, BAD))
    assert worst(made) == "fail"
    assert refusals(made) == (BAD,)
    assert refusals(made, frozenset({"vault"})) == ()
    assert worst(plan()) == "ok"


def test_an_event_is_one_line_without_empty_fields() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    line = json_line(event_document(Event(at=at, run="7f3a", event="step.done", step="key")))
    assert json.loads(line) == {
        "schema": 1,
        "at": "2026-01-02T00:00:00Z",
        "run": "7f3a",
        "event": "step.done",
        "step": "key",
    }
    assert "\n" not in line
