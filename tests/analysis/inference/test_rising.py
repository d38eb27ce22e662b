"""Rising columns, told from those that drift or follow something else."""

from __future__ import annotations

import numpy as np
import pytest

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
}


def learnt(column, times=TIMES, name="seq"):
    return fit({name: column}, len(column), model="m", times=times).features


@pytest.mark.parametrize("name", RISING)
def test_what_rises_with_each_row_is_not_tested(name):
    """In whatever order the rows are stored."""
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
def test_what_does_not_rise_is_not_taken_for_it(column):
    """It may be drift that is to be found."""
    assert all(feature.calendar != "rising" for feature in learnt(column))
