"""Who owns a run: on this host by flock, of another host by consent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from services.runs import place
from services.runs.lock import Owner, RunLock, RunLocked, owned, owner

HOLD = """
import sys
from pathlib import Path
from services.runs.lock import RunLock
lock = RunLock.take(Path(sys.argv[1]), "beef")
print(lock.nonce, flush=True)
sys.stdin.read()
"""


@contextmanager
def held_elsewhere(folder: Path) -> Iterator[tuple[int, str]]:
    """A process that owns run beef until it is killed; its id and nonce."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process.pid, process.stdout.readline().strip()
        process.kill()


def signed(folder: Path, *, host: str) -> Path:
    """A lock file that a process of ``host`` has left."""
    path = folder / "beef.lock"
    path.write_bytes(msgspec.json.encode(Owner(host=host, pid=77, since="2026-11-23T12:00:00Z")))
    return path


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, said to be mounted from a server."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 254:0 / {tmp_path} rw - nfs4 srv:/home rw\n")
    monkeypatch.setattr(place, "MOUNTS", mounts)
    return tmp_path


def test_a_living_process_owns_its_run_until_it_is_killed(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as (pid, nonce):
        found = owner(tmp_path, "beef")
        assert found and (found.pid, found.nonce, found.here) == (pid, nonce, True)
        assert found.certain
        assert len(nonce) == 32
        for consent in (False, True):
            with pytest.raises(RunLocked, match=f"process {pid} on ") as caught:
                RunLock.take(tmp_path, "beef", consent=consent)
            assert caught.value.owner == found
        os.kill(pid, signal.SIGKILL)
    assert owner(tmp_path, "beef") is None
    lock = RunLock.take(tmp_path, "beef")
    assert lock.nonce not in ("", nonce)
    assert lock.held
    lock.free()
    lock.free()
    assert not owned(tmp_path, "beef")


def test_looking_at_a_lock_keeps_nobody_from_taking_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look holds the lock for a moment, and who takes it may come just then."""
    import fcntl

    path = tmp_path / "beef.lock"
    path.touch()
    looking = os.open(path, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr("services.runs.lock.time.sleep", lambda _: os.close(looking))
    RunLock.take(tmp_path, "beef").free()


def test_on_a_local_disk_what_nobody_holds_is_free(tmp_path: Path) -> None:
    signed(tmp_path, host="elsewhere")
    assert owner(tmp_path, "beef") is None
    RunLock.take(tmp_path, "beef").free()


def test_between_hosts_a_lock_is_taken_by_consent_only(network: Path) -> None:
    signed(network, host="elsewhere")
    found = owner(network, "beef")
    assert found and not found.certain
    assert not found.here
    with pytest.raises(RunLocked, match=r"process 77 on elsewhere.*if it still lives") as caught:
        RunLock.take(network, "beef")
    assert caught.value.owner == found
    lock = RunLock.take(network, "beef", consent=True)
    mine = owner(network, "beef")
    assert mine and mine.here
    assert mine.nonce == lock.nonce
    lock.free()
    assert owner(network, "beef") is None
    RunLock.take(network, "beef").free()


def test_a_lock_left_in_order_by_another_host_needs_no_consent(network: Path) -> None:
    (network / "beef.lock").touch()
    RunLock.take(network, "beef").free()


def test_a_lock_the_server_still_holds_for_a_dead_host_is_replaced_by_consent(
    network: Path,
) -> None:
    with held_elsewhere(network):
        path = network / "beef.lock"
        theirs = msgspec.json.decode(path.read_bytes(), type=Owner)
        held = path.open("r+b")
        held.write(msgspec.json.encode(msgspec.structs.replace(theirs, host="elsewhere")))
        held.truncate()
        held.close()
        with pytest.raises(RunLocked, match="on elsewhere"):
            RunLock.take(network, "beef")
        lock = RunLock.take(network, "beef", consent=True)
        mine = owner(network, "beef")
        assert mine and mine.pid == os.getpid()
    assert owned(network, "beef"), "their end frees nothing of ours"
    lock.free()
