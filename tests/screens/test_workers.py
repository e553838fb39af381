"""Workers of pages: none outlives its page, none is begun for nothing, and what fails is told."""

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from opening import quiet
from test_diagnose_page import ML, TARGET
from test_review import review
from test_run_page import PLAN, running  # noqa: F401
from test_setup_pages import order, to_new_vault
from textual.app import ComposeResult

from screens.base import Page
from screens.browse.keys import Versions
from screens.browse.listing import Listing, Pages
from screens.browse.vaults import Vaults
from screens.diagnose.asked import seek
from screens.diagnose.page import DiagnosePage
from screens.rotate import RotatePage
from screens.setup.cost import CostPane
from screens.setup.new_vault import NewVault
from screens.widgets.table import Column, ListTable, Row
from services.azure import vaults
from services.model.resources import Vault

SLOW = {"delay": 10.0}
"""No answer before everything is taken back."""


class Going(ListTable):
    """A list that tells when it has gone."""

    def __init__(self, gone: asyncio.Event) -> None:
        super().__init__((Column("Name"),))
        self._gone = gone

    def on_unmount(self) -> None:
        self._gone.set()


class Late(Listing):
    """A list whose rows come when the table for them has just gone."""

    def __init__(self) -> None:
        super().__init__("Late", (Column("Name"),), id="late")
        self.gone = asyncio.Event()

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield Going(self.gone) if isinstance(widget, ListTable) else widget

    async def rows(self) -> Pages:
        await self.gone.wait()
        yield [Row("one", ("one",))]


class Reading(Page[None]):
    """Its list reads, not the page itself."""

    def body(self) -> ComposeResult:
        yield Late()

    def on_mount(self) -> None:
        late = self.query_one(Late)
        late.read(late.rows())


async def test_a_page_is_left_while_one_of_its_lists_reads(opened) -> None:
    async with opened(ready=False) as (app, pilot):
        for _ in range(3):
            await app.push_screen(Reading())
            await pilot.pause()
            await app.pop_screen()
            await pilot.pause()
            assert of_pages(app) == []
        await app.push_screen(Reading())
    assert app._exception is None


def of_pages(app: Any) -> list[str]:
    """What workers still do for a page, whether it is open or not."""
    return [one.description for one in app.workers if one.node is not app and not one.is_finished]


async def a_vault(app: Any) -> Vault:
    pages = [page async for page in vaults.list_vaults(app.session.live, ML)]
    return next(one for page in pages for one in page if one.name == "kv-ml-prod")


async def _vaults(app: Any, pilot: Any) -> Callable[[], object]:
    app.goto("vaults")
    await quiet(app, pilot)
    assert isinstance(app.screen, Vaults)
    return app.screen.action_again


async def _versions(app: Any, pilot: Any) -> Callable[[], object]:
    app.push_screen(Versions(await a_vault(app), "cmk-ml"))
    await quiet(app, pilot)
    return app.screen.action_again


async def _secrets(app: Any, pilot: Any) -> Callable[[], object]:
    vault = await a_vault(app)
    app.push_screen(RotatePage(f"{vault.uri}/keys/cmk-ml", "cmk-ml"))
    await quiet(app, pilot)
    return app.screen.action_secrets


async def _found(app: Any, pilot: Any) -> Callable[[], object]:
    app.goto("vaults")
    await quiet(app, pilot)
    page = app.screen
    return lambda: seek(page, "mlw-prod")


async def _diagnosis(app: Any, pilot: Any) -> Callable[[], object]:
    app.push_screen(DiagnosePage(TARGET))
    await quiet(app, pilot)
    return app.screen.action_again


async def _name(app: Any, pilot: Any) -> Callable[[], object]:
    await to_new_vault(app, pilot)
    assert isinstance(app.screen, NewVault)
    return app.screen._check


async def _review(app: Any, pilot: Any) -> Callable[[], object]:
    return (await review(app, pilot, "kv-keys")).action_again


async def _prices(app: Any, pilot: Any) -> Callable[[], object]:
    page = await review(app, pilot, "kv-keys")
    pane, plan = page.query_one(CostPane), page.plan
    assert plan is not None
    return lambda: pane.read(plan)


Begins = Callable[[Any, Any], Awaitable[Callable[[], object]]]
BEGUN: dict[str, tuple[str, Begins]] = {
    "a list": ("contoso", _vaults),
    "versions of a key": ("contoso", _versions),
    "secrets of a group": ("contoso", _secrets),
    "what a name means": ("contoso", _found),
    "a diagnosis": ("broken/f05-key-version-disabled", _diagnosis),
    "whether a name is free": ("empty", _name),
    "a plan": ("failures/key-enabled", _review),
    "prices": ("failures/key-enabled", _prices),
}
"""A scenario, and how a page is opened in it; then what begins its work."""


@pytest.fixture
def unawaited() -> Any:
    """What Python says of coroutines that nobody awaited."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RuntimeWarning)
        yield lambda: [str(one.message) for one in said if "never awaited" in str(one.message)]


@pytest.mark.parametrize("what", BEGUN)
async def test_what_a_page_waits_for_ends_with_it(what, opened, sandbox, unawaited) -> None:
    scenario, open_page = BEGUN[what]
    async with opened(scenario=scenario) as (app, pilot):
        begin = await open_page(app, pilot)
        await order(sandbox, **SLOW)
        begin()
        begin()  # the first has not even begun
        await asyncio.sleep(0)
        assert of_pages(app)
        await app.pop_screen()
        await pilot.pause()
        await asyncio.to_thread(sandbox.admin, "DELETE", "faults")
        assert of_pages(app) == []
        assert app._exception is None
        del begin
    gc.collect()
    assert unawaited() == []


async def ended(running) -> None:  # noqa: F811
    for step in PLAN.steps:
        running.stage.of(step.id).put_nowait(None)
    await running.until("3 of 3 done succeeded")


async def test_what_a_run_has_made_cannot_be_looked_up_signed_out(running) -> None:  # noqa: F811
    await ended(running)
    session = running.app.session
    conn, session.connection = session.connection, None
    await running.pilot.press("b")
    await running.until("Nobody is signed in yet: w on Home shows how.")
    session.connection = conn


async def test_what_a_run_has_made_and_is_refused_says_why(running) -> None:  # noqa: F811
    await ended(running)
    await running.pilot.press("b")
    await running.until("Could not read workspace mlw-prod")
    assert running.app._exception is None


async def test_what_a_name_means_is_refused_with_a_way_out(opened, sandbox) -> None:
    async with opened(scenario="contoso") as (app, pilot):
        app.goto("vaults")
        await quiet(app, pilot)
        await order(sandbox, status=403, body={"error": {"code": "AuthorizationFailed"}})
        seek(app.screen, "mlw-prod")
        text = " ".join((await quiet(app, pilot)).split())
        assert "None of your roles includes this action" in text
        assert "Ask for a role with this action" in text
