"""Detection of testable columns: checked once a day, unless their type is declared."""

from __future__ import annotations

import numpy as np
import pytest

from stores import analyze, put, read
from weeks import ROWS_AN_HOUR, reference_of, times

SETTINGS = {"min_rows": 25, "multivariate": False, "window": "1h", "reference": "first 1d"}
DAYS = 4


def put_column(store, values, days=DAYS):
    rng = np.random.default_rng(0)
    amounts = rng.normal(50, 10, len(values)).round(3).tolist()
    result = [{"x": x, "late": value} for x, value in zip(amounts, values, strict=True)]
    put(store, times(days * 24), result)


def ids(count, first=0):
    return [f"{n:08x}" for n in range(first, first + count)]


def numbers(count):
    return np.random.default_rng(1).normal(5, 1, count).round(3).tolist()


DAY = 24 * ROWS_AN_HOUR


def late(store):
    return reference_of(store).by_name["late"]


@pytest.mark.parametrize(
    "values",
    [[None] * DAYS * DAY, ids(DAYS * DAY), [1, "a", [2]] * (DAYS * DAY // 3)],
    ids=["missing", "ids", "mixed"],
)
def test_a_column_that_stays_untestable_is_still_tracked(store, values):
    put_column(store, values)
    analyze(store, SETTINGS)
    assert late(store).learnt_from is None
    assert late(store).checked_until == "2024-01-04T00:00:00.000Z"  # the fourth day is not over
    assert len(read(store, "select * from \"references\" where state = 'active'")) == 1


@pytest.mark.parametrize("kind", ["id", "text"])
def test_a_column_with_a_declared_type_is_not_tracked(store, kind):
    put_column(store, ids(DAY) + ["x", "y"] * (3 * DAY // 2))
    analyze(store, {**SETTINGS, "models": {"m": {"features": {"late": {"type": kind}}}}})
    assert (late(store).kind, late(store).checked_until) == (kind, None)


@pytest.mark.parametrize("kind", ["numeric", "boolean"])
def test_a_declared_column_that_was_all_missing_is_tracked(store, kind):
    values = numbers(3 * DAY) if kind == "numeric" else [True, False] * (3 * DAY // 2)
    put_column(store, [None] * DAY + values)
    analyze(store, {**SETTINGS, "models": {"m": {"features": {"late": {"type": kind}}}}})
    assert (late(store).kind, late(store).present) == (kind, DAY)


def test_a_stray_value_is_not_enough(store):
    """With few values in its own rows, it is tracked again and learnt from later rows."""
    values = [None] * (DAYS + 2) * DAY
    values[DAY + 100] = 1.5
    values[4 * DAY :] = numbers(2 * DAY)
    put_column(store, values, DAYS + 2)
    put(store, times((DAYS + 2) * 24 + 1)[-1:], [{"x": 50.0, "late": 5.0}], prefix="last")
    analyze(store, SETTINGS)
    assert late(store).learnt_from == "2024-01-05T00:00:00.000Z"
    assert late(store).present == DAY


def test_rows_and_period_must_both_be_complete(store):
    """Like a reference: for `first 1d, 1000 rows` the second day has the missing rows."""
    put_column(store, [None] * 2 * DAY + numbers(2 * DAY))
    analyze(store, {**SETTINGS, "reference": "first 1d, 1000 rows"})
    assert reference_of(store).to_time == "2024-01-02T10:00:00.000Z"
    assert late(store).learnt_until == "2024-01-04T10:00:00.000Z"


def test_columns_of_a_rolling_reference_are_not_learnt_again(store):
    put_column(store, [None] * DAY + numbers(3 * DAY))
    analyze(store, {**SETTINGS, "reference": "previous 1d"})
    assert late(store).checked_until is None
