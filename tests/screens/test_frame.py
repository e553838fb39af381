import asyncio

import pytest
from opening import settled, shown, until
from textual.widgets import Input

from screens.base import Page
from screens.help import Help
from screens.home import Home
from screens.keys import KEYS
from screens.places import PLACES, find
from screens.sign_in import SignIn
from screens.widgets.confirm import Confirm, TypedConfirm
from screens.widgets.explain import ExplainPane
from screens.widgets.inspect import TextView
from screens.widgets.prompt import Prompt
from screens.widgets.status import Entry, header_line, key_line
from screens.widgets.table import Column, ListTable
from services.azure.errors import ErrorKind
from services.home import Memory
from tui.small import TooSmall


async def test_home_is_painted_before_anything_is_connected(opened):
    async with opened(ready=False) as (app, _):
        text = shown(app)
        assert isinstance(app.screen, Home)
        assert "wrapkey" in text
        assert "SANDBOX" in text
        assert app.session.stage != "ready"


async def test_home_says_where_we_are_and_who(opened, running_sandbox):
    async with opened() as (app, _):
        lines = shown(app).splitlines()
        assert lines[0].startswith(" wrapkey   ")
        assert lines[0].endswith("SANDBOX x2000  admin")
        assert "This is the sandbox: not Azure" in shown(app)
        assert lines[-1].strip().endswith("? keys")
        assert app.session.subscription is not None, "the only one is chosen"
        assert app.session.subscription.id == running_sandbox.subscription


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_every_place_can_be_opened_before_anybody_is_signed_in(opened, place):
    async with opened(ready=False) as (app, pilot):
        app.goto(place.name)
        await pilot.pause()
        assert type(app.screen).__name__ == place.screen.partition(":")[2]
        await pilot.press("f1")
        assert isinstance(app.screen, Help)
        await pilot.press("escape", "x")
        await settled(app)
        await pilot.pause()
        assert app.is_running


async def test_a_home_that_cannot_be_written_to_is_said_and_stops_nothing(opened, monkeypatch):
    def refused(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Memory, "save", refused)
    async with opened() as (app, pilot):
        app.choose_region("westeurope")
        await pilot.pause()
        assert app.session.region == "westeurope"
        assert "Read-only file system" in shown(app)


async def test_a_look_is_remembered(opened):
    async with opened() as (app, _):
        assert app.theme == "dark"
        app.theme = "light"
    async with opened() as (app, _):
        assert app.theme == "light"


async def test_read_only_is_said_in_the_header(opened):
    async with opened(read_only=True) as (app, _):
        assert "READ-ONLY" in shown(app).splitlines()[0]


async def test_sign_in_as_somebody_else(opened):
    async with opened(scenario="contoso") as (app, pilot):
        await pilot.press("w")
        assert isinstance(app.screen, SignIn)
        old = app.session.connection
        await pilot.press("j", "j", "enter")
        await until(app, lambda: app.session.connection is not old and app.session.stage == "ready")
        await pilot.pause()
        assert app.session.who == "reader"
        assert "reader (user)" in shown(app)
        assert shown(app).splitlines()[0].endswith("reader")


async def test_device_code_is_shown_copied_and_goes_on_by_itself(opened, running_sandbox):
    async with opened() as (app, pilot):
        await pilot.press("w", "G", "enter")
        await until(app, lambda: app.session.code is not None)
        await pilot.pause()
        code = app.session.code
        assert code.address in shown(app)
        assert code.code in shown(app)
        await pilot.press("c")
        assert app.clipboard == code.code
        await pilot.press("t")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert code.code in shown(app)
        await pilot.press("escape")
        approval = {"user_code": code.code, "principal": "contributor"}
        await asyncio.to_thread(running_sandbox.admin, "POST", "approve", approval)
        await until(app, lambda: app.session.who == "contributor" and app.session.stage == "ready")
        await pilot.pause()
        assert code.code not in shown(app)


async def test_a_code_that_nobody_enters_is_left_for_another_way(opened):
    async with opened() as (app, pilot):
        await pilot.press("w", "G", "enter")
        await until(app, lambda: app.session.code is not None)
        await pilot.press("g", "j", "enter")
        await until(app, lambda: app.session.who == "contributor" and app.session.stage == "ready")
        assert app.session.code is None


