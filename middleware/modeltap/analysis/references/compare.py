"""Comparison of two references, feature by feature."""

from __future__ import annotations

from typing import Any

import numpy as np

from modeltap.analysis.model.feature import MISSING, Feature
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.statistics import distances
from modeltap.analysis.statistics.quantiles import quantile


def compare(before: Reference, after: Reference) -> list[dict[str, Any]]:
    """Return a row for each feature of either reference.

    It has types, missing rates, medians or most frequent values, and the Jensen-Shannon distance,
    for which the rows of `after` are spread over the bins of `before`.
    """
    names = dict.fromkeys([*before.by_name, *after.by_name])
    return [_row(name, before.by_name.get(name), after.by_name.get(name)) for name in names]


def _row(name: str, before: Feature | None, after: Feature | None) -> dict[str, Any]:
    row: dict[str, Any] = {"feature": name}
    for side, feature in (("before", before), ("after", after)):
        row[f"type_{side}"] = feature.kind if feature is not None else None
        row[f"missing_{side}"] = _missing(feature)
        row[f"typical_{side}"] = _typical(feature)
    row["js"] = _distance(before, after)
    return row


def _missing(feature: Feature | None) -> float | None:
    total = sum(feature.counts) if feature is not None else 0
    return feature.counts[MISSING] / total if feature is not None and total else None


def _typical(feature: Feature | None) -> float | str | None:
    """Return the median of numbers, or the most frequent category."""
    if feature is None or not sum(feature.counts[: feature.bins]):
        return None
    counts = np.array(feature.counts[: feature.bins])
    if feature.kind == "numeric":
        return quantile(feature, counts, 0.5)
    if feature.kind in ("categorical", "boolean"):
        most = int(np.argmax(counts))
        return feature.vocabulary[most] if most < len(feature.vocabulary) else None
    return None


def _distance(before: Feature | None, after: Feature | None) -> float | None:
    if before is None or after is None or before.kind != after.kind:
        return None
    then = np.array(before.counts[: before.bins], dtype=np.float64)
    if before.kind == "numeric":
        now = _spread(after, np.array(before.edges))
    elif before.kind in ("categorical", "boolean"):
        now = _matched(before, after)
    else:
        return None
    return distances.js(distances.coarse(before, then), distances.coarse(before, now))


def _spread(feature: Feature, edges: np.ndarray) -> np.ndarray:
    """Spread a feature's rows over other edges, as if they were uniform within their bins."""
    own = np.array(feature.edges)
    spread = np.zeros(len(edges) + 1)
    if not len(own):
        return spread
    ends = np.concatenate([[min(feature.low, own[0])], own, [max(feature.high, own[-1])]])
    for place, rows in enumerate(feature.counts[: feature.bins]):
        if rows:
            low, high = ends[place], ends[place + 1]
            inner = edges[(edges > low) & (edges < high)]
            parts = np.concatenate([[low], inner, [high]])
            fractions = np.diff(parts) / (high - low) if high > low else np.ones(1)
            first = int(np.searchsorted(edges, low, "right"))
            spread[first : first + len(fractions)] += rows * fractions
    return spread


def _matched(before: Feature, after: Feature) -> np.ndarray:
    rows = dict(zip(after.vocabulary, after.counts, strict=False))
    matched = [float(rows.pop(category, 0)) for category in before.vocabulary]
    rare = after.counts[len(after.vocabulary)] if after.bins > len(after.vocabulary) else 0
    return np.array([*matched, float(sum(rows.values()) + rare)])
