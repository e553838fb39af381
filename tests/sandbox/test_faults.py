"""Faults on order, the clock, the recorder and the state."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from sandboxed import RunningSandbox

from sandbox.state import Principal, Resource, State, load, save


@pytest.fixture
def group(sandbox: RunningSandbox) -> str:
    path = f"/subscriptions/{sandbox.subscription}/resourceGroups/rg1"
    sandbox.call("PUT", path, {"location": "westeurope"})
    return path


def order(sandbox: RunningSandbox, **fault: object) -> None:
    sandbox.admin("POST", "faults", fault)


def test_a_fault_answers_so_many_times_and_no_more(sandbox: RunningSandbox, group: str) -> None:
    body = {"error": {"code": "Busy", "message": "later"}}
    order(
        sandbox, method="GET", path="resourcegroups/rg1$", times=2, status=503, body=body,
        retry_after=7, skip=1,
    )  # fmt: skip
    answers = [sandbox.call("GET", group) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert answers[1].json() == body
    assert sandbox.call("HEAD", group).status_code == 204


def test_a_fault_looks_at_the_whole_path_the_host_and_the_principal(
    sandbox: RunningSandbox, group: str
) -> None:
    order(sandbox, glob="/subscriptions/*/resourcegroups", times=-1, status=500)
    order(sandbox, principal="reader", times=-1, status=502)
    order(sandbox, host="*.vault.localhost", times=-1, status=504)
    assert sandbox.call("GET", group).status_code == 200
    assert sandbox.call("GET", group, principal="reader").status_code == 502
    assert sandbox.call("GET", group.rpartition("/")[0]).status_code == 500
    sandbox.admin("DELETE", "faults")
    assert sandbox.call("GET", group, principal="reader").status_code == 200


@pytest.mark.parametrize(("reset", "done"), [("before", False), ("middle", True), ("after", True)])
def test_a_cut_connection_leaves_its_effect_or_not(
    sandbox: RunningSandbox, reset: str, done: bool
) -> None:
    path = f"/subscriptions/{sandbox.subscription}/resourceGroups/rg2"
    order(sandbox, method="PUT", reset=reset)
    with pytest.raises(requests.exceptions.RequestException):
        sandbox.call("PUT", path, {"location": "westeurope"})
    assert sandbox.call("HEAD", path).status_code == (204 if done else 404)
    assert [entry["status"] for entry in sandbox.requests()] == [0, 204 if done else 404]


def test_a_delay_is_real_time(sandbox: RunningSandbox, group: str) -> None:
    order(sandbox, delay=0.05)
    started = time.perf_counter()
    assert sandbox.call("GET", group).status_code == 200
    assert time.perf_counter() - started >= 0.05


def test_clearing_faults_lets_a_held_request_go_on(sandbox: RunningSandbox, group: str) -> None:
    order(sandbox, method="GET", path="rg1$", delay=300)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(sandbox.call, "GET", group)
        while sandbox.admin("GET", "faults")["value"][0]["times"]:
            assert not held.done()
        sandbox.admin("DELETE", "faults")
        assert held.result(30).status_code == 200


def test_a_stuck_operation_never_ends(sandbox: RunningSandbox, group: str) -> None:
    order(sandbox, method="DELETE", operation="stuck")
    poll = sandbox.call("DELETE", group).headers["Location"].removeprefix(sandbox.arm)
    sandbox.advance(86400)
    assert sandbox.call("GET", poll, version="").status_code == 202
    assert sandbox.call("HEAD", group).status_code == 204


def test_a_failed_operation_says_why_and_leaves_things_be(
    sandbox: RunningSandbox, group: str
) -> None:
    error = {"code": "Conflict", "message": "something is in the way"}
    order(sandbox, method="DELETE", operation="failed", error=error)
    poll = sandbox.call("DELETE", group).headers["Location"].removeprefix(sandbox.arm)
    sandbox.advance(60)
    answer = sandbox.call("GET", poll, version="")
    assert (answer.status_code, answer.json()["error"]) == (409, error)
    assert sandbox.call("GET", group).json()["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("fault", [{"path": "("}, {"reset": "sometimes"}, {"colour": "red"}])
def test_a_fault_that_is_none_is_refused(sandbox: RunningSandbox, fault: dict) -> None:
    answer = sandbox.http().post(f"{sandbox.ready['admin']}/faults", json=fault)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidFault")


def test_a_jump_moves_the_date_and_not_the_tokens(sandbox: RunningSandbox) -> None:
    from email.utils import parsedate_to_datetime

    before = parsedate_to_datetime(sandbox.call("GET", "/subscriptions").headers["Date"])
    token = sandbox.token()
    told = sandbox.admin("POST", "clock", {"advance": 864000})
    assert told["offset"] == 864000
    answer = sandbox.http().get(
        f"{sandbox.arm}/subscriptions?api-version=2022-12-01",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200
    passed = parsedate_to_datetime(answer.headers["Date"]) - before
    assert 864000 <= passed.total_seconds() < 864060
    bad = sandbox.http().post(f"{sandbox.ready['admin']}/clock", json={"advance": -1})
    assert bad.status_code == 400
    assert sandbox.admin("POST", "clock", {"offset": -300})["offset"] == -300
    behind = parsedate_to_datetime(sandbox.call("GET", "/subscriptions").headers["Date"])
    assert behind < before


def test_settings_shorten_tokens(sandbox: RunningSandbox) -> None:
    sandbox.admin("POST", "settings", {"token_lifetime_s": 7})
    app = sandbox.principal("app")
    form = {
        "grant_type": "client_credentials",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "scope": f"{sandbox.arm}/.default",
    }
    url = f"{sandbox.ready['authority']}/{sandbox.ready['tenant_id']}/oauth2/v2.0/token"
    assert sandbox.http().post(url, data=form).json()["expires_in"] == 7
    sandbox.admin("POST", "settings", {"token_lifetime_s": None})
    assert sandbox.http().post(url, data=form).json()["expires_in"] == 3599


def test_the_recorder_tells_who_asked_what(sandbox: RunningSandbox, group: str) -> None:
    sandbox.admin("DELETE", "requests")
    sandbox.call("GET", f"{group}?a=b", principal="reader", headers={"User-Agent": "me/1"})
    sandbox.call("PATCH", group, {"tags": {}}, principal="reader")
    entries = sandbox.requests()
    assert [(e["method"], e["status"], e["principal"]) for e in entries] == [
        ("GET", 200, "reader"),
        ("PATCH", 403, "reader"),
    ]
    assert (entries[0]["path"], entries[0]["user_agent"]) == (group, "me/1")
    assert entries[0]["query"].startswith("a=b&") and entries[0]["ms"] > 0


def test_an_unknown_scenario_changes_nothing(sandbox: RunningSandbox, group: str) -> None:
    answer = sandbox.http().post(f"{sandbox.ready['admin']}/reset", json={"scenario": "none"})
    assert answer.status_code == 400 and "empty" in answer.json()["error"]["message"]
    assert sandbox.call("HEAD", group).status_code == 204


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
documents = st.dictionaries(st.text(max_size=8), json_values, max_size=3)
resources = st.dictionaries(
    st.text(max_size=10),
    st.builds(Resource, doc=documents, created=st.floats(0, 2**40), inner=documents),
    max_size=3,
)
principals = st.dictionaries(
    st.text(max_size=5),
    st.builds(
        Principal,
        object_id=st.text(max_size=5),
        tenant_id=st.text(max_size=5),
        name=st.text(max_size=5),
        kind=st.sampled_from(["User", "ServicePrincipal"]),
        groups=st.lists(st.text(max_size=3), max_size=2),
    ),
    max_size=3,
)


@given(
    st.builds(
        State,
        counter=st.integers(0, 2**40),
        principals=principals,
        resources=resources,
        assignments=resources,
        tables=st.dictionaries(st.text(max_size=5), documents, max_size=2),
    )
)
def test_what_is_saved_is_what_is_loaded(state: State) -> None:
    assert load(save(state)) == state


def test_a_handler_that_breaks_answers_500_and_says_where(
    sandbox: RunningSandbox, group: str, capfd: pytest.CaptureFixture[str]
) -> None:
    key = group.lower()
    sandbox.world.state.groups[key].doc = {"name": None}
    answer = sandbox.call("PUT", group, {"location": "westeurope"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "InternalServerError")
    assert "Traceback" in capfd.readouterr().err
    assert sandbox.call("GET", "/subscriptions").status_code == 200


def test_a_cascade_takes_vaults_to_the_deleted_ones(sandbox: RunningSandbox, group: str) -> None:
    top = f"/subscriptions/{sandbox.subscription}"
    sandbox.call("POST", f"{top}/providers/Microsoft.KeyVault/register")
    sandbox.advance(1)
    body = {
        "location": "westeurope",
        "properties": {
            "tenantId": sandbox.ready["tenant_id"],
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        },
    }
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-cascade-1"
    assert sandbox.call("PUT", vault, body, version="2023-07-01").status_code == 200
    sandbox.call("DELETE", group)
    sandbox.advance(1)
    assert sandbox.call("HEAD", group).status_code == 404
    deleted = sandbox.call(
        "GET", f"{top}/providers/Microsoft.KeyVault/deletedVaults", version="2023-07-01"
    )
    assert [item["name"] for item in deleted.json()["value"]] == ["kv-cascade-1"]
