"""Drift of texts and vectors, detected by a classifier."""

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


def metrics_by_name(now, **options):
    rows = len(next(iter(now.values())))
    samples = BothSamples(LEARNT, sample(now, rows, REFERENCE))
    window = tally(now, rows, REFERENCE)
    metrics = evaluated(REFERENCE, window, [text_and_vector], samples=samples, **options)
    return {(metric.metric, metric.feature): metric for metric in metrics}


@pytest.mark.parametrize("seed", range(1, 6))
def test_unchanged_texts_and_vectors_do_not_alert(seed):
    """Even though the largest numbers of both samples differ."""
    metrics = metrics_by_name(
        {"t": texts(WORDS[:40], 300, seed), "v": vectors([3, 0, 0, 0], 300, seed)}
    )
    assert {m.verdict for m in metrics.values()} == {"ok", None}
    assert set(metrics) == {("drift", "t"), ("drift", "v"), ("cosine_distance", "v")}


def test_new_words_and_another_direction_are_drift():
    metrics = metrics_by_name({"t": texts(WORDS[20:], 300, 1), "v": vectors([0, 3, 0, 0], 300, 1)})
    for name, noun in (("t", "texts"), ("v", "vectors")):
        drift = metrics["drift", name]
        assert drift.verdict == "alert" and drift.p_value < 1e-6 and drift.value > 0.3
        assert drift.low <= drift.value <= drift.high <= 0.5
        assert drift.evidence.noun == noun
    cosine = metrics["cosine_distance", "v"]
    assert cosine.value > cosine.evidence.before + 0.3 and cosine.verdict is None


def test_missing_values_are_excluded_and_few_rows_have_no_value():
    half = [*texts(WORDS[:40], 150, 1), *[None] * 150]
    metrics = metrics_by_name({"t": half, "v": [None] * 300})
    assert metrics["drift", "t"].rows == 150 and metrics["drift", "t"].verdict == "ok"
    assert metrics["drift", "v"].verdict == "not_enough_rows"
    assert ("cosine_distance", "v") not in metrics


def test_a_column_with_an_alert_is_not_reported_again():
    alerts = (Metric(metric="drift", rows=300, feature="t", verdict="alert"),)
    now = {"t": texts(WORDS[20:], 300, 1), "v": vectors([3, 0, 0, 0], 300, 1)}
    assert ("drift", "t") not in metrics_by_name(now, alerts=alerts)
    assert evaluated(REFERENCE, tally(now, 300, REFERENCE), [text_and_vector]) == []


SIZE = 48
MEAN = np.random.default_rng(1).normal(size=SIZE)


def unit_vectors(rng, rows):
    """Return vectors around a mean, like embeddings."""
    drawn = MEAN + rng.normal(size=(rows, SIZE))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def drift(reference, then, now):
    """Return the drift of (n, d) vectors of a window against a sample of the reference."""
    columns = {"e": now.tolist()}
    samples = BothSamples(then, sample(columns, len(now), reference))
    window = tally(columns, len(now), reference)
    metrics = evaluated(reference, window, [text_and_vector], samples=samples)
    return next(metric for metric in metrics if metric.metric == "drift")


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(4)
    columns = {"e": unit_vectors(rng, 1000).tolist()}
    reference = fit(columns, 1000, model="m")
    return reference, sample(columns, 1000, reference)


def test_unchanged_unit_vectors_do_not_drift(known):
    """By chance, two of 40 windows alert in one of a hundred runs."""
    rng = np.random.default_rng(5)
    verdicts = [drift(*known, unit_vectors(rng, 500)).verdict for _ in range(40)]
    assert verdicts.count("alert") <= 1


CHANGES = {
    "longer by .3": lambda vectors: 1.3 * vectors,
    "a thousand times as long": lambda vectors: 1000 * vectors,
    "other direction": lambda vectors: -vectors,
    "another model": lambda vectors: np.roll(vectors, 5, axis=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_vectors_drift(known, change):
    metric = drift(*known, CHANGES[change](unit_vectors(np.random.default_rng(6), 500)))
    assert metric.verdict == "alert" and metric.value > 0.4


def test_one_huge_number_neither_drifts_nor_hides_drift(known):
    rng = np.random.default_rng(7)
    now = unit_vectors(rng, 500)
    now[0, 0] = 1e14
    assert drift(*known, now).verdict == "ok"
    assert drift(*known, 1.3 * now).verdict == "alert"
