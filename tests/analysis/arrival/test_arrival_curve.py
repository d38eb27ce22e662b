"""Arrival curves of labels, from rows that are partly too young for slow labels."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.arrival.arrival_curve import arrival_curve


def test_young_rows_do_not_make_labels_look_fast():
    """All rows are less than four median delays old, and pending labels are unknown."""
    rng = np.random.default_rng(0)
    ages = rng.uniform(0, 8, size=40_000)
    delays = rng.exponential(2.0, size=40_000)
    seen = delays <= ages
    curve = arrival_curve(delays[seen], ages[seen])
    at = np.array([0.5, 1.0, 2.0, 4.0])
    within = (1 - np.exp(-at / 2)) / (1 - np.exp(-8 / 2))
    assert curve.at(at) == pytest.approx(within, abs=0.02)
    naive = np.array([(delays[seen] <= age).mean() for age in at])
    assert (naive - within).max() > 0.1


def test_of_old_rows_it_is_the_fraction_of_labels():
    delays = np.random.default_rng(2).exponential(size=200)
    at = np.array([0.001, 0.02, 0.5, 3.0])
    curve = arrival_curve(delays, np.full(200, 99.0))
    assert curve.at(at) == pytest.approx([(delays <= age).mean() for age in at])
    assert curve.relative_variance(np.array([0.5])) == pytest.approx(
        (1 - curve.at(at)[2]) / curve.at(at)[2] / 200
    )


def test_a_batch_arrives_all_at_once():
    curve = arrival_curve(np.full(100, 7.0), np.full(100, 30.0))
    assert curve.at(np.array([0.0, 6.9, 7.0, 99.0])).tolist() == [0.0, 0.0, 1.0, 1.0]


def test_a_few_old_rows_do_not_scale_the_curve():
    """One very late label of one old row is no estimate of how many are late."""
    delays, ages = np.append(np.ones(500), 90.0), np.append(np.full(500, 5.0), 100.0)
    assert arrival_curve(delays, ages).at(np.array([1.0])) == pytest.approx(1.0, abs=0.01)


def test_the_curve_rises_to_one():
    rng = np.random.default_rng(1)
    delays = rng.integers(0, 5, size=300).astype(float)
    curve = arrival_curve(delays, delays + rng.uniform(size=300))
    assert (np.diff(curve.fractions) >= 0).all() and curve.fractions[-1] == 1.0
