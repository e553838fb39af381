import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest

from services.home import Paths
from tui.attach import NoSandbox, alive, attach, read_ready, running
from tui.control import post
from tui.exits import Exit


async def gone(pid: int) -> None:
    """Wait until a process of ours has ended, and collect it."""
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        await asyncio.sleep(0.02)


async def test_two_terminals_share_one_sandbox_that_can_be_stopped():
    home = Paths.here().sandbox
    first, second = await asyncio.gather(
        attach(home, scenario="empty", speed=20), attach(home, scenario="contoso")
    )
    try:
        assert first["pid"] == second["pid"]
        assert os.getsid(first["pid"]) == first["pid"], "it must not end with our terminal"
        assert first["speed"] == 20
        assert await running(home) == first
    finally:
        post(first, "stop")
        async with asyncio.timeout(10):
            await gone(first["pid"])
    assert not await alive(first)
    assert await running(home) is None


async def test_what_it_held_is_there_again_after_a_kill():
    home = Paths.here().sandbox
    first = await attach(home, scenario="contoso")
    os.kill(first["pid"], signal.SIGKILL)
    async with asyncio.timeout(10):
        await gone(first["pid"])
    again = await attach(home)
    try:
        assert again["pid"] != first["pid"]
        assert again["scenario"] == "contoso"
        assert again["arm"] == first["arm"]
    finally:
        post(again, "stop")
        async with asyncio.timeout(10):
            await gone(again["pid"])


async def test_a_scenario_that_is_none_says_so():
    with pytest.raises(NoSandbox, match="no-such"):
        await attach(Paths.here().sandbox, scenario="no-such")


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "is not the JSON"), ("[]", "no address"), ('{"arm": 1}', "no address")],
)
def test_a_file_that_is_no_ready_file(tmp_path, text, says):
    file = tmp_path / "ready.json"
    file.write_text(text)
    with pytest.raises(NoSandbox, match=says):
        read_ready(file)


def test_a_served_sandbox_is_found_and_stopped_without_being_named(call):
    command = [sys.executable, "-m", "tui.main", "sandbox", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["arm"] in call("sandbox", "env").out
        assert call("sandbox", "stop").code == 0
        assert process.wait(10) == 0
    assert call("sandbox", "env").code == Exit.BAD_INPUT
