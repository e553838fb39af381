"""Ways to sign in: each answers for itself, in its own time."""

import asyncio
import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest

from services.azure import azcli, credentials
from services.azure.clouds import AZURE_PUBLIC, CLOUDS
from services.azure.credentials import Limits, Probe, credential_for, principal_from_ready, probe
from services.azure.errors import AzureError, ErrorKind
from services.azure.identity import Caller, from_token
from services.azure.tokens import Tokens
from tests.services.connection.wire import SUB, Sesame, Wire

CLAIMS = {"oid": "AA-1", "tid": "bb-2", "name": "Ada", "upn": "ada@contoso.test", "exp": 2**31}


def token(**claims: Any) -> str:
    return jwt.encode({**CLAIMS, **claims}, "k" * 32)


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_CERTIFICATE_PATH"):
        monkeypatch.delenv(f"AZURE_{name}", raising=False)
    for name in ("AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path / "az"))
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1")
    (tmp_path / "az").mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


@pytest.fixture
def az(tmp_path: Path) -> Any:
    """Puts a program named az on PATH that says what the test wants."""

    def put(script: str) -> None:
        file = tmp_path / "bin/az"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    return put


async def only(name: credentials.Name, limits: Limits | None = None, **more: Any) -> Probe:
    (found,) = [
        item async for item in probe(more.get("cloud", AZURE_PUBLIC), "", limits, names=(name,))
    ]
    return found


async def test_az_that_is_not_installed() -> None:
    found = await only("azure-cli")
    assert (found.outcome, found.caller) == ("unavailable", None) and "PATH" in found.reason


async def test_az_that_is_signed_in(az: Any) -> None:
    answer = {"accessToken": token(), "expiresOn": "2037-01-01 00:00:00.000000"}
    az(f"echo '{json.dumps(answer)}'")
    found = await only("azure-cli")
    assert found.outcome == "ready" and found.caller is not None
    assert (found.caller.name, found.caller.object_id) == ("Ada", "aa-1")


async def test_az_that_is_not_signed_in(az: Any) -> None:
    az("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1")
    found = await only("azure-cli")
    assert found.outcome == "unavailable" and "az login" in found.reason


async def test_az_whose_sign_in_has_expired(az: Any) -> None:
    az("echo 'ERROR: AADSTS700082: The refresh token has expired eyJhbGciOi.eyJh.x' >&2; exit 1")
    found = await only("azure-cli")
    assert found.outcome == "failed" and "expired" in found.reason and "eyJ" not in found.reason


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_slow_az_stalls_nobody_else(az: Any, tmp_path: Path) -> None:
    az(f"echo $$ > {tmp_path}/pid; exec sleep 30")
    limits = Limits(azure_cli=0.8, managed_identity=0.5)
    started, seen = time.monotonic(), []
    async for found in probe(AZURE_PUBLIC, limits=limits):
        seen.append(found.name)
        if found.name in ("environment", "device-code"):
            assert time.monotonic() - started < 0.7
    assert (seen[-1], found.outcome) == ("azure-cli", "timed out")
    assert time.monotonic() - started < 3 and sorted(seen) == sorted(credentials.NAMES)
    async with asyncio.timeout(5):
        while alive(int((tmp_path / "pid").read_text())):
            await asyncio.sleep(0.01)


async def test_az_of_another_cloud_is_not_asked(az: Any, tmp_path: Path) -> None:
    az(f"touch {tmp_path}/asked; exit 1")
    (tmp_path / "az/config").write_text("[cloud]\nname = AzureUSGovernment\n")
    found = await only("azure-cli")
    assert found.outcome == "unavailable" and "AzureUSGovernment" in found.reason
    assert not (tmp_path / "asked").exists()
    assert not azcli.unusable(CLOUDS["AzureUSGovernment"])


def test_az_of_an_own_cloud_is_known_by_its_address(az: Any, tmp_path: Path) -> None:
    az("exit 1")
    own = msgspec.structs.replace(AZURE_PUBLIC, name="Own", arm="https://localhost:8899")
    (tmp_path / "az/config").write_text("[cloud]\nname = Wrapkey\n")
    (tmp_path / "az/clouds.config").write_text(
        "[Wrapkey]\nendpoint_resource_manager = https://localhost:8899/\n"
    )
    assert azcli.unusable(own) == "" and "Wrapkey" in azcli.unusable(AZURE_PUBLIC)


def test_azs_default_is_preselected(tmp_path: Path) -> None:
    listed = [
        {"id": "1", "isDefault": False},
        {
            "id": SUB.upper(),
            "name": "Prod\x1b[2J",
            "tenantId": "T",
            "isDefault": True,
            "environmentName": "AzureCloud",
            "user": {"name": "ada@contoso.test", "type": "user"},
        },
    ]
    profile = tmp_path / "az/azureProfile.json"
    profile.write_bytes(b"\xef\xbb\xbf" + json.dumps({"subscriptions": listed}).encode())
    found = azcli.default(AZURE_PUBLIC)
    assert found is not None
    assert (found.subscription, found.tenant, found.user) == (SUB, "t", "ada@contoso.test")
    assert "\x1b" not in found.subscription_name
    assert azcli.default(CLOUDS["AzureChinaCloud"]) is None


@pytest.mark.parametrize("text", [None, b"", b"{", b"[]", b'{"subscriptions": [1, {}]}', b"\xff"])
def test_an_unreadable_profile_preselects_nothing(text: bytes | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "az/azureProfile.json").write_bytes(text)
    assert azcli.default(AZURE_PUBLIC) is None


async def test_an_environment_that_is_not_set_names_its_variables() -> None:
    found = await only("environment")
    assert found.outcome == "unavailable" and "AZURE_CLIENT_ID" in found.reason
    with pytest.raises(AzureError) as caught:
        credential_for("environment", AZURE_PUBLIC)
    assert caught.value.kind is ErrorKind.SIGN_IN


async def test_a_certificate_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", SUB)
    monkeypatch.setenv("AZURE_CLIENT_ID", SUB)
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(tmp_path / "none.pem"))
    found = await only("environment")
    assert found.outcome == "failed" and found.reason


