"""Findings: one cause of several metrics, named: swapped columns, a renamed category, a new unit.

They look at all metrics of a window and at some of its rows, after the detectors. A finding is
one alert: its first metric names the features that it explains (`related`), and the alerts about
these are not sent beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.findings.changed_values import changed
from modeltap.analysis.findings.renamed_categories import Renamed, renamed
from modeltap.analysis.findings.swapped_columns import Swapped, swapped
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import ALERT, Evidence, Metric
from modeltap.logs import logger

_EXPLAINED = ("unseen_rate", "drift", "out_of_range_rate", "outlier_rate", "constant_feed")
"""Metrics of a column that a finding explains; the first of them that alerts is its alert."""


def with_findings(metrics: Sequence[Metric], context: Context, values: Values) -> list[Metric]:
    """Return `metrics`, those that a finding explains with its evidence, one with `related`.

    Args:
        values: some of the window's rows.
    """
    alerting = {
        metric.feature
        for metric in metrics
        if metric.verdict == ALERT and metric.metric in _EXPLAINED
    }
    features = [f for f in context.reference.features if f.of is None and f.name in alerting]
    try:
        found = _findings(features, context, values)
    except Exception:
        # An alert without its name is better than none.
        logger.exception("modeltap: no findings of %s", context.reference.model)
        return list(metrics)
    return list(_named(metrics, found))


def _findings(features: Sequence[Feature], context: Context, values: Values) -> dict[str, Evidence]:
    """Return by feature the finding that explains it."""
    then = {feature.name: np.array(feature.counts, dtype=np.int64) for feature in features}
    found: dict[str, Evidence] = {}
    for pair in swapped(features, [then[feature.name] for feature in features], values):
        found |= dict.fromkeys(pair.features, pair)
    for feature in features:
        if feature.name not in found:
            own = _of_one(feature, then[feature.name], context.counts(feature), values)
            if own is not None:
                found[feature.name] = own
    return found


def _of_one(feature: Feature, then: np.ndarray, now: np.ndarray, values: Values) -> Evidence | None:
    column = values.column(feature)
    if feature.kind == "numeric" and column is not None:
        return changed(feature, then[: feature.bins], values.numbers(feature, column)[0])
    return renamed(feature, then, now, values)


def _named(metrics: Sequence[Metric], found: Mapping[str, Evidence]) -> Iterator[Metric]:
    """Yield the metrics with their findings; the first alert of one names all its features."""
    heads = dict(_heads(metrics, found))
    for place, metric in enumerate(metrics):
        if not _is_explained(metric, found):
            yield metric
            continue
        names = heads.get(place)
        yield replace(
            metric,
            evidence=found[metric.feature or ""],
            related=None if names is None else json.dumps(names),
        )


def _heads(
    metrics: Sequence[Metric], found: Mapping[str, Evidence]
) -> Iterator[tuple[int, list[str]]]:
    """Yield of each finding about several metrics the place of its first alert, and its features.

    The first is by feature, then by metric.
    """
    for name, finding in found.items():
        names = list(finding.features) if isinstance(finding, Swapped) else [name]
        if isinstance(finding, Swapped | Renamed) and name == names[0]:
            alerts = [
                (names.index(metric.feature or ""), _EXPLAINED.index(metric.metric), place)
                for place, metric in enumerate(metrics)
                if metric.feature in names and _is_explained(metric, found)
            ]
            yield min(alerts)[-1], names


def _is_explained(metric: Metric, found: Mapping[str, Evidence]) -> bool:
    return metric.verdict == ALERT and metric.feature in found and metric.metric in _EXPLAINED
