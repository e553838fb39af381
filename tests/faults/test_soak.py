"""Many runs in random weather: whatever happens, nothing is made twice and the end is told."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from carrying import carry_out, connected, intent_for, writes
from sandboxed import RunningSandbox

from services.runs.engine import RunStatus

pytestmark = pytest.mark.soak

PATHS = (
    "/register$",
    "/vaults/",
    "/keys/",
    "/roleAssignments/",
    "/storageAccounts/",
    "/components/",
    "/workspaces/",
)
MADE = re.compile(r"/(vaults|workspaces|storageAccounts|components)/[^/]+$")


def weather(dice: random.Random) -> dict[str, object]:
    """One thing that goes wrong once or twice, somewhere."""
    fault: dict[str, object] = {
        "path": dice.choice(PATHS),
        "method": dice.choice(("GET", "PUT", "POST")),
        "times": dice.randint(1, 2),
        "skip": dice.randint(0, 2),
    }
    kind = dice.choice(("status", "reset", "throttle"))
    if kind == "status":
        fault |= {"status": dice.choice((500, 502, 503)), "body": {}}
    elif kind == "throttle":
        fault |= {"status": 429, "retry_after": 1, "body": {}}
    else:
        fault["reset"] = dice.choice(("before", "middle", "after"))
    return fault


@pytest.mark.parametrize("seed", range(25))
async def test_in_any_weather_nothing_is_made_twice(
    sandbox: RunningSandbox, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    faults = [weather(dice) for _ in range(dice.randint(1, 5))]
    intent = intent_for(
        sandbox,
        vault={"access": dice.choice(("rbac", "policies"))},
        workspace={"encryption": dice.choice(("own-resources", "service-side"))},
    )
    async with connected(sandbox) as conn:
        for fault in faults:
            sandbox.admin("POST", "faults", fault)
        first = await carry_out(conn, tmp_path, intent)
        assert first.events[-1].event == "run.finished"
        sandbox.admin("DELETE", "faults")
        second = await carry_out(conn, tmp_path, intent)
        assert second.status is RunStatus.SUCCEEDED, (faults, second.failures())
    answered = [one for one in sandbox.requests() if one["method"] == "PUT" and one["status"] < 300]
    made = Counter(one["path"].lower() for one in answered if MADE.search(one["path"]))
    doubled = {path: count for path, count in made.items() if count > 1}
    assert not doubled, (faults, doubled)
    creates = [one for one in writes(sandbox) if re.search(r"POST .*/keys/[^/]+/create$", one)]
    assert creates, "the key was made through its vault"
