"""Evaluation of a metric by a rule: the detector's verdict, or the rule's condition."""

from __future__ import annotations

from dataclasses import dataclass

from modeltap.alerts.rules import Rule
from modeltap.analysis.model.metric import ALERT, AT_ONCE, NORMAL_95, NOT_ENOUGH_ROWS, OK
from modeltap.config.metrics import ESTIMATED
from modeltap.config.rule_settings import RuleSettings
from modeltap.environments import named
from modeltap.store.metrics import MetricRow
from modeltap.wording import plural

_DOUBTFUL_P, _DOUBTFUL_STRENGTH = 0.05, 0.5
"""Limits of a doubtful window, which does not count towards the recovery of an incident.

A window is doubtful if its p-value is below the first and its effect is at least the second
fraction of the threshold. Without these limits a drift of 0.35 sd in windows of 150 rows was
reported as two or three incidents; with them it is one, which ends as early as before.
"""

_MIDDLE_HALF = 0.6745 / NORMAL_95
"""The quartiles of an estimate, as a part of its 95 % interval: beyond a limit, they have a chance
of at least three in four that the true value is."""


@dataclass(frozen=True)
class Evaluation:
    """A row of `metrics`, evaluated by a rule."""

    row: MetricRow
    alert: bool
    strength: float
    threshold: float | None
    sentence: str

    @property
    def at_once(self) -> bool:
        """True if the alert needs no confirmation by a second window."""
        return bool(self.row["at_once"])

    @property
    def quiet(self) -> bool:
        """True if it is not an alert."""
        return not self.alert

    @property
    def recovered(self) -> bool:
        """True if it counts towards recovery: it is neither an alert nor doubtful.

        Small windows may miss a continuing drift, so a weaker effect is not yet a recovery.
        """
        p = self.row["p_value"]
        doubtful = self.strength >= _DOUBTFUL_STRENGTH and (p is None or p < _DOUBTFUL_P)
        return self.quiet and not doubtful


def evaluate(rule: Rule, row: MetricRow, baseline: float | None) -> Evaluation | None:
    """Evaluate a row of `metrics` by a rule; return None if there is no verdict.

    Args:
        baseline: the metric's normal value, for a rule with `change` (`needs_baseline`).
    """
    own = rule.settings
    if own is not None and own.min_rows is not None and row["rows"] < own.min_rows:
        return None
    if own is not None and own.condition is not None:
        return _by_condition(rule, own, row, baseline)
    if row["verdict"] not in (OK, ALERT):
        return None
    return Evaluation(
        row, row["verdict"] == ALERT, row["strength"] or 0.0, row["threshold"], sentence(row)
    )


def needs_baseline(rule: Rule) -> bool:
    """Return True if a rule compares a metric with its baseline."""
    return rule.settings is not None and rule.settings.change is not None


def sentence(row: MetricRow) -> str:
    """Return a sentence about the alert of a row.

    >>> about = {"model": "flights", "version": "@staging", "segment": None}
    >>> sentence({**about, "explanation": "mae went from 8 to 14"})
    'flights in staging: mae went from 8 to 14'
    """
    explanation = row["explanation"]
    if not explanation:
        value, threshold = row["value"], row["threshold"]
        explanation = _metric(row) if value is None else f"{_metric(row)} is {value:.4g}"
        explanation += "" if threshold is None else f", threshold {threshold:.4g}"
    return f"{_subject(row)}: {explanation}"


def _by_condition(
    rule: Rule, own: RuleSettings, row: MetricRow, baseline: float | None
) -> Evaluation | None:
    if row["value"] is None or row["verdict"] == NOT_ENOUGH_ROWS:
        return None
    if own.change is not None and baseline is None:
        return None
    breach = _breach(own, row, baseline)
    limits = (own.above, own.below, own.target, baseline)
    return Evaluation(
        row,
        breach is not None,
        AT_ONCE if breach else 0.0,
        next((limit for limit in limits if limit is not None), None),
        _breach_sentence(rule, row, breach or ""),
    )


def _breach(own: RuleSettings, row: MetricRow, baseline: float | None) -> str | None:
    """Describe how a row meets the condition; an estimate has to with its middle half, too.

    An estimate is uncertain by definition: of those beyond a limit by their value alone, one in
    five was not when the labels had arrived (`benchmarks/delays.py`).
    """
    value, metric = row["value"], row["metric"]
    ends = [row["low"], row["high"]] if _is_estimated(row) else []
    middle = [value + _MIDDLE_HALF * (end - value) for end in ends if end is not None]
    if any(own.breach(end, baseline, metric) is None for end in middle):
        return None
    return own.breach(value, baseline, metric)


def _breach_sentence(rule: Rule, row: MetricRow, breach: str) -> str:
    name = f"{rule.label}: " if rule.label else ""
    estimated = ", estimated before all labels arrived" if _is_estimated(row) else ""
    return (
        f"{_subject(row)}: {name}{_metric(row)} is {row['value']:.4g}, {breach} "
        f"({plural(row['rows'], 'row')}{estimated})"
    )


def _subject(row: MetricRow) -> str:
    segment = f" ({row['segment']})" if row["segment"] else ""
    return f"{named(row['model'], row['version'])}{segment}"


def _is_estimated(row: MetricRow) -> bool:
    return str(row["metric"]).startswith(ESTIMATED)


def _metric(row: MetricRow) -> str:
    return str(row["metric"]) + (f" of {row['feature']}" if row["feature"] else "")
