"""Columns of 300 rows that hold what no column should, and what metrics of them must be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict

from modeltap.analysis.model.metric import Metric

WINDOW = 300

CASES: dict[str, list[Any] | None] = {
    "absent": None,
    "all missing": [None] * WINDOW,
    "constant": [7.0] * WINDOW,
    "unseen categories": [f"new{i % 3}" for i in range(WINDOW)],
    "numbers as strings": [str(i / 100) for i in range(WINDOW)],
    "lists": [[1.0, 2.0]] * WINDOW,
    "objects": [{"deep": {"er": 1}}] * WINDOW,
    "NaN": [math.nan] * WINDOW,
    "infinities": [math.inf, -math.inf] * (WINDOW // 2),
    "one 1e12": [1e12] + [0.1] * (WINDOW - 1),
    "huge integers": [10**400] * WINDOW,
    "booleans": [True, False] * (WINDOW // 2),
    "no Unicode": ["\ud800"] * WINDOW,
    "empty strings": [""] * WINDOW,
    "a bit of everything": [None, 1, "1", [1], {"a": 1}, math.nan, True, 10**400, -math.inf, ""]
    * (WINDOW // 10),
}

INFINITE = ("infinities", "a bit of everything")
"""Predictions and labels with which no error can be computed."""


def check_finite(metrics: Iterable[Metric]) -> None:
    """No metric has a NaN or an infinity."""
    for metric in metrics:
        for name, value in asdict(metric).items():
            if isinstance(value, float):
                assert math.isfinite(value), (metric.metric, metric.feature, name)
