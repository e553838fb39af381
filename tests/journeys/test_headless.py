"""The command line by itself: real processes, a real sandbox process, real signals."""

import json
import re
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.journeys.conftest import WRAPKEY, Sandbox, environment
from tui.exits import Exit

READS = ("GET", "HEAD")
ASKING = re.compile(
    r"checkNameAvailability|checkPolicyRestrictions|/validate|/oauth2/|getByIds|/diagnose"
    r"|ResourceGraph/resources|/(un)?wrapkey",
    re.I,
)
LATER = re.compile(r"/keys/|MachineLearningServices/workspaces/", re.I)
VAULT = "/providers/Microsoft.KeyVault/vaults/kv-headless"
INTENT = """\
kind = "workspace"
subscription = "{subscription}"
region = "westeurope"
resource_group = "rg-ml"
[vault]
name = "kv-headless"
create = true
[key]
name = "cmk-ml"
create = true
bits = 2048
[workspace]
name = "mlw-headless"
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Desk:
    """A person's folder, and the sandbox that wrapkey is connected to."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)

    def intent(self, text: str = INTENT) -> str:
        file = self.folder / "intent.toml"
        subscription = self.sandbox.ready["subscriptions"][0]["id"]
        file.write_text(text.replace("{subscription}", subscription))
        return str(file)

    def start(self, *arguments: str, connect: Path | None = None) -> subprocess.Popen[str]:
        ready = connect or self.sandbox.ready_file
        return subprocess.Popen(
            [str(WRAPKEY), *arguments, "--connect", str(ready)],
            env=environment(self.home),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, connect: Path | None = None) -> Said:
        process = self.start(*arguments, connect=connect)
        out, err = process.communicate(timeout=120)
        return Said(process.returncode, out, err)

    def fault(self, **what: Any) -> None:
        request = urllib.request.Request(
            f"{self.sandbox.ready['admin']}/faults",
            json.dumps(what).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, context=self.sandbox.trust()) as answer:
            assert answer.status < 300

    def writes(self) -> list[str]:
        """What changed something, without what chance gives: ports, and names from object ids."""
        return [
            f"{one['method']} {re.split('[.:]', one['host'])[0]}"
            f" {re.sub('(?<=roleAssignments/).*', '*', one['path'])}"
            for one in self.sandbox.requests()
            if one["method"] not in READS and not ASKING.search(one["path"])
        ]

    def journal(self) -> list[tuple[str, int | None]]:
        """Path and status of the writes as the journal has them; status None: on its way."""
        file = self.home / "state" / "runs" / "journal.sqlite"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            return list(db.execute("SELECT path, status FROM writes ORDER BY seq"))

    def until_on_its_way(self, path: str, seconds: float = 60) -> None:
        """Wait until a write to this path has been sent and not been answered."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(one.endswith(path) and status is None for one, status in self.journal()):
                return
            time.sleep(0.02)
        raise AssertionError(f"no write to {path} began: {self.journal()}")


@pytest.fixture
def desk(sandboxes: Callable[..., Sandbox], tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path, sandboxes("empty", 2000))


def test_plan_counts_in_the_currency_and_with_the_assumptions_given(desk: Desk) -> None:
    file = desk.intent()
    told = desk.run("plan", file)
    assert told.code == Exit.DONE
    assert "Cost: " in told.err and "USD a month, without " in told.err
    assert re.search(r"^OK +AI Search\b.* \d+ +\d+ +1 +\d+$", told.out, re.MULTILINE)
    assumed = desk.run(
        "plan", file, "--json", "--currency", "eur", "--assume", "cosmos_rus=1000"
    ).json["cost"]
    assert (assumed["currency"], assumed["assumptions"]["cosmos_rus"]) == ("EUR", 1000)
    usual = desk.run("plan", file, "--json").json["cost"]
    assert assumed["high"] < usual["high"] * 0.9
    for wrong in (("--assume", "cosmos_rus=1"), ("--assume", "nothing"), ("--currency", "XXX")):
        refused = desk.run("plan", file, *wrong)
        assert refused.code == Exit.BAD_INPUT
        assert "Example" in refused.err or "EUR" in refused.err


def test_plan_is_one_document_and_apply_makes_it_true_once(desk: Desk) -> None:
    file = desk.intent()
    planned = desk.run("plan", file, "--json")
    assert (planned.code, planned.err) == (Exit.DONE, "")
    assert set(planned.json) == {
        *("schema", "intent", "steps", "findings", "names"),
        *("cost", "cost_reason", "quota"),
    }
    fields = {"id", "title", "action", "target", "needs", "irreversible", "expected_s"}
    assert all(set(step) == fields for step in planned.json["steps"])
    assert planned.json["intent"]["vault"]["name"] == "kv-headless"
    assert desk.writes() == []
    assert planned.json["cost"]["currency"] == "USD"
    assert 0 < planned.json["cost"]["low"] < planned.json["cost"]["high"]
    assert "Workspace storage" in planned.json["cost"]["unknown"]

    applied = desk.run("apply", file, "--yes", "--json")
    assert applied.code == Exit.DONE, applied.err
    assert (applied.events[0]["event"], applied.events[-1]["event"]) == (
        "run.started",
        "run.finished",
    )
    assert applied.events[-1]["detail"] == {"status": "succeeded"}
    done = {one["step"] for one in applied.events if one["event"] in ("step.done", "step.skipped")}
    assert done == {step["id"] for step in planned.json["steps"]}
    (made,) = desk.run("workspaces", "--json").json["workspaces"]
    assert made["encryption"]["vault_id"].endswith(VAULT)
    cost = desk.run("plan", file, "--json").json["cost"]
    assert (planned.json["cost"]["actual"], cost["actual"]) == (False, True)
    search = next(one for one in cost["lines"] if one["id"] == "search")
    assert search["low"] == search["high"], "the SKU that Azure chose is read"

    written = desk.writes()
    again = desk.run("apply", file, "--yes", "--json")
    assert (again.code, again.events[-1]["detail"]) == (Exit.DONE, {"status": "succeeded"})
    assert desk.writes() == written


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_a_run_in_order(desk: Desk, name: str) -> None:
    file = desk.intent()
    desk.fault(method="PUT", path=f"{VAULT}$", delay=1.0)
    process = desk.start("apply", file, "--yes", "--json")
    assert process.stdout and process.stderr
    first = process.stdout.readline()
    desk.until_on_its_way(VAULT)
    process.send_signal(getattr(signal, name))
    said = Said(process.wait(30), first + process.stdout.read(), process.stderr.read())
    process.stdout.close()
    process.stderr.close()
    assert said.code == Exit.INTERRUPTED
    assert f"wrapkey resume {said.events[0]['run']} --connect " in said.err
    assert said.events[-1]["event"] == "run.finished"
    assert said.events[-1]["detail"] == {"status": "interrupted"}
    (vault,) = (status for path, status in desk.journal() if path.endswith(VAULT))
    assert vault in (200, 201), "the write on its way was awaited"
    assert all(status is not None for _, status in desk.journal())
    assert not any(LATER.search(one) for one in desk.writes())

    resumed = desk.run("apply", file, "--yes", "--json")
    assert resumed.code == Exit.DONE, resumed.err
    puts = [one for one in desk.writes() if one.startswith("PUT") and one.endswith(VAULT)]
    assert len(puts) == 1, "going on does not make the vault again"


def test_a_reader_who_goes_away_ends_a_run_in_order(desk: Desk) -> None:
    desk.fault(method="PUT", path=f"{VAULT}$", delay=0.5)
    process = desk.start("apply", desk.intent(), "--yes", "--json")
    assert process.stdout and process.stderr
    assert json.loads(process.stdout.readline())["event"] == "run.started"
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == Exit.INTERRUPTED
    assert "wrapkey resume " in said
    assert all(status is not None for _, status in desk.journal())
    assert not any(LATER.search(one) for one in desk.writes())


def test_what_keeps_an_intent_from_being_carried_out(desk: Desk, tmp_path: Path) -> None:
    bad = INTENT.replace('name = "kv-headless"', 'name = "kv--headless"').replace(
        "bits = 2048", "bitz = 2048"
    )
    said = desk.run("apply", desk.intent(bad), "--yes")
    assert said.code == Exit.BAD_INPUT
    file = desk.folder / "intent.toml"
    assert f"{file}:6: vault.name: " in said.err
    assert f"{file}:11: key.bitz: " in said.err and "Did you mean bits?" in said.err

    stranger = json.loads(desk.sandbox.ready_file.read_text())
    for one in stranger["principals"]:
        one["client_secret"] = "not-the-secret"
    ready = tmp_path / "stranger.json"
    ready.write_text(json.dumps(stranger))
    said = desk.run("apply", desk.intent(), "--yes", connect=ready)
    assert said.code == Exit.NOT_SIGNED_IN
    assert "not-the-secret" not in said.err and "Traceback" not in said.err

    absent = INTENT.replace("create = true\n", "", 1)
    for command in (("plan",), ("apply", "--yes")):
        said = desk.run(*command, desk.intent(absent))
        assert (said.code, "FAIL" in said.err) == (Exit.CHECK_FAILS, True)

    said = desk.run("apply", desk.intent(), "--yes", "--json", "--read-only")
    assert said.code == Exit.AZURE_REFUSED
    assert said.events[-1]["detail"] == {"status": "failed"}
    assert desk.writes() == []

    error = {"error": {"code": "RequestDisallowedByPolicy", "message": "Not here."}}
    desk.fault(method="PUT", path="/resourcegroups/rg-ml$", status=403, body=error)
    said = desk.run("apply", desk.intent(), "--yes", "--json")
    assert said.code == Exit.AZURE_REFUSED, said
    assert not any("/vaults/" in one for one in desk.writes())


def test_screens_and_command_line_write_the_same(
    desk: Desk, sandboxes: Callable[..., Sandbox], terminals: Callable[..., Any]
) -> None:
    terminal = terminals("--connect", str(desk.sandbox.ready_file))
    terminal.wait_for("Set up", "Contoso-ML")
    terminal.press("n")
    for page in (
        ("Where will it be?", "westeurope", "all four services"),
        ("Which vault holds the key?", "+ a new vault"),
        ("A new vault", "Retention"),
        ("A new key", "3072"),
        ("Who gets what", "Azure Cosmos DB"),
        ("The workspace", "mlw-ml"),
    ):
        terminal.wait_for(*page)
        terminal.press("enter")
    terminal.wait_for("REVIEW", "Nothing has been changed yet")
    terminal.press("w")
    terminal.wait_for("Write to file")
    terminal.press("enter")
    terminal.wait_for("intent.toml")
    terminal.press("a")
    terminal.wait_for("Apply", "can't be undone")
    terminal.press("y")
    terminal.wait_for("succeeded", "Finished in", seconds=120)
    terminal.press("q")
    assert terminal.end() == 0

    (other := desk.folder / "other").mkdir()
    second = Desk(other, sandboxes("empty", 2000))
    said = second.run("apply", str(desk.folder / "intent.toml"), "--yes", "--json")
    assert said.code == Exit.DONE, said.err
    assert sorted(second.writes()) == sorted(desk.writes())
    for command in ("workspaces", "vaults"):
        one, two = (at.run(command, "--json").json for at in (desk, second))
        assert stable(one) == stable(two)


def stable(document: Any) -> Any:
    """A document without what chance and the clock give: key versions, object ids, ports."""
    text = re.sub(r"[0-9a-f]{32}|localhost:\d+|\d{4}-\d\d-\d\dT[^\"]*", "*", json.dumps(document))
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "*", text)
