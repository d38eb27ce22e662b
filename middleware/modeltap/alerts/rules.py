"""Which rules watch a metric, how grave they are, and what has to happen before they alert."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modeltap.config.rule_settings import RuleSettings

MIN_WINDOWS = 2
"""A weak effect is an alert after so many windows in a row."""


@dataclass(frozen=True)
class Rule:
    """An alert rule: its name, its severity and what people call its subject.

    `settings` is what the settings say of it, `label` the name they give it. `min_windows` is how
    many windows in a row must alert; with `strict` also where the effect is strong.
    """

    name: str
    severity: str
    subject: str
    label: str | None = None
    min_windows: int = MIN_WINDOWS
    strict: bool = False
    settings: RuleSettings | None = None

    @property
    def key(self) -> str:
        """What tells it from the other rules about the same metric."""
        return self.label or self.name

    def with_settings(self, settings: RuleSettings) -> Rule:
        """Return this rule as the settings want it."""
        # Whoever names a limit means it: it is an alert at once, unless they say `for`.
        strict = settings.for_windows is not None or settings.condition is not None
        return replace(
            self,
            severity=settings.severity or self.severity,
            label=settings.name,
            min_windows=settings.for_windows or (1 if settings.condition else self.min_windows),
            strict=strict,
            settings=settings,
        )


DATA_DRIFT = Rule("data_drift", "warning", "inputs drifted")
PREDICTION_DRIFT = Rule("prediction_drift", "warning", "the predictions drifted")
DATA_QUALITY = Rule("data_quality", "warning", "data quality")
OUTLIERS = Rule("outliers", "warning", "unusual values")
PERFORMANCE = Rule("performance", "critical", "the model got worse")
LATENCY = Rule("latency", "warning", "slow responses")
ERROR_RATE = Rule("error_rate", "critical", "failing requests")
CAPTURE_LOSS = Rule("capture_loss", "warning", "exchanges were not recorded")
LABEL_DRIFT = Rule("label_drift", "warning", "the labels drifted")
CONCEPT_DRIFT = Rule("concept_drift", "critical", "what the model learnt holds no more")
FAIRNESS = Rule("fairness", "warning", "groups are treated differently")
NO_TRAFFIC = Rule("no_traffic", "critical", "no requests come", min_windows=1)
NO_LABELS = Rule("no_labels", "warning", "no labels come", min_windows=1)
ANALYSIS_FAILED = Rule("analysis_failed", "critical", "the analysis fails", min_windows=1)
DELIVERY_FAILED = Rule("delivery_failed", "warning", "messages are not delivered", min_windows=1)
CUSTOM = Rule("custom", "warning", "a limit was passed")

DEFAULT_RULES = {
    rule.name: rule
    for rule in (
        DATA_DRIFT,
        PREDICTION_DRIFT,
        DATA_QUALITY,
        OUTLIERS,
        PERFORMANCE,
        LATENCY,
        ERROR_RATE,
        CAPTURE_LOSS,
        LABEL_DRIFT,
        CONCEPT_DRIFT,
        FAIRNESS,
        NO_TRAFFIC,
        NO_LABELS,
        ANALYSIS_FAILED,
        DELIVERY_FAILED,
        CUSTOM,
    )
}
"""Every rule, by its name."""

_BY_METRIC = {
    "missing_rate": DATA_QUALITY,
    "unseen_rate": DATA_QUALITY,
    "type_mismatch_rate": DATA_QUALITY,
    "out_of_range_rate": DATA_QUALITY,
    "constant_feed": DATA_QUALITY,
    "duplicate_rate": DATA_QUALITY,
    "schema_change": DATA_QUALITY,
    "gap_seconds": DATA_QUALITY,
    "freshness_seconds": DATA_QUALITY,
    "outlier_rate": OUTLIERS,
    "row_outlier_rate": OUTLIERS,
    "multivariate_drift": DATA_DRIFT,
    "mae": PERFORMANCE,
    "rmse": PERFORMANCE,
    "accuracy": PERFORMANCE,
    "f1_macro": PERFORMANCE,
    "error_rate": ERROR_RATE,
    "capture_loss": CAPTURE_LOSS,
    "no_traffic": NO_TRAFFIC,
    "no_labels": NO_LABELS,
    "analysis_failed": ANALYSIS_FAILED,
    "delivery_failed": DELIVERY_FAILED,
}
_ANSWERS = ("prediction", "score")


def default_rule(metric: str, feature: str | None) -> Rule | None:
    """Return the rule that a metric's verdict speaks for; None for one that only describes.

    >>> default_rule("drift", "temp").name, default_rule("drift", "score").name
    ('data_drift', 'prediction_drift')
    >>> default_rule("psi", "temp") is None
    True
    >>> default_rule("latency_p95_ms", None).severity, default_rule("mae", None).severity
    ('warning', 'critical')
    """
    if metric == "drift":
        return PREDICTION_DRIFT if feature in _ANSWERS else DATA_DRIFT
    if metric.startswith("latency_"):
        return LATENCY
    return _BY_METRIC.get(metric)


def rules_for(row: Mapping[str, Any], settings: Sequence[RuleSettings]) -> list[Rule]:
    """Return the rules that watch a row of `metrics`: the default one, as the settings want it.

    Of two that say something of the same, the later one holds; one with a name of its own stands
    beside the others.

    >>> row = {"model": "flights", "metric": "mae", "feature": None}
    >>> [rule.name for rule in rules_for(row, [RuleSettings(metric="mae", above=12.0)])]
    ['performance', 'custom']
    >>> rules_for(row, [RuleSettings(rule="performance", enabled=False)])
    []
    """
    usual = default_rule(row["metric"], row["feature"])
    found = {} if usual is None else {usual.name: usual}
    for one in settings:
        # A rule that names no metric changes the ones of its name that are there anyway.
        mine = one.metric is not None or (usual is not None and usual.name == one.rule)
        if not mine or not one.is_about(row):
            continue
        key = one.name or one.rule
        if one.enabled:
            found[key] = found.get(key, DEFAULT_RULES[one.rule]).with_settings(one)
        else:
            found.pop(key, None)
    return list(found.values())


def fingerprint(
    rule: str, model: str, version: str, metric: str, feature: str | None, segment: str | None
) -> str:
    """Return the hash by which one subject is known from window to window.

    >>> fingerprint("data_drift", "flights", "1", "drift", "temp", None)
    '74323e9796ccb158'
    """
    subject = json.dumps([rule, model, version, metric, feature, segment])
    return hashlib.sha256(subject.encode()).hexdigest()[:16]