async def test_who_cannot_sign_in_is_told_in_three_sentences(opened):
    async with opened(principal="nobody") as (app, pilot):
        assert app.session.stage == "failed"
        assert app.session.error is not None
        assert app.session.error.kind is ErrorKind.INVALID
        await pilot.pause()
        assert "There is no principal named nobody." in shown(app)
        assert shown(app).splitlines()[0].endswith("not signed in")


async def test_a_subscription_that_cannot_be_seen_is_said_and_others_stay(opened):
    async with opened(scenario="contoso", subscription="nope") as (app, pilot):
        await pilot.pause()
        assert "You can't see a subscription nope." in shown(app)
        assert len(app.session.subscriptions) == 3


async def test_the_choice_of_a_subscription_is_remembered(opened):
    async with opened(scenario="contoso") as (app, _):
        assert app.session.subscription is None
        app.choose_subscription(app.session.subscriptions[1].id)
        app.choose_region("westeurope")
        chosen = app.session.subscription
    async with opened(scenario="contoso") as (app, _):
        assert app.session.subscription == chosen
        assert app.session.where == f"{chosen.name} > westeurope"


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_lists_the_keys_of_the_screen(opened, key):
    async with opened() as (app, pilot):
        await pilot.press(key)
        assert isinstance(app.screen, Help)
        assert KEYS["identity"].help in shown(app)
        await pilot.press(key)
        assert isinstance(app.screen, Home)


async def test_f1_helps_in_a_field_and_esc_leaves_it(opened):
    async with opened() as (app, pilot):
        await pilot.press("colon")
        assert isinstance(app.screen, Prompt)
        await pilot.press("f1")
        assert isinstance(app.screen, Help)
        await pilot.press("escape")
        assert isinstance(app.screen, Prompt)
        await pilot.press("escape")
        assert isinstance(app.screen, Home)


async def test_goto_completes_refuses_and_goes(opened):
    async with opened() as (app, pilot):
        await pilot.press("colon", *"nope", "enter")
        await pilot.pause()
        assert "There is no nope" in shown(app)
        await pilot.press("escape", "colon", *"sig", "tab")
        assert app.screen.query_one(Input).value == "sign-in"
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, SignIn)
        await pilot.press("colon", *"home", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Home)
        assert len(app.screen_stack) == 1


def test_places_are_found_by_a_beginning_that_is_the_only_one():
    assert find(":home") is PLACES[0]
    assert find("") is None
    assert find("zzz") is None


async def test_explain_lies_over_a_narrow_screen_and_beside_a_wide_one(opened):
    async with opened() as (app, pilot):
        pane = app.screen.query_one(ExplainPane)
        assert not pane.display
        await pilot.press("x")
        await pilot.pause()
        assert "Why it matters" in shown(app)
        await pilot.press("escape")
        assert not pane.display
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert pane.display
        body = app.screen.query_one("#body")
        assert body.region.right <= pane.region.x
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not pane.display


