"""The estimated errors of numbers of which part of the labels have arrived."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.analysis.relearning.corrected_errors import corrected_error_estimates
from modeltap.analysis.relearning.label_history import Arrivals, LabelHistory
from modeltap.clock import iso
from modeltap.store.label_arrivals import LabelArrival
from modeltap.store.labelled_rows import LabelledPrediction

DAY = 86_400.0
NOW = 100 * DAY


def draw(rows, seed, scale=1.0):
    """Return predictions, and labels whose error grows with the prediction."""
    rng = np.random.default_rng(seed)
    predictions = rng.gamma(2.0, 10.0, rows)
    return predictions, predictions + scale * (1 + predictions / 10) * rng.normal(size=rows)


def days(predictions, labels, seed):
    """Return delays in days: small errors take up to one, large ones up to four."""
    longest = 1 + np.minimum(3.0, np.abs(predictions - labels))
    return np.random.default_rng(seed).uniform(0, longest)


class KnownHistory(LabelHistory):
    """A history of rows that need not be read."""

    def __init__(self, rows=4000, seed=1):
        super().__init__(None, None, NOW)
        predictions, labels = draw(rows, seed)
        pairs = zip(predictions.tolist(), labels.tolist(), strict=True)
        self.known = Arrivals(
            [LabelArrival(prediction, None, label, "", "", "") for prediction, label in pairs],
            np.full(rows, NOW - 30 * DAY),
            days(predictions, labels, seed + 1) * DAY,
        )


def window(age, scale=1.0, seed=3):
    """Return rows of one age in days, and the true mean and root mean square of their errors."""
    predictions, labels = draw(2000, seed, scale)
    arrived = (days(predictions, labels, seed + 1) <= age).tolist()
    rows = [
        LabelledPrediction(prediction, label if known else None, iso(NOW - age * DAY))
        for prediction, label, known in zip(
            predictions.tolist(), labels.tolist(), arrived, strict=True
        )
    ]
    errors = np.abs(predictions - labels)
    return rows, float(errors.mean()), float(np.sqrt((errors**2).mean()))


def baseline():
    predictions, labels = draw(4000, 0)
    return learn_baseline(predictions.tolist(), labels.tolist())


@pytest.mark.parametrize("scale", [1.0, 1.5], ids=["as before", "larger errors"])
@pytest.mark.parametrize("age", [0.5, 1.0, 2.0])
def test_slow_labels_of_large_errors_are_weighted(age, scale):
    gaps, naive, inside = [], [], []
    for seed in range(3, 23):
        rows, mae, rmse = window(age, scale, 10 * seed)
        metrics = corrected_error_estimates(rows, baseline(), KnownHistory(seed=1000 + seed))
        own = {metric.metric: metric for metric in metrics}
        labelled = [abs(row.prediction - row.label) for row in rows if row.label is not None]
        gaps.append(own["estimated_mae"].value / mae - 1)
        naive.append(np.mean(labelled) / mae - 1)
        inside.append(own["estimated_mae"].low <= mae <= own["estimated_mae"].high)
        assert own["estimated_rmse"].value == pytest.approx(rmse, rel=0.25)
        assert own["estimated_mae"].evidence.labelled == len(labelled)
    assert abs(np.mean(gaps)) < abs(np.mean(naive)) / 2
    # Errors that are larger than before take longer than those of the same kind did.
    assert sum(inside) >= (16 if scale == 1.0 else 12)


@pytest.mark.parametrize(
    "rows",
    [
        window(4.0)[0],
        window(0.1)[0],
        [LabelledPrediction(1.0, None)] * 100,
        [LabelledPrediction(prediction, 1.0) for prediction in (None, "a", float("nan"))],
        [],
    ],
    ids=["all labels", "hardly any label", "no labels", "no numbers", "no rows"],
)
def test_windows_that_are_not_corrected(rows):
    assert corrected_error_estimates(rows, baseline(), KnownHistory()) == []


def test_classes_have_no_errors_of_numbers():
    known = learn_baseline(["a", "b"] * 50, ["a", "a"] * 50)
    assert corrected_error_estimates(window(1.0)[0], known, KnownHistory()) == []


@pytest.mark.parametrize("label", ["x", "", "1e400"])
def test_labels_that_are_not_numbers_are_pending(label):
    rows = [row._replace(label=row.label or label) for row in window(1.0)[0]]
    metrics = corrected_error_estimates(rows, baseline(), KnownHistory())
    assert all(np.isfinite(metric.value) for metric in metrics) and len(metrics) == 2


def test_without_known_delays_labels_count_alike():
    rows, mae, _ = window(2.0)
    mean, root = corrected_error_estimates(rows, baseline(), KnownHistory(rows=10))
    assert mean.value > 0 and root.value > mean.value
    assert mean.value != pytest.approx(mae, rel=0.01)
