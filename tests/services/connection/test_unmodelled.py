"""Answers are read as they came; the SDKs make no models of them, which cost more than the call."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from azure.mgmt.resource.resources import models

from services.azure import providers
from services.azure.connection import Connection
from tests.services.connection.wire import Answer, Wire

SUBSCRIPTION = "5b000000-0000-4000-8000-000000000001"
Connect = Callable[..., Awaitable[Connection]]


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made: list[Any] = []
    monkeypatch.setattr(models.Provider, "__init__", lambda _self, *said, **_: made.append(said))
    yield
    assert made == []


async def test_what_is_asked_for_is_read_without_a_model(wire: Wire, connect: Connect) -> None:
    conn = await connect()
    told = {"namespace": "Microsoft.Batch", "registrationState": "Registered", "more": [1]}
    wire.script.append(Answer(200, told))
    found = await providers.get_provider(conn, SUBSCRIPTION, "Microsoft.Batch")
    assert (found.state, found.raw) == ("Registered", told)


async def test_every_page_of_a_listing_is_read_without_a_model(
    wire: Wire, connect: Connect
) -> None:
    conn = await connect()
    more = f"{conn.cloud.arm}/subscriptions/{SUBSCRIPTION}/providers?page=2"
    wire.script.append(Answer(200, {"value": [{"namespace": "B"}], "nextLink": more}))
    wire.script.append(Answer(200, {"value": [{"namespace": "A"}, "no object"]}))
    found = await providers.list_providers(conn, SUBSCRIPTION)
    assert [one.namespace for one in found] == ["A", "B"]
