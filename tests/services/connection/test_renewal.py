"""Tokens that a service refuses: renewed once, with the claims it asks for, by any clock."""

import base64
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from tests.services.connection.wire import SUB, Answer, Sesame, Wire

Connect = Callable[..., Awaitable[Connection]]
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1763900000"}}}'
EXPIRED = {
    "error": {
        "code": "ExpiredAuthenticationToken",
        "message": "The access token expiry UTC time '11/23/2026 2:02:00 PM' is earlier than"
        " current UTC time '11/23/2026 2:02:31 PM'.",
    }
}


def challenge() -> Answer:
    told = base64.b64encode(CLAIMS.encode()).decode()
    header = (
        f'Bearer authorization_uri="https://login.microsoftonline.com/{SUB}",'
        f' error="insufficient_claims", claims="{told}"'
    )
    return Answer(
        401, {"error": {"code": "InvalidAuthenticationToken"}}, {"WWW-Authenticate": header}
    )


class Asked(Sesame):
    """Notes what it is asked for with each token; ``able`` False refuses claims."""

    def __init__(self, able: bool = True) -> None:
        super().__init__()
        self.claims: list[Any] = []
        self.able = able

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.claims.append(options.get("claims"))
        if options.get("claims") and not self.able:
            raise ClientAuthenticationError(
                "AADSTS50076: Due to a configuration change made by your administrator, you must"
                " use multi-factor authentication to access the resource."
            )
        return await super().get_token(*scopes, **options)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_claims_that_are_asked_for_are_brought(
    wire: Wire, connect: Connect, method: str
) -> None:
    credential = Asked()
    conn = await connect(credential=credential)
    wire.script.append(challenge())
    body = None if method == "GET" else {}
    answer = await conn.call("arm", method, f"/subscriptions/{SUB}/a", json=body)
    assert answer.status == 200
    assert credential.claims == [None, CLAIMS]
    tokens = [seen.headers["authorization"] for seen in wire.requests]
    assert len(tokens) == 2 and tokens[0] != tokens[1]
    await conn.call("arm", "GET", f"/subscriptions/{SUB}/b")
    assert wire.requests[-1].headers["authorization"] == tokens[1], "the new one is kept"


async def test_claims_nobody_can_bring_end_in_a_sentence(wire: Wire, connect: Connect) -> None:
    conn = await connect(credential=Asked(able=False))
    wire.script.append(challenge())
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", f"/subscriptions/{SUB}/a", what="read the group")
    found = caught.value
    assert (found.kind, found.code) == (ErrorKind.SIGN_IN, "AADSTS50076")
    assert "second factor" in found.means and found.what == "Could not read the group."
    assert len(wire.requests) == 1


async def test_a_token_that_ended_by_azures_clock_is_renewed_once(
    wire: Wire, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our clock an hour behind: by it the token is good, by Azure's it has ended."""
    credential = Asked()
    conn = await connect(credential=credential)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 3600)
    wire.script.append(Answer(401, EXPIRED))
    await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
    assert len(credential.asked) == 2 and len(wire.requests) == 2
    wire.requests.clear()
    wire.script += [Answer(401, EXPIRED)] * 5
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
    assert caught.value.kind is ErrorKind.SIGN_IN and len(wire.requests) == 2


async def test_a_write_with_an_ended_token_is_sent_once_and_the_next_token_is_new(
    wire: Wire, connect: Connect
) -> None:
    credential = Asked()
    conn = await connect(credential=credential)
    wire.script.append(Answer(401, EXPIRED))
    with pytest.raises(AzureError):
        await conn.call("arm", "PUT", f"/subscriptions/{SUB}/a", json={})
    assert len(wire.requests) == 1
    await conn.call("arm", "PUT", f"/subscriptions/{SUB}/a", json={})
    old, new = (seen.headers["authorization"] for seen in wire.requests)
    assert old != new


async def test_a_token_that_ends_soon_is_renewed_before_it_is_used(
    wire: Wire, connect: Connect
) -> None:
    class Short(Asked):
        async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            found = await super().get_token(*scopes, **options)
            return AccessToken(found.token, int(time.time()) + 200)

    credential = Short()
    conn = await connect(credential=credential)
    for _ in range(3):
        await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
    assert len({seen.headers["authorization"] for seen in wire.requests}) == 3
