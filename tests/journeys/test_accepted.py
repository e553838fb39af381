"""A check that fails and is accepted by name: the command line runs into what it foretold."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandbox import scenario
from services import intents
from services.model.intent import Intent
from tests.journeys.conftest import WRAPKEY, Sandbox, environment
from tui.exits import Exit

READS = ("GET", "HEAD")
ASKS = ("/checkPolicyRestrictions", "/checkNameAvailability", "/validate", "/token", "/getByIds")
FORETOLD = {
    "policy-workspace": (("workspace-validate",), "RequestDisallowedByPolicy", "F23"),
    "cosmos-region": ((), "ServiceUnavailable", "F24"),
}
"""Other checks that see it too, Azure's code, the catalogue's entry. The first is refused at
once, the second minutes after the workspace was accepted."""


def wrapkey(desk: Path, sandbox: Sandbox, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(WRAPKEY), *arguments, "--connect", str(sandbox.ready_file)],
        env=environment(desk / "home"),
        cwd=desk,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def written(sandbox: Sandbox) -> list[str]:
    return [
        one["path"]
        for one in sandbox.requests()
        if one["method"] not in READS and not one["path"].endswith(ASKS)
    ]


@pytest.mark.parametrize("name", FORETOLD)
def test_without_accept_nothing_is_written_and_with_it_azure_says_what_was_foretold(
    sandboxes: Callable[..., Sandbox], tmp_path: Path, name: str
) -> None:
    also, code, entry = FORETOLD[name]
    sandbox = sandboxes(f"failures/{name}", speed=2000)
    (tmp_path / "home").mkdir()
    file = tmp_path / "intent.toml"
    intent = msgspec.convert(scenario.read(f"failures/{name}")["intent"], Intent)
    file.write_text(intents.write(intent))

    refused = wrapkey(tmp_path, sandbox, "apply", str(file), "--yes", "--json")
    assert refused.returncode == Exit.CHECK_FAILS, refused.stderr
    assert f"FAIL  {name}: " in refused.stderr and "Nothing was changed." in refused.stderr
    assert refused.stdout == ""
    assert written(sandbox) == []

    accept = [part for one in (name, *also) for part in ("--accept", one)]
    gone_on = wrapkey(tmp_path, sandbox, "apply", str(file), "--yes", "--json", *accept)
    assert gone_on.returncode == Exit.AZURE_REFUSED, gone_on.stderr
    events: list[dict[str, Any]] = [json.loads(line) for line in gone_on.stdout.splitlines()]
    (failed,) = [one for one in events if one["event"] == "step.failed"]
    assert failed["step"] == "workspace"
    assert failed["detail"]["cause"]["code"] == code
    assert entry in json.dumps(failed["detail"])
    assert events[-1]["event"] == "run.finished"
    assert events[-1]["detail"]["status"] == "failed"
    assert any(path.endswith("/workspaces/mlw-new") for path in written(sandbox))
