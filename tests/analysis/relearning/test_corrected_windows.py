"""The estimates of a window of which part of the labels have arrived."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.analysis.relearning.corrected_windows import corrected_estimates
from modeltap.analysis.relearning.label_history import Arrivals, LabelHistory
from modeltap.clock import iso
from modeltap.config.settings import Settings
from modeltap.store.label_arrivals import LabelArrival
from modeltap.store.labelled_rows import LabelledPrediction

DAY = 86_400.0
NOW = 100 * DAY


class KnownHistory(LabelHistory):
    """A history of rows that need not be read: positive labels take four days, others one."""

    def __init__(self, rows=4000):
        super().__init__(None, None, NOW)
        scores, labels = draw(rows, seed=1)
        delays = days(labels, seed=2) * DAY
        self.known = Arrivals(
            [
                LabelArrival(*row, "", "", "")
                for row in zip(scores, [None] * rows, labels, strict=True)
            ],
            NOW - 30 * DAY + np.zeros(rows),
            delays,
        )


def draw(rows, seed, drift=0.0):
    rng = np.random.default_rng(seed)
    scores = rng.beta(0.7, 0.7, rows)
    labels = rng.random(rows) < np.clip(scores - drift, 0, 1)
    return scores.tolist(), labels.astype(int).tolist()


def days(labels, seed):
    return np.random.default_rng(seed).uniform(0, np.where(np.array(labels) == 1, 4.0, 1.0))


def window(age, drift=0.0, labelled=True, seed=3):
    """Return rows of one age in days, with the labels that have arrived, and the accuracy."""
    scores, labels = draw(2000, seed, drift)
    arrived = (days(labels, seed + 1) <= age) & labelled
    rows = [
        LabelledPrediction(score, label if known else None, iso(NOW - age * DAY))
        for score, label, known in zip(scores, labels, arrived.tolist(), strict=True)
    ]
    truth = np.mean((np.array(scores) >= 0.5) == np.array(labels))
    return rows, float(truth)


def baseline():
    return learn_baseline(*draw(5000, seed=0))


@pytest.mark.parametrize("drift", [0.0, 0.2], ids=["as before", "concept drift"])
@pytest.mark.parametrize("age", [0.5, 1.0, 2.0])
def test_the_accuracy_of_all_rows_is_estimated(age, drift):
    inside, gaps, naive = [], [], []
    for seed in range(3, 23):
        rows, truth = window(age, drift, seed=10 * seed)
        metrics = corrected_estimates(rows, baseline(), KnownHistory(), Settings())
        accuracy = {metric.metric: metric for metric in metrics}["estimated_accuracy"]
        labelled = [(row.prediction >= 0.5) == row.label for row in rows if row.label is not None]
        inside.append(accuracy.low <= truth <= accuracy.high)
        gaps.append(accuracy.value - truth)
        naive.append(np.mean(labelled) - truth)
        assert accuracy.rows == 2000
        assert accuracy.count == accuracy.evidence.labelled == len(labelled)
    assert sum(inside) >= 16
    assert abs(np.mean(gaps)) < max(0.01, abs(np.mean(naive)) / 3)


@pytest.mark.parametrize(
    "rows",
    [
        window(2.0, labelled=False)[0],
        window(4.0)[0],
        window(0.005)[0],
        [LabelledPrediction(score, None) for score in (0.5, None, "a", 7.0)],
        [],
    ],
    ids=["no labels", "all labels", "hardly any label", "no scores", "no rows"],
)
def test_windows_that_are_not_corrected(rows):
    assert corrected_estimates(rows, baseline(), KnownHistory(), Settings()) == []


def test_a_reference_of_numbers_has_no_correction():
    known = learn_baseline([1.5, 2.5] * 100, [1.0, 3.5] * 100)
    assert corrected_estimates(window(2.0)[0], known, KnownHistory(), Settings()) == []


def test_without_known_delays_labels_count_alike():
    history = KnownHistory(rows=10)
    metrics = corrected_estimates(window(2.0)[0], baseline(), history, Settings())
    assert len(metrics) == 5
