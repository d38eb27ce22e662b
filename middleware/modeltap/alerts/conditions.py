"""Evaluate one metric of one window by a rule: the detector's verdict, or the rule's condition."""

from __future__ import annotations

from dataclasses import dataclass

from modeltap.alerts.rules import Rule
from modeltap.analysis.model.metric import ALERT, AT_ONCE, NOT_ENOUGH_ROWS, OK
from modeltap.config.rule_settings import RuleSettings
from modeltap.environments import named
from modeltap.store.metrics import MetricRow

_DOUBTFUL_P, _DOUBTFUL_STRENGTH = 0.05, 0.5
"""A window does not help to end an incident while chance does such a thing more rarely, and the
effect is more than this fraction of its limit: a drift of .35 sd in windows of 150 rows went on
and off two to three times without it, and is one incident with it, which ends as soon as before."""


@dataclass(frozen=True)
class Evaluation:
    """One window's row of `metrics`, evaluated by a rule."""

    row: MetricRow
    alert: bool
    strength: float
    threshold: float | None
    sentence: str

    @property
    def at_once(self) -> bool:
        """Whether it needs no second window to confirm it."""
        return bool(self.row["at_once"])

    @property
    def quiet(self) -> bool:
        """Whether it is no alert."""
        return not self.alert

    @property
    def recovered(self) -> bool:
        """Whether it helps to end an incident: it is no alert, and no doubtful window either.

        Small windows miss some of a drift that goes on: a weaker effect is not yet a recovery.
        """
        p = self.row["p_value"]
        doubtful = self.strength >= _DOUBTFUL_STRENGTH and (p is None or p < _DOUBTFUL_P)
        return self.quiet and not doubtful


def evaluate(rule: Rule, row: MetricRow, baseline: float | None) -> Evaluation | None:
    """Evaluate a row of `metrics` by a rule; None where the row has no verdict by it.

    Args:
        baseline: the metric's normal value, for a rule about a change (`needs_baseline`).
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
    """Return whether a rule is about the change of a metric."""
    return rule.settings is not None and rule.settings.change is not None


def sentence(row: MetricRow) -> str:
    """Return one plain sentence about the alert of a row.

    >>> about = {"model": "flights", "version": "@staging", "segment": None}
    >>> sentence({**about, "explanation": "mae went from 8 to 14"})
    'flights in staging: mae went from 8 to 14'
    """
    explanation = row["explanation"]
    if not explanation:
        value, threshold = row["value"], row["threshold"]
        explanation = _metric(row) if value is None else f"{_metric(row)} is {value:.4g}"
        explanation += "" if threshold is None else f", the limit is {threshold:.4g}"
    return f"{_subject(row)}: {explanation}"


def _by_condition(
    rule: Rule, own: RuleSettings, row: MetricRow, baseline: float | None
) -> Evaluation | None:
    if row["value"] is None or row["verdict"] == NOT_ENOUGH_ROWS:
        return None
    if own.change is not None and baseline is None:
        return None
    breach = own.breach(row["value"], baseline, row["metric"])
    limits = (own.above, own.below, own.target, baseline)
    return Evaluation(
        row,
        breach is not None,
        AT_ONCE if breach else 0.0,
        next((limit for limit in limits if limit is not None), None),
        _breach_sentence(rule, row, breach or ""),
    )


def _breach_sentence(rule: Rule, row: MetricRow, breach: str) -> str:
    name = f"{rule.label}: " if rule.label else ""
    return (
        f"{_subject(row)}: {name}{_metric(row)} is {row['value']:.4g}, {breach} "
        f"({row['rows']:,} rows)"
    )


def _subject(row: MetricRow) -> str:
    segment = f" ({row['segment']})" if row["segment"] else ""
    return f"{named(row['model'], row['version'])}{segment}"


def _metric(row: MetricRow) -> str:
    return str(row["metric"]) + (f" of {row['feature']}" if row["feature"] else "")
