"""Alert rules: the ones that watch a metric, their severity, and the windows before they fire."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modeltap.config.metrics import ALERT_RULES, is_output, rule_of
from modeltap.config.rule_settings import RuleSettings

MIN_WINDOWS = 2
"""A weak effect is an alert after so many windows in a row."""


@dataclass(frozen=True)
class Rule:
    """An alert rule: its name, its severity and what people call its subject.

    `settings` is what the settings say of it, `label` the name they give it. `min_windows` is how
    many windows in a row must alert; with `strict` also where the effect is strong. An effect of
    less than `large` times its floor is a warning.
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
        """Return the severity of an effect of `strength` times its floor: a small one is a warning.

        One that the settings name, or a limit of one's own, holds for all.

        >>> rule = DEFAULT_RULES["performance"]
        >>> rule.severity_of(1.2), rule.severity_of(4.0)
        ('warning', 'critical')
        """
        own = self.settings
        named = own is not None and (own.severity is not None or own.condition is not None)
        return self.severity if named or strength >= self.large else "warning"

    @property
    def key(self) -> str:
        """Its name among the rules about the same metric."""
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


DEFAULT_RULES = {
    rule.name: Rule(
        rule.name, rule.severity, rule.subject, min_windows=rule.min_windows, large=rule.large
    )
    for rule in ALERT_RULES.values()
}
"""Every rule, by its name."""


def default_rule(metric: str, feature: str | None) -> Rule | None:
    """Return the rule that a metric belongs to; None for one that has none.

    >>> default_rule("drift", "temp").name, default_rule("drift", "score").name
    ('data_drift', 'prediction_drift')
    >>> default_rule("psi", "temp") is None
    True
    >>> default_rule("latency_p95_ms", None).severity, default_rule("mae", None).severity
    ('warning', 'critical')
    """
    rule = rule_of(metric)
    if rule == "data_drift" and is_output(feature):
        rule = "prediction_drift"
    return None if rule is None else DEFAULT_RULES[rule]


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
    default = default_rule(row["metric"], row["feature"])
    found = {} if default is None else {default.name: default}
    for one in settings:
        # Settings without a metric change the default rule of their name.
        mine = one.metric is not None or (default is not None and default.name == one.rule)
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
