"""Signing in for real: Entra, ARM, Graph and the vault's challenge, against the sandbox."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from services.azure import devicecode, keys
from services.azure.clouds import PRICES, Cloud, discover
from services.azure.connection import Connection
from services.azure.credentials import (
    DeviceCode,
    credential_for,
    principal_from_ready,
    probe,
)
from services.azure.errors import AzureError, ErrorKind, translated
from tests.sandboxed import RunningSandbox
from tests.services.connection.conftest import QUICK

Be = Callable[..., Awaitable[Connection]]


@pytest.fixture
async def be(sandbox: RunningSandbox) -> AsyncIterator[Be]:
    """Connects as one of the cast."""
    made: list[Connection] = []

    async def be(name: str = "admin", **more: Any) -> Connection:
        cloud = Cloud.from_ready(sandbox.ready)
        credential = principal_from_ready(sandbox.ready, name)
        made.append(await Connection.open(cloud, credential, settings=QUICK, **more))
        return made[-1]

    yield be
    for connection in made:
        await connection.close()


async def test_who_is_who(sandbox: RunningSandbox, be: Be) -> None:
    for name in ("admin", "reader", "app"):
        conn = await be(name)
        caller = await conn.who()
        assert conn.caller == caller
        assert caller.object_id == sandbox.principal(name)["object_id"]
        assert caller.tenant_id == sandbox.ready["tenant_id"]


async def test_a_wrong_secret_is_explained_without_showing_it(sandbox: RunningSandbox) -> None:
    ready = json.loads(json.dumps(sandbox.ready))
    ready["principals"][0]["client_secret"] = "hunter2-wrong-secret"
    cloud = Cloud.from_ready(ready)
    async with await Connection.open(cloud, principal_from_ready(ready)) as conn:
        with pytest.raises(AzureError) as caught:
            await conn.who()
    error = caught.value
    assert (error.kind, error.code) == (ErrorKind.SIGN_IN, "AADSTS7000215")
    assert "secret is wrong" in error.means and "hunter2" not in f"{error}{error!r}"


async def test_arm_graph_prices_and_the_description(sandbox: RunningSandbox, be: Be) -> None:
    conn = await be()
    listed = await conn.call("arm", "GET", "/subscriptions", params={"api-version": "2022-12-01"})
    assert [item["subscriptionId"] for item in listed.body["value"]] == [sandbox.subscription]
    app = f"/v1.0/servicePrincipals(appId='{conn.cloud.ml_app_id}')"
    found = await conn.call("graph", "GET", app, missing_ok=True)
    assert found.status in (200, 404)
    assert "Items" in (await conn.call("prices", "GET", PRICES)).body
    told = await discover(conn.transport.session, conn.cloud.arm, ca_file=conn.cloud.ca_file)
    for field in ("arm", "authority", "graph", "vault_suffix", "arm_audience", "graph_audience"):
        assert getattr(told, field) == getattr(conn.cloud, field), field


def vault(sandbox: RunningSandbox, name: str) -> str:
    """A vault with access policies for the admin; its address."""
    group = f"/subscriptions/{sandbox.subscription}/resourceGroups/rg-conn"
    sandbox.call("PUT", group, {"location": "westeurope"})
    sandbox.call(
        "POST",
        f"/subscriptions/{sandbox.subscription}/providers/Microsoft.KeyVault/register",
    )
    sandbox.advance(600)
    admin = sandbox.principal("admin")["object_id"]
    policy = {
        "tenantId": sandbox.ready["tenant_id"],
        "objectId": admin,
        "permissions": {"keys": ["all"]},
    }
    answer = sandbox.call(
        "PUT",
        f"{group}/providers/Microsoft.KeyVault/vaults/{name}",
        {
            "location": "westeurope",
            "properties": {
                "tenantId": sandbox.ready["tenant_id"],
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": False,
                "accessPolicies": [policy],
            },
        },
        version="2026-02-01",
    )
    assert answer.status_code == 200, answer.text
    sandbox.advance(600)
    return f"https://{name}.{sandbox.ready['key_vault_suffix']}"


async def test_the_vaults_challenge_is_answered(sandbox: RunningSandbox, be: Be) -> None:
    uri = await asyncio.to_thread(vault, sandbox, "kv-conn-1")
    conn = await be()
    with translated("create a key"):
        made = await conn.keys(uri).create_rsa_key("k", size=2048)
        read = await conn.keys(uri).get_key("k")
    assert read.id == made.id and read.key.kty == "RSA"
    asked = [item for item in sandbox.requests() if "/keys/k" in item["path"]]
    assert [item["status"] for item in asked][:2] == [401, 200]
    with pytest.raises(AzureError) as caught, translated("read a key"):
        await (await be("reader")).keys(uri).get_key("k")
    assert (caught.value.kind, caught.value.inner) == (ErrorKind.FORBIDDEN, "ForbiddenByPolicy")


def versions(sandbox: RunningSandbox, name: str) -> int:
    """How often a key was really created, by the record of the sandbox."""
    return sum(
        item["method"] == "POST" and item["path"].endswith(f"/keys/{name}/create")
        for item in sandbox.requests()
        if item["status"] != 401
    )


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": "after"}, {"reset": "before"}])
async def test_a_key_is_asked_for_once_whatever_happens(
    sandbox: RunningSandbox, be: Be, fault: dict[str, Any]
) -> None:
    uri = await asyncio.to_thread(vault, sandbox, "kv-conn-3")
    conn = await be()
    assert [key async for key in conn.keys(uri).list_properties_of_keys()] == []
    match = {"method": "POST", "path": "/keys/once/create", "times": -1}
    sandbox.admin("POST", "faults", {**match, **fault})
    with pytest.raises(AzureError) as caught, translated("create key once"):
        await conn.keys(uri).create_rsa_key("once", size=2048)
    assert caught.value.kind in (ErrorKind.SERVER, ErrorKind.NETWORK) and caught.value.sent
    assert versions(sandbox, "once") == 1
    kept = [key.name async for key in conn.keys(uri).list_properties_of_keys()]
    assert kept == (["once"] if fault == {"reset": "after"} else [])
    if kept:
        listing = conn.keys(uri).list_properties_of_key_versions("once")
        assert len([item async for item in listing]) == 1


async def test_a_token_refused_once_is_fetched_anew(sandbox: RunningSandbox, be: Be) -> None:
    conn = await be()
    await conn.who()
    body = {"error": {"code": "ExpiredAuthenticationToken", "message": "expired"}}
    fault = {"method": "GET", "path": "^/subscriptions$", "status": 401, "body": body}
    sandbox.admin("POST", "faults", fault)
    answer = await conn.call("arm", "GET", "/subscriptions", params={"api-version": "2022-12-01"})
    assert answer.status == 200
    asked = [item for item in sandbox.requests() if item["path"].endswith("/oauth2/v2.0/token")]
    assert len(asked) == 2


async def test_read_only_reaches_the_sandbox_with_reads_only(
    sandbox: RunningSandbox, be: Be
) -> None:
    uri = await asyncio.to_thread(vault, sandbox, "kv-conn-2")
    before = len(sandbox.requests())
    conn = await be(read_only=True)
    with pytest.raises(AzureError) as caught:
        await conn.keys(uri).create_rsa_key("k")
    assert caught.value.kind is ErrorKind.READ_ONLY
    assert all("/keys/" not in item["path"] for item in sandbox.requests()[before:])


async def test_the_environment_signs_in(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = sandbox.principal("admin")
    monkeypatch.setenv("AZURE_TENANT_ID", sandbox.ready["tenant_id"])
    monkeypatch.setenv("AZURE_CLIENT_ID", admin["client_id"])
    monkeypatch.setenv("AZURE_CLIENT_SECRET", admin["client_secret"])
    cloud = Cloud.from_ready(sandbox.ready)
    (found,) = [item async for item in probe(cloud, names=("environment",))]
    assert found.outcome == "ready" and found.caller is not None
    assert found.caller.object_id == admin["object_id"]


def _certificate(folder: Path) -> Path:
    """A key with its self-signed certificate, as applications register them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "wrapkey test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "app.pem"
    file.write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    return file


