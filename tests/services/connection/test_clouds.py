"""Clouds as data: the known ones, and any that describes itself."""

from typing import Any

import pytest

from services.azure.clouds import AZURE_PUBLIC, CLOUDS, Cloud, cloud_named, discover
from services.azure.errors import AzureError, ErrorKind
from services.azure.transport import Timeouts, Transport
from tests.services.connection.wire import Answer, Wire

DOCUMENT: dict[str, Any] = {
    "name": "AzureStackUser",
    "portal": "https://portal.stack.test/",
    "resourceManager": "https://management.stack.test/",
    "authentication": {
        "loginEndpoint": "https://login.stack.test/",
        "audiences": ["https://management.core.stack.test/", "https://management.stack.test/"],
    },
    "microsoftGraphResourceId": "https://graph.stack.test/",
    "suffixes": {
        "keyVaultDns": "vault.stack.test:8443",
        "storage": "store.stack.test",
        "acrLoginServer": "acr.stack.test",
    },
}
READY = {
    "arm": "https://localhost:1",
    "authority": "https://localhost:1",
    "graph": "https://localhost:1/graph",
    "key_vault_suffix": "vault.localhost:1",
    "prices": "https://localhost:1/api/retail/prices",
    "ca_file": "/tmp/ca.pem",
}


def test_a_cloud_is_read_from_its_own_description() -> None:
    cloud = Cloud.from_metadata(DOCUMENT, "https://management.stack.test/", ca_file="x.pem")
    assert cloud.arm == cloud.arm_audience == "https://management.stack.test"
    assert (cloud.authority, cloud.graph) == (
        "https://login.stack.test",
        "https://graph.stack.test",
    )
    assert cloud.vault_audience == "https://vault.stack.test:8443"
    assert cloud.vault_uri("KV-a") == "https://kv-a.vault.stack.test:8443"
    assert (cloud.storage_suffix, cloud.acr_suffix) == ("store.stack.test", "acr.stack.test")
    assert not cloud.public_authority and "UNVERIFIED" in cloud.notes[0]


def test_log_analytics_is_asked_where_the_cloud_says_else_nowhere() -> None:
    told = {**DOCUMENT, "logAnalyticsResourceId": "https://logs.stack.test/"}
    assert Cloud.from_metadata(told, "https://web.test").logs == "https://logs.stack.test"
    assert Cloud.from_metadata(DOCUMENT, "https://web.test").logs == ""
    gov = CLOUDS["AzureUSGovernment"]
    found = Cloud.from_metadata({**DOCUMENT, "name": gov.name}, gov.arm)
    assert found.logs == gov.logs == "https://api.loganalytics.us"
    assert Cloud.from_ready(READY).logs == ""
    logs = "https://api.loganalytics.localhost:1"
    assert Cloud.from_ready({**READY, "log_analytics": logs}).logs == logs


def test_a_known_cloud_keeps_what_its_description_does_not_say() -> None:
    gov = CLOUDS["AzureUSGovernment"]
    cloud = Cloud.from_metadata({**DOCUMENT, "name": gov.name}, gov.arm)
    assert (cloud.cosmos_app_id, cloud.notes) == (gov.cosmos_app_id, gov.notes)


@pytest.mark.parametrize(
    "document", [None, [], {}, {"authentication": {}}, {**DOCUMENT, "suffixes": {}}, "x"]
)
def test_what_describes_no_cloud_is_refused(document: Any) -> None:
    with pytest.raises(AzureError) as caught:
        Cloud.from_metadata(document, "https://web.test")
    assert caught.value.kind is ErrorKind.INVALID and "web.test" in caught.value.what


async def test_discover_asks_arm(wire: Wire) -> None:
    transport = Transport(Timeouts(), wire.ca_file)
    wire.script += [Answer(200, DOCUMENT), Answer(200, b"<html>"), Answer(404)]
    cloud = await discover(transport.session, wire.cloud.arm, ca_file=wire.ca_file)
    assert (cloud.arm, cloud.ca_file) == (wire.cloud.arm, wire.ca_file)
    assert wire.requests[0].path == "/metadata/endpoints?api-version=2022-09-01"
    for _ in range(2):
        with pytest.raises(AzureError):
            await discover(transport.session, wire.cloud.arm)
    await transport.shut()


def test_a_ready_file_makes_a_cloud() -> None:
    cloud = Cloud.from_ready(READY)
    assert cloud.sandbox and cloud.vault_audience == "https://vault.localhost:1"
    assert (cloud.prices, cloud.graph_audience) == ("https://localhost:1", READY["graph"])
    assert cloud.cosmos_app_id == AZURE_PUBLIC.cosmos_app_id


@pytest.mark.parametrize("field", READY)
def test_a_ready_file_without_a_field_names_it(field: str) -> None:
    for broken in ({**READY, field: ""}, {**READY, field: 3}):
        with pytest.raises(AzureError) as caught:
            Cloud.from_ready(broken)
        assert field in caught.value.means


def test_known_clouds() -> None:
    assert cloud_named("azurecloud ") is AZURE_PUBLIC
    with pytest.raises(AzureError) as caught:
        cloud_named("AzureMoon")
    assert "AzureUSGovernment" in caught.value.means
    for cloud in CLOUDS.values():
        assert cloud.public_authority and not cloud.arm.endswith("/") and not cloud.sandbox