async def test_a_terminal_that_is_too_small_says_so_and_loses_nothing(opened):
    async with opened() as (app, pilot):
        await pilot.press("colon", *"sig")
        await pilot.resize_terminal(59, 20)
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        assert "60 columns and 15 lines" in shown(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.screen.query_one(Input).value == "sig"


async def test_palette_offers_places_and_keys_and_its_cursor_stands_still(opened):
    async with opened() as (app, pilot):
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert app.screen.query_one(Input).cursor_blink is False
        await pilot.press(*"sign")
        await app.workers.wait_for_complete(
            [worker for worker in app.workers if worker.node is app.screen]
        )
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        if not isinstance(app.screen, SignIn):
            await pilot.press("enter")
            await pilot.pause()
        assert isinstance(app.screen, SignIn)


async def test_confirm_is_safe_by_default(opened):
    async with opened() as (app, pilot):
        for keys, answer in ((["enter", "escape"], False), (["n"], False), (["y"], True)):
            asked = asyncio.get_running_loop().create_future()
            app.push_screen(Confirm("Really?", "It can't be undone."), asked.set_result)
            await pilot.pause()
            await pilot.press(*keys)
            assert await asked is answer


async def test_typed_confirm_wants_the_word(opened):
    async with opened() as (app, pilot):
        asked = asyncio.get_running_loop().create_future()
        app.push_screen(TypedConfirm("Really?", "All of it.", "kv-ml"), asked.set_result)
        await pilot.pause()
        await pilot.press(*"kv", "enter")
        assert not asked.done()
        assert "That is not kv-ml." in shown(app)
        await pilot.press(*"-ml", "enter")
        assert await asked is True


async def test_copying_says_what_it_is_worth_and_shows_it_as_text(opened):
    async with opened() as (app, pilot):
        app.copy("some-id", "id")
        await pilot.pause()
        assert app.clipboard == "some-id"
        assert "Sent to the terminal's clipboard: id." in shown(app)
        await pilot.press("T")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert "some-id" in shown(app)
        app.copy("x" * 80_000, "report")
        await pilot.pause()
        assert "Too long for the terminal's clipboard" in shown(app)


async def test_q_quits_with_0(opened):
    async with opened() as (app, pilot):
        await pilot.press("q")
        assert app.return_code == 0


async def test_words_are_short_and_every_key_of_a_screen_is_in_the_registry(opened):
    assert all(len(key.word) <= 10 for key in KEYS.values()), "the key line has 80 columns"
    assert all(key.help.endswith(".") for key in KEYS.values())
    async with opened() as (app, pilot):
        for name in ("home", "sign-in"):
            app.goto(name)
            await pilot.pause()
            unknown = [
                active.binding.key
                for active in app.screen.active_bindings.values()
                if active.binding.show and active.binding.id not in KEYS
            ]
            assert unknown == []


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("mode", ["LIVE", "SANDBOX x20 READ-ONLY"])
@pytest.mark.parametrize(("where", "who"), [("a", "b"), ("sub " * 40, "somebody@" + "x" * 60)])
def test_the_mode_is_never_cut(width, mode, where, who):
    left, middle, right = header_line(width, where, mode, who)
    assert middle == mode
    assert len(left) + len(middle) + len(right) <= width
    assert len(right.strip()) >= min(len(who), 8) or width == 60


def test_help_keeps_its_place_in_the_key_line():
    entries = [Entry(str(number), "word" * 3, True, "a") for number in range(9)]
    entries.append(Entry("?", "keys", True, "question_mark"))
    line = key_line(60, entries).plain
    assert line.rstrip().endswith("? keys")
    assert len(line) <= 60


async def test_a_fault_ends_with_1_and_a_report_without_locals(opened, home):
    async with opened(ready=False) as (app, pilot):
        await settled(app)
        app.session.note = "secret-of-a-local"

        def broken():
            local_value = "secret" + "-of-a-local"
            raise ZeroDivisionError(len(local_value))

        with pytest.raises(ZeroDivisionError):
            app.call_later(broken)
            await pilot.pause()
            raise app._exception
        app._exception = None
    assert app.return_code == 1
    (report,) = (home / "state").glob("crash-*.txt")
    assert "ZeroDivisionError" in report.read_text()
    assert "secret-of-a-local" not in report.read_text()


class Going(ListTable):
    """Tells when it goes."""

    def __init__(self, gone: asyncio.Event) -> None:
        super().__init__((Column("Name"),))
        self.gone = gone

    def on_unmount(self) -> None:
        self.gone.set()


class Reading(Page[None]):
    """Reads for as long as its table is there, then wants to fill it."""

    def body(self):
        self.gone = asyncio.Event()
        yield Going(self.gone)

    def on_mount(self) -> None:
        self.run_worker(self.read(), group="load")

    async def read(self) -> None:
        await self.gone.wait()
        self.query_one(ListTable).load([])


async def test_a_page_that_is_left_while_it_reads_does_not_crash(opened):
    async with opened(ready=False) as (app, pilot):
        for _ in range(3):
            await app.push_screen(Reading())
            await pilot.pause()
            await app.pop_screen()
            await pilot.pause()
        await app.push_screen(Reading())
    assert app._exception is None
