"""Signing in, with the clients people use and with what they get wrong."""

import asyncio
import threading
import time

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
)
from sandboxed import RunningSandbox

CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@pytest.fixture(autouse=True)
def trust(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.ca_file)
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)


def secret(sandbox: RunningSandbox, name: str = "app", **changed: str) -> ClientSecretCredential:
    cast = sandbox.principal(name)
    given = {
        "tenant_id": sandbox.ready["tenant_id"],
        "client_id": cast["client_id"],
        "client_secret": cast["client_secret"],
        **changed,
    }
    return ClientSecretCredential(
        **given, authority=sandbox.ready["authority"], disable_instance_discovery=True
    )


def claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_client_secret_signs_an_app_in(sandbox: RunningSandbox) -> None:
    token = secret(sandbox).get_token(f"{sandbox.arm}/.default")
    said = claims(token.token)
    app = sandbox.principal("app")
    assert said["aud"] == sandbox.arm
    assert (said["oid"], said["appid"]) == (app["object_id"], app["client_id"])
    assert (said["tid"], said["idtyp"]) == (sandbox.ready["tenant_id"], "app")
    answer = requests.get(
        f"{sandbox.arm}/subscriptions?api-version=2022-12-01",
        headers={"Authorization": f"Bearer {token.token}"},
        verify=sandbox.ca_file,
    )
    assert [item["displayName"] for item in answer.json()["value"]] == ["Contoso-ML"]


def test_the_published_key_checks_the_tokens(sandbox: RunningSandbox) -> None:
    base = f"{sandbox.ready['authority']}/{sandbox.ready['tenant_id']}"
    described = sandbox.http().get(f"{base}/v2.0/.well-known/openid-configuration").json()
    keys = sandbox.http().get(described["jwks_uri"]).json()["keys"]
    token = sandbox.token()
    wanted = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWK(next(item for item in keys if item["kid"] == wanted))
    assert jwt.decode(token, key.key, ["ES256"], audience=sandbox.arm)["oid"]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "00000000-0000-0000-0000-00000000dead"}, "AADSTS700016"),
    ],
)
def test_a_wrong_sign_in_is_refused_in_entras_words(
    sandbox: RunningSandbox, changed: dict[str, str], wanted: str
) -> None:
    with pytest.raises(ClientAuthenticationError, match=wanted):
        secret(sandbox, **changed).get_token(f"{sandbox.arm}/.default")


def token_endpoint(sandbox: RunningSandbox, form: dict, tenant: str = "") -> requests.Response:
    tenant = tenant or sandbox.ready["tenant_id"]
    url = f"{sandbox.ready['authority']}/{tenant}/oauth2/v2.0/token"
    return sandbox.http().post(url, data=form)


def test_an_unknown_tenant_is_refused(sandbox: RunningSandbox) -> None:
    answer = token_endpoint(sandbox, {"grant_type": "client_credentials"}, "nowhere.test")
    assert answer.status_code == 400
    assert answer.json()["error_codes"] == [90002]
    assert answer.json()["correlation_id"] in answer.json()["error_description"]


def test_no_token_for_what_is_not_the_sandbox(sandbox: RunningSandbox) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        secret(sandbox).get_token("https://management.azure.com/.default")


def test_an_assertion_must_name_the_app(sandbox: RunningSandbox) -> None:
    app = sandbox.principal("app")["client_id"]

    def credential(**body: object) -> ClientAssertionCredential:
        made = jwt.encode({"exp": time.time() + 60, **body}, "x" * 32)
        return ClientAssertionCredential(
            sandbox.ready["tenant_id"],
            app,
            lambda: made,
            authority=sandbox.ready["authority"],
            disable_instance_discovery=True,
        )

    scope = f"{sandbox.arm}/.default"
    assert credential(iss=app, sub=app).get_token(scope).token
    assert credential(iss="https://issuer.test", sub="system:serviceaccount:a:b").get_token(scope)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        credential(iss=app, sub="another").get_token(scope)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        credential(iss=app, sub=app, exp=1).get_token(scope)


def test_a_certificate_signs_in(sandbox: RunningSandbox, tmp_path) -> None:
    import trustme

    ca = trustme.CA()
    pem = tmp_path / "app.pem"
    ca.issue_cert(
        "app.test", key_type=trustme.KeyType.RSA
    ).private_key_and_cert_chain_pem.write_to_path(pem)
    credential = CertificateCredential(
        sandbox.ready["tenant_id"],
        sandbox.principal("app")["client_id"],
        str(pem),
        authority=sandbox.ready["authority"],
        disable_instance_discovery=True,
    )
    assert credential.get_token(f"{sandbox.arm}/.default").token


def device(sandbox: RunningSandbox, tenant: str = "organizations") -> tuple[dict, dict]:
    url = f"{sandbox.ready['authority']}/{tenant}/oauth2/v2.0/devicecode"
    scope = f"{sandbox.arm}//.default offline_access openid profile"
    form = {"client_id": CLI, "scope": scope}
    code = sandbox.http().post(url, data=form).json()
    grant = {**form, "grant_type": "device_code", "device_code": code["device_code"]}
    return code, grant


