"""Scores of rows without labels, in any form in which predictions come."""

from __future__ import annotations

import math

import pytest

from modeltap.analysis.estimation.unlabelled import Outputs, scored_rows
from modeltap.analysis.model.baseline import ScoreBaseline
from modeltap.analysis.model.calibration import Calibration
from modeltap.analysis.model.moments import Moments

ALONE = ScoreBaseline(area=None, brier=Moments(9, 0.1, 0.1, 0.0))
BESIDE = ScoreBaseline(area=None, brier=Moments(9, 0.1, 0.1, 0.0), additional=True)


@pytest.mark.parametrize("bad", [None, math.nan, "late", -0.5, 1.5, True, [0.5]])
def test_rows_without_a_probability_are_left_out(bad):
    outputs = Outputs([0.25, bad, "0.75", 1.0000001], [None] * 4)
    rows = scored_rows(outputs, ALONE, Calibration((0.5,), (9,), (4,)), 0.5)
    assert rows.scores.tolist() == [0.25, 0.75, 1.0]
    assert rows.predicted.tolist() == [False, True, True]


def test_scores_are_cut_at_the_decision_threshold():
    outputs = Outputs([0.25, 0.75], [None, None])
    rows = scored_rows(outputs, ALONE, Calibration((0.5,), (9,), (4,)), 0.2)
    assert rows.predicted.tolist() == [True, True]


@pytest.mark.parametrize(
    ("predictions", "names"),
    [(["late", "on_time"], ("late",)), ([True, False], ("true",)), ([1, 0], ("1",))],
)
def test_scores_beside_classes(predictions, names):
    outputs = Outputs(predictions, [0.75, 0.625])
    of_positive = Calibration((0.5,), (9,), (4,), names)
    of_predicted = Calibration((0.5,), (9,), (4,), names, of_predicted=True)
    assert scored_rows(outputs, BESIDE, of_positive, 0.5).scores.tolist() == [0.75, 0.625]
    rows = scored_rows(outputs, BESIDE, of_predicted, 0.5)
    assert rows.scores.tolist() == [0.75, 0.375] and rows.predicted.tolist() == [True, False]


def test_a_row_without_its_score_is_left_out():
    outputs = Outputs(["late", "on_time", "late"], [0.75, None, 0.5])
    rows = scored_rows(outputs, BESIDE, Calibration((0.5,), (9,), (4,), ("late",)), 0.5)
    assert rows.scores.tolist() == [0.75, 0.5] and rows.predicted.tolist() == [True, True]