def _workload_token(folder: Path, lives: int) -> Path:
    """What a cluster's own issuer puts into a pod's file."""
    claims = {
        "iss": "https://issuer.test",
        "sub": "system:serviceaccount:ml:wrapkey",
        "aud": "api://AzureADTokenExchange",
        "exp": int(time.time()) + lives,
    }
    file = folder / "token"
    file.write_text(jwt.encode(claims, "of the cluster, thirty-two bytes long", algorithm="HS256"))
    return file


@pytest.mark.parametrize(
    ("variable", "make", "outcome"),
    [
        ("AZURE_CLIENT_CERTIFICATE_PATH", _certificate, "ready"),
        ("AZURE_FEDERATED_TOKEN_FILE", partial(_workload_token, lives=600), "ready"),
        ("AZURE_FEDERATED_TOKEN_FILE", partial(_workload_token, lives=-600), "failed"),
    ],
    ids=["certificate", "workload", "workload-expired"],
)
async def test_the_environment_signs_in_without_a_secret(
    sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    make: Callable[[Path], Path],
    outcome: str,
) -> None:
    app = sandbox.principal("app")
    for name in list(os.environ):
        if name.startswith("AZURE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TENANT_ID", sandbox.ready["tenant_id"])
    monkeypatch.setenv("AZURE_CLIENT_ID", app["client_id"])
    monkeypatch.setenv(variable, str(make(tmp_path)))
    cloud = Cloud.from_ready(sandbox.ready)
    (found,) = [item async for item in probe(cloud, names=("environment",))]
    assert found.outcome == outcome, found.reason
    if outcome == "ready":
        assert found.caller is not None
        assert found.caller.object_id == app["object_id"]


