"""ARM ids and key identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ids import ArmId, BadId, KeyId, same

SUB = "00000000-0000-0000-0000-00000000abcd"
VAULT = f"/subscriptions/{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-1"
VERSION = "0123456789abcdef0123456789abcdef"

name = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._()-]{0,20}", fullmatch=True)
guid = st.uuids().map(str)


@st.composite
def arm_ids(draw: st.DrawFn) -> ArmId:
    group = draw(st.one_of(st.just(""), name))
    kinds = draw(st.lists(name, max_size=3))
    kind = "/".join(["Microsoft.Any", *kinds]) if kinds else ""
    return ArmId(draw(guid), group, kind, tuple(draw(name) for _ in kinds))


@given(arm_ids())
def test_an_arm_id_reads_what_it_writes(id: ArmId) -> None:
    assert ArmId.parse(str(id)) == id
    assert ArmId.parse(f" {id}/ ") == id


@given(arm_ids())
def test_case_of_an_arm_id_does_not_matter(id: ArmId) -> None:
    loud = ArmId.parse(str(id).upper())
    assert same(str(loud), str(id))
    assert loud.subscription == id.subscription


def test_the_fixed_words_come_out_canonical() -> None:
    odd = VAULT.replace("resourceGroups", "resourcegroups").replace(SUB, SUB.upper())
    assert str(ArmId.parse(odd)) == VAULT


def test_parts_of_a_nested_id() -> None:
    id = ArmId.parse(f"{VAULT}/keys/cmk/versions/{VERSION}")
    assert (id.group, id.type) == ("rg-sec", "Microsoft.KeyVault/vaults/keys/versions")
    assert id.names == ("kv-1", "cmk", VERSION)
    assert id.name == VERSION
    assert str(id.child("Microsoft.Storage/storageAccounts", "st1")).endswith(
        "/resourceGroups/rg-sec/providers/Microsoft.Storage/storageAccounts/st1"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "kv-1",
        "/subscriptions",
        "/subscriptions/not-a-guid",
        f"/subscriptions/{SUB}/resourceGroups",
        f"/subscriptions/{SUB}/resourceGroups/rg/vaults/kv",
        f"{VAULT}/keys",
        VAULT.removesuffix("/kv-1"),
    ],
)
def test_what_is_no_arm_id_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(BadId, match=r"[a-z]{4}"):
        ArmId.parse(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (ArmId.parse, KeyId.parse):
        try:
            parsed = parse(text)
        except BadId:
            continue
        assert parse(str(parsed)) == parsed


@given(
    st.from_regex(r"[a-z][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9-]{1,40}", fullmatch=True),
    st.one_of(st.just(""), st.from_regex(r"[0-9a-f]{32}", fullmatch=True)),
)
def test_a_key_id_reads_what_it_writes(vault: str, key: str, version: str) -> None:
    id = KeyId(f"{vault}.vault.azure.net", key, version)
    assert KeyId.parse(str(id)) == id
    assert KeyId.parse(f"{id}/") == id
    assert id.vault == vault
    assert str(id).startswith(id.versionless)


def test_a_key_id_drops_the_port_that_azure_adds_and_keeps_any_other() -> None:
    text = f"https://KV-1.vault.azure.net:443/keys/Cmk/{VERSION.upper()}"
    assert str(KeyId.parse(text)) == f"https://kv-1.vault.azure.net/keys/Cmk/{VERSION}"
    local = "https://kv-1.vault.localhost:8443/keys/Cmk"
    assert str(KeyId.parse(local)) == local
    assert KeyId.parse(local).vault == "kv-1"
    assert KeyId.parse("https://kv-1.vault.localhost:10443/keys/Cmk").host.endswith(":10443")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cmk",
        "http://kv.vault.azure.net/keys/cmk",
        "https://kv/keys/cmk",
        "https://kv.vault.azure.net/secrets/cmk",
        "https://kv.vault.azure.net/keys",
        "https://kv.vault.azure.net/keys/cmk/1234",
        f"https://kv.vault.azure.net/keys/cmk/{VERSION}/x",
        "https://[bad/keys/cmk",
        "https://user:secret@kv.vault.azure.net/keys/cmk",
        "https://kv.vault.azure.net/keys/c%20k",
    ],
)
def test_what_is_no_key_id_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(BadId):
        KeyId.parse(text)
