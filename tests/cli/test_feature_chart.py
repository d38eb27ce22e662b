"""The chart of `modeltap drift --feature F`."""

from __future__ import annotations

import pytest

from command import modeltap
from terminal import shown_on_a_terminal


def test_the_reference_and_the_window_are_next_to_each_other(at):
    shown = modeltap("drift", *at, "--feature", "amount").splitlines()
    start = shown.index("amount: reference and latest window")
    reference, window = shown[start + 1 : start + 3]
    assert "reference" in reference and "%" in reference and "█" in reference
    assert window.split()[0] == "window"


@pytest.mark.parametrize("columns", [60, 80])
def test_the_chart_fits_a_terminal(at, columns):
    shown = shown_on_a_terminal("drift", *at, "--feature", "color", columns=columns)
    assert any("red" in line and "█" in line for line in shown)
    assert max(map(len, shown)) <= columns
