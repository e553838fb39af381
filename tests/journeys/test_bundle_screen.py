"""A bundle on the screen of a diagnosis: no sandbox, no sign-in, no network."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from services.azure.clouds import AZURE_PUBLIC
from services.checks.facts import Asked
from services.diagnosis import bundle
from services.diagnosis.seen import Gone, Seen
from services.model.diagnosis import Target
from services.model.resources import Caller
from tests.journeys.terminal import Terminal
from tui.exits import Exit

WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw-far"
)


def test_what_somebody_else_read_is_seen_on_the_same_screen(
    terminals: Callable[..., Terminal], tmp_path: Path
) -> None:
    seen = Seen(
        target=Target(id=WORKSPACE, name="mlw-far"),
        at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        cloud=AZURE_PUBLIC,
        caller=Caller(object_id="o", tenant_id="t", name="ada@far.test", kind="User"),
        there=Gone(asked=Asked("GET workspaces/mlw-far", "r-1")),
    )
    file = tmp_path / "far.json"
    bundle.save(file, seen)
    terminal = terminals("diagnose", "--from", file.name)
    terminal.wait_for("Workspace mlw-far is not there", "ada@far.test", "FAIL")
    terminal.press("r")
    terminal.wait_for("nothing is asked of Azure")
    terminal.press("q")
    assert terminal.end() == Exit.DONE
