"""``[models.NAME.retrain]``: when a model is retrained, on which rows, and by what."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from modeltap.config.catalogue.alert_rules import ALERT_RULES
from modeltap.config.reading.value_types import struct_of
from modeltap.config.schedule_settings import check_schedule
from modeltap.config.validation import refuse_unknown
from modeltap.config.webhook_settings import WebhookSettings, parse_webhook
from modeltap.config.windows import parse_seconds
from modeltap.errors import ConfigError, nearest

DEFAULT_MIN_LABELS = 1000
"""New labels that start a run if a policy names no trigger. They resolve a change of five points of
accuracy."""

DEFAULT_RULES_OF_RETRAINING = ("performance",)
"""Alert rules that start a run if a policy names no trigger."""

ALL_ROWS = "all"
"""The `window` of all labelled rows in the store."""

_DRIFT = frozenset(("data_drift", "prediction_drift", "label_drift"))
"""Rules about inputs and outputs. They fire without any loss, as seasons change."""

_FUNCTION = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"

_PLACEHOLDER = r"\{(\w*)\}"

PLACEHOLDERS = ("data", "model", "artefact")
"""Names in braces that a command's arguments may have."""

_MOST_HELD_OUT = 0.9

_MOST_SECONDS = 7 * 86_400.0
"""The longest time limit: a week."""


class RetrainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy of retraining: its triggers, its rows, and a command, a function or a webhook.

    Without `schedule`, `min_labels` and `on`, new labels and performance alerts start a run.
    """

    schedule: str | None = None
    min_labels: int | None = None
    on: tuple[str, ...] | None = None
    min_rows: int = 100
    window: str = "90d"
    environment: str | None = None
    holdout: float = 0.2
    format: Literal["csv", "jsonl", "parquet"] = "csv"
    cooldown: str = "1d"
    timeout_seconds: float = 3600.0
    command: str | tuple[str, ...] | None = None
    function: str | None = None
    webhook: WebhookSettings | None = None

    @property
    def way(self) -> str:
        """The name of the option that retrains: "command", "function" or "webhook"."""
        return next(name for name in _WAYS if getattr(self, name) is not None)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of `command`, with their placeholders. No shell reads them."""
        command = self.command or ()
        return tuple(shlex.split(command)) if isinstance(command, str) else command

    @property
    def names_no_trigger(self) -> bool:
        """True if the default triggers apply."""
        return self.schedule is None and self.min_labels is None and self.on is None

    @property
    def labels_that_trigger(self) -> int | None:
        """The number of new labels that start a run; None if labels do not."""
        return DEFAULT_MIN_LABELS if self.names_no_trigger else self.min_labels

    @property
    def rules_that_trigger(self) -> tuple[str, ...]:
        """The alert rules that start a run."""
        return DEFAULT_RULES_OF_RETRAINING if self.names_no_trigger else self.on or ()

    @property
    def cooldown_seconds(self) -> float:
        """The least seconds between the starts of two runs that triggers started."""
        return parse_seconds(self.cooldown, "cooldown")

    @property
    def window_seconds(self) -> float | None:
        """The length of the window of rows in seconds; None for all rows."""
        return None if self.window == ALL_ROWS else parse_seconds(self.window, "window")

    def warning(self, model: str) -> str | None:
        """Return a warning if drift alone starts runs, else None.

        >>> RetrainSettings(on=("performance", "data_drift"), command="x").warning("flights")
        >>> RetrainSettings(on=("data_drift",), command="x").warning("flights")
        "retraining of 'flights' starts on data_drift alone: inputs always drift, so it will run \
after nearly every cooldown (1d); add 'performance' to on, or min_labels"
        """
        rules = set(self.rules_that_trigger)
        if self.schedule or self.labels_that_trigger or not rules or not rules <= _DRIFT:
            return None
        return (
            f"retraining of {model!r} starts on {' and '.join(sorted(rules))} alone: inputs always "
            f"drift, so it will run after nearly every cooldown ({self.cooldown}); add "
            "'performance' to on, or min_labels"
        )


_WAYS = ("command", "function", "webhook")


