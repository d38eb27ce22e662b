"""Numbers for people."""

from __future__ import annotations

from modeltap.wording import chance, number, percent


def test_words_for_numbers():
    """Three significant digits, shares in per cent, chance as one of so many windows."""
    assert (number(36.04), percent(0.15), chance(0.0001)) == (
        "36",
        "15 %",
        "by chance in 1 of 10,000 windows",
    )
