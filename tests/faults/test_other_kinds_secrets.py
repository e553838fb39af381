"""Secure values: a run without one says so, with a terminal or not, and no file ever holds one."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.faults.conftest import INTENT, Away
from tests.faults.estate import files
from tui.exits import Exit

SECRET = "s3cret-of-nobody-else"
GROUP = INTENT.replace('kind = "workspace"', 'kind = "container-group"').partition("[workspace]")[0]
GROUP += """\
[container_group]
name = "score-1"
identity = {{ create = "uai-aci" }}
[[container_group.containers]]
name = "main"
image = "nginx"
secure_env = {{ TOKEN = "env:SCORE_TOKEN" }}
"""
Start = Callable[..., "subprocess.Popen[str]"]


def test_an_absent_secret_ends_a_command_and_is_given_when_it_goes_on(
    away: Callable[..., Away], command: Start, tmp_path: Path
) -> None:
    """Without a terminal nobody could say that it is there now: the run is interrupted."""
    sandbox = away()
    to = ("--connect", str(sandbox.file))
    file = tmp_path / "intent.toml"
    file.write_text(GROUP.format(subscription=sandbox.ready["subscriptions"][0]["id"]))
    begun = command("apply", str(file), "--yes", "--json", *to)
    out, err = begun.communicate(timeout=60)
    assert begun.returncode == Exit.INTERRUPTED, (out, err)
    assert "SCORE_TOKEN" in out + err and "Traceback" not in err
    assert not any("/containergroups/" in one.lower() for one in sandbox.writes())
    run = json.loads(out.splitlines()[0])["run"]
    again = command("resume", run, "--yes", "--json", *to, SCORE_TOKEN=SECRET)
    said, told = again.communicate(timeout=60)
    assert again.returncode == Exit.DONE, (said, told)
    made = [one for one in sandbox.writes() if "/containergroups/" in one.lower()]
    assert len(made) == 1
    assert SECRET not in out + err + said + told
    kept = files(tmp_path / "home")
    assert kept and not [name for name, text in kept if SECRET in text]
