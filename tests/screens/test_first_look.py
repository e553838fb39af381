"""What somebody meets who has never seen the application: no dead ends, nothing unreadable."""

from types import SimpleNamespace

from opening import shown, until
from textual.widgets import Input

from screens.setup.access import Access
from screens.setup.new_key import NewKey
from screens.setup.where import Where
from screens.widgets.explain import ExplainPane
from screens.widgets.form import Choice
from screens.widgets.inspect import TextView
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.status import Entry, KeyLine, key_line
from screens.widgets.table import ListTable
from services import names
from services.explain import Names, explain
from services.model.intent import KeyIntent, VaultIntent
from services.runs.view import RunView
from services.setup.draft import Draft
from services.text import clip


async def test_set_up_asks_which_of_several_subscriptions(opened):
    async with opened(scenario="contoso") as (app, pilot):
        assert app.session.subscription is None
        await pilot.press("n")
        await pilot.pause()
        assert isinstance(app.screen, Where)
        assert "not chosen yet" in shown(app)
        assert "Signing in" not in shown(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Picker)
        await pilot.press("G", "enter")
        await until(app, lambda: app.session.subscription is not None)
        await pilot.pause()
        assert app.screen.query_one("#subscription", Choice).value == "Contoso-ML"
        assert app.session.memory.subscription == app.session.subscription.id


async def test_a_long_explanation_is_read_to_its_end_with_the_key_that_opened_it(opened):
    async with opened(size=(80, 15)) as (app, pilot):
        pane = app.screen.query_one(ExplainPane)
        await pilot.press("x")
        await pilot.pause()
        assert "x more" in shown(app)
        for _ in range(9):
            if "x closes" in shown(app):
                break
            await pilot.press("x")
            await pilot.pause()
        assert "Learning" in shown(app), "the end of its source"
        await pilot.press("x")
        assert not pane.is_open


async def test_the_key_that_explains_is_shown(opened):
    async with opened() as (app, _):
        assert "x explain" in app.screen.query_one(KeyLine).render().plain


def test_the_way_back_and_the_explanation_stay_in_a_crowded_key_line():
    words = {"enter": "choose", "/": "filter", "s": "sort", "a": "apply", "w": "write"}
    words |= {"tab": "checks", "esc": "back", "x": "explain", ":": "go to", "q": "quit"}
    entries = [Entry(key, word, True, key) for key, word in words.items()]
    line = key_line(76, [*entries, Entry("?", "keys", True, "?")]).plain
    assert "x explain" in line
    assert "esc back" in line
    assert "q quit" not in line
    assert line.index("x explain") < line.index("esc back")


def test_a_sentence_is_cut_at_its_end():
    assert clip("purge protection is off", 23) == "purge protection is off"
    assert clip("purge protection is off", 22) == "purge protection is…"
    assert clip("unbroken" * 9, 10) == "unbrokenu…"


def test_a_name_that_begins_a_paragraph_stays_as_it_is_written():
    assert explain("wrap", Names(key="cmk-ml")).paragraphs[0].startswith("cmk-ml never")
    assert explain("wrap").paragraphs[0].startswith("Your key never")


async def test_home_names_the_way_out(opened):
    async with opened() as (app, _):
        assert "q quit" in app.screen.query_one(KeyLine).render().plain


async def test_in_a_field_the_key_line_names_the_keys_that_work_there(opened):
    async with opened() as (app, pilot):
        await pilot.press("n")
        await until(app, lambda: app.session.subscription is not None)
        app.push_screen(NewKey(Draft(app.session.subscription, region="westeurope")))
        await pilot.pause()
        keys = app.screen.query_one(KeyLine)
        assert "F2 explain" in keys.render().plain
        assert "F1 keys" in keys.render().plain
        await pilot.press("f2")
        await pilot.pause()
        assert "Which key, and how large" in shown(app)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert "x explain" in keys.render().plain
        await pilot.press("up")
        assert isinstance(app.focused, Input), "arrows lead back into the form"


async def test_a_prompt_names_the_rule_while_one_types(opened):
    async with opened() as (app, pilot):
        app.push_screen(Prompt("Name", rule=lambda text: names.problem("key", text) or ""))
        await pilot.pause()
        await pilot.press("a", "underscore")
        await pilot.pause()
        assert names.problem("key", "a_")[:30] in shown(app)
        assert "enter accept" in shown(app)


GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-ml"


async def test_home_says_that_a_run_is_going_on(opened):
    async with opened() as (app, pilot):
        about = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
        plan = SimpleNamespace(intent=None, steps=(), subject=about)
        app.session.views["7f3a"] = RunView("7f3a", plan)
        app.session.changed()
        await pilot.pause()
        assert "A run is going on: 7f3a (mlw-prod)." in shown(app)
        del app.session.views["7f3a"]


async def test_the_list_of_who_gets_what_leads_on_and_opens_its_rows(opened):
    async with opened() as (app, pilot):
        draft = Draft(app.session.subscription, region="westeurope")
        draft.create_vault(VaultIntent(name="kv-first-look", create=True))
        draft.create_key(KeyIntent(name="cmk", create=True))
        app.push_screen(Access(draft))
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        table = app.screen.query_one(ListTable)
        table.focus()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert "Why: to create the key" in shown(app)
        await pilot.press("escape", "G", "down")
        assert app.focused is app.screen.query_one("#identity")


async def test_a_new_key_is_not_named_as_one_that_is_there(opened):
    async with opened() as (app, pilot):
        draft = Draft(app.session.subscription, region="westeurope")
        app.push_screen(NewKey(draft, frozenset({"cmk-ml"})))
        await pilot.pause()
        field = app.focused
        assert field.value == "cmk-ml-2"
        await pilot.press("backspace", "backspace")
        await pilot.pause()
        assert "has a key cmk-ml" in shown(app)
