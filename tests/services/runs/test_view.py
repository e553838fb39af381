from datetime import UTC, datetime, timedelta

from services.model.intent import KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.plan import Event, Plan, Step
from services.runs.view import RunView

T0 = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
COSMOS = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mg/providers/"
    "Microsoft.DocumentDB/databaseAccounts/cosmos1"
)


def plan() -> Plan:
    intent = WorkspaceSetup(
        subscription="00000000-0000-0000-0000-000000000000",
        region="westeurope",
        resource_group="rg",
        vault=VaultIntent(name="kv-1"),
        key=KeyIntent(name="k"),
        workspace=WorkspaceIntent(name="mlw"),
    )

    def step(id: str, needs: tuple[str, ...], expected: int) -> Step:
        return Step(
            id=id, kind=id, title=id, action="create", target="", needs=needs, expected_s=expected
        )

    return Plan(
        intent=intent,
        steps=(step("a", (), 10), step("b", ("a",), 100), step("c", ("a",), 20)),
    )


def said(event: str, step: str = "", after: int = 0, resource: str = "", **detail: object) -> Event:
    at = T0 + timedelta(seconds=after)
    return Event(at=at, run="1", event=event, step=step, resource=resource, detail=detail)


def test_lines_follow_the_events():
    view = RunView("1", plan())
    for event in (
        said("run.started"),
        said("step.started", "a"),
        said("step.done", "a", 4),
        said("step.started", "b", 4),
        said("resource.seen", "b", 6, COSMOS, state="Creating", type="x"),
        said("step.waiting", "c", 7, why="throttled", until="2026-11-23T14:01:00Z"),
    ):
        view.hear(event)
    assert [line.word for line in view.lines.values()] == ["OK", "RUN", "WAIT"]
    assert (view.done, view.total) == (1, 3)
    assert view.lines["a"].seconds(T0 + timedelta(seconds=50)) == 4
    assert view.lines["b"].seconds(T0 + timedelta(seconds=50)) == 46
    assert view.lines["c"].note == "throttled, until 14:01:00Z"
    [seen] = view.lines["b"].resources.values()
    assert (seen.name, seen.word) == ("cosmos1", "RUN")
    view.hear(said("resource.seen", "b", 8, COSMOS, state="Succeeded", type="x"))
    assert [one.word for one in view.lines["b"].resources.values()] == ["OK"]


def test_what_is_left_is_the_longest_chain_at_this_pace():
    view = RunView("1", plan(), pace=10)
    assert view.left(T0) == 11
    view.hear(said("step.started", "a"))
    view.hear(said("step.done", "a", 1))
    view.hear(said("step.started", "b", 1))
    assert view.left(T0 + timedelta(seconds=5)) == 6
    assert view.left(T0 + timedelta(seconds=500)) == 2


def test_a_failure_shows_its_cause_and_a_retry_runs_again():
    view = RunView("1", plan())
    view.hear(said("step.started", "a"))
    view.hear(said("step.failed", "a", 2, cause={"what": "The vault is gone."}, repair="Look."))
    view.hear(said("run.finished", after=3, status="failed"))
    assert (view.lines["a"].word, view.lines["a"].note) == ("FAIL", "The vault is gone.")
    assert view.status == "failed"
    view.hear(said("run.started", after=9))
    view.hear(said("step.started", "a", 9))
    assert (view.status, view.lines["a"].word, view.lines["a"].note) == ("running", "RUN", "")
    assert view.elapsed(T0 + timedelta(seconds=20)) == 11


def test_what_was_under_way_at_the_end_is_not_said_to_run():
    view = RunView("1", plan())
    view.hear(said("step.started", "a"))
    view.hear(said("step.done", "a", 1))
    view.hear(said("step.started", "b", 1))
    view.hear(said("run.paused", why="sign-in", address="https://login.test", code="ABC"))
    assert view.pause["code"] == "ABC"
    view.hear(said("run.finished", after=9, status="interrupted"))
    assert (view.status, view.pause) == ("interrupted", {})
    assert [line.word for line in view.lines.values()] == ["OK", "..", ".."]
    assert view.lines["b"].seconds(T0 + timedelta(seconds=99)) == 8
    assert len(view.open) == 2
