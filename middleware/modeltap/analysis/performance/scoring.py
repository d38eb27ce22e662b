"""ROC area, Brier score and log loss of scores against two classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.model.baseline import Baseline, ScoreBaseline
from modeltap.analysis.model.metric import (
    ALERT,
    NO_REFERENCE,
    NORMAL_95,
    NOT_COMPARABLE,
    NOT_ENOUGH_ROWS,
    Evidence,
    Metric,
    crossable,
    no_room,
    verdict,
)
from modeltap.analysis.model.moments import RocArea, moments
from modeltap.analysis.performance.class_metrics import FEWEST_OF_CLASS
from modeltap.analysis.performance.classification import strength_of
from modeltap.analysis.performance.labelled import (
    ACCURACY_FLOOR,
    TOTAL_LOSS,
    LabelledContext,
)
from modeltap.analysis.performance.paired import Paired
from modeltap.analysis.statistics.means import mean_grew
from modeltap.analysis.statistics.scores import (
    area_fell,
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
    """Two classes without usable scores; `given` is True if some do not fit the classes."""

    given: bool


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
    """Return `roc_auc`, `brier`, `log_loss` and `average_precision` of scores.

    None for fewer than `min_rows` rows.
    """
    if paired.scores is None or paired.rows < max(2, context.min_rows):
        return []
    known = None if baseline is None else baseline.scores
    return [
        _area(paired, known, context.level * _AREA_PART),
        _brier(paired.scores, paired.positive, known, context.level * _BRIER_PART),
        _mean_of("log_loss", log_losses(paired.scores, paired.positive)),
        *_average_precision(paired.scores, paired.positive),
    ]


def missing_scores(paired: Paired, context: LabelledContext) -> list[Metric]:
    """Return `roc_auc` of two classes that have no scores, as not comparable."""
    classes = {*paired.predictions.tolist(), *paired.labels.tolist()}
    if len(classes) != 2 or paired.rows < max(2, context.min_rows):
        return []
    scores = () if context.scores is None else context.scores
    why = NoScore(given=any(score is not None for score in scores))
    return [Metric(metric="roc_auc", rows=paired.rows, verdict=NOT_COMPARABLE, evidence=why)]


def _area(paired: Paired, known: ScoreBaseline | None, level: float) -> Metric:
    own = None if paired.scores is None else roc_area(paired.scores, paired.positive)
    if own is None:
        only = OneClass(str(paired.labels[0]))
        return Metric(metric="roc_auc", rows=paired.rows, verdict=NOT_COMPARABLE, evidence=only)
    half = NORMAL_95 * math.sqrt(own.variance)
    facts: dict[str, Any] = {
        "metric": "roc_auc",
        "rows": paired.rows,
        "value": own.value,
        "low": max(0.0, own.value - half),
        "high": min(1.0, own.value + half),
    }
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
    loss = 1 - before.value + known.baseline_loss  #  # of the area above the curve, as the limit
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
    scores: np.ndarray, positive: np.ndarray, known: ScoreBaseline | None, level: float
) -> Metric:
    gaps = squared_gaps(scores, positive)
    described = _mean_of("brier", gaps)
    if known is None:
        return replace(described, verdict=NO_REFERENCE)
    baseline = known.brier.mean + known.baseline_brier_loss
    limit = crossable(baseline + BRIER_FLOOR, baseline)
    if limit is None:
        return replace(described, **no_room(baseline))
    value = float(gaps.mean())
    # Scores without errors have no variance to compare with; any error is new.
    p = mean_grew(known.brier, moments(gaps)) if known.brier.second else float(value <= 0)
    return replace(
        described,
        threshold=limit,
        p_value=p,
        strength=max(0.0, (value - known.brier.mean) / (limit - known.brier.mean)),
        verdict=verdict(p < level and value > limit, len(gaps)),
        evidence=BrierGrowth(known.brier.mean, float(np.mean(scores - positive))),
    )


def _average_precision(scores: np.ndarray, positive: np.ndarray) -> list[Metric]:
    """Return the average precision; none if no row is of the positive class."""
    own = average_precision(scores, positive)
    if own is None:
        return []
    facts: dict[str, Any] = {"metric": "average_precision", "rows": len(scores), "value": own.value}
    if min(positive.sum(), (~positive).sum()) >= FEWEST_OF_CLASS:
        facts |= {"low": own.low, "high": own.high}
    return [Metric(**facts)]


def _mean_of(metric: str, values: np.ndarray) -> Metric:
    """Return the metric of the mean of (n,) losses, with its 95 % interval."""
    mean = float(values.mean())
    half = NORMAL_95 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Metric(
        metric=metric, rows=len(values), value=mean, low=max(0.0, mean - half), high=mean + half
    )
