"""The review's tab Cost: readable at 80 columns, changed by two keys, well without prices."""

import pytest
from opening import quiet, shown
from test_setup_pages import PAGES, forward, order, to_new_vault, words
from textual.widgets import Input

from screens.setup.cost import CostPane, details, note
from screens.setup.review import Review
from screens.setup.tabs import TabLine, fitted
from screens.widgets.inspect import TextView
from screens.widgets.prompt import Prompt
from screens.widgets.table import ListTable

FAULT = {"path": "/retail/prices", "status": 503}


async def to_cost(app, pilot) -> CostPane:
    await to_new_vault(app, pilot)
    for kind in PAGES[1:]:
        await forward(app, pilot, kind)
    await pilot.press("tab", "tab", "tab")
    await quiet(app, pilot)
    return app.screen.query_one(CostPane)


def rows(pane: CostPane) -> dict[str, tuple[str, ...]]:
    return {row.key: row.cells for row in pane.table.rows_shown}


def total(pane: CostPane) -> str:
    return str(pane.query_one("#cost-total").render())


async def answer(app, pilot, text: str) -> None:
    assert isinstance(app.screen, Prompt)
    app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await quiet(app, pilot)


async def test_the_tab_shows_parts_sum_and_what_is_not_known(opened) -> None:
    async with opened() as (app, pilot):
        pane = await to_cost(app, pilot)
        found = rows(pane)
        assert found["cosmos-throughput"][1] == "400-4000 RU/s"
        assert found["storage"][2:] == ("??", "??")
        assert "without Storage made by Azure, Workspace storage (price not known)" in total(pane)
        text = shown(app)
        assert "[Cost ~" in text and "+ USD/month]" in text
        for cells in found.values():
            assert all(cell in text for cell in cells), cells
        assert "Autoscale bills" in words(app) and "e changes cosmos_rus" in words(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_nothing_scrolls_sideways(opened, size) -> None:
    async with opened(size=size) as (app, pilot):
        pane = await to_cost(app, pilot)
        assert pane.table.virtual_size.width <= pane.table.size.width
        assert all(len(line) <= size[0] for line in shown(app).splitlines())
        await pilot.press("m")
        await quiet(app, pilot)
        assert pane.query_one("#cost-parts").virtual_size.width <= size[0]
        text = shown(app)
        assert "####" in text and "...." in text
        assert "* own resources" in text and "service-side" in text
        await pilot.press("m")
        await quiet(app, pilot)
        assert pane.table.display and pane.table.has_focus


async def test_an_assumption_is_asked_with_its_rule(opened) -> None:
    async with opened() as (app, pilot):
        pane = await to_cost(app, pilot)
        before = rows(pane)["cosmos-throughput"]
        await pilot.press("e")
        await answer(app, pilot, "cosmos_rus=1500")
        assert isinstance(app.screen, Prompt), "a broken rule is not taken"
        assert "in steps of 1,000" in words(app)
        await answer(app, pilot, "cosmos_rus=8000")
        assert isinstance(app.screen, Review)
        after = rows(pane)["cosmos-throughput"]
        assert after[1] == "800-8000 RU/s" and after[3] != before[3]
        assert pane.table.current.key == "cosmos-throughput"


async def test_a_line_without_assumption_says_so(opened) -> None:
    async with opened() as (app, pilot):
        pane = await to_cost(app, pilot)
        pane.table.load([row for row in pane.table.rows_shown if row.key == "search"])
        await pilot.press("e")
        await pilot.pause()
        assert "search_replicas=1 or search_partitions=1" in words(app)
        await pilot.press("escape")
        assert isinstance(app.screen, Review)


async def test_another_currency_is_read_and_kept_for_the_next_review(opened) -> None:
    async with opened() as (app, pilot):
        pane = await to_cost(app, pilot)
        await pilot.press("u")
        await answer(app, pilot, "XYZ")
        assert isinstance(app.screen, Prompt)
        await answer(app, pilot, "eur")
        assert "EUR a month" in total(pane)
        await pilot.press("r")
        await quiet(app, pilot)
        assert "EUR a month" in total(pane)


async def test_enter_shows_a_line_in_full(opened) -> None:
    async with opened() as (app, pilot):
        await to_cost(app, pilot)
        await pilot.press("down", "down", "enter")
        await quiet(app, pilot)
        assert isinstance(app.screen, TextView)
        text = shown(app)
        assert "Meter: Basic Unit" in text and "Meter: Standard S1 Unit" in text
        assert "Meter id: " in text and "After a delete: goes on" in text


async def test_without_prices_the_review_works_and_says_why(opened, running_sandbox) -> None:
    async with opened() as (app, pilot):
        await order(running_sandbox, **FAULT)
        pane = await to_cost(app, pilot)
        assert {cells[3] for cells in rows(pane).values()} == {"??"}
        assert "No price is known" in total(pane) and "read prices of" in total(pane)
        assert "[Cost ??]" in shown(app)
        await pilot.press("tab")
        await quiet(app, pilot)
        assert app.screen.query_one("#plan", ListTable).rows_shown
        await pilot.press("a")
        await pilot.pause()
        assert not isinstance(app.screen, Review), "apply asks its question all the same"


async def test_the_tab_explains_itself(opened) -> None:
    async with opened() as (app, pilot):
        await to_cost(app, pilot)
        await pilot.press("x")
        await quiet(app, pilot)
        assert "What an encrypted workspace costs" in words(app)


async def test_the_tabs_go_round(opened) -> None:
    async with opened() as (app, pilot):
        await to_cost(app, pilot)
        seen = []
        for _ in range(4):
            await pilot.press("tab")
            await pilot.pause()
            seen.append(app.screen.query_one(TabLine)._chosen)
        assert seen == ["plan", "checks", "quota", "cost"]


CHECKS = "Checks 1 FAIL 2 ?? 1 FIX 3 WARN 25 OK"


@pytest.mark.parametrize(
    ("width", "chosen", "checks", "cost"),
    [
        (120, 0, CHECKS, "Cost ~148-732+ USD/month"),
        (80, 0, "Checks 1 FAIL 2 ?? 1 FIX 3 WARN", "Cost ~148-732+ USD/month"),
        (60, 0, "Checks 1 FAIL 2 ??", "Cost ~148-732+"),
        (80, 1, CHECKS, "Cost ~148-732+"),
        (20, 0, "Checks", "Cost"),
    ],
)
def test_tabs_give_way_where_there_is_no_room(width, chosen, checks, cost) -> None:
    texts = ("Plan 11", CHECKS, "Cost ~148-732+ USD/month")
    assert fitted(texts, chosen, width) == ("Plan 11", checks, cost)


async def test_words_of_a_line(opened) -> None:
    async with opened() as (app, pilot):
        pane = await to_cost(app, pilot)
        lines = {row.key: row.data for row in pane.table.rows_shown}
        assert "With a key of 2048 bits: 0." in note(lines["key-operations"])
        assert "left out of the sum" in note(lines["storage"])
        assert "Not known: the price list of" in details(lines["storage"])
        assert "e changes search_replicas or search_partitions" in note(lines["search"])
