"""wrapkey diagnose and repair of container groups and clusters, as scripts and people call them."""

import json

import pytest

_GROUPS = "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups"
SCORE = f"{_GROUPS}/rg-aci/providers/Microsoft.ContainerInstance/containerGroups/score-prod"
CLUSTER = f"{_GROUPS}/rg-aks/providers/Microsoft.ContainerService/managedClusters/aks-prod"
SET = f"{_GROUPS}/rg-aks/providers/Microsoft.Compute/diskEncryptionSets/des-prod"
HOUR_S = 3700
"""A little more than the hour within which services look at their key again."""
KINDS = {
    "score-prod": ("containers-healthy", "container-group"),
    "aks-prod": ("cluster-healthy", "cluster"),
    SET: ("cluster-healthy", "disk-encryption-set"),
}
"""By what is given to the command: a scenario in which it is well, and its kind."""
BROKEN = [
    ("score-prod", SCORE, "containers-restart-failed", "key-enabled", "container-start"),
    ("score-prod", SCORE, "containers-grant-removed", "identity-grant", "grant-identity"),
    ("aks-prod", CLUSTER, "cluster-vms-stopped", "nodes-running", "start-aks-system-5bcf3caa-vmss"),
    ("aks-prod", CLUSTER, "cluster-grant-removed", "disks-grant", "grant-disks"),
    (SET, SET, "cluster-rotation-stopped", "set-identity", "set-identity"),
]
"""What is given, its id, the scenario, the check that names the cause, a step that repairs it."""


def writes(sandbox):
    return [
        f"{one['method']} {one['path']}"
        for one in sandbox.requests()
        if one["method"] in ("PUT", "PATCH", "DELETE") or one["path"].endswith("/start")
    ]


@pytest.mark.parametrize("named", KINDS)
def test_where_nothing_fails_both_say_so(call, connected, sandbox, named):
    scenario, kind = KINDS[named]
    sandbox.reset(f"broken/{scenario}")
    found = call("diagnose", named, "--quick", "--json", *connected)
    assert (found.code, found.json["root_causes"]) == (0, [])
    assert found.json["target"]["kind"] == kind
    assert "Nothing fails." in call("diagnose", named, "--quick", *connected).out
    said = call("repair", named, "--yes", *connected)
    assert (said.code, "nothing fails" in said.err) == (0, True)
    assert writes(sandbox) == []


@pytest.mark.parametrize(("named", "subject", "scenario", "check", "step"), BROKEN)
def test_the_cause_is_told_and_its_repair_is_carried_out(
    call, connected, sandbox, named, subject, scenario, check, step
):
    sandbox.reset(f"broken/{scenario}")
    found = call("diagnose", named, "--quick", "--json", *connected, "--read-only")
    assert found.code == 3
    first = found.json["findings"][0]
    assert (first["check"], found.json["root_causes"]) == (check, [first["id"]])
    assert all(one["request_id"] for one in first["evidence"])
    said = call("diagnose", named, "--quick", *connected, "--read-only")
    assert said.code == 3 and said.out.startswith(f"FAIL  {first['title']} (")

    plan = call("repair", named, "--plan", "--json", *connected, "--read-only").json
    assert plan["subject"].lower() == subject.lower()
    assert step in [one["id"] for one in plan["steps"]]
    assert all(one["undo"] for one in plan["steps"])
    refused = call("repair", named, "--yes", *connected, "--read-only")
    assert refused.code == 4 and "read-only" in refused.out, refused.out
    assert writes(sandbox) == []

    done = call("repair", named, "--yes", "--json", *connected)
    assert done.code == 0, done.err
    last = json.loads(done.out.splitlines()[-1])
    assert (last["event"], last["detail"]["status"]) == ("run.finished", "succeeded")
    assert writes(sandbox) != []
    sandbox.advance(HOUR_S)
    assert call("diagnose", named, "--quick", *connected).code == 0


def test_nobody_is_asked_where_nobody_is(call, connected, sandbox):
    sandbox.reset("broken/cluster-grant-removed")
    said = call("repair", "aks-prod", *connected)
    assert (said.code, "add --yes" in said.err) == (2, True)
    assert sandbox.requests() == []


def test_what_can_only_be_made_anew_is_left_to_the_user(call, connected, sandbox):
    sandbox.reset("broken/containers-key-purged")
    said = call("repair", "score-prod", "--yes", *connected)
    assert said.code == 3
    assert "There is no step for this" in said.err and "anew" in said.err
    assert writes(sandbox) == []
