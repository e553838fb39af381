"""A run and its terminals: the line drops, somebody leaves, somebody else watches."""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import WRAPKEY, Sandbox, environment
from tests.journeys.terminal import Terminal
from tests.journeys.walking import to_review_with_a_new_vault, writes
from tui.exits import Exit

INTENT = """\
kind = "workspace"
subscription = "{subscription}"
region = "westeurope"
resource_group = "rg-ml"
[vault]
name = "kv-leaving"
create = true
[key]
name = "cmk-ml"
create = true
bits = 2048
[workspace]
name = "mlw-leaving"
"""
SPEED = 100
"""At this speed a workspace takes about five seconds: time to be left in the middle."""


@pytest.fixture
def sandbox(sandboxes: Callable[..., Sandbox]) -> Sandbox:
    return sandboxes("empty", SPEED)


@pytest.fixture
def intent(sandbox: Sandbox, tmp_path: Path) -> str:
    file = tmp_path / "intent.toml"
    subscription = sandbox.ready["subscriptions"][0]["id"]
    file.write_text(INTENT.replace("{subscription}", subscription))
    return str(file)


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """A command in this home without a terminal; ``watch`` takes nothing that leads to Azure."""

    def start(*arguments: str) -> "subprocess.Popen[str]":
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        lead = () if arguments[0] == "watch" else ("--connect", str(sandbox.ready_file))
        return subprocess.Popen(
            [str(WRAPKEY), *arguments, *lead],
            env=environment(home),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def said(process: "subprocess.Popen[str]") -> tuple[int, list[dict[str, Any]], str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def doubled(sandbox: Sandbox) -> list[str]:
    """PUTs that were sent more than once."""
    sent = Counter(one["path"] for one in writes(sandbox) if one["method"] == "PUT")
    return [path for path, count in sent.items() if count > 1]


def until_workspace(terminal: Terminal) -> str:
    """Wait until the workspace is being made; the id of the run."""
    terminal.wait_for("RUN   workspace", seconds=90)
    found = re.search(r"Run (\w{4}) ", terminal.text())
    assert found is not None
    return found[1]


def ended(pid: int, seconds: float = 30) -> None:
    """Wait until a process has ended that is not ours to wait for any more, or is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        gone, _ = os.waitpid(pid, os.WNOHANG)
        if gone:
            return
        time.sleep(0.05)
    raise AssertionError("it did not end by itself")


def drop(terminal: Terminal) -> None:
    """Close the other end of the line, as a lost connection does; the kernel says SIGHUP."""
    os.close(terminal._fd)
    ended(terminal.pid)
    terminal.status = 0
    terminal._fd = os.open(os.devnull, os.O_RDONLY)


def begun(terminals: Callable[..., Terminal], sandbox: Sandbox) -> tuple[Terminal, str]:
    """The app in the middle of a run, and the run's id."""
    terminal = terminals("--connect", str(sandbox.ready_file))
    to_review_with_a_new_vault(terminal)
    terminal.press("a")
    terminal.wait_for("Apply", "can't be undone")
    terminal.press("y")
    return terminal, until_workspace(terminal)


def test_a_line_that_drops_in_mid_run_costs_nothing(
    sandbox: Sandbox, terminals: Callable[..., Terminal], start: Callable[..., Any]
) -> None:
    terminal, run = begun(terminals, sandbox)
    drop(terminal)
    code, events, err = said(start("watch", run, "--json"))
    assert (code, events[-1]["detail"]) == (Exit.INTERRUPTED, {"status": "interrupted"}), err
    again = terminals("resume", "--connect", str(sandbox.ready_file))
    again.wait_for(f"run {run} finished: succeeded", seconds=120)
    assert again.end() == Exit.DONE
    assert doubled(sandbox) == []


def test_leaving_hands_the_run_over_and_a_second_session_watches(
    sandbox: Sandbox, terminals: Callable[..., Terminal], start: Callable[..., Any]
) -> None:
    terminal, run = begun(terminals, sandbox)
    watcher = start("watch", run, "--json")
    terminal.press("q")
    terminal.wait_for("Leave while a run is going on", "l leave", "s stop")
    terminal.press("l")
    assert terminal.end(60) == Exit.DONE
    assert f"wrapkey watch {run}" in terminal.text()
    code, events, err = said(watcher)
    assert (code, events[-1]["detail"]) == (Exit.DONE, {"status": "succeeded"}), err
    assert [one["event"] for one in events].count("run.started") == 2
    assert doubled(sandbox) == []


def test_stopping_says_how_the_run_goes_on_and_home_offers_it(
    sandbox: Sandbox, terminals: Callable[..., Terminal]
) -> None:
    terminal, run = begun(terminals, sandbox)
    terminal.press("q")
    terminal.wait_for("Leave while a run is going on")
    terminal.press("s")
    assert terminal.end(60) == Exit.INTERRUPTED
    assert f"wrapkey resume {run} --connect" in terminal.text()
    again = terminals("--connect", str(sandbox.ready_file))
    again.wait_for("1 stopped", "Contoso-ML")
    again.press("h")
    again.wait_for(run, "stopped", "mlw-ml", "c goes on")
    again.press("c")
    again.wait_for(f"Go on with run {run}?", "Nothing of what it has done has changed")
    again.press("y")
    again.wait_for("succeeded", "Finished in", seconds=120)
    again.press("q")
    assert again.end() == Exit.DONE
    assert doubled(sandbox) == []


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_gives_the_terminal_back_and_says_how_to_go_on(
    sandbox: Sandbox, terminals: Callable[..., Terminal], name: str
) -> None:
    terminal, run = begun(terminals, sandbox)
    os.kill(terminal.pid, getattr(signal, name))
    assert terminal.end(60) == Exit.INTERRUPTED
    assert f"wrapkey resume {run} " in terminal.text()
    assert "Traceback" not in terminal.text()


def test_detached_it_runs_without_a_terminal_and_watching_can_end(
    sandbox: Sandbox, intent: str, start: Callable[..., Any]
) -> None:
    sandbox.hold("PUT", "/workspaces/[^/]+$")  # it must still go on when a watcher leaves
    code, events, err = said(start("apply", intent, "--yes", "--detach", "--json"))
    assert (code, [one["event"] for one in events]) == (Exit.DONE, ["run.started"]), err
    run = events[0]["run"]
    assert f"wrapkey watch {run}" in err
    first = start("watch", run, "--json")
    assert json.loads(first.stdout.readline())["event"] == "run.started"
    first.send_signal(signal.SIGINT)
    assert said(first)[0] == Exit.INTERRUPTED
    second = start("apply", intent, "--yes", "--json")
    began = json.loads(second.stdout.readline())
    assert (began["event"], began["run"]) == ("run.started", run)
    sandbox.release()  # only now: a run that has ended is no longer one to watch
    code, events, err = said(second)
    assert (code, events[-1]["detail"]) == (Exit.DONE, {"status": "succeeded"}), err
    assert f"Run {run} does this already" in err
    assert {one["run"] for one in events} == {run}
    assert doubled(sandbox) == []


def test_a_run_is_taken_over_from_a_living_process(
    sandbox: Sandbox, intent: str, start: Callable[..., Any]
) -> None:
    first = start("apply", intent, "--yes", "--json")
    run = json.loads(first.stdout.readline())["run"]
    code, events, err = said(start("resume", run, "--take-over", "--yes", "--json"))
    assert (code, events[-1]["detail"]) == (Exit.DONE, {"status": "succeeded"}), err
    assert said(first)[0] == Exit.INTERRUPTED
    assert doubled(sandbox) == []


def test_a_command_whose_line_drops_ends_in_order(
    sandbox: Sandbox, intent: str, terminals: Callable[..., Terminal], start: Callable[..., Any]
) -> None:
    terminal = terminals("apply", intent, "--yes", "--connect", str(sandbox.ready_file), rows=100)
    terminal.wait_for("workspace mlw-leaving with key", " started")
    found = re.search(r"run (\w{4}) started", terminal.text())
    assert found is not None
    run = found[1]
    drop(terminal)
    code, events, err = said(start("watch", run, "--json"))
    assert (code, events[-1]["detail"]) == (Exit.INTERRUPTED, {"status": "interrupted"}), err
    code, events, err = said(start("resume", "--json"))
    assert (code, events[-1]["detail"]) == (Exit.DONE, {"status": "succeeded"}), err
    assert doubled(sandbox) == []


def test_under_nohup_a_hang_up_is_not_heard(sandbox: Sandbox, intent: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    lead = ("--connect", str(sandbox.ready_file))
    process = subprocess.Popen(
        ["nohup", str(WRAPKEY), *("apply", intent, "--yes", "--json"), *lead],
        env=environment(tmp_path / "home"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "run.started"
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=120)
    assert json.loads(out.splitlines()[-1])["detail"] == {"status": "succeeded"}
    assert process.returncode == Exit.DONE


def test_the_app_takes_a_run_over(
    sandbox: Sandbox, intent: str, terminals: Callable[..., Terminal], start: Callable[..., Any]
) -> None:
    terminal = terminals("--connect", str(sandbox.ready_file))
    terminal.wait_for("Set up", "Contoso-ML")
    first = start("apply", intent, "--yes", "--json")
    run = json.loads(first.stdout.readline())["run"]
    terminal.press("h")
    terminal.wait_for(run, "running")
    terminal.press("enter")
    terminal.wait_for(f"Run {run}", "t take over")
    terminal.press("t")
    terminal.wait_for(f"Take run {run} over?", "carries it out")
    terminal.press("y")
    assert said(first)[0] == Exit.INTERRUPTED
    terminal.wait_for("succeeded", "Finished in", seconds=120)
    terminal.press("q")
    assert terminal.end() == Exit.DONE
    assert doubled(sandbox) == []


def test_what_can_not_be_resumed_says_why(start: Callable[..., Any]) -> None:
    code, _, err = said(start("resume"))
    assert (code, "No run was interrupted" in err) == (Exit.BAD_INPUT, True)
    for command in ("resume", "watch"):
        code, _, err = said(start(command, "ffff"))
        assert (code, "There is no run ffff" in err) == (Exit.BAD_INPUT, True)


def test_a_terminal_that_hangs_does_not_hold_the_run(
    sandbox: Sandbox, terminals: Callable[..., Terminal], start: Callable[..., Any]
) -> None:
    """Nobody reads the screen any more: the run comes to its end all the same."""
    terminal, run = begun(terminals, sandbox)
    for _ in range(40):  # each help screen is some kilobytes that nobody takes
        os.write(terminal._fd, b"?\x1b")
    code, events, err = said(start("watch", run, "--json"))
    assert (code, events[-1]["detail"]) == (Exit.DONE, {"status": "succeeded"}), err
    drop(terminal)


def test_a_terminal_that_goes_without_a_signal_ends_the_run_in_order(
    sandbox: Sandbox, tmp_path: Path, start: Callable[..., Any]
) -> None:
    """In a session of its own wrapkey has no controlling terminal, so the kernel says nothing."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    terminal = Terminal(
        ["setsid", "--wait", str(WRAPKEY), "--connect", str(sandbox.ready_file)],
        environment=environment(home),
        folder=tmp_path,
    )
    _, run = begun(lambda *_: terminal, sandbox)
    drop(terminal)
    code, events, err = said(start("watch", run, "--json"))
    assert (code, events[-1]["detail"]) == (Exit.INTERRUPTED, {"status": "interrupted"}), err


def test_a_damaged_journal_is_asked_about(
    terminals: Callable[..., Terminal], tmp_path: Path
) -> None:
    journal = tmp_path / "home" / "state" / "runs" / "journal.sqlite"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"no journal at all " * 100)
    terminal = terminals("watch", "ffff")
    terminal.wait_for("is damaged", "Set it aside now", "[y/N]")
    terminal.press("n", "enter")
    assert terminal.end() == Exit.BAD_INPUT
    assert journal.read_bytes() == b"no journal at all " * 100
    terminal = terminals("watch", "ffff")
    terminal.wait_for("Set it aside now", "[y/N]")
    terminal.press("y", "enter")
    terminal.wait_for("The old journal is kept", "There is no run ffff")
    assert terminal.end() == Exit.BAD_INPUT
    (kept,) = (one for one in journal.parent.iterdir() if "set-aside" in one.name)
    assert kept.read_bytes() == b"no journal at all " * 100