def enter(sandbox: RunningSandbox, code: DeviceCode) -> None:
    """What a person does in a browser, by the sandbox's control endpoint."""
    sandbox.admin("POST", "approve", {"user_code": code.code, "principal": "reader"})


async def test_a_device_code_signs_in_once_for_the_process(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devicecode, "_sign_ins", {})
    cloud, tenant = Cloud.from_ready(sandbox.ready), sandbox.ready["tenant_id"]
    uri = await asyncio.to_thread(vault, sandbox, "kv-conn-2")
    codes: list[DeviceCode] = []

    def show(code: DeviceCode) -> None:
        assert threading.current_thread() is threading.main_thread()
        codes.append(code)
        threading.Thread(target=enter, args=(sandbox, code)).start()

    for _ in range(2):
        credential = credential_for("device-code", cloud, tenant, show)
        async with await Connection.open(cloud, credential) as conn:
            async with asyncio.timeout(20):
                caller = await conn.who()
            assert caller.object_id == sandbox.principal("reader")["object_id"]
            assert (await conn.call("graph", "GET", "/v1.0/me")).body["id"] == caller.object_id
            with suppress(AzureError):  # the reader may sign in to a vault, and do nothing there
                await keys.list_keys(conn, uri)
            assert any(one.host == urlsplit(uri).netloc for one in conn.recent)
    assert len(codes) == 1 and codes[0].address.startswith("https://")
    (found,) = [item async for item in probe(cloud, tenant, names=("device-code",))]
    assert found.outcome == "ready" and found.caller == caller


async def test_a_device_code_given_up_does_not_block_the_next(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devicecode, "_sign_ins", {})
    cloud, tenant = Cloud.from_ready(sandbox.ready), sandbox.ready["tenant_id"]
    codes: list[str] = []
    for _ in range(2):
        shown = asyncio.Event()

        def show(code: DeviceCode, shown: asyncio.Event = shown) -> None:
            codes.append(code.code)
            shown.set()

        credential = credential_for("device-code", cloud, tenant, show)
        task = asyncio.create_task(credential.get_token(f"{cloud.arm_audience}/.default"))
        async with asyncio.timeout(10):
            await shown.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(set(codes)) == 2


QUIT = """
import asyncio, json, sys
from services.azure.clouds import Cloud
from services.azure.credentials import credential_for
ready = json.loads(sys.argv[1])
cloud = Cloud.from_ready(ready)
async def main():
    shown = asyncio.Event()
    asked = credential_for("device-code", cloud, ready["tenant_id"], lambda code: shown.set())
    task = asyncio.create_task(asked.get_token(f"{cloud.arm_audience}/.default"))
    await shown.wait()
asyncio.run(main())
print("quit")
"""


async def test_quitting_does_not_wait_for_an_open_code(sandbox: RunningSandbox) -> None:
    root = Path(__file__).parents[3]
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", QUIT, json.dumps(sandbox.ready)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "quit\n", "")