def test_a_device_code_waits_for_a_person(sandbox: RunningSandbox) -> None:
    code, grant = device(sandbox)
    waiting = token_endpoint(sandbox, grant, "organizations")
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    page = sandbox.http().get(f"{code['verification_uri']}?code={code['user_code']}")
    assert code["user_code"] in page.text and "ada@contoso.test" in page.text
    chosen = {"code": code["user_code"], "principal": "admin", "do": "approve"}
    assert sandbox.http().post(code["verification_uri"], data=chosen).status_code == 200
    answer = token_endpoint(sandbox, grant, "organizations").json()
    assert claims(answer["access_token"])["upn"] == "ada@contoso.test"
    assert claims(answer["access_token"])["appid"] == CLI
    assert claims(answer["id_token"])["preferred_username"] == "ada@contoso.test"
    again = token_endpoint(sandbox, grant, "organizations")
    assert again.json()["error"] == "bad_verification_code"


def test_a_device_code_can_be_declined_and_runs_out(sandbox: RunningSandbox) -> None:
    code, grant = device(sandbox)
    sandbox.admin("POST", "approve", {"user_code": code["user_code"], "decline": True})
    assert token_endpoint(sandbox, grant).json()["error"] == "authorization_declined"
    code, grant = device(sandbox)
    sandbox.world.state.table("device_codes")[code["device_code"]]["expires"] = 0
    assert token_endpoint(sandbox, grant).json()["error"] == "expired_token"


def test_a_refresh_token_reaches_the_persons_other_tenant(sandbox: RunningSandbox) -> None:
    code, grant = device(sandbox)
    sandbox.admin("POST", "approve", {"user_code": code["user_code"], "principal": "guest"})
    answer = token_endpoint(sandbox, grant, "organizations").json()
    fabrikam = list(sandbox.world.state.tenants)[1]
    assert claims(answer["access_token"])["tid"] == fabrikam
    form = {
        "grant_type": "refresh_token",
        "client_id": CLI,
        "refresh_token": answer["refresh_token"],
        "scope": f"{sandbox.arm}/.default",
    }
    there = token_endpoint(sandbox, form).json()
    assert claims(there["access_token"])["tid"] == sandbox.ready["tenant_id"]
    assert there["client_info"] == answer["client_info"]
    forged = token_endpoint(sandbox, {**form, "refresh_token": answer["access_token"]})
    assert forged.json()["error"] == "invalid_grant"


def test_the_device_code_credential_signs_in(sandbox: RunningSandbox) -> None:
    def prompt(_uri: str, user_code: str, _expires: object) -> None:
        body = {"user_code": user_code, "principal": "reader"}
        threading.Thread(target=sandbox.admin, args=("POST", "approve", body)).start()

    credential = DeviceCodeCredential(
        CLI,
        tenant_id="organizations",
        authority=sandbox.ready["authority"],
        disable_instance_discovery=True,
        prompt_callback=prompt,
    )
    token = credential.get_token(f"{sandbox.arm}/.default")
    assert claims(token.token)["upn"] == "rhea@contoso.test"


def test_the_asynchronous_credential_signs_in(sandbox: RunningSandbox) -> None:
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.identity.aio import ClientSecretCredential as AsyncCredential

    app = sandbox.principal("app")

    async def sign_in() -> str:
        async with sandbox.session() as session:
            transport = AioHttpTransport(session=session, session_owner=False)
            async with AsyncCredential(
                sandbox.ready["tenant_id"],
                app["client_id"],
                app["client_secret"],
                authority=sandbox.ready["authority"],
                disable_instance_discovery=True,
                transport=transport,
            ) as credential:
                return (await credential.get_token(f"{sandbox.arm}/.default")).token

    assert claims(asyncio.run(sign_in()))["oid"] == app["object_id"]


def test_discovery_points_at_the_sandbox(sandbox: RunningSandbox) -> None:
    authority = sandbox.ready["authority"]
    endpoint = f"{authority}/common/oauth2/v2.0/authorize"
    url = f"{authority}/common/discovery/instance?api-version=1.1&authorization_endpoint={endpoint}"
    told = sandbox.http().get(url).json()
    assert told["metadata"][0]["aliases"] == [authority.removeprefix("https://")]
    described = sandbox.http().get(told["tenant_discovery_endpoint"]).json()
    assert described["token_endpoint"].startswith(authority)


def test_the_cloud_describes_itself_in_both_shapes(sandbox: RunningSandbox) -> None:
    base = f"{sandbox.arm}/metadata/endpoints?api-version="
    one = sandbox.http().get(base + "2022-09-01").json()
    assert one["authentication"]["loginEndpoint"] == sandbox.ready["authority"]
    assert one["suffixes"]["keyVaultDns"].endswith(sandbox.ready["key_vault_suffix"])
    assert sandbox.http().get(base + "2019-05-01").json() == [one]
