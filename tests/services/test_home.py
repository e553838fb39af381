"""Where files lie, who may read them, and that a crash leaves the old one."""

import os
from pathlib import Path

import pytest

from services import home
from services.home import Memory, Paths


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    return Paths.here()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_all_folders_lie_under_wrapkey_home_and_are_private(paths: Paths, tmp_path: Path) -> None:
    folders = [paths.config, paths.state, paths.runs, paths.sandbox]
    for folder in [tmp_path / "home", *folders]:
        assert folder.is_relative_to(tmp_path / "home") and mode(folder) == 0o700


def test_wider_rights_are_taken_away(paths: Paths) -> None:
    paths.state.chmod(0o755)
    Paths.here()
    assert mode(paths.state) == 0o700


def test_without_wrapkey_home_the_platform_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WRAPKEY_HOME", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    assert Paths.here().config == tmp_path / "c/wrapkey"
    assert Paths.here().runs == tmp_path / "s/wrapkey/runs"


def test_memory_survives_and_is_private(paths: Paths) -> None:
    assert Memory.load(paths) == Memory()
    kept = Memory(subscription="s", region="westeurope", theme="dark")
    kept.save(paths)
    assert Memory.load(paths) == kept
    (file,) = paths.config.iterdir()
    assert mode(file) == 0o600
    assert kept.with_(theme="light").region == "westeurope"


@pytest.mark.parametrize("text", [b"", b"{", b'{"theme": 3}', b"\xff"])
def test_unreadable_memory_is_forgotten(paths: Paths, text: bytes) -> None:
    (paths.config / "memory.json").write_bytes(text)
    assert Memory.load(paths) == Memory()


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = paths.config / "x"
    home.write(file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        home.write(file, b"new")
    assert file.read_bytes() == b"old" and list(paths.config.iterdir()) == [file]
