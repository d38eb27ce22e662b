"""Sparklines of a page."""

from __future__ import annotations

import pytest

from modeltap.charts.sparkline import sparkline


@pytest.mark.parametrize("values", [[], [None], [0.0], [5.0], [-1.0, 1.0], [0.0, 0.0, None, 3.0]])
def test_any_values_are_drawn(values):
    assert sparkline(values, "x").endswith("</svg>")


def test_one_value_alone_is_a_dot():
    assert "<circle" in sparkline([3.0], "x")
    assert sparkline([3.0, 4.0, None, 5.0], "x").count("<circle") == 1
