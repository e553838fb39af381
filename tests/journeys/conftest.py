import json
import os
import re
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.estate import leaks, secrets
from tests.journeys.terminal import Terminal

WRAPKEY = Path(sys.executable).with_name("wrapkey")
CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""What moves the cursor or sets a colour between two letters."""
KEPT = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE"}


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a terminal has, and nothing of this machine's Azure."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT}
    return {
        **kept,
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "WRAPKEY_HOME": str(home),
        "AZURE_CONFIG_DIR": str(home / "no-az"),
        **more,
    }


class Sandbox:
    """A sandbox process of its own, as a person would start it."""

    def __init__(self, folder: Path, scenario: str, speed: int) -> None:
        self.ready_file = folder / "ready.json"
        command = [
            *(str(WRAPKEY), "sandbox", "serve", "--scenario", scenario),
            *("--speed", str(speed), "--ready-file", str(self.ready_file)),
        ]
        self.process = subprocess.Popen(
            command, env=environment(folder), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self.process.stdout.readline())

    def trust(self) -> ssl.SSLContext:
        """For asking it over HTTPS."""
        return ssl.create_default_context(cafile=self.ready["ca_file"])

    def requests(self) -> list[dict[str, Any]]:
        """What the sandbox's recorder saw."""
        found: list[dict[str, Any]] = self._told("requests")["value"]
        return found

    def hold(self, method: str, path: str) -> None:
        """Have the next request of this kind wait until :meth:`release`, before anything is done."""
        self._told("faults", "POST", {"method": method, "path": path, "delay": 600})

    def release(self) -> None:
        """Let the request go on that is held."""
        self._told("faults", "DELETE")

    def state(self) -> dict[str, Any]:
        """All that it holds."""
        return self._told("state")

    def _told(self, path: str, method: str = "GET", body: Any = None) -> dict[str, Any]:
        asked = urllib.request.Request(
            f"{self.ready['admin']}/{path}",
            json.dumps(body).encode() if body else None,
            method=method,
        )
        with urllib.request.urlopen(asked, context=self.trust()) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
        return found

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Captured:
    """What was seen on terminals, and what nobody may see there."""

    def __init__(self) -> None:
        self.known: frozenset[str] = frozenset()
        self.terminals: list[Terminal] = []

    def leaks(self) -> list[str]:
        """Terminals with a token, a client secret or material of a key among what they showed."""
        said = (CONTROL.sub("", one.output.decode(errors="replace")) for one in self.terminals)
        return leaks(((f"terminal {at}", text) for at, text in enumerate(said)), self.known)


@pytest.fixture
def captured() -> Iterator[Captured]:
    seen = Captured()
    yield seen
    assert seen.leaks() == []


@pytest.fixture
def sandboxes(tmp_path: Path, captured: Captured) -> Iterator[Callable[..., Sandbox]]:
    made: list[Sandbox] = []

    def start(scenario: str, speed: int = 100) -> Sandbox:
        folder = tmp_path / f"sandbox{len(made)}"
        folder.mkdir()
        made.append(Sandbox(folder, scenario, speed))
        return made[-1]

    yield start
    for one in made:
        captured.known |= secrets(one.state())
        one.close()


@pytest.fixture
def terminals(tmp_path: Path, captured: Captured) -> Iterator[Callable[..., Terminal]]:
    made = captured.terminals

    def start(*arguments: str, columns: int = 80, rows: int = 24, **more: str) -> Terminal:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        made.append(
            Terminal(
                [str(WRAPKEY), *arguments],
                environment=environment(home, **more),
                columns=columns,
                rows=rows,
                folder=tmp_path,
            )
        )
        return made[-1]

    yield start
    for one in made:
        one.close()
