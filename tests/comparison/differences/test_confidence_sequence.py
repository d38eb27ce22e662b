"""Confidence sequences: what they hold at all looks, and what they report with few rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.comparison.differences.confidence_sequence import ALPHA, boundary, sequence_interval


def test_the_boundary_solves_the_mixture():
    """With one part of weight 1, it is the boundary of a single step by hand."""
    rows = 4000.0
    step = math.sqrt(2 * math.log(2 / ALPHA))
    # At 4,000 rows the largest part is `step` wide; the others only lower the boundary.
    alone = (math.log(2 / (0.8 * ALPHA)) + step**2 / 2) / step
    assert 0.97 * alone < boundary(rows) <= alone


def test_a_smaller_alpha_is_wider_at_every_number_of_rows():
    for rows in (50, 500, 5_000, 500_000, 50_000_000):
        widths = [boundary(rows, alpha) for alpha in (0.05, 0.01, 0.001, 0.00001)]
        assert widths == sorted(widths) and 2.5 < widths[0] < widths[-1] < 60


def test_the_interval_narrows_as_rows_come():
    widths = []
    for rows in (100, 1_000, 10_000, 100_000, 1_000_000):
        low, high = sequence_interval(0.0, 1 / math.sqrt(rows), rows)
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True) and widths[-1] < widths[0] / 50


@pytest.mark.parametrize(
    ("value", "error", "rows", "effective"),
    [
        (0.5, 0.1, 10, None),
        (0.5, 0.1, 5000, 10.0),
        (0.5, 0.1, 5000, 0.0),
        (math.nan, 0.1, 5000, None),
        (0.5, math.inf, 5000, None),
        (0.5, math.nan, 5000, None),
    ],
)
def test_too_few_rows_or_no_number_give_no_interval(value, error, rows, effective):
    assert sequence_interval(value, error, rows, effective=effective) is None


def looks(differences):
    """Yield whether the interval excludes 0 at each of 30 looks."""
    for rows in np.linspace(0, len(differences), 31)[1:].astype(int):
        own = differences[:rows]
        interval = sequence_interval(own.mean(), own.std() / math.sqrt(rows), rows)
        yield interval is not None and not interval.low <= 0 <= interval.high


@pytest.mark.parametrize("agreement", [0.5, 0.92, 0.995])
def test_fair_coins_hardly_ever_differ_at_any_look(agreement):
    """At most the level with three standard errors, in 500 runs."""
    rng = np.random.default_rng(11)
    signs = rng.choice([-1.0, 1.0], (500, 3000)) * (rng.random((500, 3000)) > agreement)
    wrong = sum(any(looks(own)) for own in signs)
    assert wrong <= 500 * ALPHA + 3 * math.sqrt(500 * ALPHA)


def test_rows_with_heavy_tails_hardly_ever_differ_at_any_look():
    rng = np.random.default_rng(12)
    wrong = sum(any(looks(own)) for own in rng.standard_t(2.1, (500, 3000)))
    assert wrong <= 500 * ALPHA + 3 * math.sqrt(500 * ALPHA)
