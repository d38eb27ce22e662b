"""Alert rules: their metrics, severities and numbers of consecutive windows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modeltap.config.catalogue.alert_rules import ALERT_RULES
from modeltap.config.metrics import CATALOGUE, is_output, rule_of
from modeltap.config.rule_settings import RuleSettings

MIN_WINDOWS = 2
"""Consecutive windows after which a weak effect raises an alert."""


@dataclass(frozen=True)
class Rule:
    """An alert rule: its name, its severity and its subject as shown in messages.

    Args:
        label: the name given in the settings.
        min_windows: the number of consecutive windows that must alert.
        strict: whether strong effects need `min_windows`, too.
        settings: the entry of ``[[rules]]`` that changed or created the rule.
        large: an effect of less than this multiple of its floor is a warning.
    """

    name: str
    severity: str
    subject: str
    label: str | None = None
    min_windows: int = MIN_WINDOWS
    strict: bool = False
    settings: RuleSettings | None = None
    large: float = 0.0

    def severity_of(self, strength: float) -> str:
        """Return the severity of an effect of `strength` times its floor.

        Small effects are warnings, unless the settings name a severity or a condition.

        >>> rule = DEFAULT_RULES["performance"]
        >>> rule.severity_of(1.2), rule.severity_of(4.0)
        ('warning', 'critical')
        """
        own = self.settings
        named = own is not None and (own.severity is not None or own.condition is not None)
        return self.severity if named or strength >= self.large else "warning"

    @property
    def key(self) -> str:
        """The unique name among the rules about the same metric."""
        return self.label or self.name

    def with_settings(self, settings: RuleSettings) -> Rule:
        """Return this rule, changed by the settings."""
        # A configured threshold alerts at once, unless `for` is set.
        strict = settings.for_windows is not None or settings.condition is not None
        return replace(
            self,
            severity=settings.severity or self.severity,
            label=settings.name,
            min_windows=settings.for_windows or (1 if settings.condition else self.min_windows),
            strict=strict,
            settings=settings,
        )


DEFAULT_RULES = {
    rule.name: Rule(
        rule.name, rule.severity, rule.subject, min_windows=rule.min_windows, large=rule.large
    )
    for rule in ALERT_RULES.values()
}
"""The default rules by name."""


def default_rule(metric: str, feature: str | None) -> Rule | None:
    """Return the default rule of a metric, or None.

    >>> default_rule("drift", "temp").name, default_rule("drift", "score").name
    ('data_drift', 'prediction_drift')
    >>> default_rule("psi", "temp") is None
    True
    >>> default_rule("latency_p95_ms", None).severity, default_rule("mae", None).severity
    ('warning', 'critical')
    """
    rule = rule_of(metric)
    if metric not in CATALOGUE and feature is None:
        rule = "performance"  # a metric of the user's own
    if rule == "data_drift" and is_output(feature):
        rule = "prediction_drift"
    return None if rule is None else DEFAULT_RULES[rule]


def rules_for(row: Mapping[str, Any], settings: Sequence[RuleSettings]) -> list[Rule]:
    """Return the rules for a row of `metrics`: the default one, and those of the settings.

    Later entries override earlier ones with the same name.

    >>> row = {"model": "flights", "metric": "mae", "feature": None}
    >>> [rule.name for rule in rules_for(row, [RuleSettings(metric="mae", above=12.0)])]
    ['performance', 'custom']
    >>> rules_for(row, [RuleSettings(rule="performance", enabled=False)])
    []
    """
    default = default_rule(row["metric"], row["feature"])
    rules = {} if default is None else {default.name: default}
    for entry in settings:
        # An entry without a metric changes the default rule of the same name.
        applies = entry.metric is not None or (default is not None and default.name == entry.rule)
        if not applies or not entry.is_about(row):
            continue
        key = entry.name or entry.rule
        if entry.enabled:
            rules[key] = rules.get(key, DEFAULT_RULES[entry.rule]).with_settings(entry)
        else:
            rules.pop(key, None)
    return list(rules.values())


def fingerprint(
    rule: str, model: str, version: str, metric: str, feature: str | None, segment: str | None
) -> str:
    """Return the hash that identifies an alert's subject across windows.

    >>> fingerprint("data_drift", "flights", "1", "drift", "temp", None)
    '74323e9796ccb158'
    """
    subject = json.dumps([rule, model, version, metric, feature, segment])
    return hashlib.sha256(subject.encode()).hexdigest()[:16]
