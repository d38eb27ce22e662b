"""Bars and sparklines of characters."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeltap.charts.character_chart import ASCII, BLOCKS

values = st.lists(st.none() | st.floats())


@pytest.mark.parametrize("chart", [BLOCKS, ASCII])
@settings(max_examples=60)
@given(values)
def test_any_values_have_a_character_each(chart, values):
    drawn = chart.sparkline(values)
    assert len(drawn) == len(values) and set(drawn) <= {*chart.levels, " "}
    for value, character in zip(values, drawn, strict=True):
        assert (character == " ") == (value is None or not math.isfinite(value))


@pytest.mark.parametrize("chart", [BLOCKS, ASCII])
@settings(max_examples=60)
@given(st.floats(), st.integers(1, 40), st.none() | st.floats(0, 1))
def test_a_bar_is_never_longer_than_its_room(chart, fraction, length, mark):
    assert len(chart.bar(fraction, length, mark)) <= length


def test_higher_values_are_higher():
    assert BLOCKS.sparkline([1, 2, 3]) == "▁▅█"
    assert ASCII.sparkline([1, 2, 3]) == "_=#"
    assert BLOCKS.sparkline([5, 5]) == "▅▅"


def test_a_threshold_on_the_scale_makes_small_variation_small():
    assert BLOCKS.sparkline([0.1, 0.12], low=0, high=1) == "▂▂"
    assert BLOCKS.sparkline([0.1, 0.12], high=math.nan) == "▁█"


def test_a_bar_reaches_its_mark_at_the_threshold():
    assert BLOCKS.bar(0.25, 4, mark=0.5) == "█ │"
    assert BLOCKS.bar(1.0, 4, mark=0.5) == "██│█"
    assert ASCII.bar(0.0, 4, mark=0.5) == "  |"
    assert BLOCKS.bar(-3.0, 4) == "" and BLOCKS.bar(math.inf, 4) == "████"


def test_ascii_is_ascii():
    assert "".join((ASCII.levels, ASCII.full, ASCII.parts, ASCII.mark)).isascii()
