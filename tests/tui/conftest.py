"""A home of its own for each test, and a command line to call."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sandboxed import RunningSandbox

from tui.main import main


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Said]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    for name in ("WRAPKEY_CONNECT", "NO_COLOR", "COLORFGBG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command line in this process."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(list(arguments))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def connected(sandbox: RunningSandbox, tmp_path: Path) -> tuple[str, str]:
    """The words that point a command at the sandbox."""
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(sandbox.ready))
    return "--connect", str(file)
