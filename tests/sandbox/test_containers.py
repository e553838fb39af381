"""Container groups: who uses the key, what is told, what is refused."""

from typing import Any

import pytest
from workspaces import ROLE, UAI, VAULT, Bench, G, S, T

from sandbox import registrations
from sandbox.protocol import Refusal
from sandbox.providers.customerkeys import readable
from sandbox.registrations import CONTAINER_INSTANCE

GROUP = f"{G}/providers/Microsoft.ContainerInstance/containerGroups/score-1"
V = "?api-version=2023-05-01"


def body(bench: Bench, *, identity: str = UAI, **more: Any) -> dict[str, Any]:
    encryption = {
        "vaultBaseUrl": "https://kv-cmk.vault.localhost:443",
        "keyName": "k1",
        "keyVersion": bench.key()["version"],
    }
    made: dict[str, Any] = {
        "location": "westeurope",
        "properties": {
            "osType": "Linux",
            "containers": [
                {
                    "name": "main",
                    "properties": {
                        "image": "nginx",
                        "environmentVariables": [{"name": "TOKEN", "secureValue": "s3cret"}],
                        "resources": {"requests": {"cpu": 1, "memoryInGB": 1.5}},
                    },
                }
            ],
            "encryptionProperties": encryption,
            **more,
        },
    }
    if identity:
        made["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
        encryption["identity"] = identity
    return made


def made(bench: Bench, wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The operation's end and the group."""
    answer = bench.send("PUT", GROUP + V, wanted)
    assert answer.status == 201
    assert answer.body["properties"]["provisioningState"] == "Pending"
    bench.skip(60)
    status = bench.send("GET", answer.headers["Azure-AsyncOperation"]).body
    return status, dict(bench.send("GET", GROUP + V).body)


def test_a_group_encrypts_with_its_identity_and_tells_events_but_no_secret() -> None:
    bench = Bench()
    bench.grant(VAULT, ROLE, bench.uai())
    status, group = made(bench, body(bench))
    assert status["status"] == "Succeeded"
    view = group["properties"]["instanceView"]
    assert view["state"] == "Running"
    assert [one["name"] for one in view["events"]] == ["Pulling", "Pulled", "Started"]
    assert "s3cret" not in str(group)
    assert readable(bench.world, GROUP) == (True, "unwrapped")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda bench: None, "ForbiddenByRbac"),
        (lambda bench: bench.key().update(enabled=False), "KeyDisabled"),
    ],
)
def test_a_group_that_cannot_use_the_key_fails_late(spoil: Any, code: str) -> None:
    bench = Bench()
    wanted = body(bench)
    if code != "ForbiddenByRbac":
        bench.grant(VAULT, ROLE, bench.uai())
    spoil(bench)
    status, group = made(bench, wanted)
    assert (status["status"], status["error"]["code"]) == ("Failed", code)
    assert group["properties"]["provisioningState"] == "Failed"
    assert group["properties"]["instanceView"]["events"][-1]["type"] == "Warning"


def test_the_first_party_flow_uses_the_service_and_no_firewall_lets_it_in() -> None:
    bench = Bench()
    service = registrations.appear(bench.world, T, CONTAINER_INSTANCE)
    bench.grant(VAULT, ROLE, service.object_id)
    status, _ = made(bench, body(bench, identity=""))
    assert status["status"] == "Succeeded"
    bench.send("DELETE", GROUP + V)
    vault = bench.world.state.resources[VAULT.lower()].doc["properties"]
    vault["networkAcls"] = {"defaultAction": "Deny", "bypass": "AzureServices"}
    status, _ = made(bench, body(bench, identity=""))
    assert status["error"]["code"] == "ForbiddenByFirewall"
    bench.grant(VAULT, ROLE, bench.uai())
    bench.send("DELETE", GROUP + V)
    status, _ = made(bench, body(bench))
    assert status["status"] == "Succeeded", "the identity is a trusted service"


