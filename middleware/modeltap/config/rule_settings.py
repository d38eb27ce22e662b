"""``[[rules]]``: the metrics they are about, when they alert, how severely, how persistently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from modeltap.config.metrics import ALERT_RULES, CATALOGUE, better
from modeltap.config.validation import refuse_unknown, struct_of
from modeltap.config.windows import Window, parse_seconds
from modeltap.environments import environment_of, version_of
from modeltap.errors import ConfigError, nearest

Severity = Literal["info", "warning", "critical"]

_CONDITIONS = ("above", "below", "change", "target")


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of ``[[rules]]``; docs/reference/rules.md describes each part.

    `rule`, `model`, `version`, `environment`, `metric`, `feature`, `segment` and `window` say what
    it is about; `model`, `environment`, `feature` and `segment` may hold ``*``. With a condition
    (`above`, `below`, `change`, or `target` with `within`) the value decides, else the statistics'
    verdict does.
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
        return next((one for one in _CONDITIONS if getattr(self, one) is not None), None)

    def is_about(self, row: Mapping[str, Any]) -> bool:
        """Say whether it is about this row of `metrics`.

        >>> rule = RuleSettings(metric="mae", model="fl*", above=12.0)
        >>> rule.is_about({"model": "flights", "metric": "mae"})
        True
        """
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
        """Return whether the rule is about a model in an environment.

        >>> RuleSettings(environment="staging").is_of("m", "@staging")
        True
        """
        own = RuleSettings(rule=self.rule, model=self.model, environment=self.environment)
        return own.is_about({"model": model, "version": version})

    def breach(self, value: float, usual: float | None, metric: str) -> str | None:
        """Say in words how `value` meets the condition; None where it does not.

        Args:
            usual: the metric's value in the reference, for `change`.

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
        if self.change is None or not usual:
            return None
        moved = (value - usual) / abs(usual)
        improved = better(metric) == ("higher" if moved > 0 else "lower")
        if abs(moved) <= self.change or improved:
            return None
        return f"{'up' if moved > 0 else 'down'} {abs(moved):.0%}".replace("%", " %") + (
            f" from {usual:.4g}"
        )


def parse_rule(entry: object) -> RuleSettings:
    """Read an entry, a table; raises `ConfigError`."""
    if not isinstance(entry, (Mapping, RuleSettings)):
        raise ConfigError(
            f"rule {entry!r} is wrong: it is a table such as {{metric = 'mae', above = 12.0}}"
        )
    if isinstance(entry, Mapping):
        refuse_unknown(entry, RuleSettings.__struct_encode_fields__, "option of rules")
        entry = struct_of(entry, RuleSettings, "rules")
    check_rule(entry)
    return entry


def check_rule(rule: RuleSettings) -> None:
    """Raise `ConfigError` for a rule that says what cannot be.

    >>> check_rule(RuleSettings(metric="mea", above=1.0))
    Traceback (most recent call last):
    modeltap.errors.ConfigError: rules: no metric 'mea'; did you mean 'mae'?
    """

    def check(good: bool, said: str) -> None:
        if not good:
            raise ConfigError(f"rules: {said}")

    check(rule.rule in ALERT_RULES, f"no rule {rule.rule!r}{nearest(rule.rule, ALERT_RULES)}")
    waits = [entry.name for entry in ALERT_RULES.values() if entry.waits]
    needs_condition = rule.rule in ALERT_RULES and ALERT_RULES[rule.rule].needs_condition
    check(
        rule.metric in (None, *CATALOGUE),
        f"no metric {rule.metric!r}{nearest(rule.metric or '', CATALOGUE)}",
    )
    said = [one for one in _CONDITIONS if getattr(rule, one) is not None]
    check(len(said) <= 1, f"{' and '.join(said)} in one rule; write a rule for each")
    check(not said or rule.metric is not None, f"{''.join(said[:1])} needs a metric")
    check(
        not needs_condition or bool(said) or not rule.enabled,
        f"rule {rule.rule!r} needs a metric and above, below, change or target",
    )
    check(rule.within is None or rule.target is not None, "within needs a target")
    for name in ("change", "within"):
        value = getattr(rule, name)
        check(value is None or value > 0, f"{name} = {value} is wrong: it is a share above 0")
    check(
        rule.for_windows is None or rule.for_windows >= 1,
        f"for = {rule.for_windows} is wrong: it is a number of windows, 1 or more",
    )
    check(
        rule.min_rows is None or rule.min_rows >= 1,
        f"min_rows = {rule.min_rows} is wrong: it is 1 or more",
    )
    check(
        rule.after is None or rule.rule in waits,
        f"after is for {' and '.join(waits)}, not for {rule.rule!r}",
    )
    if rule.after is not None:
        parse_seconds(rule.after, "after")
    if rule.window is not None:
        Window.parse(rule.window)


def _fits(pattern: str | None, text: object) -> bool:
    """Return whether a name fits: only ``*`` is special, for names have brackets and marks.

    >>> _fits("temp [C]", "temp [C]"), _fits("temp [*]", "temp [K]"), _fits("a?", "ab")
    (True, True, False)
    """
    if pattern is None or text is None:
        return pattern is None
    parts = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(parts), str(text), re.DOTALL) is not None