async def test_nobody_answers_where_managed_identities_live(
    monkeypatch: pytest.MonkeyPatch, wire: Wire
) -> None:
    """A listener that never answers stands for the address that leads nowhere."""
    silent = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{port}")
    started = time.monotonic()
    found = await only("managed-identity", Limits(managed_identity=0.3))
    assert found.outcome == "timed out" and "not in Azure" in found.reason
    assert time.monotonic() - started < 2
    silent.close()


def test_the_cast_of_a_sandbox_is_found_by_name() -> None:
    ready = {"principals": [{"name": "admin"}, {"name": "reader"}]}
    with pytest.raises(AzureError) as caught:
        principal_from_ready(ready, "nobody")
    assert "admin, reader" in caught.value.means and "--principal" in caught.value.do


@pytest.mark.parametrize(
    ("claims", "kind", "name"),
    [
        ({}, "user", "Ada"),
        ({"name": ""}, "user", "ada@contoso.test"),
        ({"idtyp": "app", "upn": "", "name": "", "appid": "AB"}, "service principal", "ab"),
        ({"upn": "", "name": "", "azp": "cd"}, "service principal", "cd"),
        ({"xms_mirid": "/subscriptions/x", "idtyp": "app"}, "managed identity", "Ada"),
        ({"name": "\x1b[31mEve\u202e"}, "user", "[31mEve"),
    ],
)
def test_who_a_token_is_for(claims: dict[str, Any], kind: str, name: str) -> None:
    found = from_token(token(**claims))
    assert (found.kind, found.name) == (kind, name)
    assert (found.object_id, found.tenant_id) == ("aa-1", "bb-2")
    assert found.principal_type == ("User" if kind == "user" else "ServicePrincipal")


@pytest.mark.parametrize("text", ["", "opaque", "a.b.c", token()[:-60]])
def test_a_token_that_cannot_be_read(text: str) -> None:
    with pytest.raises(AzureError) as caught:
        assert isinstance(from_token(text), Caller)
    assert (
        caught.value.kind is ErrorKind.SIGN_IN and text[:5] not in caught.value.message
    ) or not text


async def test_tokens_are_asked_for_once_for_each_audience_and_tenant() -> None:
    credential = Sesame()
    tokens = Tokens(credential)
    first, second = await asyncio.gather(tokens.get_token("a"), tokens.get_token("a"))
    assert first.token == second.token and len(credential.asked) == 1
    await tokens.get_token("a", tenant_id="t")
    await tokens.get_token("b")
    assert len(credential.asked) == 3
    renewed = await tokens.get_token("a", claims="{}")
    assert renewed.token != first.token
    assert (await tokens.get_token("a")).token == renewed.token


async def test_a_token_at_hand_does_not_wait_for_another_audiences() -> None:
    answered = asyncio.Event()

    class Slow(Sesame):
        async def get_token(self, *scopes: str, **options: Any) -> Any:
            if scopes == ("slow",):
                await answered.wait()
            return await super().get_token(*scopes, **options)

    tokens = Tokens(Slow())
    had = await tokens.get_token("a")
    slow = asyncio.ensure_future(tokens.get_token("slow"))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert (await tokens.get_token("a")).token == had.token
    assert not slow.done()
    answered.set()
    await slow


async def test_a_token_near_its_end_is_renewed() -> None:
    class Short(Sesame):
        async def get_token(self, *scopes: str, **options: Any) -> Any:
            found = await super().get_token(*scopes, **options)
            return found._replace(expires_on=int(time.time()) + 200)

    credential = Short()
    tokens = Tokens(credential)
    await tokens.get_token("a")
    await tokens.get_token("a")
    assert len(credential.asked) == 2
