"""wrapkey explain, as people and scripts call it: no sign-in, no home, no network."""

import io
import json
import sys
from pathlib import Path

import pytest

from tui.cli import run as main

VAULT = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-sec/providers"
    "/Microsoft.KeyVault/vaults/kv-ml"
)
DISABLED = json.dumps(
    {
        "error": {
            "code": "Forbidden",
            "message": f"Operation unwrapKey is not allowed on a disabled key. {VAULT}",
            "innererror": {"code": "KeyDisabled"},
        }
    }
)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    made = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(made))
    return made


def test_a_file_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "error.json"
    file.write_text(DISABLED)
    assert main(["explain", str(file)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("F05  The key or this version of it is disabled\n")
    for words in ("Forbidden > KeyDisabled", "switched off", "Enable the version", "Not certain"):
        assert words in said.out
    assert f"  wrapkey diagnose {VAULT}\n" in said.out


@pytest.mark.parametrize("given", [[], ["-"]])
def test_stdin_is_explained_as_json(
    given: list[str], stdin: io.BytesIO, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin.write(DISABLED.encode())
    stdin.seek(0)
    assert main(["explain", *given, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["failure"], told["subject"]) == (1, "F05", "key")
    assert told["codes"] == ["Forbidden", "KeyDisabled"] and told["resources"] == [VAULT]


def test_an_unknown_error_says_so_and_what_could_be_read(
    stdin: io.BytesIO, capsys: pytest.CaptureFixture[str]
) -> None:
    request = "8d1c2f0e-0000-4000-8000-00000000000a"
    stdin.write(f"ERROR: (Strange) It is odd.\nRequestId: {request}".encode())
    stdin.seek(0)
    assert main(["explain"]) == 0
    said = capsys.readouterr().out
    assert "not in the failure catalogue" in said and "It is odd." in said
    assert f"Request id   {request}" in said and "Means" not in said


def test_a_failure_that_needs_a_look_asks_for_the_resource(
    stdin: io.BytesIO, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin.write(b"Sub-status 4018")
    stdin.seek(0)
    assert main(["explain"]) == 0
    assert "give the id of the workspace: wrapkey diagnose ID" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "words"), [("", "nothing to explain"), ("no/such/file", "can't be read")]
)
def test_what_can_not_be_read_is_said(
    given: str, words: str, stdin: io.BytesIO, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *([given] if given else [])]) == 2
    said = capsys.readouterr()
    assert words in said.err and "Traceback" not in said.err and said.out == ""


def test_binary_and_escapes_reach_no_terminal(
    stdin: io.BytesIO, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin.write(b"\x1b]52;c;aGk=\x07\x1b[2J" + bytes(range(256)) * 50)
    stdin.seek(0)
    assert main(["explain"]) == 0
    assert all(char.isprintable() or char == "\n" for char in capsys.readouterr().out)
