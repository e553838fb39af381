"""What is typed about a container is what the intent holds, and back."""

import pytest

from services.checks.fit import app_fit
from services.model.intent import ContainerIntent
from services.model.resources import GroupLimit, Vault
from services.setup.containers import (
    FIELDS,
    clash,
    container_of,
    problem,
    proposed,
    too_large,
    written,
)

FULL = ContainerIntent(
    name="main",
    image="nginx:1.27",
    cpu=0.5,
    memory_gb=1.25,
    ports=[80, 443],
    command=["sh", "-c", "echo 'a b' \"c\""],
    env={"MODE": "prod", "TEXT": "a, b = c", "EMPTY": ""},
    secure_env={"TOKEN": "env:SCORE", "KEY": "file:/tmp/a b", "ALONE": "env:ALONE"},
)


@pytest.mark.parametrize("one", [FULL, ContainerIntent(name="a", image="b")])
def test_what_is_written_is_read_as_it_was(one: ContainerIntent) -> None:
    texts = written(one)
    assert tuple(texts) == FIELDS
    assert [problem(name, text) for name, text in texts.items()] == [""] * len(FIELDS)
    assert container_of(texts) == one


def test_a_name_alone_is_asked_for() -> None:
    assert written(FULL)["secure_env"].endswith(" ALONE")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": "side"}, "name"), ({"ports": [8080]}, "ports"), ({"env": {"T": "1"}}, "secure_env")],
)
def test_what_does_not_go_with_the_others(change: dict[str, object], field: str) -> None:
    side = ContainerIntent(name="side", image="b", ports=[8080])
    base: dict[str, object] = {"name": "main", "image": "b", "secure_env": {"T": "env:T"}}
    one = ContainerIntent(**{**base, **change})  # type: ignore[arg-type]
    found = clash(one, [side])
    assert found is not None
    assert found[0] == field
    assert clash(ContainerIntent(**base), [side]) is None  # type: ignore[arg-type]


def test_the_largest_group() -> None:
    limit = GroupLimit(os="Linux", cores=1.0, memory_gb=1.25)
    assert too_large([FULL], limit) == ""
    assert "at most 1 and 1.25" in too_large([FULL, FULL], limit)
    assert too_large([FULL] * 100, None) == "", "nobody knows it"


def test_a_further_one_has_a_free_name() -> None:
    taken = [FULL, ContainerIntent(name="side-2", image="b")]
    assert proposed(taken, "b").name == "side-3"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"rbac": False}, "ok"),
        ({"rbac": True}, "warn"),
        ({"rbac": False, "default_action": "Deny", "bypass": "AzureServices"}, "no"),
        ({"rbac": False, "public_access": "Disabled", "bypass": "AzureServices"}, "no"),
    ],
)
def test_which_vaults_serve_the_app_of_container_instances(
    change: dict[str, object], word: str
) -> None:
    base: dict[str, object] = {
        **{"id": "/x", "name": "kv", "location": "westeurope", "uri": "https://kv.vault.test"},
        **{"tenant_id": "", "sku": "standard", "retention_days": 90},
        **{"soft_delete": True, "purge_protection": True},
    }
    assert app_fit(Vault(**{**base, **change})).word == word  # type: ignore[arg-type]
