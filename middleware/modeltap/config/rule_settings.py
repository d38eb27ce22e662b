"""``[[rules]]``: custom alert rules on metrics."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

import msgspec

from modeltap.config.catalogue.alert_rules import ALERT_RULES
from modeltap.config.metrics import CATALOGUE, better, is_group
from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import refuse_unknown
from modeltap.config.windows import Window, parse_seconds
from modeltap.environments import environment_of, version_of
from modeltap.errors import ConfigError, nearest

Severity = Literal["info", "warning", "critical"]

_CONDITIONS = ("above", "below", "change", "target")


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of ``[[rules]]``; docs/reference/rules.md describes each part.

    `rule`, `model`, `version`, `environment`, `metric`, `feature`, `segment` and `window` select
    rows of `metrics`; `model`, `environment`, `feature` and `segment` may contain ``*``. Without a
    segment, a rule about the performance is not about that of single groups. With a
    condition (`above`, `below`, `change`, or `target` with `within`) the value is compared,
    otherwise the statistical verdict decides.
    """

    rule: str = "custom"
    name: str | None = None
    model: str | None = None
    version: str | None = None
    environment: str | None = None
    metric: str | None = None
    feature: str | None = None
    segment: str | None = None
    window: str | None = None
    above: float | None = None
    below: float | None = None
    change: float | None = None
    target: float | None = None
    within: float | None = None
    for_windows: int | None = msgspec.field(default=None, name="for")
    severity: Severity | None = None
    min_rows: int | None = None
    after: str | None = None
    enabled: bool = True

    @property
    def condition(self) -> str | None:
        """The condition of the rule."""
        return next((name for name in _CONDITIONS if getattr(self, name) is not None), None)

    def is_about(self, row: Mapping[str, Any]) -> bool:
        """Return True if the rule selects this row of `metrics`.

        >>> rule = RuleSettings(metric="mae", model="fl*", above=12.0)
        >>> rule.is_about({"model": "flights", "metric": "mae"})
        True
        """
        if self.segment is None and is_of_group(row.get("metric"), row.get("segment")):
            return False
        analyzed = row.get("version") or ""
        row = {**row, "version": version_of(analyzed), "environment": environment_of(analyzed)}
        exact = all(
            getattr(self, name) in (None, row.get(name)) for name in ("version", "metric", "window")
        )
        return exact and all(
            _fits(getattr(self, name), row.get(name))
            for name in ("model", "environment", "feature", "segment")
        )

    def is_of(self, model: str, version: str) -> bool:
        """Return True if the rule applies to a model in an environment.

        >>> RuleSettings(environment="staging").is_of("m", "@staging")
        True
        """
        own = RuleSettings(rule=self.rule, model=self.model, environment=self.environment)
        return own.is_about({"model": model, "version": version})

    def breach(self, value: float, baseline: float | None, metric: str) -> str | None:
        """Describe how `value` meets the condition; return None if it does not.

        Args:
            baseline: the metric's value in the reference, for `change`.

        >>> RuleSettings(metric="mae", above=12.0).breach(13.5, None, "mae")
        'above 12'
        >>> RuleSettings(metric="accuracy", change=0.1).breach(0.8, 0.9, "accuracy")
        'down 11 % from 0.9'
        >>> RuleSettings(metric="label_mean", target=0.5, within=0.1).breach(0.52, None, "")
        """
        if self.above is not None:
            return f"above {self.above:g}" if value > self.above else None
        if self.below is not None:
            return f"below {self.below:g}" if value < self.below else None
        if self.target is not None:
            allowed = (self.within or 0.0) * abs(self.target)
            return f"off its target {self.target:g}" if abs(value - self.target) > allowed else None
        if self.change is None or not baseline:
            return None
        change = (value - baseline) / abs(baseline)
        improved = better(metric) == ("higher" if change > 0 else "lower")
        if abs(change) <= self.change or improved:
            return None
        return f"{'up' if change > 0 else 'down'} {abs(change):.0%}".replace("%", " %") + (
            f" from {baseline:.4g}"
        )


