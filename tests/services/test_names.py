"""Naming rules, derived names, dates, durations and tags."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import names
from services.names import RULES, TAG_RULES, derived, problem, retention_problem, tags_problem

GOOD = {
    "vault": ["abc", "kv-ml-prod", "A1-b2-c3", "a" * 24],
    "key": ["k", "0-key", "-", "K" * 127],
    "key_version": ["latest", "0123456789abcdefABCDEF0123456789"],
    "workspace": ["abc", "1_a-b", "w" * 33],
    "resource_group": ["r", "rg-ml", "Grüße", "a.b(c)_d", "g" * 90],
    "storage": ["abc", "st01", "9" * 24],
    "insights": ["a", "appi 1", "x.y"],
    "log_analytics": ["abcd", "a--b", "l" * 63],
    "registry": ["abcde", "Cr12345"],
    "identity": ["abc", "1-_"],
    "container_group": ["a", "score-1", "9" * 63],
    "container": ["a", "main-2"],
    "image": ["nginx", "mcr.microsoft.com/azuredocs/aci-helloworld:latest", "a@sha256:00"],
    "variable": ["MODE", "_x", "9"],
    "cluster": ["a", "aks_1-b", "c" * 63],
    "kubernetes": ["default", "1.33", "1.33.2"],
    "vm_size": ["Standard_D4s_v5", "Standard_NC24ads-A100"],
    "encryption_set": ["d", "des-1", "_" * 80],
    "region": ["westeurope", "eastus2", "usgovvirginia"],
    "guid": ["00000000-0000-0000-0000-00000000ABCD"],
    "instant": ["2027-12-01T00:00:00Z", "2028-02-29T23:59:59.123456Z"],
    "duration": ["P1Y", "P30D", "P1Y6M", "PT48H", "P2W", "P1DT12H"],
    "description": ["", "two\nlines", "ü" * 2000],
}
BAD = {
    "vault": ["ab", "1kv", "kv-", "a--b", "kv_ml", "a" * 25, "", "kv\n", "kvä"],
    "key": ["", "a_b", "a.b", "k" * 128, "\u043a", "key\n"],
    "key_version": ["", "Latest", "0" * 31, "g" * 32, "0" * 33],
    "workspace": ["ab", "-ab", "_ab", "a b c", "w" * 34, "abc\n"],
    "resource_group": ["", "rg.", "rg/ml", "rg ml", "g" * 91, "rg\n"],
    "storage": ["ab", "Abc", "a-b", "9" * 25, "a_b"],
    "insights": ["", "a.", "a ", "a/b", "a%b", "a\x1bb", "x" * 256],
    "log_analytics": ["abc", "-abc", "abc-", "a_bc", "l" * 64],
    "registry": ["abcd", "ab-cd", "r" * 51],
    "identity": ["ab", "-ab", "a.b", "i" * 129],
    "container_group": ["", "Score", "-a", "a-", "a--b", "a_b", "9" * 64, "a\n"],
    "container": ["", "Main", "a--b"],
    "image": ["", "my image", "a\x1bb"],
    "variable": ["", "A-B", "A B", "V" * 64],
    "cluster": ["", "-aks", "aks-", "a.b", "c" * 64],
    "kubernetes": ["", "1", "v1.33", "latest", "1.33.2.1"],
    "vm_size": ["", "D4 s", "ab"],
    "encryption_set": ["", "a.b", "d" * 81],
    "region": ["West Europe", "westEurope", "1us", "", "eu-west"],
    "guid": ["", "0000", "00000000-0000-0000-0000-00000000000g", "0" * 32, "{" + "0" * 36 + "}"],
    "instant": [
        "2027-12-01",
        "2027-12-01T00:00:00",
        "2027-12-01T00:00:00+00:00",
        "2027-13-01T00:00:00Z",
        "2027-02-29T00:00:00Z",
        "2027-12-01 00:00:00Z",
        "\uff12027-12-01T00:00:00Z",
    ],
    "duration": ["", "P", "PT", "1Y", "P1", "P-1D", "P1H", "p1y", "P1D1Y", "P1DT"],
    "description": ["a" * 2001, "\x1b[31mred", "nul\x00"],
}


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, ts in GOOD.items() for t in ts])
def test_what_azure_takes_is_accepted(kind: str, text: str) -> None:
    assert problem(kind, text) is None


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, ts in BAD.items() for t in ts])
def test_what_azure_refuses_is_refused_with_rule_and_example(kind: str, text: str) -> None:
    said = problem(kind, text)
    assert said is not None
    assert RULES[kind].example in said
    assert str(RULES[kind].high) in said


def test_every_rule_is_tested_and_its_example_follows_it() -> None:
    assert set(RULES) == set(GOOD) == set(BAD)
    assert {kind: problem(kind, rule.example) for kind, rule in RULES.items()} == dict.fromkeys(
        RULES
    )
    assert all(rule.source for rule in RULES.values())


@given(st.sampled_from(sorted(RULES)), st.text(max_size=300))
def test_a_problem_never_repeats_what_was_typed_and_is_one_line(kind: str, text: str) -> None:
    said = problem(kind, text)
    assert said is None or (said.isprintable() and said[0].isupper())


@given(st.sampled_from(sorted(names._PREFIXES)), st.text(max_size=300))
def test_derived_names_follow_the_rule_of_their_kind(kind: str, arm_id: str) -> None:
    assert problem(kind, derived(kind, arm_id)) is None


@given(st.sampled_from(sorted(names._PREFIXES)))
def test_derived_names_depend_on_the_id_and_not_on_its_spelling(kind: str) -> None:
    id = "/subscriptions/s/resourceGroups/rg/providers/M.ML/workspaces/mlw-prod"
    assert derived(kind, id) == derived(kind, id.upper() + "/")
    assert derived(kind, id) != derived(kind, id + "2")
    assert derived(kind, id) != derived(kind, id.replace("/rg/", "/rg2/"))
    assert "mlwprod" in derived(kind, id)


def test_derived_names_stay_the_same_between_releases() -> None:
    id = "/subscriptions/0/resourceGroups/rg/providers/M/workspaces/mlw-prod"
    assert re.fullmatch(r"stmlwprod[a-z2-7]{10}", derived("storage", id))
    assert derived("storage", id) == "stmlwprodw7x42pbx5m"


@pytest.mark.parametrize(("days", "fine"), [(6, False), (7, True), (90, True), (91, False)])
def test_retention_is_7_to_90_days(days: int, fine: bool) -> None:
    assert (retention_problem(days) is None) is fine


def test_tags_within_the_limits_are_fine() -> None:
    for kind, rule in TAG_RULES.items():
        tags = {f"n{place}": "v" * rule.value for place in range(rule.count - 1)}
        tags["n" * rule.name] = ""
        assert tags_problem(tags, kind) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "kind", "word"),
    [
        ({str(place): "" for place in range(51)}, "resource", "50"),
        ({str(place): "" for place in range(16)}, "key", "15"),
        ({"n" * 513: ""}, "resource", "512"),
        ({"n" * 129: ""}, "storage", "128"),
        ({"n": "v" * 257}, "resource", "256"),
        ({"a/b": ""}, "resource", "/"),
        ({" ": ""}, "resource", "name"),
        ({"Team": "", "team": ""}, "resource", "twice"),
        ({"a": "\u202eevil"}, "resource", "invisible"),
        ({"a\x1b[2J": ""}, "resource", "invisible"),
    ],
)
def test_tags_outside_the_limits_are_refused(tags: dict[str, str], kind: str, word: str) -> None:
    said = tags_problem(tags, kind)  # type: ignore[arg-type]
    assert said is not None
    assert word in said
    assert said.isprintable()
