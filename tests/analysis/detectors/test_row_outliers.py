"""Outlying rows are detected even if each of their values is normal."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import row_outliers
from modeltap.analysis.detectors.context import BothSamples
from modeltap.analysis.references.fit import fit


def columns(rows):
    return {f"x{i}": column.tolist() for i, column in enumerate(rows.T)}


def coincide(rows, share, rng):
    """Move the largest values of all columns to the same rows, without another change."""
    count = int(share * len(rows))
    ordered = np.sort(np.abs(rows), axis=0)[::-1]
    ordered[count:] = rng.permuted(ordered[count:], axis=0)
    return ordered * rng.choice([-1, 1], size=rows.shape)


@pytest.mark.parametrize("seed", range(3))
def test_jointly_outlying_rows_alert(seed):
    """Each value is normal and no column drifts, but no earlier row had only extreme values."""
    rng = np.random.default_rng(seed)
    then, now = rng.normal(size=(2000, 6)), rng.normal(size=(1000, 6))
    reference = fit(columns(then), len(then), model="m")
    learnt = sample(columns(then), len(then), reference)

    def evaluate_rows(rows):
        coded = sample(columns(rows), len(rows), reference)
        counted = tally(columns(rows), len(rows), reference)
        samples = BothSamples(learnt, coded)
        (metric,) = evaluated(reference, counted, [row_outliers], alpha=0.001, samples=samples)
        return metric, metric.evidence.places

    metric, places = evaluate_rows(now)
    assert metric.verdict == "ok" and metric.value < 0.03
    odd = coincide(now, 0.1, rng)
    metric, places = evaluate_rows(odd)
    assert metric.verdict == "alert" and metric.value == pytest.approx(0.1, abs=0.02)
    assert len(places) == 5 and max(places) < 100
    assert "outlying rows went from" in metric.explanation
    many, _ = evaluate_rows(
        np.concatenate([odd[:100], coincide(rng.normal(size=(900, 6)), 0.1, rng)[:90]])
    )
    assert many.value > 0.9, "normal rows are defined by the reference, not by the window"
    counted = tally(columns(odd), len(odd), reference)
    assert not [m for m in evaluated(reference, counted) if m.verdict == "alert"]
