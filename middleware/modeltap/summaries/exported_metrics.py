"""The facts of a store as families of measurements, for Prometheus and OpenTelemetry.

The number of series is bounded, because other systems keep each of them: the newest versions, a
number of features and of segments. What is left out is counted in families of their own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from modeltap import clock
from modeltap.config.metrics import CATALOGUE
from modeltap.environments import environment_of, version_of
from modeltap.store.alerts import list_alerts
from modeltap.store.labels import last_label_at
from modeltap.store.last_windows import (
    LastValue,
    captured_total,
    last_analysis_end,
    last_window_values,
    latest_versions,
    message_counts,
    traces_of_examples,
)
from modeltap.store.metrics import last_window_end, metrics_in_store
from modeltap.store.models import ModelVersion
from modeltap.store.retention import size
from modeltap.store.self_check import drops_by_reason, waiting_exchanges
from modeltap.store.traffic import request_totals
from modeltap.summaries.metric_family import (
    Labels,
    Measurement,
    MetricFamily,
    distinct,
    safe_label,
)

MOST_VERSIONS = 100
"""Versions of all models: a version for each commit would fill another system in weeks."""

MOST_FEATURES = 500
"""Features of a version with values of their own; those that alert come first."""

MOST_SEGMENTS = 200
"""Segments of a metric, such as groups of people or evaluators."""

MOST_TRACES = 5
"""Traces that one series of alerts links to."""

OF_FEATURES = (
    "drift",
    "missing_rate",
    "unseen_rate",
    "out_of_range_rate",
    "type_mismatch_rate",
    "outlier_rate",
)
"""Metrics that are exported for each feature. They have no value for all rows."""

_NOT_EXPORTED = ("confusion_rate", "calibration_rate", "slice_error")
"""Metrics whose segments are cells of a picture, or new in each window."""

_UNITS = {
    "fraction": "1",
    "seconds": "s",
    "ms": "s",
    "requests/s": "{request}/s",
    "fields": "{field}",
    "exchanges": "{exchange}",
}
"""The catalogue's units in UCUM; the others are scales without one."""

_ENDINGS = ("_seconds", "_ms", "_rps")
"""Units in the catalogue's names, which are written beside the exported ones."""

_OWN = "own_metric"
"""The family of the user's own metrics, whose names may hold any character."""


def exported_families(connection: sqlite3.Connection) -> list[MetricFamily]:
    """Return everything that other monitoring tools may know of a store."""
    versions, left_out = latest_versions(connection, MOST_VERSIONS)
    families = [
        *_traffic(connection, versions),
        *_capture(connection),
        _alerts(connection),
        *_times(connection, versions),
        *_metrics(connection, versions),
        _family("versions_left_out", "{version}", "Versions beyond the limit.", left_out),
    ]
    return [f._replace(measurements=distinct(f.measurements)) for f in families]


def unit_of(metric: str) -> str:
    """Return a metric's exported unit in UCUM; "" without one."""
    entry = CATALOGUE.get(metric)
    return "" if entry is None else _UNITS.get(entry.unit, "")


def exported_name(metric: str) -> str:
    """Return the name of a metric's family.

    >>> exported_name("latency_p95_ms"), exported_name("mae"), exported_name("my metric")
    ('latency_p95', 'mae', 'own_metric')
    """
    if metric not in CATALOGUE:
        return _OWN
    for ending in _ENDINGS:
        metric = metric.removesuffix(ending)
    return metric


def exported_family(metric: str) -> MetricFamily:
    """Return the family of a metric, without measurements."""
    entry = CATALOGUE.get(metric)
    about = "metrics of your own" if entry is None else entry.description
    text = f"{about[:1].upper()}{about[1:]}, in the last window."
    return MetricFamily(exported_name(metric), unit_of(metric), "gauge", text, [])


def exported_value(metric: str, value: float) -> float:
    """Return a metric's value in its exported unit: times in seconds."""
    entry = CATALOGUE.get(metric)
    return value / 1000 if entry is not None and entry.unit == "ms" else value


def metric_labels(
    of: ModelVersion, metric: str, feature: str | None, segment: str | None
) -> dict[str, str]:
    """Return the labels of a metric's value; an absent segment is left out, as Prometheus does."""
    labels = version_labels(of)
    if metric not in CATALOGUE:
        labels["metric"] = safe_label(metric)
    if feature is not None:
        labels["feature"] = safe_label(feature)
    if segment is not None:
        labels["segment"] = safe_label(segment)
    return labels


def version_labels(of: ModelVersion) -> dict[str, str]:
    """Return the labels of a model's version."""
    return {
        "model": safe_label(of.model),
        "version": safe_label(version_of(of.version)),
        "environment": safe_label(environment_of(of.version) or ""),
    }


def is_exported(metric: str, feature: str | None) -> bool:
    """Return True if a metric is exported: of all rows and segments, or of a feature."""
    return metric not in _NOT_EXPORTED and (feature is not None) == (metric in OF_FEATURES)


class ExportedSeries:
    """The series within the limits, so that values of past windows begin no others.

    Args:
        families: as `exported_families` returns them.
    """

    def __init__(self, families: list[MetricFamily]) -> None:
        by_name = {family.name: family.measurements for family in families}
        self._versions = {_version_key(m.labels) for m in by_name["requests"]}
        self._limited = {
            (*_version_key(m.labels), m.labels["metric"]) for m in by_name["series_left_out"]
        }
        self._series = (
            {(name, *sorted(m.labels.items())) for name in by_name for m in by_name[name]}
            if self._limited
            else set()
        )

    def has(self, name: str, metric: str, labels: Labels) -> bool:
        """Return True if a series is exported: it is, or its metric has room for it."""
        version = _version_key(labels)
        if version not in self._versions:
            return False
        if (*version, safe_label(metric)) not in self._limited:
            return True
        return (name, *sorted(labels.items())) in self._series


