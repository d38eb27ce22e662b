"""Estimates of a window of two classes, corrected by the part of its labels that has arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from modeltap.analysis.estimation.corrected_estimates import (
    Arrived,
    Corrected,
    PartlyLabelled,
    all_alike,
    corrected_metrics,
    pending_chance,
)
from modeltap.analysis.estimation.estimates import estimated_metric
from modeltap.analysis.estimation.simulated_labels import metrics_of_sums, summed_columns
from modeltap.analysis.estimation.unlabelled import Outputs, Scored, scored_rows
from modeltap.analysis.model.baseline import ROUNDING, Baseline, ScoreBaseline, number_of
from modeltap.analysis.model.calibration import Calibration
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.performance.class_scores import with_scores
from modeltap.analysis.performance.evaluation import known_classes
from modeltap.analysis.performance.paired import Paired, pair_up
from modeltap.analysis.references.performance_baseline import label_form
from modeltap.analysis.relearning.label_history import FEWEST_OF_CELL
from modeltap.analysis.relearning.past_gaps import NEARLY_ALL, Spreads
from modeltap.analysis.relearning.periodic_history import ArrivalHistory, Curve
from modeltap.analysis.statistics.confusion import class_name
from modeltap.config.settings import Settings
from modeltap.store.label_arrivals import LabelArrival
from modeltap.store.labelled_rows import LabelledPrediction

FEWEST = 30
"""With fewer labels, the error of the correction is larger than that of most estimates."""

FEWEST_ARRIVED = 0.05
"""If less of a class has arrived, its few labels would count twenty times and more."""


def corrected_estimates(
    rows: Sequence[LabelledPrediction],
    baseline: Baseline,
    history: ArrivalHistory,
    settings: Settings,
    spreads: Spreads | None = None,
) -> list[Metric]:
    """Return the estimates of a window of which part of the labels have arrived.

    None if the reference has no calibration, if fewer than 30 rows or nearly all have labels, or if
    hardly any label of a class has arrived.

    Args:
        spreads: the gaps of earlier windows; see `spreads_of_window`.
    """
    known = baseline.scores
    if known is None or known.calibration is None or all(row.label is not None for row in rows):
        return []
    reader = _ScoreReader(known, known.calibration, settings.decision_threshold)
    usable = [row for row in rows if reader.is_probability(row)]
    paired = _paired(usable, baseline, settings)
    if paired is None or not FEWEST <= paired.rows < NEARLY_ALL * len(usable):
        return []
    partly = _partly_labelled(usable, paired, reader, history)
    if partly is None:
        return []
    scored = reader.scored(usable)
    estimates = corrected_metrics(
        partly,
        summed_columns(scored.scores, scored.predicted),
        lambda sums: metrics_of_sums(sums, scored.scores, scored.predicted),
        spreads,
    )
    evidence = Corrected(labelled=paired.rows, rows=len(usable))
    return [estimated_metric(name, own, len(usable), evidence) for name, own in estimates.items()]


class _ScoreReader(NamedTuple):
    """The reader of scores and predicted classes, in the form of the reference."""

    known: ScoreBaseline
    calibration: Calibration
    decision_threshold: float

    def is_probability(self, row: LabelledPrediction | LabelArrival) -> bool:
        """Return whether a row has a usable score."""
        value = number_of(row.score if self.known.additional else row.prediction)
        return -ROUNDING <= value <= 1 + ROUNDING

    def scored(self, rows: Sequence[LabelledPrediction | LabelArrival]) -> Scored:
        """Return the scores and predicted classes of rows with usable scores."""
        outputs = Outputs([row.prediction for row in rows], [row.score for row in rows])
        return scored_rows(outputs, self.known, self.calibration, self.decision_threshold)


class _Cell(NamedTuple):
    """A cell of the confusion matrix of two classes."""

    positive: bool
    predicted: bool


_CELLS = [_Cell(*pair) for pair in product((False, True), repeat=2)]


def _paired(
    rows: Sequence[LabelledPrediction], baseline: Baseline, settings: Settings
) -> Paired | None:
    """Return the labelled rows with their classes; None if these are not two with scores."""
    form = label_form(settings)
    predictions: list[Any] = [row.prediction for row in rows]
    labels = [row.label for row in rows]
    if not any(label is not None for label in labels):
        return None
    paired = pair_up(predictions, labels, "classification", form, known_classes(baseline))
    paired = with_scores(paired, [row.score for row in rows], form)
    return None if paired.mismatch is not None or paired.scores is None else paired


def _partly_labelled(
    rows: Sequence[LabelledPrediction],
    paired: Paired,
    reader: _ScoreReader,
    history: ArrivalHistory,
) -> PartlyLabelled | None:
    """Return the rows with their labels' arrival; None if hardly any label of a cell has."""
    scored = reader.scored(rows)
    label = np.full(len(rows), np.nan)
    label[paired.places] = paired.positive
    by_score = reader.calibration.curves(50, np.random.default_rng(0)).mean(axis=0)
    chance = np.interp(scored.scores, reader.calibration.scores, by_score)
    ages = history.ages(rows)
    if history.curve is None:
        return PartlyLabelled(chance, label, all_alike(len(rows)), chance)
    classes = {
        class_name(rows[place].label): positive
        for place, positive in zip(paired.places.tolist(), paired.positive.tolist(), strict=True)
    }
    curves = _curves(reader, history, classes)
    if any(curve.at(ages).mean() < FEWEST_ARRIVED for curve in curves.values()):
        return None
    fractions = {
        positive: _arrived(positive, scored.predicted, ages, curves, history.curve)
        for positive in (False, True)
    }
    return PartlyLabelled(
        chance,
        label,
        Arrived(
            np.maximum(FEWEST_ARRIVED, np.where(label == 1.0, fractions[True], fractions[False])),
            2 * (label == 1.0) + scored.predicted,
            np.array([curves.get(c, history.curve).relative_variance(ages) for c in _CELLS]),
        ),
        pending_chance(chance, fractions[True], fractions[False]),
    )


def _arrived(
    positive: bool,
    predicted: np.ndarray,
    ages: np.ndarray,
    curves: Mapping[_Cell, Curve],
    curve: Curve,
) -> np.ndarray:
    """Return the (n,) probabilities that labels have arrived, if all are of one class."""
    return np.where(
        predicted,
        curves.get(_Cell(positive, True), curve).at(ages),
        curves.get(_Cell(positive, False), curve).at(ages),
    )


def _curves(
    reader: _ScoreReader, history: ArrivalHistory, classes: Mapping[str, bool]
) -> dict[_Cell, Curve]:
    """Return the arrival curve of each cell of the confusion matrix with enough labels.

    Labels arrive as fast as their class and the model's error let them: complaints first.

    Args:
        classes: whether each class of the window's labels is the positive one.
    """
    known = history.known.rows
    usable = np.array([reader.is_probability(row) for row in known], dtype=bool)
    rows = [known[place] for place in np.flatnonzero(usable).tolist()]
    # A class that none of the window's labels has yet is the other one.
    other = not any(classes.values())
    positive = np.array([classes.get(class_name(row.label), other) for row in rows], dtype=bool)
    predicted = reader.scored(rows).predicted
    curves = {}
    for cell in _CELLS:
        own = np.flatnonzero(usable)[(positive == cell.positive) & (predicted == cell.predicted)]
        if len(own) >= FEWEST_OF_CELL:
            curves[cell] = history.curve_of(own)
    return curves
