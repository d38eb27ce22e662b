"""Numbers that are times, by their name and size."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.inference.column_types import type_of
from modeltap.analysis.inference.epochs import are_times, is_named_time

SECONDS = np.random.default_rng(1).uniform(1.6e9, 1.7e9, 200)


@pytest.mark.parametrize("unit", [1, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("sent", [int, float, str])
@pytest.mark.parametrize("name", ["ts", "created_at", "createdAt", "user.signup_time", "timestamp"])
def test_counts_since_1970_are_times(unit, sent, name):
    """In each unit, as numbers and as digits."""
    column = [sent(int(second * unit)) for second in SECONDS]
    assert type_of(name, column).kind == "datetime"


@pytest.mark.parametrize("name", ["price", "runtime", "timeout", "tax", "state", "rate", "count"])
def test_other_numbers_are_numbers(name):
    """Of the same size."""
    assert not is_named_time(name)
    assert type_of(name, SECONDS.tolist()).kind == "numeric"


def test_durations_under_the_name_of_a_time_are_numbers():
    """They are too small to be of this century."""
    assert not are_times("time", np.array([1.5, 20.0, 300.0]))


def test_dates_of_eight_digits_are_times():
    days = np.array([20240000 + 100 * (n % 12 + 1) + n % 28 + 1 for n in range(300)])
    assert are_times("day_key", days) and not are_times("x", days + 70)
