"""ROC area, Brier score and log loss of scores against two classes."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.inference.value_lists import are_probabilities, numbers_of
from modeltap.analysis.model.baseline import Baseline, ScoreBaseline
from modeltap.analysis.model.metric import (
    ALERT,
    NO_REFERENCE,
    NOT_COMPARABLE,
    NOT_ENOUGH_ROWS,
    Evidence,
    Metric,
    crossable,
    no_room,
    verdict,
)
from modeltap.analysis.model.moments import RocArea, moments
from modeltap.analysis.performance.calibration_error import calibration_metrics
from modeltap.analysis.performance.class_metrics import FewOfClass, few_of_class
from modeltap.analysis.performance.classification import strength_of
from modeltap.analysis.performance.labelled import (
    ACCURACY_FLOOR,
    TOTAL_LOSS,
    LabelledContext,
)
from modeltap.analysis.performance.paired import Paired
from modeltap.analysis.statistics.means import mean_grew, positive_interval
from modeltap.analysis.statistics.scores import (
    area_fell,
    area_interval,
    average_precision,
    log_losses,
    ranks_reversed,
    roc_area,
    squared_gaps,
)

_AREA_PART, _BRIER_PART = 0.4, 0.2
"""Fractions of the level; classes at the decision threshold have the rest."""

AREA_FLOOR = 0.03
"""The least fall of the area for an alert.

Of a hundred pairs of rows, three more are ranked incorrectly.
"""

BRIER_FLOOR = ACCURACY_FLOOR
"""For scores that are 0 or 1, the Brier score is the fraction of errors."""

FEWEST_OF_A_CLASS = 20
"""With fewer rows of a class, the error of the area is not nearly normal."""

_NO_ORDER = 0.05
"""An area closer to one half shows no order: a tenth is the equivalent Gini coefficient."""

_SURE = 2.3263478740408408
"""Standard errors to the end of a one-sided interval of 99 %."""


class OneClass(Evidence, frozen=True):
    """The only class that the labels have."""

    label: str


class NoScore(Evidence, frozen=True):
    """Two classes without usable scores.

    `given` rows have a score from 0 to 1; if all have, the scores do not fit the classes.
    """

    given: int


class UninformativeScores(Evidence, frozen=True):
    """Scores that rank no better than chance; `opposite` is True if they rank even worse."""

    opposite: bool


class AreaLoss(Evidence, frozen=True):
    """The area in the reference; `ranks` is set if the scores now rank no better than chance."""

    before: float
    ranks: UninformativeScores | None


class BrierGrowth(Evidence, frozen=True):
    """The Brier score in the reference, and the window's mean of score minus label."""

    before: float
    bias: float


def score_metrics(
    paired: Paired, baseline: Baseline | None, context: LabelledContext
) -> list[Metric]:
    """Return `roc_auc`, `brier`, `log_loss`, `average_precision` and the calibration of scores.

    None for fewer than `min_rows` rows.
    """
    if paired.scores is None or paired.rows < max(2, context.min_rows):
        return []
    known = None if baseline is None else baseline.scores
    few = _few(paired)
    smaller = min(int(paired.positive.sum()), int((~paired.positive).sum()))
    return [
        _area(paired, known, context.level * _AREA_PART, few),
        _brier(paired.scores, paired.positive, known, context.level * _BRIER_PART, few),
        _mean_of("log_loss", log_losses(paired.scores, paired.positive), smaller, few),
        *_average_precision(paired.scores, paired.positive, few),
        *calibration_metrics(paired.scores, paired.positive, few),
    ]


def _few(paired: Paired) -> FewOfClass | None:
    """Return the class of the labels that has too few rows for an interval."""
    rows = Counter(paired.labels.tolist())
    if len(rows) == 1:
        rows["(the other)"] = 0
    return few_of_class(rows)


def missing_scores(paired: Paired, context: LabelledContext) -> list[Metric]:
    """Return `roc_auc` of two classes that have no scores, as not comparable."""
    classes = {*paired.predictions.tolist(), *paired.labels.tolist()}
    if len(classes) != 2 or paired.rows < max(2, context.min_rows):
        return []
    column = () if context.scores is None else context.scores
    scores = numbers_of([column[place] for place in paired.places.tolist()] if column else [])
    why = NoScore(given=int(are_probabilities(scores).sum()))
    return [Metric(metric="roc_auc", rows=paired.rows, verdict=NOT_COMPARABLE, evidence=why)]


