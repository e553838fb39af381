import pytest
from opening import shown
from textual.app import ComposeResult
from textual.widgets import Input

from screens.base import Page
from screens.widgets.confirm import Confirm
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import TURN, Column, ListTable, Row, column_widths

COLUMNS = (
    Column("Name"),
    Column("Group"),
    Column("Keys", 6, right=True),
    Column("Fit", status=True),
)

HOSTILE = [
    "kv-[/prod]",
    "[@click=app.quit]x[/]",
    "[Prod] [b]bold[/b] [#zzzzzz]",
    "\x1b]52;c;aGFjaw==\x07\x1b[2Jgone",
    "\u202etxt.exe\u2066",
    "line\nline\r\n\tend",
    "x" * 10_000,
    "漢字" * 40,
    "\\",
    "",
]


class Listing(Page[None]):
    AUTO_FOCUS = "ListTable"

    def __init__(self, name: str = "Vaults") -> None:
        super().__init__()
        self._name_shown = name
        self.counts: list[str] = []

    def body(self) -> ComposeResult:
        yield TitleLine(self._name_shown, "0")
        yield ListTable(COLUMNS)
        yield Note(self._name_shown)

    def on_list_table_counted(self, event: ListTable.Counted) -> None:
        self.counts.append(event.text)

    def explain(self) -> Explanation:
        return Explanation(self._name_shown, self._name_shown, self._name_shown)

    @property
    def table(self) -> ListTable:
        return self.query_one(ListTable)


def row(name: str, group: str = "rg", keys: int = 1, fit: str = "OK", **more) -> Row:
    return Row(name or "empty", (name, group, str(keys), fit), order={2: keys}, **more)


VAULTS = [row("kv-b", "rg-2", 10), row("kv-a", "rg-1", 9), row("kv-c", "rg-2", 100, "NO")]


@pytest.fixture
def listing(opened):
    """The list screen open, with these rows."""

    async def open_(app, pilot, rows=VAULTS) -> Listing:
        page = Listing()
        await app.push_screen(page)
        page.table.load(rows)
        await pilot.pause()
        return page

    return open_


def names(page: Listing) -> list[str]:
    return [one.cells[0] for one in page.table.rows_shown]


async def test_letters_move_the_cursor(opened, listing):
    async with opened(ready=False) as (app, pilot):
        page = await listing(app, pilot)
        for key, name in (("j", "kv-a"), ("G", "kv-c"), ("k", "kv-a"), ("g", "kv-b")):
            await pilot.press(key)
            assert page.table.current.key == name


async def test_filter_is_left_with_enter_and_dropped_with_esc(opened, listing):
    async with opened(ready=False) as (app, pilot):
        page = await listing(app, pilot)
        await pilot.press("slash", *"rg-2 kv-C")
        await pilot.pause()
        assert names(page) == ["kv-c"]
        assert page.counts[-1] == "1 of 3"
        await pilot.press("enter")
        assert app.focused is page.table
        assert names(page) == ["kv-c"]
        await pilot.press("slash", "escape")
        await pilot.pause()
        assert names(page) == ["kv-b", "kv-a", "kv-c"]
        assert app.screen is page
        assert app.focused is page.table


async def test_sort_goes_round_by_what_the_column_means(opened, listing):
    async with opened(ready=False) as (app, pilot):
        page = await listing(app, pilot)
        seen = []
        for _ in range(5):
            await pilot.press("s")
            await pilot.pause()
            seen.append(names(page))
        assert seen[0] == ["kv-a", "kv-b", "kv-c"]
        assert seen[2] == ["kv-a", "kv-b", "kv-c"], "9, 10, 100: by number, not by letters"
        assert seen[4] == ["kv-b", "kv-a", "kv-c"], "as they came"
        await pilot.press("s", "S")
        await pilot.pause()
        assert names(page) == ["kv-c", "kv-b", "kv-a"]


