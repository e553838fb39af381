"""Sandboxes and commands as processes of their own, to be stopped, killed and started again."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

WRAPKEY = (sys.executable, "-m", "tui.main")
ROOT = Path(__file__).parents[2]
INTENT = """\
kind = "workspace"
subscription = "{subscription}"
region = "westeurope"
resource_group = "rg-ml"
[vault]
name = "kv-one"
create = true
[key]
name = "cmk"
create = true
bits = 2048
[workspace]
name = "mlw-one"
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a shell has, and nothing of this machine's Azure."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
    own = {"WRAPKEY_HOME": str(home), "AZURE_CONFIG_DIR": str(home / "no-az"), "LC_ALL": "C.UTF-8"}
    return {**kept, **own, **more}


class Away:
    """A sandbox process that can be stopped and started again where it was."""

    def __init__(self, folder: Path, speed: int) -> None:
        self._folder, self._speed = folder, speed
        self.ready: dict[str, Any] = {}
        self.file = folder / "ready.json"
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        flags = ["--speed", str(self._speed), "--state", str(self._folder / "state.json")]
        self._process = subprocess.Popen(
            [*WRAPKEY, "sandbox", "serve", *flags, "--ready-file", str(self._folder / "now.json")],
            env=environment(self._folder),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        before = self.ready.get("arm")
        self.ready = json.loads(self._process.stdout.readline())
        assert before in (None, self.ready["arm"]), "it must come back at the same address"
        self.file.write_text(json.dumps(self.ready))

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.ready['admin']}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        context = ssl.create_default_context(cafile=self.ready["ca_file"])
        with urllib.request.urlopen(request, context=context) as answer:
            return json.loads(answer.read() or b"null")

    def writes(self) -> list[str]:
        """What changed something, since the sandbox was started."""
        asking = (
            *("checknameavailability", "checkpolicyrestrictions", "/validate"),
            *("/oauth2/", "getbyids", "/admin/"),
        )
        return [
            f"{one['method']} {one['path']}"
            for one in self.admin("GET", "requests")["value"]
            if one["method"] not in ("GET", "HEAD")
            and not any(word in one["path"].lower() for word in asking)
        ]


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Callable[..., Away]]:
    made: list[Away] = []

    def start(speed: int = 2000) -> Away:
        folder = tmp_path / f"sandbox{len(made)}"
        folder.mkdir()
        made.append(Away(folder, speed))
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a command with a home of its own; its stdout and stderr are pipes of text."""
    made: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **more: str) -> "subprocess.Popen[str]":
        made.append(
            subprocess.Popen(
                [*WRAPKEY, *arguments],
                env=environment(tmp_path / "home", **more),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return made[-1]

    yield start
    for one in made:
        if one.poll() is None:
            one.kill()
        one.wait(10)
        for pipe in (one.stdout, one.stderr):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def intent(tmp_path: Path) -> Callable[[Away], str]:
    """Writes the intent for a sandbox's first subscription; returns the file's name."""

    def write(sandbox: Away) -> str:
        file = tmp_path / "intent.toml"
        file.write_text(INTENT.format(subscription=sandbox.ready["subscriptions"][0]["id"]))
        return str(file)

    return write