def _version_key(labels: Labels) -> tuple[str, str, str]:
    return labels["model"], labels["version"], labels["environment"]


def _traffic(
    connection: sqlite3.Connection, versions: list[ModelVersion]
) -> Iterator[MetricFamily]:
    totals = [(version_labels(of), request_totals(connection, *of)) for of in versions]
    yield MetricFamily(
        "requests",
        "{request}",
        "counter",
        "Analysed requests of the model.",
        [Measurement(labels, float(total.requests)) for labels, total in totals],
    )
    yield MetricFamily(
        "request_errors",
        "{request}",
        "counter",
        "Requests with a status of 500 or above, or an exception.",
        [Measurement(labels, float(total.errors)) for labels, total in totals],
    )


def _capture(connection: sqlite3.Connection) -> Iterator[MetricFamily]:
    yield MetricFamily(
        "captured",
        "{exchange}",
        "counter",
        "Exchanges that were written to the store, including deleted ones.",
        [Measurement({}, float(captured_total(connection)))],
    )
    yield MetricFamily(
        "dropped",
        "{exchange}",
        "counter",
        "Exchanges that capture lost.",
        [
            Measurement(
                {
                    "model": safe_label(row["model"]),
                    "environment": safe_label(row["environment"] or ""),
                    "reason": safe_label(row["reason"]),
                },
                float(row["exchanges"]),
            )
            for row in drops_by_reason(connection)
        ],
    )
    yield _family(
        "waiting_exchanges",
        "{exchange}",
        "Exchanges that no analysis has read.",
        waiting_exchanges(connection),
    )
    yield _family("store_size", "By", "Size of the store's data.", size(connection))
    yield MetricFamily(
        "messages",
        "{message}",
        "gauge",
        "Messages to webhooks, by state: pending, delivered, dead.",
        [
            Measurement({"state": state}, float(count))
            for state, count in message_counts(connection).items()
        ],
    )


def _alerts(connection: sqlite3.Connection) -> MetricFamily:
    alerts = list_alerts(connection, None, "firing")
    traces = traces_of_examples(connection, [alert["id"] for alert in alerts], MOST_TRACES)
    names = ("model", "version", "environment", "rule", "severity")
    groups: dict[tuple[str, ...], list[str]] = {}
    for alert in alerts:
        key = tuple(safe_label(alert[name] or "") for name in names)
        groups.setdefault(key, []).append(alert["id"])
    return MetricFamily(
        "alerts_firing",
        "{alert}",
        "gauge",
        "Firing alerts.",
        [
            Measurement(
                dict(zip(names, key, strict=True)),
                float(len(ids)),
                traces=tuple(t for id_ in ids for t in traces.get(id_, ()))[:MOST_TRACES],
            )
            for key, ids in groups.items()
        ],
    )


def _times(connection: sqlite3.Connection, versions: list[ModelVersion]) -> Iterator[MetricFamily]:
    ends = [(version_labels(of), last_window_end(connection, *of)) for of in versions]
    labels = [
        (
            version_labels(of),
            last_label_at(connection, of.model, environment_of(of.version) or ""),
        )
        for of in versions
    ]
    for name, help_text, moments in (
        ("last_window_end_timestamp", "End of the last evaluated window, Unix time.", ends),
        ("last_label_timestamp", "Arrival of the last label, Unix time.", labels),
        (
            "last_analysis_timestamp",
            "End of the last complete analysis, Unix time.",
            [({}, last_analysis_end(connection))],
        ),
    ):
        measurements = [
            Measurement(of, seconds)
            for of, text in moments
            if text and (seconds := clock.parse(text)) is not None
        ]
        yield MetricFamily(name, "s", "gauge", help_text, measurements)


def _metrics(
    connection: sqlite3.Connection, versions: list[ModelVersion]
) -> Iterator[MetricFamily]:
    """Yield a family for each metric of the catalogue that the store has."""
    own = []
    left_out: list[Measurement] = []
    for metric in metrics_in_store(connection):
        measurements: list[Measurement] = []
        for of in versions:
            measurements += _measured(connection, of, metric, left_out)
        if metric not in CATALOGUE:
            own += measurements
        elif measurements:
            yield exported_family(metric)._replace(measurements=measurements)
    if own:
        yield exported_family(_OWN)._replace(measurements=own)
    yield MetricFamily(
        "series_left_out",
        "{series}",
        "gauge",
        "Features and segments that are too many to export.",
        left_out,
    )


def _measured(
    connection: sqlite3.Connection, of: ModelVersion, metric: str, left_out: list[Measurement]
) -> Iterator[Measurement]:
    for of_features, most in ((False, MOST_SEGMENTS), (True, MOST_FEATURES)):
        if not is_exported(metric, "" if of_features else None):
            continue
        values = last_window_values(connection, of, metric, of_features=of_features)
        for value in sorted(values, key=_rank)[:most]:
            labels = metric_labels(of, metric, value.feature, value.segment)
            yield Measurement(
                labels, exported_value(metric, value.value), clock.parse(value.window_end)
            )
        if len(values) > most:
            labels = {**version_labels(of), "metric": safe_label(metric)}
            left_out.append(Measurement(labels, float(len(values) - most)))


def _rank(value: LastValue) -> tuple[bool, bool, str, str]:
    """Order values by use: all rows, then what alerts, then by name, so that series stay."""
    return (
        value.segment is not None,
        value.verdict != "alert",
        value.feature or "",
        value.segment or "",
    )


def _family(name: str, unit: str, help_text: str, value: float) -> MetricFamily:
    return MetricFamily(name, unit, "gauge", help_text, [Measurement({}, float(value))])
