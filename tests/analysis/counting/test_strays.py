"""Stray days: times from a clock that was never set are detected, a feed's own past is not."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.strays import stray_days

TODAY = 20_000


def evenly(first, last, step=1, rows=1):
    return dict.fromkeys(range(first, last, step), rows)


@pytest.mark.parametrize("day", [-700_000, -12_000, 0, 20, 11_000, TODAY - 400])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_few_rows_of_another_era_are_stray(day, rows):
    """Years before the others: the year 1, a negative number, 1970, another decade."""
    for bulk in (evenly(TODAY, TODAY + 20), evenly(TODAY - 90, TODAY, rows=50)):
        assert stray_days({day: rows, **bulk}) == {day}


def test_many_different_wrong_years_are_stray():
    """Random bits in one row of two hundred: each has a different year."""
    wrong = {int(day): 1 for day in np.random.default_rng(0).integers(0, TODAY - 1000, 50)}
    assert stray_days({**wrong, **evenly(TODAY - 30, TODAY, rows=400)}) == set(wrong)


@pytest.mark.parametrize(
    "days",
    [
        pytest.param(evenly(TODAY - 3 * 365, TODAY), id="three years, evenly"),
        pytest.param(evenly(TODAY - 3 * 365, TODAY, step=7), id="a row a week"),
        pytest.param(evenly(TODAY - 8 * 365, TODAY, step=91), id="a row a quarter"),
        pytest.param(
            {**evenly(TODAY - 1095, TODAY - 300, rows=2), **evenly(TODAY, TODAY + 30, rows=9999)},
            id="a backfill of years, of few rows, and a year without any",
        ),
        pytest.param({TODAY - 365 * n: 1000 for n in range(5)}, id="a batch a year"),
        pytest.param({TODAY - 200: 500, TODAY: 9000}, id="one in twenty is a habit"),
        pytest.param({**evenly(TODAY - 30, TODAY, rows=900), TODAY + 400: 1}, id="after a pause"),
        pytest.param({0: 1, TODAY: 3}, id="too few to know"),
        pytest.param({}, id="nothing"),
    ],
)
def test_a_feeds_own_past_is_not_stray(days):
    assert stray_days(days) == frozenset()
