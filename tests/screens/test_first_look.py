"""What somebody meets who has never seen the application: no dead ends, nothing unreadable."""

from opening import shown, until

from screens.setup.where import Where
from screens.widgets.explain import ExplainPane
from screens.widgets.form import Choice
from screens.widgets.picker import Picker
from screens.widgets.status import Entry, KeyLine, key_line
from services.explain import Names, explain
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