def parse_retrain(table: object, where: str = "retrain") -> RetrainSettings:
    """Parse a policy; raise `ConfigError` if it is invalid.

    >>> parse_retrain({"command": "python train.py {data}"}).words
    ('python', 'train.py', '{data}')
    >>> parse_retrain({"command": "python train.py", "function": "training:train"})
    Traceback (most recent call last):
    modeltap.errors.ConfigError: retrain: command and function are set; set exactly one of \
command, function and webhook
    """
    if isinstance(table, RetrainSettings):
        return table
    if not isinstance(table, Mapping):
        raise ConfigError(
            f"{where} of type {type(table).__name__} is invalid: must be a table such as "
            "{command = 'python train.py {data}'}"
        )
    refuse_unknown(table, RetrainSettings.__struct_fields__, where)
    own: dict[str, Any] = dict(table)
    if own.get("webhook") is not None:
        own["webhook"] = parse_webhook(own["webhook"])
    if isinstance(own.get("on"), str):
        own["on"] = [own["on"]]
    policy = struct_of(own, RetrainSettings, where)
    _check_way(policy, where)
    _check_triggers(policy, where)
    _check_limits(policy, where)
    return policy


def _check_way(policy: RetrainSettings, where: str) -> None:
    ways = [name for name in _WAYS if getattr(policy, name) is not None]
    if len(ways) != 1:
        are = f"{' and '.join(ways)} are set" if ways else "nothing retrains the model"
        raise ConfigError(f"{where}: {are}; set exactly one of command, function and webhook")
    if policy.function is not None and not re.fullmatch(_FUNCTION, policy.function):
        raise ConfigError(
            f"option {where}.function = {policy.function!r} is invalid: must be a module and a "
            "function, such as 'training:train'"
        )
    if policy.command is not None:
        _check_command(policy, where)


def _check_command(policy: RetrainSettings, where: str) -> None:
    reason = ""
    try:
        words = policy.words
    except ValueError as error:  # a quote without its end
        words, reason = (), f"cannot be split into words: {str(error).lower()}"
    if not reason and not (words and words[0].strip()):
        reason = "it has no words"
    for name in re.findall(_PLACEHOLDER, " ".join(words)):
        if name not in PLACEHOLDERS:
            reason = f"unknown placeholder {{{name}}}{nearest(name, PLACEHOLDERS)}"
    if any("\0" in word for word in words):
        reason = "it contains a NUL character"
    if reason:
        raise ConfigError(f"option {where}.command = {policy.command!r} is invalid: {reason}")


def _check_triggers(policy: RetrainSettings, where: str) -> None:
    if policy.schedule is not None:
        check_schedule(f"{where}.schedule", policy.schedule)
    for rule in policy.on or ():
        if rule not in ALERT_RULES:
            raise ConfigError(f"{where}.on: no rule {rule!r}{nearest(rule, ALERT_RULES)}")
    if policy.min_labels is not None and policy.min_labels < 0:
        raise ConfigError(
            f"option {where}.min_labels = {policy.min_labels} is invalid: must be 0 (no trigger) "
            "or more"
        )


def _check_limits(policy: RetrainSettings, where: str) -> None:
    if policy.min_rows < 1:
        raise ConfigError(
            f"option {where}.min_rows = {policy.min_rows} is invalid: must be 1 or more"
        )
    if not 0 <= policy.holdout <= _MOST_HELD_OUT:
        raise ConfigError(
            f"option {where}.holdout = {policy.holdout:g} is invalid: must be a fraction between 0 "
            f"and {_MOST_HELD_OUT}"
        )
    if not 0 < policy.timeout_seconds <= _MOST_SECONDS:
        raise ConfigError(
            f"option {where}.timeout_seconds = {policy.timeout_seconds:g} is invalid: must be "
            "greater than 0 and at most 604800 (a week)"
        )
    parse_seconds(policy.cooldown, f"{where}.cooldown")
    if policy.webhook is not None and policy.webhook.format == "apprise":
        raise ConfigError(f"{where}.webhook: format 'apprise' cannot start a training; use 'json'")
    if policy.window != ALL_ROWS:
        try:
            parse_seconds(policy.window, f"{where}.window")
        except ConfigError:
            raise ConfigError(
                f"option {where}.window = {policy.window!r} is invalid: must be a duration such "
                "as '90d', or 'all'"
            ) from None
