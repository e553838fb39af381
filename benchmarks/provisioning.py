"""From nothing to an encrypted workspace: against what Azure itself takes, and against az."""

import json
import os
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measure import ENVIRONMENT, Figure
from benchmarks.sandbox import running
from sandbox import rbac
from sandbox.keyvault import lifecycle
from sandbox.providers import loganalytics, registrations
from services.model.plan import Plan, Step
from services.runs.engine import runs_folder

SPEED = 20
WRAPKEY = str(Path(sys.executable).with_name("wrapkey"))
SCRIPT = Path(__file__).with_name("provisioning.sh")
INTENT = """kind = "workspace"
subscription = "{subscription}"
region = "westeurope"
resource_group = "rg-ml"

[vault]
name = "kv-ml-prod"
create = true

[key]
name = "cmk-ml"
create = true

[workspace]
name = "mlw-prod"
"""


def delay(step: Step, operations: dict[str, float], settings: dict[str, Any]) -> float:
    """Azure seconds that the sandbox itself takes over a step.

    Operations tell it themselves; what has none takes what its provider says.
    """
    if step.action == "create" and step.target.lower() in operations:
        return operations[step.target.lower()]
    if step.kind in {"own-rights", "grant-role"}:
        takes = float(settings.get("propagation_s", rbac.PROPAGATION_S))
        return takes if step.kind == "own-rights" or step.params.get("wait") else 0.0
    kinds = {"register": registrations.REGISTER_S, "vault": lifecycle.DNS_S}
    if step.kind == "resource" and "operationalinsights" in step.target.lower():
        return loganalytics.CREATION_S
    return kinds.get(step.kind, 0.0)


def critical_path(plan: Plan, operations: dict[str, float], settings: dict[str, Any]) -> float:
    """Azure seconds of the longest chain of the plan; a step needs only steps before it."""
    ends: dict[str, float] = {}
    for step in plan.steps:
        begins = max((ends[need] for need in step.needs), default=0.0)
        ends[step.id] = begins + delay(step, operations, settings)
    return max(ends.values())


def state(ready: dict[str, Any]) -> dict[str, Any]:
    """Everything the sandbox knows now."""
    context = ssl.create_default_context(cafile=ready["ca_file"])
    with urllib.request.urlopen(f"{ready['admin']}/state", context=context) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def applied(folder: Path, ready: dict[str, Any]) -> tuple[float, float]:
    """Seconds that a whole ``wrapkey apply`` takes, and those of the critical path."""
    (folder / "ready.json").write_text(json.dumps(ready))
    intent = folder / "intent.toml"
    intent.write_text(INTENT.format(subscription=ready["subscriptions"][0]["id"]))
    command = [WRAPKEY, "apply", str(intent), "--yes", "--connect", str(folder / "ready.json")]
    begun = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**ENVIRONMENT, "WRAPKEY_HOME": str(folder)},
    )
    took = time.perf_counter() - begun
    known = state(ready)
    operations = {
        one["target"].lower(): (one["ended"] - one["started"]) * SPEED
        for one in known["operations"].values()
    }
    journal = sqlite3.connect(runs_folder(folder / "state") / "journal.sqlite")
    plan = msgspec.json.decode(journal.execute("SELECT plan FROM runs").fetchone()[0], type=Plan)
    journal.close()
    return took, critical_path(plan, operations, known["settings"]) / SPEED


def scripted(folder: Path, ready: dict[str, Any]) -> float:
    """Seconds that the same steps take az; signing it in is not counted.

    Raises CalledProcessError with what az said.
    """
    environment = {
        **ENVIRONMENT,
        "WRAPKEY_HOME": str(folder),
        "ARM": ready["arm"],
        "SUBSCRIPTION": ready["subscriptions"][0]["id"],
        "CALLER": ready["principals"][0]["object_id"],
        "GRANT_S": str(rbac.PROPAGATION_S / SPEED),
    }
    (folder / "ready.json").write_text(json.dumps(ready))
    exports = subprocess.run(
        [WRAPKEY, "sandbox", "env", "--connect", str(folder / "ready.json")],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # The lines that `wrapkey sandbox env` says to run once: cloud and sign-in.
    before = exports.replace("\n# az ", "\naz ") + "az account set -s $SUBSCRIPTION\nenv -0\n"
    signed_in = subprocess.run(
        ["bash", "-euc", before], env=environment, cwd=folder, check=True, capture_output=True
    ).stdout.rpartition(b"]\n")[2]
    variables = dict(
        item.split("=", 1) for item in os.fsdecode(signed_in).split("\0") if "=" in item
    )
    begun = time.perf_counter()
    subprocess.run(
        ["bash", str(SCRIPT)], env=variables, cwd=folder, check=True, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - begun


def figures() -> Iterator[Figure | str]:
    """One whole run, from the start of the command to its end."""
    with tempfile.TemporaryDirectory() as folder, running("empty", SPEED) as (ready, _):
        took, critical = applied(Path(folder), ready)
    yield Figure(f"apply at speed {SPEED} / its critical path", took, critical, 1.10)
    if shutil.which("az") is None:
        yield "the same steps with az: skipped, there is no az on the PATH"
        return
    with tempfile.TemporaryDirectory() as folder, running("empty", SPEED) as (ready, _):
        yield Figure("apply / the same steps with az", took, scripted(Path(folder), ready), 1.0)
