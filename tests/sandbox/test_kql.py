import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import kql

ROWS = [
    {"id": "/a", "name": "kv-a", "type": "microsoft.keyvault/vaults", "location": "westeurope",
     "properties": {"sku": {"name": "premium"}, "enablePurgeProtection": True}, "tags": {"team": "ml"}},
    {"id": "/b", "name": "kv-B", "type": "microsoft.keyvault/vaults", "location": "northeurope",
     "properties": {"sku": {"name": "standard"}}, "tags": None},
    {"id": "/c", "name": "mlw", "type": "microsoft.machinelearningservices/workspaces",
     "location": "westeurope", "properties": {"hbiWorkspace": False}, "tags": {}},
]  # fmt: skip


def names(query: str) -> list[str]:
    return [row["name"] for row in kql.parse(query).run(ROWS)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Resources | where type =~ 'Microsoft.KeyVault/vaults'", ["kv-a", "kv-B"]),
        ("where type == 'Microsoft.KeyVault/vaults'", []),
        ("Resources | where name in~ ('KV-A', 'mlw')", ["kv-a", "mlw"]),
        ("Resources | where name in ('KV-A', 'mlw')", ["mlw"]),
        ("Resources | where name !in~ ('KV-A')", ["kv-B", "mlw"]),
        ("Resources | where name contains 'V-b'", ["kv-B"]),
        ("Resources | where name !contains 'kv'", ["mlw"]),
        ("Resources | where name startswith 'KV' and location == 'westeurope'", ["kv-a"]),
        ("Resources | where not(name startswith 'kv') or name == 'kv-B'", ["kv-B", "mlw"]),
        ("Resources | where properties.enablePurgeProtection == true", ["kv-a"]),
        ("Resources | where properties.enablePurgeProtection != true", ["kv-B", "mlw"]),
        ("Resources | where tobool(properties.enablePurgeProtection)", ["kv-a"]),
        ("Resources | where properties['sku'].name == 'premium'", ["kv-a"]),
        ("Resources | where tags.team =~ 'ML'", ["kv-a"]),
        ("Resources | where isempty(tags.team) // no team", ["kv-B", "mlw"]),
        ("Resources | where isnull(tags)", ["kv-B"]),
        ("Resources | order by name asc", ["kv-B", "kv-a", "mlw"]),
        ("Resources | order by name", ["mlw", "kv-a", "kv-B"]),
        ("Resources | sort by location asc, name desc", ["kv-B", "mlw", "kv-a"]),
        ("Resources | top 1 by name asc", ["kv-B"]),
        ("Resources\n| where type has 'vaults'\n| take 1", ["kv-a"]),
    ],
)
def test_rows_that_a_query_keeps(query: str, expected: list[str]) -> None:
    assert names(query) == expected


def test_project_names_columns_and_walks_paths() -> None:
    query = "Resources | project id, sku=properties.sku.name, properties.hbiWorkspace | limit 1"
    assert kql.parse(query).run(ROWS) == [
        {"id": "/a", "sku": "premium", "properties_hbiWorkspace": None}
    ]


def test_extend_sees_what_it_made_before() -> None:
    rows = kql.parse("extend a = tolower(name), b = strcat(a, '!') | project b").run(ROWS)
    assert [row["b"] for row in rows] == ["kv-a!", "kv-b!", "mlw!"]


def test_count_and_summarize() -> None:
    assert kql.parse("Resources | count").run(ROWS) == [{"Count": 3}]
    assert kql.parse("Resources | summarize count() by location").run(ROWS) == [
        {"location": "westeurope", "count_": 2},
        {"location": "northeurope", "count_": 1},
    ]
    assert kql.parse("Resources | summarize n = count(), max(name)").run([]) == [
        {"n": 0, "max_": None}
    ]


def test_project_away_and_distinct() -> None:
    query = "project-away id, properties, tags, type, name | distinct location"
    assert kql.parse(query).run(ROWS) == [{"location": "westeurope"}, {"location": "northeurope"}]


@pytest.mark.parametrize(
    ("query", "line", "column", "token"),
    [
        ("where where", 1, 11, "<EOF>"),
        ("Resources | where name ==", 1, 25, "<EOF>"),
        ("Resources\n| where (name == 'a'", 2, 20, "<EOF>"),
        ("Resources | nonsense", 1, 12, "nonsense"),
        ("Resources where", 1, 10, "where"),
        ("Resources | where name == #", 1, 26, "#"),
    ],
)
def test_a_failure_says_where(query: str, line: int, column: int, token: str) -> None:
    with pytest.raises(kql.ParserFailure) as failure:
        kql.parse(query)
    found = failure.value.token
    assert (found.line, found.column, found.text) == (line, column, token)


@pytest.mark.parametrize(
    "query",
    [
        "Resources | join kind=inner (Resources)",
        "Advisorresources",
        "where f(name) == 1",
        "where " + "(" * 5000,
    ],
)
def test_what_lies_outside_the_subset_is_refused(query: str) -> None:
    with pytest.raises(kql.Unsupported):
        kql.parse(query)


TEXT = (
    "Resources | where project extend order by summarize count() count top limit distinct take "
    "name type properties.sku.name tags['team'] ( ) , = == =~ != in in~ !in ('a') contains 'kv' "
    "and or not( tolower( tostring( iff( split(name,'') strcat( sum(name) min(tags) max(name) "
    "dcount(type) make_set(tags) 1 2.5 true asc desc < >= [0] . * x"
)
WORDS = TEXT.split()


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_words_run_or_are_refused(query: str) -> None:
    try:
        parsed = kql.parse(query)
    except (kql.ParserFailure, kql.Unsupported):
        return
    assert isinstance(parsed.run(ROWS), list)


@given(
    st.sampled_from(["where ", "order by ", "project ", "summarize min(name) by "]),
    st.lists(st.sampled_from(WORDS[18:]), min_size=1, max_size=5).map(" ".join),
)
def test_any_expression_runs_or_is_refused(operator: str, expression: str) -> None:
    try:
        parsed = kql.parse(f"Resources | {operator}{expression}")
    except (kql.ParserFailure, kql.Unsupported):
        return
    assert isinstance(parsed.run(ROWS), list)
