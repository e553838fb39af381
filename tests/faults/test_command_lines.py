"""Odd words and odd files on the command line: a sentence and exit code 2, never a fault."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sandboxed import RunningSandbox

from tests.faults.test_bad_input import INTENT
from tui.main import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WRAPKEY_CONNECT", raising=False)
    return tmp_path / "home"


def refused(capsys: Capture, *words: str) -> str:
    """What a command says that ends with exit code 2; nothing on stdout, no report."""
    code = main(list(words))
    said = capsys.readouterr()
    assert code == 2, said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert not any(char in said.err for char in "\x1b\x07\u202e")
    return said.err


@pytest.mark.parametrize(
    "vault",
    [
        *("", "a", "kv/../x", "ümlaut", "\x1b[31m", "http://kv.vault.azure.net", "https://"),
        *("https://[::1", "https://x y/", "https://kv-one.vault.evil.example"),
        *("https://evil.example/.vault.localhost", "https://a.b.vault.localhost"),
        "https://user@kv-one.vault.localhost",
    ],
)
def test_what_is_no_vault_of_this_cloud_gets_no_token(
    sandbox: RunningSandbox, tmp_path: Path, capsys: Capture, vault: str
) -> None:
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(sandbox.ready))
    said = refused(capsys, "keys", vault, "--connect", str(file))
    assert "kv-ml-prod" in said, "an example of a right one"


def test_an_address_of_a_vault_is_taken_like_its_name(
    sandbox: RunningSandbox, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(sandbox.ready))
    address = f"https://KV-none.{sandbox.ready['key_vault_suffix']}/"
    assert main(["keys", address, "--connect", str(file)]) == 4
    assert "No vault answers" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"arm": "https://[x"},
        {"arm": 5},
        {"arm": "https://localhost"},
        {"principals": 5},
        {"principals": [5]},
        {"subscriptions": {}},
        {"ca_file": "/nowhere/ca.pem"},
        {"schema": 99},
    ],
)
@pytest.mark.parametrize("words", [("subscriptions",), ("sandbox", "env")])
def test_a_ready_file_that_is_none(
    sandbox: RunningSandbox, tmp_path: Path, capsys: Capture, change: Any, words: tuple[str, ...]
) -> None:
    if "ca_file" in change and words[0] == "sandbox":
        pytest.skip("what is exported is not tried")
    file = tmp_path / "ready.json"
    file.write_text(json.dumps({**sandbox.ready, **change}))
    assert str(file) in refused(capsys, *words, "--connect", str(file))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "kind"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"\x7fELF" + bytes(range(256)), "UTF-8"),
        (b"a" * 2_000_000, "larger"),
        (b"x = " + b"[" * 100_000, "nested"),
        (b"x = " + b"9" * 10_000, "not TOML"),
        (b"x\n", ":1: the file: this is not TOML"),
        (b"\0", "not TOML"),
    ],
)
@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_files_that_are_no_intent(
    tmp_path: Path, capsys: Capture, data: bytes, says: str, command: tuple[str, ...]
) -> None:
    file = tmp_path / "intent.toml"
    file.write_bytes(data)
    said = refused(capsys, *command, str(file))
    assert says in said
    assert len(said) < 3_000


def test_an_endless_file_is_not_read_to_its_end(capsys: Capture) -> None:
    assert "larger" in refused(capsys, "plan", "/dev/zero")


def test_a_byte_order_mark_is_no_fault(
    sandbox: RunningSandbox, tmp_path: Path, capsys: Capture
) -> None:
    ready, file = tmp_path / "ready.json", tmp_path / "intent.toml"
    ready.write_text(json.dumps(sandbox.ready))
    file.write_bytes(b"\xef\xbb\xbf" + INTENT.replace("\n", "\r\n").encode())
    assert main(["plan", str(file), "--connect", str(ready)]) in (0, 3), capsys.readouterr().err


@pytest.mark.parametrize("kind", ["text", "folder", "no header"])
def test_a_damaged_journal_is_named_and_nothing_is_written(
    sandbox: RunningSandbox, tmp_path: Path, capsys: Capture, at_home: Path, kind: str
) -> None:
    journal = at_home / "state" / "runs" / "journal.sqlite"
    journal.parent.mkdir(parents=True)
    if kind == "folder":
        journal.mkdir()
    else:
        head = b"SQLite format 3\0" if kind == "no header" else b""
        journal.write_bytes(head + b"not a database at all " * 200)
    ready, file = tmp_path / "ready.json", tmp_path / "intent.toml"
    ready.write_text(json.dumps(sandbox.ready))
    file.write_text(INTENT.replace("5b000000-0000-4000-8000-0000000000d1", sandbox.subscription))
    said = refused(capsys, "apply", str(file), "--yes", "--connect", str(ready))
    assert str(journal) in said
    assert "move the file away" in said
    assert not [one for one in sandbox.requests() if one["method"] in ("PUT", "PATCH", "DELETE")]


def test_a_subscription_that_is_not_the_intents(
    sandbox: RunningSandbox, tmp_path: Path, capsys: Capture
) -> None:
    sandbox.reset("contoso")
    ready, file = tmp_path / "ready.json", tmp_path / "intent.toml"
    ready.write_text(json.dumps(sandbox.ready))
    file.write_text(INTENT)
    to = ("--connect", str(ready), "--subscription")
    for words in (("plan", str(file)), ("apply", str(file), "--yes")):
        assert "the intent says" in refused(capsys, *words, *to, "Contoso-Data")
        assert "You can't see" in refused(capsys, *words, *to, "nowhere")
    assert main(["plan", str(file), *to, "contoso-ml"]) == 0


def test_a_home_that_is_a_file(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("WRAPKEY_HOME", str(file))
    assert "WRAPKEY_HOME" in refused(capsys, "subscriptions", "--sandbox")


def test_a_full_disk_is_a_sentence(
    sandbox: RunningSandbox, tmp_path: Path, capsys: Capture, at_home: Path
) -> None:
    """The journal's own limit on pages says what a full disk says."""
    ready, file = tmp_path / "ready.json", tmp_path / "intent.toml"
    ready.write_text(json.dumps(sandbox.ready))
    file.write_text(INTENT.replace("5b000000-0000-4000-8000-0000000000d1", sandbox.subscription))

    def small(*words: Any, **named: Any) -> Any:
        def connector() -> sqlite3.Connection:
            made = sqlite3.connect(*words, **named)
            made.execute("PRAGMA max_page_count = 35")
            return made

        return aiosqlite.Connection(connector, iter_chunk_size=64)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(aiosqlite, "connect", small)
        code = main(["apply", str(file), "--yes", "--connect", str(ready)])
    said = capsys.readouterr()
    assert code == 6, said.err
    assert "make room there" in said.err
    assert "Go on with:  wrapkey resume " in said.err
    assert not list((at_home / "state").glob("crash-*"))
    assert main(["apply", str(file), "--yes", "--connect", str(ready)]) == 0, "room was made"
