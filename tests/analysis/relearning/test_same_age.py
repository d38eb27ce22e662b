"""The reference's performance on labels that arrived as soon as a window's."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.performance_baseline import learn_baselines, with_records
from modeltap.analysis.relearning.label_history import Arrivals
from modeltap.analysis.relearning.same_age import same_age
from modeltap.config.settings import Settings
from modeltap.store.label_arrivals import LabelArrival

HOUR = 3600.0


def arrivals(rows=4000):
    """Return rows of two classes; wrong ones are labelled within an hour, others within four."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, rows)
    predictions = np.where(rng.random(rows) < 0.9, labels, 1 - labels)
    delays = HOUR * rng.uniform(0, np.where(predictions == labels, 4.0, 1.0))
    stored = [
        LabelArrival(prediction, None, label, *["2024-01-01T00:00:00.000Z"] * 2, "")
        for prediction, label in zip(predictions.tolist(), labels.tolist(), strict=True)
    ]
    return Arrivals(stored, np.arange(rows) * 60.0, delays)


def reference(own):
    records = learn_baselines([row.prediction for row in own.rows], [row.label for row in own.rows])
    return with_records(
        Reference(model="m", version="", source="store", rows=4000, features=()), records
    )


@pytest.mark.parametrize(("hours", "accuracy"), [(1.0, 0.69), (2.0, 0.82), (4.0, 0.9)])
def test_the_baseline_of_young_labels(hours, accuracy):
    own = arrivals()
    known = reference(own)
    compared = same_age(known, own, np.full(4000, hours * HOUR), Settings())
    assert compared.performance.mean == pytest.approx(accuracy, abs=0.04)
    assert compared.performance.rows == (own.delays <= hours * HOUR).sum()
    assert known.performance.rows == 4000


def test_a_window_whose_rows_have_different_ages():
    own = arrivals()
    ages = HOUR * np.linspace(0, 4, 4000)
    compared = same_age(reference(own), own, ages, Settings())
    assert compared.performance.mean == pytest.approx(0.82, abs=0.04)


def test_rows_without_an_age_are_left_out():
    own = arrivals()
    ages = np.where(np.arange(4000) < 3000, np.nan, 4 * HOUR)
    compared = same_age(reference(own), own, ages, Settings())
    assert compared.performance.rows == 1000


def test_an_imported_reference_is_unchanged():
    own = arrivals()
    known = reference(own)
    few = Arrivals(own.rows[:1500], own.moments[:1500], own.delays[:1500])
    assert same_age(known, few, np.zeros(1500), Settings()) is known


def test_without_any_label_so_young_there_is_no_performance():
    own = arrivals()
    assert same_age(reference(own), own, np.zeros(4000), Settings()).performance is None