async def test_the_selected_row_stays_selected(opened, listing):
    async with opened(ready=False) as (app, pilot):
        page = await listing(app, pilot)
        page.table.select("kv-a")
        page.table.load(list(reversed(VAULTS)))
        await pilot.pause()
        assert page.table.current.key == "kv-a"
        page.table.extend([row("kv-d")])
        await pilot.pause()
        assert page.table.current.key == "kv-a"
        assert names(page)[-1] == "kv-d"


async def test_inspect_copy_and_portal(opened, listing):
    async with opened(ready=False) as (app, pilot):
        rows = [row("kv", id="/subscriptions/1", raw={"a": "[/b]"}, portal="https://portal/#r")]
        page = await listing(app, pilot, rows)
        await pilot.press("y")
        assert app.clipboard == "/subscriptions/1"
        await pilot.press("i")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert '"a": "[/b]"' in shown(app)
        await pilot.press("escape", "o")
        await pilot.pause()
        assert "https://portal/#r" in shown(app)
        await pilot.press("escape")
        page.table.load([row("plain")])
        await pilot.press("i", "o")
        assert app.screen is page


async def test_many_rows_come_in_turns_and_keys_are_heard_between(opened, listing):
    async with opened(ready=False) as (app, pilot):
        page = await listing(app, pilot, [])
        page.table.load([row(f"kv-{number:05}") for number in range(4 * TURN)])
        assert len(page.table.rows_shown) == TURN, "the first turn at once"
        await pilot.press("j")
        while len(page.table.rows_shown) < 4 * TURN:
            await pilot.pause()
        assert page.table.row_count == 4 * TURN
        assert page.table.current.key == "kv-00001"
        await pilot.press("slash", *"kv-01999")
        while len(page.table.rows_shown) != 1:
            await pilot.pause()
        assert names(page) == ["kv-01999"]


async def test_a_new_list_while_the_old_one_still_comes(opened, listing):
    async with opened(ready=False) as (app, pilot):
        page = await listing(app, pilot, [row(f"old-{number}") for number in range(3 * TURN)])
        page.table.load(VAULTS)
        for _ in range(6):
            await pilot.pause()
        assert names(page) == ["kv-b", "kv-a", "kv-c"]
        assert page.table.row_count == 3


async def test_a_wider_terminal_lays_out_anew(opened, listing):
    async with opened(ready=False) as (app, pilot):
        long = "kv-" + "x" * 60 + "-end"
        page = await listing(app, pilot, [row(long)])
        assert "…" in shown(app)
        await pilot.press("x")
        await pilot.resize_terminal(200, 30)
        await pilot.pause()
        await pilot.pause()
        assert long in shown(app)
        assert page.table.row_count == 1


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_strings_are_inert_in_every_widget(opened, listing, text):
    async with opened() as (app, pilot):
        page = Listing(text)
        await app.push_screen(page)
        page.table.load([Row("k", (text, text, text, text), raw={text: text}, portal=text)])
        await pilot.press("x")
        await pilot.pause()
        assert "\x1b" not in shown(app)
        assert "\u202e" not in shown(app)
        await pilot.press("x", "i")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert "\x1b" not in shown(app)
        await pilot.press("escape")
        for modal in (Confirm(text, text), Prompt(text, value=text, known=[text])):
            await app.push_screen(modal)
            await pilot.pause()
            assert "\x1b" not in shown(app)
            await pilot.press("escape")
            await pilot.pause()
        app.say(text)
        await pilot.pause()
        assert app.screen is page
        assert app.is_running


async def test_no_field_of_the_frame_blinks(opened, listing):
    async with opened(ready=False) as (app, pilot):
        page = await listing(app, pilot)
        await pilot.press("slash")
        assert [field.cursor_blink for field in page.query(Input)] == [False]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_columns_fill_the_width_and_no_more(width):
    widths = column_widths(COLUMNS, width)
    assert sum(widths) + 2 * len(widths) <= width
    assert sum(widths) + 2 * len(widths) >= width - 4
    assert widths[3] == 5
