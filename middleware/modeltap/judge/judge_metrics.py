"""The metrics of a judge's ratings: the rate, its correction, the agreement with people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from modeltap.analysis.evaluators.pass_rates import compared_rate
from modeltap.analysis.model.baseline import PassRate
from modeltap.analysis.model.metric import AT_ONCE, NOT_COMPARABLE, Metric, verdict
from modeltap.analysis.statistics.rates import clopper_pearson, wilson
from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.judge.corrected_rates import FEWEST, JudgeErrors, corrected_rate
from modeltap.judge.judge_calibration import JudgeCalibration
from modeltap.judge.judge_replies import DESCRIPTIONS
from modeltap.store.judge_answers import JudgeAnswer
from modeltap.wording import number, percent, plural

_NAME = "the judge"

_LEAST_SAMPLE = 10
"""Fewer ratings have no verdict."""

_SHOWN = 5


def judge_metrics(
    answers: Sequence[JudgeAnswer],
    judge: JudgeSettings,
    calibration: JudgeCalibration,
    before: PassRate | None,
    level: float,
    *,
    learning: bool = False,
) -> list[Metric]:
    """Return the metrics of the answers about a window's outputs.

    Args:
        before: the ratings of the reference's outputs; None if there are none.
        level: the significance level of the judge's tests.
        learning: whether the reference is still being learnt.
    """
    counted = [answer for answer in answers if answer.is_label]
    rated = [answer for answer in counted if answer.choice is not None]
    positive = sum(answer.choice == judge.positive_choice for answer in rated)
    rate = PassRate(rows=len(rated), passed=positive)
    ids = [answer.exchange_id for answer in rated if answer.choice != judge.positive_choice]
    reported = compared_rate(
        rate,
        before,
        _NAME,
        None,  # a target is one of the corrected rate
        level,
        max(_LEAST_SAMPLE, judge.sample // 2),
        learning=learning,
    )
    examples = json.dumps(list(dict.fromkeys(ids))[:_SHOWN]) if ids else None
    return [
        replace(reported, metric="judge_rate", examples=examples),
        replace(_corrected(rate, judge, calibration, level), examples=examples),
        _kappa(calibration),
        *_errors(calibration.errors),
        _order(calibration),
        _failed(counted),
    ]


def uncalibrated(calibration: JudgeCalibration) -> str | None:
    """Return why a rate is not corrected, None if it is."""
    errors = calibration.errors
    foreign = (
        f"; {plural(calibration.foreign, 'label')} of people are none of the choices"
        if calibration.foreign
        else ""
    )
    if not calibration.rows:
        return f"uncalibrated: no output has a rating and a label of a person{foreign}"
    if min(errors.positives, errors.negatives) < FEWEST:
        return (
            f"uncalibrated: people labelled {errors.positives:,} rated outputs positive and "
            f"{errors.negatives:,} not, and {FEWEST} of each are needed{foreign}"
        )
    return None


def _corrected(
    rate: PassRate, judge: JudgeSettings, calibration: JudgeCalibration, level: float
) -> Metric:
    reason, errors = uncalibrated(calibration), calibration.errors
    own = corrected_rate(rate.passed, rate.rows, errors)
    if reason is None and own is None and rate.rows:
        reason = (
            f"not corrected: the judge may not agree with people beyond chance, in "
            f"{plural(calibration.rows, 'output')} that both rated"
        )
    if own is None:
        return Metric(
            metric="judge_corrected_rate",
            rows=rate.rows,
            verdict=NOT_COMPARABLE,
            explanation=reason,
        )
    metric = Metric(
        metric="judge_corrected_rate",
        rows=rate.rows,
        value=own.value,
        low=own.low,
        high=own.high,
    )
    if judge.target is None:
        return replace(metric, explanation=_basis(calibration))
    strict = corrected_rate(rate.passed, rate.rows, errors, 1 - 2 * level)
    missed = strict is not None and strict.high < judge.target
    return replace(
        metric,
        threshold=judge.target,
        strength=AT_ONCE if missed else 0.0,
        verdict=verdict(missed, rate.rows, max(_LEAST_SAMPLE, judge.sample // 2)),
        explanation=(
            f"{percent(own.value)} of outputs are {judge.positive_choice} (95 % interval "
            f"{percent(own.low)} to {percent(own.high)}), and the target is "
            f"{percent(judge.target)}; {_basis(calibration)}"
        ),
    )


def _basis(calibration: JudgeCalibration) -> str:
    errors = calibration.errors
    return (
        f"corrected by sensitivity {number(errors.sensitivity)} and specificity "
        f"{number(errors.specificity)} in {plural(calibration.rows, 'output')} that people "
        "labelled, too"
    )


def _kappa(calibration: JudgeCalibration) -> Metric:
    own = calibration.agreement
    return Metric(metric="judge_kappa", rows=own.rows, value=own.kappa, low=own.low, high=own.high)


def _errors(errors: JudgeErrors) -> list[Metric]:
    return [
        _exact("judge_sensitivity", errors.hits, errors.positives),
        _exact("judge_specificity", errors.rejections, errors.negatives),
    ]


def _exact(metric: str, count: int, rows: int) -> Metric:
    if not rows:
        return Metric(metric=metric, rows=0)
    low, high = clopper_pearson(count, rows, 0.95)
    return Metric(metric=metric, rows=rows, count=count, value=count / rows, low=low, high=high)


def _order(calibration: JudgeCalibration) -> Metric:
    own = calibration.order
    if not own.rows:
        return Metric(metric="judge_order_change_rate", rows=0)
    low, high = wilson(own.changed, own.rows)
    explanation = None
    if own.changed:
        explanation = (
            f"of {plural(own.rows, 'output')} rated with the choices in both orders, the rating of "
            f"{own.changed:,} changed; {own.first:,} of these named the choice listed first"
        )
    return Metric(
        metric="judge_order_change_rate",
        rows=own.rows,
        count=own.changed,
        value=own.changed / own.rows,
        low=low,
        high=high,
        explanation=explanation,
    )


def _failed(answers: Sequence[JudgeAnswer]) -> Metric:
    reasons = Counter(answer.outcome for answer in answers if answer.choice is None)
    count, rows = sum(reasons.values()), len(answers)
    parts = [f"{n:,} {DESCRIPTIONS.get(name, name)}" for name, n in reasons.most_common()]
    low, high = wilson(count, rows) if rows else (None, None)
    return Metric(
        metric="judge_failed_rate",
        rows=rows,
        count=count,
        value=count / rows if rows else None,
        low=low,
        high=high,
        explanation=f"not rated: {', '.join(parts)}" if parts else None,
    )
