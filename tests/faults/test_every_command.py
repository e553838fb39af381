"""Every command with ``--read-only``: the sandbox sees no write, whatever the command is for."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import carrying
import click
import pytest
from sandboxed import RunningSandbox

from services.home import Paths
from services.intents import write
from services.runs.engine import runs_folder
from services.runs.journal import Journal
from tui.cli import cli
from tui.main import main

OWN = ("sandbox serve", "sandbox stop", "sandbox reset")
"""They are about the sandbox's process, not about an Azure."""
YES = ("--yes", "--force")
MEANT = {
    "apply": "{intent}",
    "plan": "{intent}",
    "check": "{intent}",
    "resume": "{run}",
    "watch": "{run}",
    "runs": "{run}",
    "undo": "{run}",
    "keys": "kv-ml-prod",
    "diagnose": "{workspace}",
    "repair": "{workspace}",
    "rotate": "{workspace}",
    "delete": "{workspace}",
    "dependents": "https://kv-ml-prod.{suffix}/keys/cmk-ml",
    "explain": "{error}",
    "completion": "bash",
    "export aci-snippet": "{workspace}",
    "export storage-class": "aks-none",
    "export etcd-kms": "aks-none",
}
"""What a command is called with; one that takes nothing is not here."""
NOBODYS = {"export storage-class", "export etcd-kms"}
"""They want a cluster, and there is none; tests/tui/test_export_command.py has one."""
WRITE = {"apply", "resume", "undo", "repair", "rotate", "delete"}
"""Those that change something where they may."""


def commands(command: click.Command = cli, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its words."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        found = command.get_command(context, word)
        assert found is not None
        yield from commands(found, f"{name} {word}".strip())


ALL = {name: one for name, one in commands() if name not in OWN}


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WRAPKEY_CONNECT", raising=False)
    return Paths.here()


@pytest.fixture
def words(sandbox: RunningSandbox, tmp_path: Path, at_home: Paths) -> dict[str, str]:
    """What commands are called with: a run that is over, with all that it made."""
    intent = carrying.intent_for(sandbox)
    (tmp_path / "ready.json").write_text(json.dumps(sandbox.ready))
    (tmp_path / "intent.toml").write_text(write(intent))
    (tmp_path / "error.txt").write_text("RequestDisallowedByPolicy: it was disallowed by policy.")

    async def made() -> str:
        async with carrying.connected(sandbox) as conn:
            done = await carrying.carry_out(conn, runs_folder(at_home.state).parent, intent)
        assert not done.failures()
        return done.run

    run = asyncio.run(made())
    group = f"/subscriptions/{sandbox.subscription}/resourceGroups/rg-ml/providers"
    return {
        "intent": str(tmp_path / "intent.toml"),
        "run": run,
        "workspace": f"{group}/Microsoft.MachineLearningServices/workspaces/mlw-prod",
        "error": str(tmp_path / "error.txt"),
        "suffix": sandbox.ready["key_vault_suffix"],
        "ready": str(tmp_path / "ready.json"),
    }


def line(name: str, words: dict[str, str]) -> list[str]:
    """A command, as somebody calls it who means it."""
    command = ALL[name]
    needed = [one for one in command.params if isinstance(one, click.Argument) and one.required]
    assert not needed or name in MEANT, f"say in MEANT what `wrapkey {name}` is called with"
    given = [MEANT[name].format(**words)] if name in MEANT else []
    flags = {one for option in command.params for one in option.opts}
    given += [one for one in YES if one in flags]
    given += ["--connect", words["ready"]] if "--connect" in flags else []
    return [*name.split(), *given, *(["--read-only"] if "--read-only" in flags else [])]


async def interrupted(paths: Paths, run: str) -> None:
    """Have the run not be over."""
    journal = await Journal.open(runs_folder(paths.state) / "journal.sqlite")
    await journal.finish_run(run, "interrupted")
    await journal.close()


def take_grants(sandbox: RunningSandbox) -> None:
    """Have nobody reach the keys any more."""
    for id in [one for one in sandbox.world.state.assignments if "/vaults/kv-ml-prod/" in one]:
        assert sandbox.call("DELETE", id, version="2022-04-01").ok


@pytest.mark.parametrize("name", ALL)
def test_a_command_with_read_only_sends_no_write(
    sandbox: RunningSandbox,
    words: dict[str, str],
    at_home: Paths,
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name in ("apply", "resume"):
        sandbox.reset()
    if name == "resume":
        asyncio.run(interrupted(at_home, words["run"]))
    if name == "repair":
        take_grants(sandbox)
    sandbox.admin("DELETE", "requests")
    code = main(line(name, words))
    said = capsys.readouterr()
    assert carrying.writes(sandbox) == []
    assert "Traceback" not in said.err
    if name in WRITE:
        assert code == 4, (code, said.err)
        assert "read-only" in said.out + said.err
    elif name in NOBODYS:
        assert code == 2, (code, said.err)
    else:
        assert code in (0, 3), (code, said.err)


def test_what_writes_does_write_without_it(
    sandbox: RunningSandbox, words: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Else nothing would be shown by what it does not do."""
    sandbox.admin("DELETE", "requests")
    given = line("undo", words)
    given.remove("--read-only")
    main(given)
    assert carrying.writes(sandbox), capsys.readouterr().err
