"""Metrics of windows as entries of MLflow: keys, steps, times."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from modeltap import clock
from modeltap.config.windows import parse_seconds
from modeltap.errors import ConfigError
from modeltap.store.unsent_facts import UnsentMetric

PREFIX = "modeltap"
"""The first part of each key, by which MLflow groups the charts."""

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.\- ]")
"""MLflow takes these letters on every system and in every kind of store."""

_MOST_OF_PART = 75
"""A key has up to 250 characters: the prefix, a metric, a feature and a segment."""


class RunEntry(NamedTuple):
    """A value for MLflow.

    Attributes:
        timestamp: the end of its window in Unix milliseconds.
        step: the number of its window, or seconds if windows have no fixed length.
        row: the id of the metric, to go on from.
    """

    key: str
    value: float
    timestamp: int
    step: int
    row: int


def run_entries(rows: Iterable[UnsentMetric], origin: float) -> Iterator[RunEntry]:
    """Yield rows as entries; values that are not finite are left out.

    Args:
        origin: the end of the window with step 0, in Unix seconds.
    """
    for row in rows:
        end = clock.parse(row.window_end)
        if end is not None and math.isfinite(row.value):
            step = step_of(end - origin, row.window)
            key = entry_key(row.metric, row.feature, row.segment)
            yield RunEntry(key, row.value, round(end * 1000), step, row.id)


def entry_key(metric: str, feature: str | None = None, segment: str | None = None) -> str:
    """Return the key of a metric, a feature and a segment.

    A part with other letters than MLflow's gets a hash, so that two names stay two.

    >>> entry_key("drift", "distance"), entry_key("mae", None, "sex=Female")
    ('modeltap/drift/distance', 'modeltap/mae/sex_Female-85ff75')
    """
    parts = [part for part in (metric, feature, segment) if part is not None]
    return "/".join([PREFIX, *map(_part, parts)])


def _part(text: str) -> str:
    safe = _FORBIDDEN.sub("_", text)
    if safe == text and 0 < len(text) <= _MOST_OF_PART and text.strip(". ") == text:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{safe[: _MOST_OF_PART - 7].strip('. ')}-{digest}"


def step_of(seconds: float, window: str) -> int:
    """Return the step of a window that ends `seconds` after the first.

    >>> step_of(7200.0, "1h"), step_of(7200.0, "5000 rows"), step_of(-3600.0, "1h")
    (2, 7200, -1)
    """
    with suppress(ConfigError, ValueError):
        return round(seconds / parse_seconds(window, "window"))
    return round(seconds)
