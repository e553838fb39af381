"""No token, secret or key material leaves memory; read-only writes nothing; text is inert."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sandboxed import RunningSandbox

from tests.faults.conftest import Away
from tests.faults.estate import files, leaks, secrets
from tests.tui.conftest import Said
from tui.main import main

Start = Callable[..., "subprocess.Popen[str]"]
LISTS = (
    ("subscriptions",),
    ("vaults",),
    ("keys", "kv-one"),
    ("workspaces",),
    ("info",),
)
HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def test_nothing_secret_is_written_or_said_and_files_are_private(
    away: Callable[..., Away], command: Start, intent: Callable[[Away], str], tmp_path: Path
) -> None:
    sandbox = away()
    to = ("--connect", str(sandbox.file))
    fault = {"method": "PUT", "path": "/vaults/kv-one$", "status": 500}
    sandbox.admin("POST", "faults", fault)
    said = ""

    def say(*words: str) -> str:
        nonlocal said
        run = command(*words, *to)
        out, err = run.communicate(timeout=60)
        assert run.returncode in (0, 2, 3, 4), (words, err)
        said += out + err
        return out

    file = intent(sandbox)
    run = json.loads(say("apply", file, "--yes", "--json").splitlines()[0])["run"]
    left = json.loads(say("apply", file, "--yes", "--json", "--detach").splitlines()[0])["run"]
    say("watch", left)
    shared = tmp_path / "shared"
    shared.mkdir()
    diagnose = ("diagnose", "mlw-one", "--quick")
    for words in (
        ("plan", file, "--json"),
        ("check", file, "--json"),
        *((*words, *more) for words in LISTS for more in ((), ("--json",))),
        ("keys", "kv-none"),
        ("vaults", "--principal", "nobody"),
        ("runs", run),
        ("runs", run, "--export", str(shared / "log.md")),
        ("runs", run, "--export", str(shared / "log.json")),
        ("audit", "verify"),
        ("undo", run, "--preview"),
        (*diagnose, "--probe", "--json"),
        (*diagnose, "--bundle", str(shared / "bundle.json")),
        *((*diagnose, "--output", str(shared / f"report.{end}")) for end in ("md", "html", "json")),
    ):
        say(*words)
    home = tmp_path / "home"
    kept = [*files(home), *files(shared)]
    names = {Path(place).name for place, _ in kept}
    wanted = {"journal.sqlite", "audit.jsonl", "log.md", "log.json", "bundle.json", "report.html"}
    assert wanted <= names, names
    known = secrets(sandbox.admin("GET", "state"))
    assert len(known) > len(sandbox.ready["principals"]), "the key's material is among them"
    assert leaks([("output", said), *kept], known) == []
    for folder in (home, sandbox.file.parent):
        for path in folder.rglob("*"):
            if path != sandbox.file:  # this test's own copy
                wanted_mode = 0o700 if path.is_dir() else 0o600
                assert path.stat().st_mode & 0o777 == wanted_mode, path


def test_read_only_sends_nothing_that_writes(
    away: Callable[..., Away], command: Start, intent: Callable[[Away], str]
) -> None:
    sandbox = away()
    to = ("--connect", str(sandbox.file), "--read-only")
    for words in (*LISTS, ("plan", intent(sandbox)), ("apply", intent(sandbox), "--yes")):
        run = command(*words, *to)
        out, err = run.communicate(timeout=60)
        assert run.returncode == (4 if words[0] in ("apply", "keys") else 0), (words, out, err)
    assert "read-only" in out + err
    assert sandbox.writes() == []
    for path in {one["path"] for one in sandbox.admin("GET", "requests")["value"]}:
        assert "wrapkey" not in path


NASTY = "\x1b[31mred\x1b]0;title\x07 \u202eevil\u2066 [bold]x[/] \r\n\x9b2J" + "long" * 3000


@pytest.mark.parametrize("as_json", [False, True])
def test_hostile_strings_come_out_inert(
    sandbox: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    as_json: bool,
) -> None:
    """What Azure says in names, tags and errors, through every command that lists."""
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(sandbox.ready))
    group = f"/subscriptions/{sandbox.subscription}/resourceGroups/rg"
    vault = {
        "id": f"{group}/providers/Microsoft.KeyVault/vaults/{NASTY}",
        "name": NASTY,
        "location": NASTY,
        "type": "Microsoft.KeyVault/vaults",
        "tags": {NASTY: NASTY},
        "properties": {"vaultUri": f"https://x/{NASTY}", "sku": {"name": NASTY}, "tenantId": NASTY},
    }
    workspace = {
        **{**vault, "type": "Microsoft.MachineLearningServices/workspaces"},
        "id": f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{NASTY}",
        "properties": {"provisioningState": NASTY, "description": NASTY, "friendlyName": NASTY},
    }
    error = {"error": {"code": NASTY, "message": NASTY, "innererror": {"code": NASTY}}}
    subscription = {
        "id": f"/subscriptions/{sandbox.subscription}",
        "subscriptionId": sandbox.subscription,
        "displayName": NASTY,
        "state": NASTY,
        "tenantId": sandbox.ready["tenant_id"],
    }
    key = {
        "kid": f"https://kv-any.vault.localhost/keys/{NASTY}",
        "attributes": {},
        "tags": {"a": NASTY},
    }
    answers = (
        ("/subscriptions$", {"value": [subscription]}, 200, ("subscriptions",)),
        ("/vaults$", {"value": [vault]}, 200, ("vaults",)),
        ("/workspaces$", {"value": [workspace]}, 200, ("workspaces",)),
        ("/keys$", {"value": [key]}, 200, ("keys", "kv-any")),
        ("/subscriptions$", error, 403, ("subscriptions",)),
        ("/subscriptions$", error, 400, ("vaults",)),
        ("/keys$", error, 403, ("keys", "kv-any")),
    )
    for path, body, status, words in answers:
        sandbox.admin("DELETE", "faults")
        sandbox.admin("POST", "faults", {"path": path, "status": status, "body": body, "times": 9})
        code = main([*words, "--connect", str(file), *(["--json"] if as_json else [])])
        said = Said(code, *capsys.readouterr())
        assert said.code == (0 if status == 200 else 4), (words, said.err[:2000])
        for text in (said.out, said.err):
            assert not HARMFUL.search(text), (words, HARMFUL.search(text))
            assert len(text) < 60_000
        assert status != 200 or "red" in said.out
        if as_json and status == 200:
            assert said.json["schema"] == 1
