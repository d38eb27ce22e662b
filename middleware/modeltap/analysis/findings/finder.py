"""Findings, each one cause of several metrics: swapped columns, a renamed category, a new unit.

They are determined after the detectors, from a window's metrics and some of its rows. A finding
is one alert: its first metric lists the features that it explains (`related`), and other alerts
about these features are not sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.findings.changed_values import changed
from modeltap.analysis.findings.renamed_categories import renamed
from modeltap.analysis.findings.swapped_columns import Swapped, swapped
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import ALERT, Evidence, Metric
from modeltap.logs import logger

_EXPLAINED = ("unseen_rate", "drift", "out_of_range_rate", "outlier_rate", "constant_feed")
"""Metrics of a column that a finding explains; the first one that alerts carries the finding."""


def with_findings(metrics: Sequence[Metric], context: Context, values: Values) -> list[Metric]:
    """Return `metrics`; those explained by a finding have its evidence, one also has `related`.

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
        findings = _findings(features, context, values)
    except Exception:
        # An alert without its finding is better than no alert.
        logger.exception("modeltap: no findings of %s", context.reference.model)
        return list(metrics)
    return list(_with_evidence(metrics, findings))


def _findings(features: Sequence[Feature], context: Context, values: Values) -> dict[str, Evidence]:
    """Return the findings by the features that they explain."""
    reference = {feature.name: np.array(feature.counts, dtype=np.int64) for feature in features}
    findings: dict[str, Evidence] = {}
    for pair in swapped(features, [reference[feature.name] for feature in features], values):
        findings |= dict.fromkeys(pair.features, pair)
    for feature in features:
        if feature.name not in findings:
            finding = _of_column(feature, reference[feature.name], context.counts(feature), values)
            if finding is not None:
                findings[feature.name] = finding
    return findings


def _of_column(
    feature: Feature, reference: np.ndarray, current: np.ndarray, values: Values
) -> Evidence | None:
    column = values.column(feature)
    if feature.kind == "numeric" and column is not None:
        return changed(feature, reference[: feature.bins], values.numbers(feature, column)[0])
    return renamed(feature, reference, current, values)


def _with_evidence(metrics: Sequence[Metric], findings: Mapping[str, Evidence]) -> Iterator[Metric]:
    """Yield the metrics with their findings; the first alert of each lists all its features."""
    heads = dict(_heads(metrics, findings))
    for place, metric in enumerate(metrics):
        if not _is_explained(metric, findings):
            yield metric
            continue
        names = heads.get(place)
        yield replace(
            metric,
            evidence=findings[metric.feature or ""],
            related=None if names is None else json.dumps(names),
        )


def _heads(
    metrics: Sequence[Metric], findings: Mapping[str, Evidence]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the place of each finding's first alert, and the finding's features.

    Alerts that need no second window come first: another one would fire beside a finding that is
    still pending. Then they are ordered by feature and by metric.
    """
    for name, finding in findings.items():
        names = list(finding.features) if isinstance(finding, Swapped) else [name]
        if name == names[0]:
            alerts = [
                (
                    not metric.at_once,
                    names.index(metric.feature or ""),
                    _EXPLAINED.index(metric.metric),
                    place,
                )
                for place, metric in enumerate(metrics)
                if metric.feature in names and _is_explained(metric, findings)
            ]
            yield min(alerts)[-1], names


def _is_explained(metric: Metric, findings: Mapping[str, Evidence]) -> bool:
    return metric.verdict == ALERT and metric.feature in findings and metric.metric in _EXPLAINED
