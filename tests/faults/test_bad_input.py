"""What people and files can hand to a command: a sentence and exit code 2, never a fault."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intents import BadIntent, read, write

INTENT = """\
kind = "workspace"
subscription = "5b000000-0000-4000-8000-0000000000d1"
region = "westeurope"
resource_group = "rg-ml"
[vault]
name = "kv-one"
create = true
[key]
name = "cmk"
create = true
[workspace]
name = "mlw-one"
"""
FIELDS = [
    *("kind", "subscription", "region", "resource_group", "cloud", "tenant", "tags", "vault"),
    *("key", "workspace", "vault.name", "vault.create", "vault.sku", "vault.access", "key.bits"),
    *("vault.retention_days", "vault.network", "vault.repair", "key.type", "key.version"),
    *("key.not_before", "key.expires", "key.rotate_every", "key.notify_before", "key.tags"),
    *("workspace.identity", "workspace.storage", "workspace.insights", "workspace.registry"),
    *("workspace.secrets_vault", "workspace.hbi", "workspace.encryption", "a.b", '"[x]"'),
]
VALUES = st.one_of(
    st.text().map(json.dumps),
    st.integers().map(str),
    st.floats(allow_nan=True).map(str),
    st.sampled_from(
        [
            *("true", "[]", "{}", "{ create = 1 }", "{ create = 'x' }", "2026-01-01", "07:32:00"),
            *("2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
            *("[[1]]", "'new'", "'none'", "'P1D'", "'P99999999999999Y'", "''", "[{a=1}]"),
            *("0xffff", "99999999999999999999999999", "1e400", "{ create = { create = 'a' } }"),
        ]
    ),
)


def judged(text: str) -> None:
    """Either an intent that survives being written and read, or problems that can be found."""
    try:
        intent = read(text)
    except BadIntent as error:
        lines = text.count("\n") + 1
        assert error.problems
        for one in error.problems:
            assert one.rule
            assert 0 <= one.line <= lines + 1
            assert str(one).isprintable(), repr(str(one))
    else:
        assert read(write(intent)) == intent


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6))
def test_any_values_give_an_intent_or_problems(changes: dict[str, str]) -> None:
    dotted = "".join(f"{path} = {value}\n" for path, value in changes.items())
    judged(dotted)
    flat, table = [], ""
    for line in INTENT.splitlines():
        if line.startswith("["):
            table = line.strip("[]") + "."
        elif table + line.partition(" =")[0] not in changes:
            flat.append(table + line)
    judged("\n".join(flat) + "\n" + dotted)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(INTENT)), st.integers(0, 12), st.text(max_size=12))
def test_any_damage_to_the_text_is_found(at: int, gone: int, new: str) -> None:
    judged(INTENT[:at] + new + INTENT[at + gone :])


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_at_all(text: str) -> None:
    judged(text)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 100_000,
        "x = " + "{a=" * 5_000,
        "x = " + "9" * 10_000,
        "[" + "a." * 3_000 + "a]",
        "[" + "a." * 300 + "a]",
        "x = 0x" + "f" * 5_000,
        '"\\u0000" = 1',
        "tags = { " + ", ".join(f"t{n} = 'v'" for n in range(5_000)) + " }",
    ],
)
def test_monstrous_toml_gets_sentences(text: str) -> None:
    with pytest.raises(BadIntent) as caught:
        read(text)
    assert len(str(caught.value)) < 5_000
