"""Concept drift in the labels of a window: from scores, and while labels arrive."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, OK, Metric
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.analysis.relearning.concept_of_labels import ConceptPlace, with_concept
from modeltap.analysis.relearning.label_progress import LabelProgress
from modeltap.config.settings import Settings
from modeltap.store.connection import connect
from modeltap.store.labelled_rows import LabelledPrediction, LabelledRows
from modeltap.store.windows import Series

PLACE = ConceptPlace(Series("m", "", "ref", "1d"), "2024-01-09", "2024-01-10", frozenset())


def draw(rows, rng, low=0.0, high=1.0):
    scores = rng.uniform(low, high, size=rows)
    return scores, rng.uniform(size=rows) < scores


def reference(**facts):
    scores, labels = draw(4000, np.random.default_rng(0))
    known = learn_baseline(scores.tolist(), labels.astype(int).tolist())
    period = {"from_time": "2024-01-01", "to_time": "2024-01-05"}
    return fit({"x": [1.0, 2.0]}, 2, model="m", performance=known, **period, **facts)


def evaluated(store, scores, labels, progress, place=PLACE):
    right = (scores >= 0.5) == labels
    half = 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / len(right))
    accuracy = Metric(
        metric="accuracy",
        rows=len(right),
        value=float(right.mean()),
        low=float(right.mean() - half),
        high=float(right.mean() + half),
        verdict=OK,
    )
    rows = LabelledRows(
        LabelledPrediction(score, int(label))
        for score, label in zip(scores.tolist(), labels.tolist(), strict=True)
    )
    with closing(connect(store)) as connection:
        return with_concept(connection, [accuracy], rows, progress, Settings(), place)[1:]


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.3, 0.7)])
def test_unsure_scores_lead_to_expect_errors(store, low, high):
    """Accuracy falls from .75 to .6 if all scores are in the middle, as the scores say."""
    scores, labels = draw(2000, np.random.default_rng(1), low, high)
    (own,) = evaluated(store, scores, labels, LabelProgress(reference()))
    assert own.verdict == OK and own.low < 0 < own.high


def test_scores_that_lost_their_meaning_are_concept_drift(store):
    scores, labels = draw(2000, np.random.default_rng(2))
    labels = np.where(np.random.default_rng(3).uniform(size=2000) < 0.3, ~labels, labels)
    (own,) = evaluated(store, scores, labels, LabelProgress(reference()))
    assert own.verdict == ALERT and own.value > 0.1


def test_windows_whose_labels_still_arrive_are_not_compared(store):
    scores, labels = draw(500, np.random.default_rng(4))
    progress = LabelProgress(reference(), information=0.2, complete=False)
    (own,) = evaluated(store, scores, ~labels, progress)
    assert own.verdict == NOT_COMPARABLE and "labels still arrive" in own.explanation


def test_windows_of_the_reference_have_none(store):
    scores, labels = draw(500, np.random.default_rng(5))
    place = PLACE._replace(start="2024-01-04", end="2024-01-05")
    assert evaluated(store, scores, labels, LabelProgress(reference()), place) == []
    assert evaluated(store, scores, labels, LabelProgress(None)) == []
