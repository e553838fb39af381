"""Commands that sign in by themselves: through a proxy, to a cloud that describes itself, to none."""

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import Away

Start = Callable[..., "subprocess.Popen[str]"]
BOUND_S = 30.0
"""Longest that a command without a network may take to say so; az alone may take 20."""


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return process.returncode, out, err


@pytest.fixture
def pointed(away: Callable[..., Away], command: Start) -> tuple[Away, dict[str, str]]:
    """A sandbox, and the variables that ``wrapkey sandbox env`` exports for it."""
    sandbox = away()
    code, out, err = ended(command("sandbox", "env", "--connect", str(sandbox.file)))
    assert code == 0, err
    pairs = [shlex.split(line)[1] for line in out.splitlines() if line.startswith("export ")]
    return sandbox, dict(one.split("=", 1) for one in pairs)


def test_a_cloud_is_read_from_its_address_and_everything_goes_through_the_proxy(
    pointed: tuple[Away, dict[str, str]], command: Start
) -> None:
    """No --connect: Entra, ARM and the vault are found by the metadata alone."""
    sandbox, variables = pointed
    code, out, err = ended(command("subscriptions", "--cloud", sandbox.ready["arm"], **variables))
    assert code == 0, err
    assert sandbox.ready["subscriptions"][0]["id"] in out
    seen = [one["path"] for one in sandbox.admin("GET", "requests")["value"]]
    assert any(path.startswith("/metadata/endpoints") for path in seen)
    assert any("/oauth2/" in path for path in seen)
    broken = {**variables, "HTTPS_PROXY": "http://127.0.0.1:1"}
    code, _, err = ended(command("subscriptions", "--cloud", sandbox.ready["arm"], **broken))
    assert code == 4
    assert "HTTPS_PROXY" in err


@pytest.mark.skipif(shutil.which("az") is None, reason="the Azure CLI is not installed")
def test_the_azure_cli_signs_in_to_a_cloud_of_its_own(
    pointed: tuple[Away, dict[str, str]], command: Start
) -> None:
    sandbox, variables = pointed
    secret = variables.pop("AZURE_CLIENT_SECRET")
    user = variables.pop("AZURE_CLIENT_ID")
    tenant = variables["AZURE_TENANT_ID"]
    login = ["az", "login", "--service-principal", "-u", user, "-p", secret, "--tenant", tenant]
    path = {"PATH": os.environ["PATH"]}
    subprocess.run(login, env={**path, **variables}, check=True, capture_output=True)
    code, out, err = ended(command("subscriptions", "--cloud", sandbox.ready["arm"], **variables))
    assert code == 0, err
    assert sandbox.ready["subscriptions"][0]["id"] in out


@pytest.mark.parametrize("cloud", ["AzureCloud", "AzureUSGovernment", "AzureChinaCloud"])
def test_without_a_network_a_sentence_comes_soon(command: Start, cloud: str) -> None:
    began = time.monotonic()
    variables = {"HTTPS_PROXY": "http://127.0.0.1:1", "PATH": "/usr/bin:/bin"}
    code, out, err = ended(command("subscriptions", "--cloud", cloud, **variables))
    assert time.monotonic() - began < BOUND_S
    assert code == 4
    assert out == ""
    assert "Check HTTPS_PROXY" in err
    for candidate in ("Azure CLI: unavailable.", "Environment variables: ", "Managed identity: "):
        assert candidate in err, "each way to sign in says why it does not serve"


@pytest.mark.parametrize("cloud", ["AzureMoon", "https://", "https://[x", "http://localhost:1"])
def test_an_unknown_cloud_is_told_the_known_ones(command: Start, cloud: str) -> None:
    code, _, err = ended(command("subscriptions", "--cloud", cloud))
    assert code == 2
    assert "AzureCloud, AzureUSGovernment, AzureChinaCloud" in err


def test_words_go_before_the_environment(
    away: Callable[..., Away], command: Start, tmp_path: object
) -> None:
    """WRAPKEY_CONNECT is what holds when no word says where to."""
    sandbox = away()
    for words, says in (
        (("--connect", "/nowhere", "subscriptions"), "/nowhere"),
        (("subscriptions", "--connect", "/nowhere"), "/nowhere"),
        (("--cloud", "AzureMoon", "subscriptions"), "AzureMoon"),
    ):
        code, _, err = ended(command(*words, WRAPKEY_CONNECT=str(sandbox.file)))
        assert code == 2
        assert says in err


def test_a_stale_ready_file_says_so(away: Callable[..., Away], command: Start) -> None:
    sandbox = away()
    sandbox.stop()
    code, out, err = ended(command("subscriptions", WRAPKEY_CONNECT=str(sandbox.file)))
    assert (code, out) == (2, "")
    assert "does not answer" in err
    older = {**json.loads(sandbox.file.read_text()), "schema": 99}
    sandbox.file.write_text(json.dumps(older))
    code, _, err = ended(command("subscriptions", WRAPKEY_CONNECT=str(sandbox.file)))
    assert code == 2
    assert "another version" in err
