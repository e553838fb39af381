"""A sandbox as a process: ready, kept state, trust, proxy and an orderly end."""

import json
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from sandboxed import RunningSandbox

from sandbox.environment import exports


class Process:
    """``python -m sandbox`` with a home of its own."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.ready_file = folder / "ready.json"
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "sandbox", "--home", str(folder / "home"),
                "--ready-file", str(self.ready_file), "--speed", "1000", *flags,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self.process.stdout.readline())

    def get(self, path: str, **given: Any) -> requests.Response:
        given.setdefault("verify", self.ready["ca_file"])
        return requests.get(self.ready["arm"] + path, timeout=10, **given)

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(10)

    def sign_in(self) -> dict[str, str]:
        admin = self.ready["principals"][0]
        answer = requests.post(
            f"{self.ready['authority']}/{self.ready['tenant_id']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": admin["client_id"],
                "client_secret": admin["client_secret"],
                "scope": f"{self.ready['arm']}/.default",
            },
            verify=self.ready["ca_file"],
        )
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_tells_where_it_is_and_ends_in_order(tmp_path: Path) -> None:
    running = Process(tmp_path)
    assert json.loads(running.ready_file.read_text()) == running.ready
    assert mode(running.ready_file) == 0o600
    wanted = {
        "schema", "arm", "authority", "graph", "key_vault_suffix", "prices", "proxy", "ca_file", "log_analytics",
        "tenant_id", "subscriptions", "principals", "admin", "speed", "scenario", "pid",
    }  # fmt: skip
    assert set(running.ready) == wanted
    assert (running.ready["schema"], running.ready["pid"]) == (1, running.process.pid)
    names = [item["name"] for item in running.ready["principals"]]
    assert names == ["admin", "contributor", "reader", "key-officer", "guest", "app"]
    assert running.get("/metadata/endpoints?api-version=2022-09-01").status_code == 200
    (served,) = (tmp_path / "home").glob("server-*.pem")
    for secret in ("ca-key.pem", "token-key.pem", served.name):
        assert mode(tmp_path / "home" / secret) == 0o600
    assert running.end() == 0
    assert not running.ready_file.exists()


def test_a_restart_keeps_state_port_and_trust(tmp_path: Path) -> None:
    flags = ("--state", str(tmp_path / "state.json"))
    first = Process(tmp_path, *flags)
    group = f"/subscriptions/{first.ready['subscriptions'][0]['id']}/resourceGroups/rg1"
    made = requests.put(
        f"{first.ready['arm']}{group}?api-version=2022-12-01",
        json={"location": "westeurope"},
        headers=first.sign_in(),
        verify=first.ready["ca_file"],
    )
    assert made.status_code == 201
    token = first.sign_in()
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert mode(tmp_path / "state.json") == 0o600
    second = Process(tmp_path, *flags)
    assert second.ready["arm"] == first.ready["arm"]
    answer = second.get(f"{group}?api-version=2022-12-01", headers=token)
    assert answer.json()["name"] == "rg1"
    assert second.end() == 0


def test_a_state_whose_port_is_taken_moves(tmp_path: Path) -> None:
    flags = ("--state", str(tmp_path / "state.json"))
    first = Process(tmp_path, *flags)
    port = int(first.ready["arm"].rpartition(":")[2])
    first.end()
    with socket.create_server(("127.0.0.1", port)):
        second = Process(tmp_path, *flags)
        assert second.ready["arm"] != first.ready["arm"]
        assert str(port).encode() not in (tmp_path / "state.json").read_bytes()
        second.end()


def test_a_damaged_state_is_said_and_kept(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"tenants": 3}')
    ran = subprocess.run(
        [
            sys.executable, "-m", "sandbox", "--home", str(tmp_path / "home"),
            "--state", str(tmp_path / "state.json"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "state.json is damaged" in ran.stderr and "Traceback" not in ran.stderr
    assert (tmp_path / "state.json").read_text() == '{"tenants": 3}'


def test_it_ends_when_nobody_asks_anything(tmp_path: Path) -> None:
    running = Process(tmp_path, "--idle-minutes", "0.005")
    assert running.process.wait(10) == 0


def test_it_can_be_told_to_stop(tmp_path: Path) -> None:
    running = Process(tmp_path)
    told = requests.post(f"{running.ready['admin']}/stop", verify=running.ready["ca_file"])
    assert told.status_code == 202
    assert running.process.wait(10) == 0


def connect(proxy: str, target: str) -> tuple[socket.socket, bytes]:
    host, _, port = proxy.removeprefix("http://").partition(":")
    wire = socket.create_connection((host, int(port)), timeout=5)
    wire.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    return wire, wire.recv(200)


def test_the_proxy_leads_to_the_sandbox_only(sandbox: RunningSandbox) -> None:
    port = sandbox.arm.rpartition(":")[2]
    for elsewhere in ("login.microsoftonline.com:443", f"example.org:{port}", "localhost:22"):
        wire, answer = connect(sandbox.ready["proxy"], elsewhere)
        wire.close()
        assert answer.startswith(b"HTTP/1.1 403"), elsewhere
    vault = f"kv1.vault.localhost:{port}"
    wire, answer = connect(sandbox.ready["proxy"], vault)
    assert answer.startswith(b"HTTP/1.1 200")
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    with context.wrap_socket(wire, server_hostname="kv1.vault.localhost") as secure:
        secure.sendall(f"GET /keys HTTP/1.1\r\nHost: {vault}\r\n\r\n".encode())
        assert secure.recv(12).startswith(b"HTTP/1.1 4")


def test_it_listens_on_loopback_only(sandbox: RunningSandbox) -> None:
    port = int(sandbox.arm.rpartition(":")[2])
    listening = [
        line.split()[1].split(":")[0]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == port
    ]
    assert listening == ["0100007F"]


def run_exports(sandbox: RunningSandbox, principal: str, az: Path, then: str) -> str:
    """What ``then`` prints in a shell that took over the exports and finds only this az."""
    script = "\n".join([*exports(sandbox.ready, principal), then])
    shell = shutil.which("sh")
    assert shell is not None
    told = subprocess.run(
        [shell, "-c", script], check=True, capture_output=True, text=True, env={"PATH": str(az)}
    )
    return told.stdout.strip()


def test_the_exports_name_everything(sandbox: RunningSandbox, tmp_path: Path) -> None:
    show = 'echo "$AZURE_TENANT_ID $AZURE_CLIENT_ID $HTTPS_PROXY $AZURE_CONFIG_DIR"'
    folders = set()
    for name in ("admin", "reader"):
        *told, folder = run_exports(sandbox, name, tmp_path, show).split()
        who = sandbox.principal(name)
        assert told == [sandbox.ready["tenant_id"], who["client_id"], sandbox.ready["proxy"]]
        assert "WrapkeySandbox" in (Path(folder) / "config").read_text()
        folders.add(folder)
    assert len(folders) == 2, "each principal's az has a sign-in of its own"
    with pytest.raises(KeyError):
        exports(sandbox.ready, "nobody")


def test_the_exports_sign_az_in(sandbox: RunningSandbox, tmp_path: Path) -> None:
    az = tmp_path / "az"
    az.write_text('#!/bin/sh\necho "$@"\n')
    az.chmod(0o700)
    asked = run_exports(sandbox, "", tmp_path, "").split()
    admin = sandbox.principal("admin")
    assert asked[:2] == ["login", "--service-principal"]
    assert {admin["client_id"], admin["client_secret"], sandbox.ready["tenant_id"]} < set(asked)
