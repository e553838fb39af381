"""The support engineer at a terminal: diagnose, look at the repair, say yes, see OK."""

import json
import subprocess

from tests.journeys.conftest import WRAPKEY, environment
from tui.exits import Exit


def writes(sandbox):
    return [
        f"{one['method']} {one['path'].rpartition('/providers/')[2]}"
        for one in sandbox.requests()
        if one["method"] in ("PUT", "PATCH", "DELETE")
    ]


def test_a_disabled_key_is_found_and_enabled_from_a_terminal(sandboxes, terminals):
    sandbox = sandboxes("broken/f05-key-version-disabled", 2000)
    terminal = terminals(
        "repair", "mlw-prod", "--connect", str(sandbox.ready_file), columns=100, rows=40
    )
    terminal.wait_for("enable it", "Repair mlw-prod with 1 step?")
    assert writes(sandbox) == []
    terminal.press("y", "enter")
    terminal.wait_for("Diagnosed again: mlw-prod", "OK    The key is enabled")
    assert terminal.end() == Exit.DONE
    assert len(writes(sandbox)) == 1


def test_no_is_no(sandboxes, terminals):
    sandbox = sandboxes("broken/f08-grant-removed", 2000)
    terminal = terminals("repair", "mlw-prod", "--connect", str(sandbox.ready_file), columns=100)
    terminal.wait_for("Repair mlw-prod with")
    terminal.press("n", "enter")
    terminal.wait_for("Nothing was changed.")
    assert terminal.end() == Exit.DONE
    assert writes(sandbox) == []


def test_a_repair_goes_on_without_its_terminal_and_is_watched(sandboxes, tmp_path):
    sandbox = sandboxes("broken/f08-grant-removed", 2000)

    def wrapkey(*arguments):
        return subprocess.run(
            [str(WRAPKEY), *arguments, "--connect", str(sandbox.ready_file), "--json"],
            env=environment(tmp_path / "home"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    (tmp_path / "home").mkdir()
    begun = wrapkey("repair", "mlw-prod", "--yes", "--detach")
    assert begun.returncode == Exit.DONE, begun.stderr
    run = json.loads(begun.stdout.splitlines()[0])["run"]
    watched = wrapkey("watch", run)
    assert watched.returncode == Exit.DONE, watched.stderr
    assert json.loads(watched.stdout.splitlines()[-1])["detail"] == {"status": "succeeded"}
    (assigned,) = writes(sandbox)
    assert assigned.startswith("PUT Microsoft.Authorization/roleAssignments/")
