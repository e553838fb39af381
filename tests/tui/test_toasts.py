"""A toast that is made in the moment its notification ends."""

import signal
from contextlib import contextmanager

import pytest
from textual.app import App
from textual.notifications import Notification
from textual.widgets._toast import Toast

from tui.toasts import Said


class Hung(Exception):
    """The event loop came to no end."""


@contextmanager
def at_most(seconds):
    """A loop that never yields can only be ended by a signal."""

    def ring(*_):
        raise Hung

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def over(kind):
    """A notification whose time was over a moment ago."""
    one = kind("Copied.", timeout=5)
    one.raised_at -= 5.01
    return one


async def test_a_toast_made_too_late_lets_the_application_go_on():
    app = App()
    async with app.run_test() as pilot:
        with at_most(20):
            await app.screen.mount(Toast(over(Said)))
            await pilot.pause()
    assert over(Said).has_expired


def test_textual_itself_gives_such_a_toast_less_than_no_time():
    assert over(Notification).time_left < 0, "without this tui.toasts is not needed any more"


@pytest.mark.parametrize("left", [0.5, 4])
def test_time_that_is_left_is_told_as_it_is(left):
    one = Said("Copied.", timeout=5)
    one.raised_at -= 5 - left
    assert one.time_left == pytest.approx(left, abs=0.1)
    assert not one.has_expired
