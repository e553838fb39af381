"""Strings from outside, made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.text import LIMIT, plain, plain_lines, shorten

hostile = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("\x00\x1b\x7f\x85\x9b\t\n\r\u202e\u2066\u200b\ufeff\u2028\ud800[]"),
    ),
    max_size=200,
)


@given(hostile)
def test_plain_text_has_nothing_that_controls_a_terminal(text: str) -> None:
    shown = plain(text)
    kinds = {unicodedata.category(char) for char in shown}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert all(
        unicodedata.bidirectional(char) not in {"RLO", "LRO", "RLE", "LRE"} for char in shown
    )
    shown.encode()


@given(hostile, st.integers(min_value=1, max_value=50))
def test_plain_text_is_short_and_stays_as_it_is(text: str, limit: int) -> None:
    once = plain(text, limit)
    assert len(once) <= limit
    assert plain(once, limit) == once


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), max_size=LIMIT))
def test_ordinary_text_is_kept(text: str) -> None:
    assert plain(text) == text


def test_what_becomes_of_the_rest() -> None:
    assert plain(None) == ""
    assert plain(3072) == "3072"
    assert plain("a\tb\nc") == "a b c"
    assert plain("\x1b]0;owned\x07x") == "]0;ownedx"
    assert plain("[red]markup[/]") == "[red]markup[/]"
    assert plain("x" * 10_000) == "x" * (LIMIT - 1) + "…"
    assert len(plain("\u202e" * 1_000_000)) == 0


@given(st.lists(st.text(max_size=50), max_size=5))
def test_lines_stay_lines(lines: list[str]) -> None:
    shown = plain_lines("\n".join(lines))
    assert shown == "\n".join(plain(line) for line in "\n".join(lines).splitlines())


@given(st.text(max_size=100), st.integers(min_value=0, max_value=40))
def test_a_shortened_name_fits_and_keeps_both_ends(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width
    if len(text) > width > 2:
        assert (short[0], short[-1]) == (text[0], text[-1])
        assert "…" in short


@pytest.mark.parametrize(("width", "shown"), [(5, "ab…yz"), (4, "ab…z"), (2, "a…"), (1, "a")])
def test_how_a_name_is_cut(width: int, shown: str) -> None:
    assert shorten("abcdefghijklmnopqrstuvwxyz", width) == shown