def test_encryption_is_chosen_once() -> None:
    bench = Bench()
    bench.grant(VAULT, ROLE, bench.uai())
    made(bench, body(bench))
    wanted = body(bench)
    wanted["properties"]["encryptionProperties"]["keyName"] = "k2"
    with pytest.raises(Refusal, match="you must delete it first"):
        bench.send("PUT", GROUP + V, wanted)


def test_quota_counts_every_group_and_the_refusal_names_the_numbers() -> None:
    bench = Bench(quota={"containers": {"westeurope": {"StandardCores": 1}}})
    bench.grant(VAULT, ROLE, bench.uai())
    made(bench, body(bench))
    with pytest.raises(Refusal, match="Limit: '1', Usage: '1' Requested: '1'"):
        bench.send("PUT", GROUP.replace("score-1", "score-2") + V, body(bench))
    at = f"/subscriptions/{S}/providers/Microsoft.ContainerInstance/locations/westeurope/usages"
    rows = {one["name"]["value"]: one for one in bench.send("GET", at + V).body["value"]}
    assert (rows["StandardCores"]["currentValue"], rows["StandardCores"]["limit"]) == (1, 1)
    assert rows["ContainerGroups"]["currentValue"] == 1


def test_an_identity_that_the_group_does_not_have_is_refused() -> None:
    bench = Bench()
    wanted = body(bench)
    del wanted["identity"]
    with pytest.raises(Refusal, match="is not assigned"):
        bench.send("PUT", GROUP + V, wanted)


def test_logs_lists_restart_and_delete_answer_as_recorded() -> None:
    bench = Bench()
    bench.grant(VAULT, ROLE, bench.uai())
    made(bench, body(bench))
    assert "nginx" in bench.send("GET", f"{GROUP}/containers/main/logs{V}").body["content"]
    with pytest.raises(Refusal, match="was not found"):
        bench.send("GET", f"{GROUP}/containers/other/logs{V}")
    listed = bench.send("GET", GROUP.rpartition("/")[0] + V).body["value"]
    assert "instanceView" not in listed[0]["properties"]
    again = bench.send("POST", f"{GROUP}/restart{V}")
    assert again.status == 204
    assert "Azure-AsyncOperation" in again.headers
    gone = bench.send("DELETE", GROUP + V)
    assert (gone.status, gone.body["name"]) == (200, "score-1")
    assert bench.send("DELETE", GROUP + V).status == 204


def test_a_restart_without_the_key_fails() -> None:
    bench = Bench()
    bench.grant(VAULT, ROLE, bench.uai())
    made(bench, body(bench))
    bench.key()["enabled"] = False
    asked = bench.send("POST", f"{GROUP}/restart{V}")
    bench.skip(60)
    ended = bench.send("GET", asked.headers["Azure-AsyncOperation"]).body
    assert (ended["status"], ended["error"]["code"]) == ("Failed", "KeyDisabled")
    group = bench.send("GET", GROUP + V).body["properties"]
    assert group["provisioningState"] == group["instanceView"]["state"] == "Failed"
    bench.key()["enabled"] = True
    bench.send("POST", f"{GROUP}/start{V}")
    bench.skip(60)
    assert bench.send("GET", GROUP + V).body["properties"]["instanceView"]["state"] == "Running"


def test_a_group_that_never_took_its_key_takes_it_at_the_next_start() -> None:
    bench = Bench()
    made(bench, body(bench))
    bench.send("POST", f"{GROUP}/start{V}")
    bench.skip(60)
    assert bench.get(GROUP)["properties"]["instanceView"]["state"] == "Failed"
    bench.grant(VAULT, ROLE, bench.uai())
    bench.send("POST", f"{GROUP}/start{V}")
    bench.skip(60)
    assert bench.get(GROUP)["properties"]["instanceView"]["state"] == "Running"
    assert readable(bench.world, GROUP) == (True, "unwrapped")
