import tomllib
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest

from services.intents import read
from services.model.plan import Event
from services.schema.__main__ import main
from services.schema.intentpage import intent_page
from services.schema.intentschema import intent_schema
from services.schema.jsonpage import EVENTS


def test_the_sample_of_the_page_is_an_intent() -> None:
    sample = intent_page().split("```toml\n")[1].split("```")[0]
    assert read(sample).key.create
    assert tomllib.loads(sample)["workspace"]["identity"] == {"create": "uai-ml"}


def test_every_event_is_told() -> None:
    assert set(EVENTS) == set(get_args(get_type_hints(Event)["event"]))


def test_the_schema_refuses_unknown_fields_everywhere() -> None:
    found = msgspec.json.decode(intent_schema())
    kinds = {"WorkspaceSetup", "ContainerGroupSetup", "ClusterSetup"}
    assert {one["$ref"] for one in found["anyOf"]} == {f"#/$defs/{name}" for name in kinds}
    for name in (
        *kinds,
        "ContainerIntent",
        "DiskEncryptionSetIntent",
        "VaultIntent",
        "KeyIntent",
        "WorkspaceIntent",
        "PrincipalsIntent",
        "Create",
    ):
        assert found["$defs"][name]["additionalProperties"] is False


def test_the_files_are_fresh() -> None:
    root = Path(__file__).parents[2]
    assert main(["--check"], root) == 0


def test_stale_files_are_named_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"], tmp_path) == 1
    assert "docs/intent.md is stale" in capsys.readouterr().err
    assert main(["--write"], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert main([], tmp_path) == 2
