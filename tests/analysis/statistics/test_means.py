"""Growth of a mean: p-values match a permutation test for any distribution of errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, permutation_test

from modeltap.analysis.model.moments import Moments, moments
from modeltap.analysis.statistics.means import mean_grew, mean_interval

SHAPES = {
    "half normal": lambda rng, n: np.abs(rng.normal(size=n)),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "lognormal": lambda rng, n: rng.lognormal(0, 1, size=n),
    "t2": lambda rng, n: np.abs(rng.standard_t(2, size=n)),
    "mostly zero": lambda rng, n: rng.exponential(size=n) * (rng.random(n) < 0.05),
}


@pytest.mark.parametrize("shape", ["half normal", "exponential", "lognormal"])
@pytest.mark.parametrize("factor", [0.9, 1.0, 1.15, 1.3])
def test_it_matches_scipys_permutation_test(shape, factor):
    """With 20,000 permutations, within their error plus a tenth."""
    rng = np.random.default_rng(2)
    before, now = SHAPES[shape](rng, 800), factor * SHAPES[shape](rng, 150)
    exact = permutation_test(
        (now, before),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        vectorized=True,
        n_resamples=20_000,
        alternative="greater",
        rng=np.random.default_rng(3),
    ).pvalue
    ours = mean_grew(moments(before), moments(now))
    assert ours == pytest.approx(exact, abs=4 * np.sqrt(exact / 20_000) + 0.1 * exact)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [100, 500])
def test_it_holds_its_level_for_skewed_errors(shape, n):
    """At .0009 in 3,000 windows: at most twice the level, by an exact test at .001."""
    rng = np.random.default_rng(n)
    alarms = sum(
        mean_grew(moments(SHAPES[shape](rng, 2000)), moments(SHAPES[shape](rng, n))) < 0.0009
        for _ in range(3000)
    )
    assert binomtest(alarms, 3000, 0.0018, alternative="greater").pvalue > 0.001


def test_without_rows_there_is_no_growth():
    same = Moments(50, 1.0, 0.0, 0.0)
    assert mean_grew(same, same) == 1.0
    assert mean_grew(Moments(1, 0.0, 0.0, 0.0), Moments(1, 5.0, 0.0, 0.0)) == 1.0


RARE = {
    "squares of t5": (lambda rng, n: rng.standard_t(5, n) ** 2, 5 / 3),
    "one in fifty": (lambda rng, n: rng.uniform(0.5, 1.0, n) * (rng.random(n) < 0.02), 0.015),
    "uniform": (lambda rng, n: rng.random(n), 0.5),
}


@pytest.mark.parametrize("n", [200, 500])
@pytest.mark.parametrize("name", RARE)
def test_intervals_hold_the_mean_where_rare_values_make_most_of_it(name, n):
    """In 2,000 samples of nominal .95: at least .93, by an exact test at .001."""
    draw, mean = RARE[name]
    rng = np.random.default_rng(n)
    intervals = [mean_interval(draw(rng, n)) for _ in range(2000)]
    held = sum(own.low <= mean <= own.high for own in intervals)
    assert binomtest(held, 2000, 0.93, alternative="less").pvalue > 0.001


@pytest.mark.parametrize(
    "values", [[0.0, 0.0, 1e-300], [1e150, -1e150, 0.0], [0.25] * 9, [1.0, 2.0], [0.0] * 99 + [1e9]]
)
def test_intervals_of_extreme_values_are_numbers(values):
    with np.errstate(over="ignore", invalid="ignore"):
        own = mean_interval(np.array(values))
    assert own.low <= own.value <= own.high
