"""The budget of an evaluation while labels arrive, and what is withheld meanwhile."""

from __future__ import annotations

import pytest

from modeltap.analysis.model.metric import ALERT, NO_REFERENCE, OK, Metric
from modeltap.analysis.performance.labelled import Guess
from modeltap.analysis.performance.scoring import UninformativeScores
from modeltap.analysis.relearning.label_progress import LabelProgress, label_progress
from modeltap.config.settings import Settings


def test_the_only_evaluation_has_the_whole_budget():
    progress = LabelProgress(None)
    metric = Metric(metric="accuracy", rows=100, p_value=0.003, verdict=ALERT)
    assert progress.alpha(0.009) == 0.009
    assert progress.over_all_looks([metric]) == [metric]


def test_repeated_evaluations_share_it():
    early, late = LabelProgress(None, 0.2), LabelProgress(None, 1.0)
    assert early.alpha(0.009) < 1e-6 < late.alpha(0.009)
    assert late.alpha(0.009) == pytest.approx(0.0045)
    metric = Metric(metric="accuracy", rows=100, p_value=0.003)
    (own,) = late.over_all_looks([metric, Metric(metric="bias", rows=100)])[:1]
    assert own.p_value == pytest.approx(0.006)


@pytest.mark.parametrize(
    "evidence", [Guess(0.5, opposite=True), UninformativeScores(opposite=False)]
)
def test_the_first_labels_do_not_make_the_model_a_guess(evidence):
    metric = Metric(metric="accuracy", rows=100, verdict=ALERT, evidence=evidence)
    (withheld,) = LabelProgress(None, 0.5, complete=False).over_all_looks([metric])
    assert withheld.verdict == OK
    assert LabelProgress(None, 0.5).over_all_looks([metric]) == [metric]


def test_a_window_that_is_too_young_to_compare_has_a_reason():
    metric = Metric(metric="accuracy", rows=100, verdict=NO_REFERENCE)
    (own,) = LabelProgress(None, 0.1, complete=False).over_all_looks([metric])
    assert "hardly any label" in own.explanation
    assert LabelProgress(None).over_all_looks([metric]) == [metric]


def test_without_a_reference_nothing_is_shared():
    assert label_progress([], None, None, Settings()) == LabelProgress(None)
