"""A bundle holds what was read, and nothing secret; it is judged as it was at once."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from alive import NOW, live
from hypothesis import given, settings
from hypothesis import strategies as st
from looking import TARGET, signed_in
from sandboxed import RunningSandbox

from services.azure.clouds import AZURE_PUBLIC
from services.checks.facts import Unknown
from services.diagnosis import bundle
from services.diagnosis.bundle import BadBundle
from services.diagnosis.conclude import conclude
from services.diagnosis.diagnose import look
from services.diagnosis.packed import NAME
from services.diagnosis.seen import Seen
from services.model.resources import Caller

TOKEN = re.compile(r"eyJ[\w-]{10,}\.")
CALLER = Caller(object_id="o-1", tenant_id="t-1", name="ada", kind="User")
SEEN = Seen(target=live().target, at=NOW, cloud=AZURE_PUBLIC, caller=CALLER, there=live())
WHOLE = bundle.encode(SEEN)


@pytest.mark.parametrize(
    "name",
    [
        *("healthy-identity", "healthy-policies", "healthy-service-side"),
        *("f05-key-version-disabled-logged", "f11-creation-malformed-key", "f15-vault-deleted"),
        *("f23-creation-policy", "f28-workspace-soft-deleted", "f56-recovered-without-grants"),
    ],
)
async def test_it_is_judged_as_it_was_at_once_without_asking_azure(
    sandbox: RunningSandbox, tmp_path: Path, name: str
) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        seen = await look(conn, TARGET, probe=True)
    asked, path = len(sandbox.requests()), tmp_path / "facts.json"
    bundle.save(path, seen)
    assert bundle.judged(bundle.load(path)) == conclude(seen)
    assert len(sandbox.requests()) == asked
    assert path.stat().st_mode & 0o777 == 0o600


async def test_what_could_not_be_read_is_kept_too(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    async with signed_in(sandbox, "reader") as conn:
        seen = await look(conn, TARGET, ask_azure=False)
    found = bundle.judged(bundle.decode(bundle.encode(seen)))
    assert found == conclude(seen)
    assert found.unread
    assert all("Ask for a role that includes" in one.why for one in found.unread)


async def test_no_token_no_secret_and_no_raw_answer_is_in_it(sandbox: RunningSandbox) -> None:
    secrets = [one["client_secret"] for one in sandbox.ready["principals"]]
    for name in ("healthy", "f05-key-version-disabled-logged", "f24-creation-cosmos-region"):
        sandbox.reset(f"broken/{name}")
        async with signed_in(sandbox) as conn:
            text = bundle.encode(await look(conn, TARGET, probe=True)).decode()
        assert not TOKEN.search(text)
        assert not [one for one in secrets if one in text or one[:12] in text]
        for word in ("InstrumentationKey", "ConnectionString", "PRIVATE KEY", '"raw"', "ca_file"):
            assert word not in text
        assert sandbox.ca_file not in text


def test_what_looks_like_a_token_is_hidden() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiJvLTEifQ.c2lnbmF0dXJl"
    there = live(remarks=Unknown(f"Authorization: Bearer {token}"))
    seen = Seen(target=there.target, at=NOW, cloud=AZURE_PUBLIC, caller=CALLER, there=there)
    text = bundle.encode(seen).decode()
    assert token not in text
    assert "[hidden]" in text


def changed(**parts: Any) -> bytes:
    return json.dumps({**json.loads(WHOLE), **parts}).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JSON"),
        (WHOLE[: len(WHOLE) // 2], "only a part of it"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no bundle of wrapkey"),
        (b'{"schema": 1, "findings": []}', "no bundle of wrapkey"),
        (changed(version=2), "newer wrapkey"),
        (changed(version="1"), "does not tell its version"),
        (changed(seen=None), "damaged"),
        (changed(seen={NAME: "Seen"}), "target"),
        (changed(seen={**json.loads(WHOLE)["seen"], "at": "yesterday"}), "at"),
        (changed(seen={**json.loads(WHOLE)["seen"], "at": "2026-11-23T12:00:00"}), "zone"),
    ],
)
def test_what_is_no_whole_bundle_ends_in_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(BadBundle, match=words) as caught:
        bundle.decode(data)
    assert str(caught.value).endswith((".", "it."))


def test_what_a_newer_wrapkey_read_besides_is_passed_over() -> None:
    document = json.loads(WHOLE)
    document["seen"]["there"]["moon"] = {NAME: "Moon", "phase": "full"}
    assert bundle.judged(bundle.decode(json.dumps(document).encode())) == conclude(SEEN)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of a document stands."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, one in items:
        found.append((*path, key))
        if isinstance(one, (dict, list)):
            found += places(one, (*path, key))
    return found


PLACES = places(json.loads(WHOLE))
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.builds(list), st.builds(dict),
    st.just("/subscriptions/x/y"), st.just("https://kv/keys"), st.just("9999-12-31T23:59:59Z"),
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_whatever_is_changed_in_it_never_breaks_anything(
    changes: list[tuple[tuple[Any, ...], Any]],
) -> None:
    document = json.loads(WHOLE)
    for path, value in changes:
        inner = document
        try:
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # another change took the place away
    try:
        bundle.judged(bundle.mask(bundle.decode(json.dumps(document).encode())))
    except BadBundle as error:
        assert len(str(error)) < 700
