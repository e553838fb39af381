import pytest

from sandbox import odata

RECORD = {"name": "kv-A", "resourceType": "Microsoft.KeyVault/vaults", "tier": 0.0, "ok": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resourceType eq 'microsoft.keyvault/VAULTS' and name eq 'kv-a'", True),
        ("name ne 'kv-a'", False),
        ("name eq 'x' or (tier eq 0 and ok eq true)", True),
        ("substringof('v-', name)", True),
        ("contains(name, 'zz') or startswith(name, 'kv')", True),
        ("not contains(name, 'kv')", False),
        ("missing eq ''", True),
    ],
)
def test_filters_hold(text: str, expected: bool) -> None:
    assert odata.parse(text)(RECORD.get) is expected


def test_case_counts_when_asked() -> None:
    assert not odata.parse("name eq 'kv-a'", fold=False)(RECORD.get)


def test_quotes_are_doubled() -> None:
    assert odata.parse("name eq 'O''Neil'")({"name": "O'Neil"}.get)


@pytest.mark.parametrize(
    "text",
    ["name eq", "name = 'a'", "name gt 'a'", "f(name, 'a')", "(name eq 'a'", "name eq 'a' x"],
)
def test_a_bad_filter_says_so(text: str) -> None:
    with pytest.raises(odata.BadFilter):
        odata.parse(text)
