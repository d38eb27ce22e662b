"""``[[models.NAME.metrics]]``: metrics of the user's own, a function of a row with a target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import FUNCTION_NAME, OWN_NAME, entries_of, refuse_unknown
from modeltap.errors import ConfigError


class MetricSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric: its name, the function of a row, the better direction, and the target of the mean.

    With a target, a mean that is worse than it beyond chance is an alert.
    """

    name: str
    function: str
    better: Literal["higher", "lower"] = "higher"
    target: float | None = None


def parse_metrics(
    entries: object, known: Iterable[str], where: str = "metrics"
) -> tuple[MetricSettings, ...]:
    """Parse a list of tables; raise `ConfigError` if one is invalid.

    Args:
        known: the names of the catalogue, which are taken.

    >>> [own.name for own in parse_metrics([{"name": "profit", "function": "shop:profit"}], ())]
    ['profit']
    >>> parse_metrics([{"name": "mae", "function": "shop:profit"}], ["mae"])
    Traceback (most recent call last):
    modeltap.errors.ConfigError: metrics: name = 'mae' is invalid: there is a metric of this name; \
choose another
    """
    taken = set(known)
    metrics = tuple(_parsed(entry, where) for entry in entries_of(entries))
    for metric in metrics:
        _check_metric(metric, taken, where)
        taken.add(metric.name)
    return metrics


def _parsed(entry: object, where: str) -> MetricSettings:
    if isinstance(entry, MetricSettings):
        return entry
    if not isinstance(entry, Mapping):
        raise ConfigError(
            f"{where}: {entry!r} is invalid: must be a table such as "
            "{name = 'profit', function = 'shop.metrics:profit', target = 1.5}"
        )
    refuse_unknown(entry, MetricSettings.__struct_fields__, where)
    return struct_of(entry, MetricSettings, where)


def _check_metric(metric: MetricSettings, taken: set[str], where: str) -> None:
    def check(valid: bool, option: str, requirement: str) -> None:
        if not valid:
            value = getattr(metric, option)
            raise ConfigError(f"{where}: {option} = {value!r} is invalid: {requirement}")

    check(
        re.fullmatch(OWN_NAME, metric.name) is not None,
        "name",
        "must have lower-case letters, digits and _ only",
    )
    check(metric.name not in taken, "name", "there is a metric of this name; choose another")
    check(
        re.fullmatch(FUNCTION_NAME, metric.function) is not None,
        "function",
        "must be MODULE:FUNCTION, such as 'shop.metrics:profit'",
    )
    check(
        metric.target is None or abs(metric.target) < float("inf"),
        "target",
        "must be a finite number",
    )