def _area(
    paired: Paired, known: ScoreBaseline | None, level: float, few: FewOfClass | None
) -> Metric:
    own = None if paired.scores is None else roc_area(paired.scores, paired.positive)
    if own is None:
        only = OneClass(str(paired.labels[0]))
        return Metric(metric="roc_auc", rows=paired.rows, verdict=NOT_COMPARABLE, evidence=only)
    facts: dict[str, Any] = {"metric": "roc_auc", "rows": paired.rows, "value": own.value}
    if few is not None:
        return Metric(**facts, verdict=NOT_ENOUGH_ROWS, evidence=few)
    interval = area_interval(own)
    facts |= {"low": interval.low, "high": interval.high}
    if min(own.positives, own.negatives) < FEWEST_OF_A_CLASS:
        return Metric(**facts, verdict=NOT_ENOUGH_ROWS)
    ranks = _uninformative_scores(own, level)
    if known is None or known.area is None:
        return Metric(**facts, **_without_area(ranks, own))
    return Metric(**facts, **_compared_area(own, known, known.area, ranks, level))


def _uninformative_scores(own: RocArea, level: float) -> UninformativeScores | None:
    """Return evidence that the scores rank no better than chance; None if there is none."""
    if own.value < 0.5 - _NO_ORDER and ranks_reversed(own) < level:
        return UninformativeScores(opposite=True)
    upper = own.value + _SURE * math.sqrt(own.variance)
    return UninformativeScores(opposite=False) if upper < 0.5 + _NO_ORDER else None


def _without_area(ranks: UninformativeScores | None, own: RocArea) -> dict[str, Any]:
    """Return the fields of an area that is compared only with chance."""
    if ranks is None:
        return {"verdict": NO_REFERENCE}
    return {
        "threshold": 0.5,
        "p_value": ranks_reversed(own) if ranks.opposite else None,
        "strength": TOTAL_LOSS,
        "verdict": ALERT,
        "evidence": ranks,
    }


def _compared_area(
    own: RocArea,
    known: ScoreBaseline,
    before: RocArea,
    ranks: UninformativeScores | None,
    level: float,
) -> dict[str, Any]:
    loss = 1 - before.value + known.baseline_loss  # of the area above the curve, as the limit
    limit = crossable(loss + AREA_FLOOR, loss)
    if limit is None:
        return no_room(1 - loss, 0.0) if ranks is None else _without_area(ranks, own)
    p = area_fell(before, own)
    alert = p < level and 1 - own.value > limit
    if ranks is not None and not alert:
        return _without_area(ranks, own)
    return {
        "threshold": 1 - limit,
        "p_value": p,
        "strength": strength_of(own.value, before.value, 1 - limit),
        "verdict": verdict(alert, own.positives + own.negatives),
        "evidence": AreaLoss(before.value, ranks),
    }


def _brier(
    scores: np.ndarray,
    positive: np.ndarray,
    known: ScoreBaseline | None,
    level: float,
    few: FewOfClass | None,
) -> Metric:
    gaps = squared_gaps(scores, positive)
    smaller = min(int(positive.sum()), int((~positive).sum()))
    described = _mean_of("brier", gaps, smaller, few)
    if known is None:
        return replace(described, verdict=NO_REFERENCE)
    baseline = known.brier.mean + known.baseline_brier_loss
    limit = crossable(baseline + BRIER_FLOOR, baseline)
    if limit is None:
        return replace(described, **no_room(baseline))
    value = float(gaps.mean())
    growth = BrierGrowth(known.brier.mean, float(np.mean(scores - positive)))
    # Scores without errors have no variance to compare with; any error is new.
    p = mean_grew(known.brier, moments(gaps)) if known.brier.second else float(value <= 0)
    return replace(
        described,
        threshold=limit,
        p_value=p,
        strength=max(0.0, (value - known.brier.mean) / (limit - known.brier.mean)),
        verdict=verdict(p < level and value > limit, len(gaps)),
        evidence=growth if p < level and value > limit else few or growth,
    )


def _average_precision(
    scores: np.ndarray, positive: np.ndarray, few: FewOfClass | None
) -> list[Metric]:
    """Return the average precision; none if no row is of the positive class."""
    own = average_precision(scores, positive)
    if own is None:
        return []
    facts: dict[str, Any] = {"metric": "average_precision", "rows": len(scores), "value": own.value}
    facts |= {"evidence": few} if few is not None else {"low": own.low, "high": own.high}
    return [Metric(**facts)]


def _mean_of(metric: str, values: np.ndarray, smaller: int, few: FewOfClass | None) -> Metric:
    """Return the metric of the mean of (n,) losses, with its 95 % interval.

    The smaller class has the largest losses, so that its rows are the degrees of freedom.
    """
    facts: dict[str, Any] = {"metric": metric, "rows": len(values), "value": float(values.mean())}
    if few is not None:
        return Metric(**facts, evidence=few)
    interval = positive_interval(values, smaller - 1)
    if interval is None:
        return Metric(**facts, low=facts["value"], high=facts["value"])
    most = 1.0 if metric == "brier" else math.inf
    return Metric(**facts, low=interval.low, high=min(interval.high, most))
