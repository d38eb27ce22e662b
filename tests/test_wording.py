"""Numbers for people."""

from __future__ import annotations

from modeltap.wording import chance, number, percent


def test_words_for_numbers():
    """Three significant digits, shares in per cent, a p-value as one in a number of windows."""
    assert (number(36.04), percent(0.15), chance(0.0001)) == (
        "36",
        "15 %",
        "1 in 10,000 windows",
    )
