"""Every recorded exchange that the sandbox claims to answer, answered by it and compared.

Each case (in the ``contract_*`` modules) brings the sandbox into the state of the recording
and sends the same kind of request. Compared are status, which long-running headers there are,
error codes, and JSON paths with their types; see ``shapes.differences``. Deviations stand with
their reasons in ``contract_exceptions``.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import contract_arm  # noqa: F401  (registers its cases, as the next four do)
import contract_entra  # noqa: F401
import contract_machines  # noqa: F401
import contract_vaults  # noqa: F401
import contract_workspaces  # noqa: F401
import pytest
from contract import CASES, Az
from contract_exceptions import ALLOWED, NOT_CLAIMED
from shapes import FILE, differences, document, load, shape

RECORDINGS = Path(__file__).resolve().parents[3] / "shared"
SHAPES, KNOWN = load()


@pytest.fixture
def az(sandbox: Any) -> Iterator[Az]:
    """A client of a sandbox whose time passes as Azure's, but for jumps."""
    speed = sandbox.world.clock.speed
    sandbox.world.clock.speed = 1.0
    yield Az(sandbox)
    sandbox.world.clock.speed = speed


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_answer_has_the_recorded_shape(az: Az, name: str) -> None:
    ours = CASES[name](az)
    found = differences(SHAPES[name], shape(ours.status, ours.headers, ours.body), KNOWN)
    allowed = ALLOWED.get(name, {})
    unexpected = [line for line in found if line not in allowed]
    assert not unexpected, "\n".join(["", *unexpected, f"ours: {ours.status} {ours.body}"])
    assert [line for line in allowed if line not in found] == [], "no longer needed"


def test_every_recording_is_claimed_or_has_a_reason() -> None:
    claimed, excused = set(CASES), set(NOT_CLAIMED)
    assert claimed | excused == set(SHAPES)
    assert not claimed & excused
    assert set(ALLOWED) <= claimed


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")
def test_the_kept_shapes_are_those_of_the_recordings() -> None:
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(document(RECORDINGS)))


ERROR = {"error": {"code": "A", "innererror": {"code": "B"}}}


@pytest.mark.parametrize(
    ("recorded", "ours", "seen"),
    [
        ((200, {}, None), (201, {}, None), "status 200 -> 201"),
        ((202, {"location": "x"}, None), (202, {}, None), "header location missing"),
        ((202, {}, None), (202, {"retry-after": "1"}, None), "header retry-after extra"),
        ((200, {}, {}), (200, {}, None), "type $ object -> null"),
        ((200, {}, {"a": 1}), (200, {}, {}), "missing $.a"),
        ((200, {}, {"a": {"b": 1}}), (200, {}, {}), "missing $.a"),
        ((200, {}, {"a": 1}), (200, {}, {"a": "1"}), "type $.a number -> string"),
        ((200, {}, {"a": 1}), (200, {}, {"a": None}), "type $.a number -> null"),
        ((200, {}, {}), (200, {}, {"b": [1]}), "extra $.b"),
        ((200, {}, {"value": [{}]}), (200, {}, {"value": [{"b": 1}]}), "extra $.value[].b"),
        ((403, {}, ERROR), (403, {}, {"error": {"code": "A"}}), "code ['A', 'B'] -> ['A', None]"),
    ],
)
def test_a_difference_is_seen(recorded: Any, ours: Any, seen: str) -> None:
    found = differences(shape(*recorded), shape(*ours), {"$.known"})
    assert seen in found
    if recorded[2] != ERROR:
        assert found == [seen]


def test_what_a_newer_example_shows_may_be_there() -> None:
    body = {"value": [{"known": 1, "tags": {"mine": "x"}}]}
    recorded = shape(200, {}, {"value": [{"tags": {"theirs": "y"}}]})
    assert differences(recorded, shape(200, {}, body), {"$.known"}) == []
