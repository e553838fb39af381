"""A step that Azure refuses for a known reason ends with the catalogue's number and words."""

import json
from pathlib import Path
from typing import Any

import pytest
from carrying import carry_out, connected, intent_for
from sandboxed import RunningSandbox

from services.failures import BY_NUMBER
from services.runs.engine import RunStatus

POLICY = {
    "error": {
        "code": "RequestDisallowedByPolicy",
        "message": "Resource 'cosmos1' was disallowed by policy.",
        "additionalInfo": [{"type": "PolicyViolation", "info": {}}],
    }
}
PURGE = "CMK workspaces should have purge protection enabled on their CMK keyvault."
WORKSPACE = "/Microsoft.MachineLearningServices/workspaces/mlw-prod$"

FAULTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "refused at once": (
        "F29",
        "vault",
        {
            "method": "PUT",
            "path": "/vaults/kv-ml-prod$",
            "status": 409,
            "body": {"error": {"code": "ScopeLocked", "message": "Scopes are locked."}},
        },
    ),
    "refused by the vault": (
        "F21",
        "key",
        {
            "method": "POST",
            "path": "/keys/cmk-ml/create",
            "status": 403,
            "body": {
                "error": {
                    "code": "Forbidden",
                    "message": "Client address is not authorized.",
                    "innererror": {"code": "ForbiddenByFirewall"},
                }
            },
        },
    ),
    "late": (
        "F01",
        "workspace",
        {
            "method": "PUT",
            "path": WORKSPACE,
            "operation": "failed",
            "error": {"code": "BadRequest", "message": PURGE},
        },
    ),
    "late, deep inside": (
        "F23",
        "workspace",
        {
            "method": "PUT",
            "path": WORKSPACE,
            "operation": "failed",
            "error": {
                "code": "ResourceDeploymentFailure",
                "message": "It failed.",
                "details": [{"code": "Conflict", "message": f"Response: {json.dumps(POLICY)}"}],
            },
        },
    ),
}


@pytest.mark.parametrize("how", FAULTS)
async def test_a_known_failure_is_named(sandbox: RunningSandbox, tmp_path: Path, how: str) -> None:
    number, step, fault = FAULTS[how]
    sandbox.admin("POST", "faults", {"times": -1, **fault})
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
    assert done.status is RunStatus.FAILED
    (failed,) = done.failures()
    assert list(failed) == [step]
    detail, entry = failed[step], BY_NUMBER[number]
    assert detail["failures"] == [number]
    words = [(sign.means, sign.repair) for sign in entry.signs] + [(entry.means, entry.repair)]
    assert detail["cause"]["means"] in {means for means, _ in words}
    assert detail["repair"] in {repair for _, repair in words}
    assert detail["message"]


async def test_an_unknown_failure_has_no_number(sandbox: RunningSandbox, tmp_path: Path) -> None:
    body = {"error": {"code": "Strange", "message": "It is odd."}}
    fault = {"method": "PUT", "path": "/vaults/kv-ml-prod$", "status": 400, "body": body}
    sandbox.admin("POST", "faults", {"times": -1, **fault})
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
    (failed,) = done.failures()
    assert failed["vault"]["failures"] == [] and failed["vault"]["message"] == "It is odd."
