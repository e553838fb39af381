"""An undo takes back what a run made, and nothing else: against the sandbox, over TLS."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from carrying import QUICK, Carried, carry_out, connected, intent_for, writes
from sandboxed import RunningSandbox

from services.azure import authorization, storage
from services.azure.connection import Connection
from services.model.intent import Create
from services.model.plan import Plan, Step
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.runs.undo import Undo, plan_undo, preview
from services.setup.marks import differences, marks
from services.setup.undoing import Made, Standing, reason

GROUP = "/subscriptions/{}/resourceGroups/rg-ml"


async def looked(conn: Connection, folder: Path, run: str, **options: Any) -> Undo:
    journal = await Journal.open(folder / "runs" / "journal.sqlite")
    try:
        return await preview(conn, journal, run, **options)
    finally:
        await journal.close()


async def undone(conn: Connection, folder: Path, run: str, **options: Any) -> Carried:
    undo = await looked(conn, folder, run, **options)
    return await carry_out(conn, folder, plan_undo(undo), QUICK)


def ids(things: Iterable[Any]) -> set[str]:
    return {str(one).lower() for one in things}


def there(sandbox: RunningSandbox) -> dict[str, set[str]]:
    """Everything that could be left behind, by where it is kept."""

    def read() -> dict[str, set[str]]:
        state = sandbox.world.state
        return {
            "groups": ids(state.groups),
            "resources": ids(state.resources),
            "assignments": ids(state.assignments),
            "principals": ids(state.principals),
        }

    found: dict[str, set[str]] = sandbox.on_loop(read)
    return found


def verdicts(undo: Undo) -> dict[str, str]:
    return {one.step: one.code or one.verdict for one in undo.items}


async def test_an_undo_leaves_nothing_but_what_it_says_stays(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    before = there(sandbox)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        sandbox.admin("DELETE", "requests")
        undo = await looked(conn, tmp_path, done.run)
        assert writes(sandbox) == [], "looking writes nothing"
        assert {one.step for one in undo.deletes} == {
            *("workspace", "storage", "insights", "log-analytics"),
            *("key-rights", "grant-cosmos", "grant-ml-contributor"),
        }
        kept = {one.step: one.code for one in undo.items if one.verdict == "stays"}
        assert kept.pop("group") == "holds"
        assert {kept.pop(name) for name in ("vault", "key", "secrets-vault")} == {"kept"}
        assert all(name.startswith(("register-", "cosmos-", "ml-")) for name in kept)
        assert set(kept.values()) == {"for-good"}
        again = await carry_out(conn, tmp_path, plan_undo(undo))
        assert again.status is RunStatus.SUCCEEDED, again.failures()
    after = there(sandbox)
    assert after["assignments"] == before["assignments"]
    left = {one for one in after["resources"] - before["resources"] if "/azureml-rg-" not in one}
    assert {one.rpartition("/providers/")[2].split("/")[1] for one in left} == {"vaults"}
    assert len(left) == 2


async def test_with_the_key_the_group_goes_too(sandbox: RunningSandbox, tmp_path: Path) -> None:
    before = there(sandbox)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        again = await undone(conn, tmp_path, done.run, with_key=True)
        assert again.status is RunStatus.SUCCEEDED, again.failures()
        ended = again.named("step.done")
        assert ended[0] == "undo-workspace" and ended[-1] == "undo-group"
        assert ended.index("undo-key") < ended.index("undo-vault")
        assert ended.index("undo-key") < ended.index("undo-key-rights")
        undo = await looked(conn, tmp_path, done.run, with_key=True)
        assert undo.deletes == ()
        assert verdicts(undo)["group"] == "gone"
    after = there(sandbox)
    assert after["assignments"] == before["assignments"]
    for name in ("groups", "resources"):
        assert {one for one in after[name] - before[name] if "/azureml-rg-" not in one} == set()
    softly = sandbox.on_loop(lambda: set(sandbox.world.state.table("deleted_vaults")))
    assert "kv-ml-prod" in softly


async def test_what_was_there_before_is_not_named(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with connected(sandbox) as conn:
        first = await carry_out(conn, tmp_path, intent_for(sandbox))
        second = await carry_out(conn, tmp_path, intent_for(sandbox, workspace={"name": "mlw-two"}))
        assert second.status is RunStatus.SUCCEEDED, second.failures()
        undo = await looked(conn, tmp_path, second.run)
        mine = {one.step for one in undo.items}
        assert not mine & {"vault", "key", "group", "grant-cosmos", "grant-ml-contributor"}
        other = await looked(conn, tmp_path, first.run, with_key=True)
        said = {one.step: one for one in other.items}
        assert {said[name].code for name in ("key", "grant-cosmos")} == {"used"}
        assert said["vault"].code == "holds"
        assert "mlw-two" in said["key"].why
        assert said["grant-ml-contributor"].code == "used"
        assert said["group"].code == "holds"
        assert said["storage"].verdict == "delete"


async def test_what_changed_since_stays_and_what_it_stands_on(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        undo = await looked(conn, tmp_path, done.run)
        target = next(one.target for one in undo.deletes if one.step == "workspace")
        answer = sandbox.call("PATCH", target, {"tags": {"keep": "me"}}, version="2025-12-01")
        assert answer.status_code < 300, answer.text
        seen = {one.step: one for one in (await looked(conn, tmp_path, done.run)).items}
        assert seen["workspace"].code == "changed" and "tags.keep" in seen["workspace"].why
        assert seen["storage"].code == seen["grant-cosmos"].code == "used"
        assert seen["key-rights"].verdict == "delete"
        # the plan was made before the change: the step looks again, and nothing behind it begins
        sandbox.admin("DELETE", "requests")
        late = await carry_out(conn, tmp_path, plan_undo(undo))
        assert late.status is RunStatus.FAILED
        assert [one["undo-workspace"]["cause"]["code"] for one in late.failures()] == [
            "ChangedSince"
        ]
        assert writes(sandbox) == []


async def test_somebody_elses_resource_keeps_the_group(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        group = GROUP.format(sandbox.subscription)
        other = f"{group}/providers/Microsoft.Storage/storageAccounts/stsomebodyelses"
        await storage.create_account(conn, other, "westeurope", {})
        undo = await looked(conn, tmp_path, done.run, with_key=True)
        item = next(one for one in undo.items if one.step == "group")
        assert item.code == "holds" and "stsomebodyelses" in item.why
        again = await carry_out(conn, tmp_path, plan_undo(undo))
        assert again.status is RunStatus.SUCCEEDED, again.failures()
    assert other.lower() in there(sandbox)["resources"]


async def test_an_interrupted_undo_goes_on_where_it_was(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        plan = plan_undo(await looked(conn, tmp_path, done.run))
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        run = await Run.start(conn, journal, plan, settings=QUICK)
        run.subscribe(lambda one: run.stop(interrupted=True) if one.event == "step.done" else None)
        assert await run.go() is RunStatus.INTERRUPTED
        await run.close()
        sandbox.admin("DELETE", "requests")
        again = await Run.load(conn, journal, run.id, settings=QUICK)
        assert await again.go() is RunStatus.SUCCEEDED
        await again.close()
        await journal.close()
        assert not [one for one in writes(sandbox) if one.endswith("/workspaces/mlw-prod")]


async def test_a_policy_is_taken_back_to_what_it_was(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        intent = intent_for(sandbox, vault={"access": "policies"})
        done = await carry_out(conn, tmp_path, intent)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        undo = await looked(conn, tmp_path, done.run)
        assert {"key-rights", "grant-cosmos"} <= {one.step for one in undo.deletes}
        again = await carry_out(conn, tmp_path, plan_undo(undo))
        assert again.status is RunStatus.SUCCEEDED, again.failures()
        vault = (
            f"{GROUP.format(sandbox.subscription)}/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
        )
        found = sandbox.call("GET", vault, version="2026-02-01").json()
        assert found["properties"]["accessPolicies"] == []


async def test_an_identity_with_a_role_of_others_stays(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        intent = intent_for(sandbox, workspace={"identity": Create(create="uai-ml")})
        done = await carry_out(conn, tmp_path, intent)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        undo = await looked(conn, tmp_path, done.run)
        mine = [one for one in undo.items if "identity" in one.step and one.code != "for-good"]
        assert len(mine) == 7
        assert {one.why for one in mine if one.verdict != "delete"} == set()
        group = GROUP.format(sandbox.subscription)
        await authorization.assign_role(
            conn, group, authorization.CONTRIBUTOR,
            done.results["identity"]["principal"], "ServicePrincipal",
        )  # fmt: skip
        seen = {one.step: one for one in (await looked(conn, tmp_path, done.run)).items}
        assert seen["identity"].code == "holds"


async def test_a_failed_set_up_is_taken_back(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with connected(sandbox) as conn:
        fault = {"path": "/workspaces/mlw-prod", "method": "PUT", "times": 1}
        sandbox.admin(
            "POST",
            "faults",
            {**fault, "status": 400, "body": {"error": {"code": "BadRequest", "message": "no"}}},
        )
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        assert done.status is RunStatus.FAILED
        undo = await looked(conn, tmp_path, done.run, with_key=True)
        assert "workspace" not in {one.step for one in undo.items}
        again = await carry_out(conn, tmp_path, plan_undo(undo))
        assert again.status is RunStatus.SUCCEEDED, again.failures()
    assert GROUP.format(sandbox.subscription).lower() not in there(sandbox)["groups"]


async def test_read_only_deletes_nothing(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        plan = plan_undo(await looked(conn, tmp_path, done.run))
    sandbox.admin("DELETE", "requests")
    async with connected(sandbox, read_only=True) as conn:
        late = await carry_out(conn, tmp_path, plan)
        assert late.status is RunStatus.FAILED
    assert writes(sandbox) == []


async def test_what_is_no_run_or_an_undo_is_refused(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        with pytest.raises(LookupError, match="no run beef"):
            await looked(conn, tmp_path, "beef")
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        again = await undone(conn, tmp_path, done.run)
        with pytest.raises(LookupError, match="itself an undo"):
            await looked(conn, tmp_path, again.run)


async def test_where_the_answer_was_lost_the_time_of_creation_decides(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """An answer cut off: the journal knows of a write, and nobody of what came of it."""
    async with connected(sandbox) as conn:
        for path in ("/storageAccounts/[^/]+$", "/resourceGroups/rg-ml$"):
            sandbox.admin("POST", "faults", {"method": "PUT", "path": path, "reset": "after"})
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        undo = await looked(conn, tmp_path, done.run, with_key=True)
        said = {one.step: one for one in undo.items}
        assert said["storage"].verdict == "delete", "its own time of creation tells"
        assert said["group"].code == "unknown", "a group has none"
        again = await carry_out(conn, tmp_path, plan_undo(undo))
        assert again.status is RunStatus.SUCCEEDED, again.failures()
    assert GROUP.format(sandbox.subscription).lower() in there(sandbox)["groups"]


def test_made_before_the_run_is_not_the_runs() -> None:
    step = Step(id="storage", kind="storage", title="t", action="create", target="/x")
    sent = datetime(2026, 1, 2, tzinfo=UTC)
    made = Made(step=step, id="/x", sent=sent, certain=True)
    for minutes, why in ((-6, "before"), (-4, None), (1, None)):
        now = Standing(there=True, created=sent + timedelta(minutes=minutes))
        found = reason(made, now, (), ())
        assert (found.why if found else None) == why
    unsure = Made(step=step, id="/x", sent=sent, certain=False)
    silent = reason(unsure, Standing(there=True), (), ())
    assert silent is not None and silent.why == "unknown"


def test_marks_hold_no_value_and_name_what_changed() -> None:
    raw = {"tags": {"a": "b"}, "properties": {"InstrumentationKey": "s3cret", "etag": "1"}}
    before = marks(raw)
    assert "s3cret" not in str(before)
    raw["properties"] = {"InstrumentationKey": "other", "etag": "2"}
    assert differences(before, marks(raw)) == ["properties.InstrumentationKey"]


async def test_a_run_of_another_cloud_is_not_looked_at(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        plan = Plan(purpose="delete", subject=GROUP.format(sandbox.subscription), steps=())
        await journal.add_run("beef", plan, cloud="AzureCloud", host="h", pid=1)
        with pytest.raises(LookupError, match="was begun in AzureCloud"):
            await preview(conn, journal, "beef")
        await journal.close()
