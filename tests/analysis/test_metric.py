"""Rows of metrics: finite numbers, and numbers for people."""

from __future__ import annotations

import pytest

from modeltap.analysis.model.metric import finite
from modeltap.wording import chance, number, percent


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_has_not_is_none(value):
    """NaN and the infinities."""
    assert finite(value) is None


def test_words_for_numbers():
    """Three significant digits, shares in per cent, chance as one of so many windows."""
    assert (number(36.04), percent(0.15), chance(0.0001)) == (
        "36",
        "15 %",
        "by chance in 1 of 10,000 windows",
    )
