"""Numbers for people."""

from __future__ import annotations

import pytest

from modeltap.wording import byte_size, chance, number, percent


def test_words_for_numbers():
    """Three significant digits, shares in per cent, a p-value as one in a number of windows."""
    assert (number(36.04), percent(0.15), chance(0.0001)) == (
        "36",
        "15 %",
        "1 in 10,000 windows",
    )


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 kB"),
        (4_096, "4 kB"),
        (999_999, "1000 kB"),
        (1_000_000, "1.0 MB"),
        (999_900_000, "999.9 MB"),
        (1_000_000_000, "1.0 GB"),
        (12_345_600_000_000, "12,345.6 GB"),
    ],
)
def test_sizes_of_files(count, text):
    """A store is never said to have no megabytes."""
    assert byte_size(count) == text
