"""Quotas as lines: numbers that are not known are ??, never 0."""

import pytest

from screens.setup.quota import details, note, row, short
from services.model.quota import QuotaLine


def line(limit: int | None, used: int | None, left: int | None) -> QuotaLine:
    return QuotaLine(
        service="AI Search", limit=limit, used=used, needed=1, left=left, source="GET usages"
    )


@pytest.mark.parametrize(
    ("one", "cells"),
    [
        (line(16, 3, 12), ("OK", "AI Search", "16", "3", "1", "12")),
        (line(3, 3, -1), ("FAIL", "AI Search", "3", "3", "1", "-1")),
        (line(None, None, None), ("??", "AI Search", "??", "??", "1", "??")),
        (line(-1, 3, -5), ("OK", "AI Search", "unlimited", "3", "1", "")),
    ],
)
def test_a_quota_is_a_line(one: QuotaLine, cells: tuple[str, ...]) -> None:
    assert row(one).cells == cells
    assert "GET usages" in note(one) and "GET usages" in details(one)


def test_the_tab_says_the_gravest() -> None:
    fits, full, unknown = line(16, 3, 12), line(3, 3, -1), line(None, 1, None)
    assert short((fits, unknown, full)) == "FAIL"
    assert short((fits, unknown)) == "??"
    assert (short((fits,)), short(())) == ("OK", "")
