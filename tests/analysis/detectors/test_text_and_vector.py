"""Texts and vectors that can be told apart as wholes."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import text_and_vector
from modeltap.analysis.detectors.context import BothSamples
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.references.fit import fit

WORDS = [f"word{n}" for n in range(60)]


def texts(words, rows, seed):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, 12)) for _ in range(rows)]


def vectors(mean, rows, seed):
    return (np.random.default_rng(seed).normal(size=(rows, 4)) + mean).tolist()


THEN = {"t": texts(WORDS[:40], 600, 0), "v": vectors([3, 0, 0, 0], 600, 0)}
REFERENCE = fit(THEN, 600, model="m")
LEARNT = sample(THEN, 600, REFERENCE)


def found(now, **options):
    rows = len(next(iter(now.values())))
    samples = BothSamples(LEARNT, sample(now, rows, REFERENCE))
    window = tally(now, rows, REFERENCE)
    metrics = evaluated(REFERENCE, window, [text_and_vector], samples=samples, **options)
    return {(metric.metric, metric.feature): metric for metric in metrics}


@pytest.mark.parametrize("seed", range(1, 6))
def test_what_is_alike_can_not_be_told_apart(seed):
    """Though the largest number of both is never the same."""
    metrics = found({"t": texts(WORDS[:40], 300, seed), "v": vectors([3, 0, 0, 0], 300, seed)})
    assert {m.verdict for m in metrics.values()} == {"ok", None}
    assert set(metrics) == {("drift", "t"), ("drift", "v"), ("cosine_distance", "v")}


def test_other_words_and_another_direction_are_drift():
    metrics = found({"t": texts(WORDS[20:], 300, 1), "v": vectors([0, 3, 0, 0], 300, 1)})
    for name, noun in (("t", "texts"), ("v", "vectors")):
        drift = metrics["drift", name]
        assert drift.verdict == "alert" and drift.p_value < 1e-6 and drift.value > 0.3
        assert drift.low <= drift.value <= drift.high <= 0.5
        assert drift.evidence.noun == noun
    cosine = metrics["cosine_distance", "v"]
    assert cosine.value > cosine.evidence.before + 0.3 and cosine.verdict is None


def test_what_is_missing_is_left_out_and_too_few_have_no_value():
    half = [*texts(WORDS[:40], 150, 1), *[None] * 150]
    metrics = found({"t": half, "v": [None] * 300})
    assert metrics["drift", "t"].rows == 150 and metrics["drift", "t"].verdict == "ok"
    assert metrics["drift", "v"].verdict == "not_enough_rows"
    assert ("cosine_distance", "v") not in metrics


def test_a_column_with_an_alert_is_not_reported_again():
    alerts = (Metric(metric="drift", rows=300, feature="t", verdict="alert"),)
    now = {"t": texts(WORDS[20:], 300, 1), "v": vectors([3, 0, 0, 0], 300, 1)}
    assert ("drift", "t") not in found(now, alerts=alerts)
    assert evaluated(REFERENCE, tally(now, 300, REFERENCE), [text_and_vector]) == []
