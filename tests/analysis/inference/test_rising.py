"""Rising columns, distinguished from those that drift or follow something else."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.inference.rising import has_trend
from modeltap.analysis.references.fit import fit

rng = np.random.default_rng(2)
ROWS = 2000
TIMES = 1_704_067_200.0 + np.sort(rng.uniform(0, 7 * 86_400, ROWS))
RISING = {
    "seconds in another year": lambda n: 1_404_067_200 + n,
    "milliseconds": lambda n: 1_404_067_200_000 + 977 * n,
    "ISO": lambda n: str(np.datetime64("2014-01-01T00:00:00") + n),
    "ids": lambda n: 5000 + 3 * n,
    "each used three times": lambda n: 5000 + n // 3,
    "used again soon": lambda n: int(5000 + n - rng.integers(0, 40)),
    "as texts": lambda n: str(5000 + 7 * n),
    "begins again once": lambda n: (700 + n) % 1500,
    "begins again each day": lambda n: (3 * n) % 900,
    "begins again, used again soon": lambda n: int(n - rng.integers(0, 20)) % 1024,
}


def learnt(column, times=TIMES, name="seq"):
    return fit({name: column}, len(column), model="m", times=times).features


@pytest.mark.parametrize("name", RISING)
def test_columns_that_rise_with_each_row_are_not_tested(name):
    """In any order of the stored rows."""
    column = [RISING[name](n) for n in range(ROWS)]
    order = rng.permutation(ROWS)
    for times, values in ((TIMES, column), (TIMES[order], [column[at] for at in order])):
        features = learnt(values, times)
        assert not any(feature.is_tested for feature in features)


@pytest.mark.parametrize(
    "column",
    [
        rng.integers(0, 10_000, ROWS).tolist(),
        (np.linspace(0, 1, ROWS) + rng.normal(0, 0.3, ROWS)).tolist(),
        np.linspace(0, 30, ROWS).round().astype(int).tolist(),
        (500 * np.sin(TIMES / 86_400 * 2 * np.pi)).round().astype(int).tolist(),
        [1] * ROWS,
    ],
    ids=["noise", "a noisy trend", "few values", "a rhythm", "a constant"],
)
def test_other_columns_are_not_called_rising(column):
    """They may contain drift that must be detected."""
    assert all(feature.calendar != "rising" for feature in learnt(column))


BATCHES = {
    "ids": lambda n: 5000 + 3 * n,
    "each used three times": lambda n: 5000 + n // 3,
    "used again soon": lambda n: int(5000 + n - rng.integers(0, 20)),
    "milliseconds": lambda n: 1_404_067_200_000 + 977 * n,
    "begins again": lambda n: (310 + n) % 1100,
}


@pytest.mark.parametrize("batches", [3, 7, 25, 40])
@pytest.mark.parametrize("name", BATCHES)
def test_columns_that_rise_in_batches_are_not_tested(name, batches):
    """Rows that arrive each night have one time per batch."""
    times = TIMES[0] + np.arange(ROWS) * batches // ROWS * 86_400.0
    features = learnt([BATCHES[name](n) for n in range(ROWS)], times)
    assert not any(feature.is_tested for feature in features)


@pytest.mark.parametrize("batches", [1, 2, 3, 12, 25])
@pytest.mark.parametrize("kind", ["steps", "sorted", "one step"])
def test_columns_that_change_between_batches_are_not_called_rising(kind, batches):
    """Batches that differ and batches that are sorted by a column are ordinary traffic."""
    at = np.arange(ROWS) * batches // ROWS
    noise = rng.integers(0, 300, ROWS)
    column = {
        "steps": 1000 * at + noise,
        "sorted": noise[np.lexsort((noise, at))],
        "one step": noise + 5000 * (at > batches // 2),
    }[kind]
    features = learnt(column.tolist(), TIMES[0] + at * 86_400.0)
    assert all(feature.calendar != "rising" for feature in features)


def test_a_daily_total_is_tested():
    """It falls from a different height each day, and its hours can be compared."""
    day = ((TIMES - TIMES[0]) // 86_400).astype(int)
    heights = np.array([300, 420, 180, 500, 350, 260, 460])
    share = (TIMES - TIMES[0]) % 86_400 / 86_400
    column = np.round(share * heights[day]).astype(int).tolist()
    assert all(feature.calendar != "rising" for feature in learnt(column))


def test_a_cycle_shorter_than_a_window_is_tested():
    column = [n % 120 if n % 3 else n % 40 for n in range(ROWS)]
    assert all(feature.calendar != "rising" for feature in learnt(column))


@pytest.mark.parametrize(("step", "trends"), [(0.0, False), (1.0, True), (-1.0, True)])
def test_numbers_that_rise_or_fall_with_their_rows_have_a_trend(step, trends):
    """Also if all rows have one time, as imported ones do."""
    noise = np.random.default_rng(0).exponential(30, 2000)
    values = noise + step * np.arange(2000)
    values[::9] = np.nan
    for moments in (np.arange(2000.0), np.zeros(2000)):
        assert has_trend(values, moments) == trends
    assert not has_trend(np.full(50, 3.0), np.arange(50.0))