def parse_rule(entry: object, own_metrics: Collection[str] = ()) -> RuleSettings:
    """Parse an entry, a table; raise `ConfigError` if it is invalid.

    Args:
        own_metrics: the names of the user's own metrics.
    """
    if not isinstance(entry, (Mapping, RuleSettings)):
        raise ConfigError(
            f"rule {entry!r} is invalid: must be a table such as {{metric = 'mae', above = 12.0}}"
        )
    if isinstance(entry, Mapping):
        refuse_unknown(entry, RuleSettings.__struct_encode_fields__, "rules")
        entry = struct_of(entry, RuleSettings, "rules")
    check_rule(entry, own_metrics)
    return entry


def check_rule(rule: RuleSettings, own_metrics: Collection[str] = ()) -> None:
    """Raise `ConfigError` for an inconsistent rule.

    >>> check_rule(RuleSettings(metric="mea", above=1.0))
    Traceback (most recent call last):
    modeltap.errors.ConfigError: rules: unknown metric 'mea'; did you mean 'mae'?
    """
    _check_names(rule, own_metrics)
    _check_condition(rule)
    _check_limits(rule)
    if rule.after is not None:
        parse_seconds(rule.after, "after")
    if rule.window is not None:
        Window.parse(rule.window)


def _check(valid: bool, message: str) -> None:
    if not valid:
        raise ConfigError(f"rules: {message}")


def _check_names(rule: RuleSettings, own_metrics: Collection[str]) -> None:
    _check(rule.rule in ALERT_RULES, f"unknown rule {rule.rule!r}{nearest(rule.rule, ALERT_RULES)}")
    known = [*CATALOGUE, *own_metrics]
    _check(
        rule.metric in (None, *known),
        f"unknown metric {rule.metric!r}{nearest(rule.metric or '', known)}",
    )


def _check_condition(rule: RuleSettings) -> None:
    conditions = [name for name in _CONDITIONS if getattr(rule, name) is not None]
    _check(
        len(conditions) <= 1,
        f"{' and '.join(conditions)} cannot be in one rule; write a separate rule for each",
    )
    _check(not conditions or rule.metric is not None, f"{''.join(conditions[:1])} needs a metric")
    _check(
        not ALERT_RULES[rule.rule].needs_condition or bool(conditions) or not rule.enabled,
        f"rule {rule.rule!r} needs a metric and above, below, change or target",
    )
    _check(rule.within is None or rule.target is not None, "within needs a target")


def _check_limits(rule: RuleSettings) -> None:
    for name in ("change", "within"):
        value = getattr(rule, name)
        _check(
            value is None or value > 0,
            f"{name} = {value} is invalid: must be a fraction greater than 0",
        )
    _check(
        rule.for_windows is None or rule.for_windows >= 1,
        f"for = {rule.for_windows} is invalid: must be a number of windows, at least 1",
    )
    _check(
        rule.min_rows is None or rule.min_rows >= 1,
        f"min_rows = {rule.min_rows} is invalid: must be at least 1",
    )
    waits = [entry.name for entry in ALERT_RULES.values() if entry.waits]
    _check(
        rule.after is None or rule.rule in waits,
        f"after applies to {' and '.join(waits)} only, not to {rule.rule!r}",
    )


def is_of_group(metric: str | None, segment: str | None) -> bool:
    """Return whether a row of `metrics` is the performance of a group, as `mae` of `sex=F` is.

    >>> [is_of_group("mae", part) for part in (None, "sex=F", "class=a")], is_of_group("tpr", "a=b")
    ([False, True, False], False)
    """
    entry = CATALOGUE.get(metric or "")
    return entry is not None and entry.report == "performance" and is_group(segment)


def _fits(pattern: str | None, text: object) -> bool:
    """Return True if a name matches; only ``*`` is special, because names contain brackets.

    >>> _fits("temp [C]", "temp [C]"), _fits("temp [*]", "temp [K]"), _fits("a?", "ab")
    (True, True, False)
    """
    if pattern is None or text is None:
        return pattern is None
    parts = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(parts), str(text), re.DOTALL) is not None
