"""The page `/metrics`: the store's facts in the text format of Prometheus.

It reads the store, so it is right with several workers of the app. The format is described at
https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from modeltap import clock
from modeltap.environments import environment_of, version_of
from modeltap.printable import escaped
from modeltap.store.alerts import list_alerts
from modeltap.store.labels import last_label_at
from modeltap.store.metric_history import last_drift, last_metrics, metrics_of_all_rows
from modeltap.store.metrics import last_window_end
from modeltap.store.models import ModelVersion, counted_models
from modeltap.store.self_check import drops_by_reason, waiting_exchanges
from modeltap.store.traffic import request_totals


class _Family(NamedTuple):
    """A metric of Prometheus: its kind, its help text, and labels with values."""

    name: str
    kind: str
    help: str
    samples: Iterable[tuple[Mapping[str, str], float]]


def prometheus_text(connection: sqlite3.Connection) -> str:
    """Return the page."""
    lines = []
    for family in _families(connection):
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        lines += [f"{family.name}{_labels(labels)} {value!r}" for labels, value in family.samples]
    return "\n".join(lines) + "\n"


def _families(connection: sqlite3.Connection) -> Iterator[_Family]:
    models = counted_models(connection)
    totals = [(of, request_totals(connection, *of)) for of in models]
    yield _Family(
        "modeltap_requests_total",
        "counter",
        "Requests of the model.",
        [(_of(of), float(total.requests)) for of, total in totals],
    )
    yield _Family(
        "modeltap_request_errors_total",
        "counter",
        "Requests with a status of 500 or above, or an exception.",
        [(_of(of), float(total.errors)) for of, total in totals],
    )
    yield _Family(
        "modeltap_dropped_total",
        "counter",
        "Exchanges that capture lost.",
        [
            (
                {
                    "model": row["model"],
                    "environment": row["environment"] or "",
                    "reason": row["reason"],
                },
                float(row["exchanges"]),
            )
            for row in drops_by_reason(connection)
        ],
    )
    yield _Family(
        "modeltap_waiting_exchanges",
        "gauge",
        "Exchanges that no analysis has read.",
        [({}, float(waiting_exchanges(connection)))],
    )
    yield _Family(
        "modeltap_alerts_firing",
        "gauge",
        "Firing alerts.",
        _firing(connection),
    )
    yield _Family(
        "modeltap_metric",
        "gauge",
        "The last value of a metric of all rows; see the reference of metrics.",
        [
            ({**_of(of), "metric": name}, value)
            for of in models
            for name, value in last_metrics(
                connection, of, metrics_of_all_rows(connection, of)
            ).items()
        ],
    )
    yield _Family(
        "modeltap_drift",
        "gauge",
        "Drift of a feature in its last window: the Jensen-Shannon distance, 0 to 1.",
        [
            ({**_of(of), "feature": feature}, value)
            for of in models
            for feature, value in last_drift(connection, of).items()
        ],
    )
    yield from _times(connection, models)


def _times(connection: sqlite3.Connection, models: list[ModelVersion]) -> Iterator[_Family]:
    for name, help_text, moments in (
        (
            "modeltap_last_window_end_seconds",
            "End of the last evaluated window, in seconds since the epoch.",
            [(of, last_window_end(connection, *of)) for of in models],
        ),
        (
            "modeltap_last_label_seconds",
            "When the last label arrived, in seconds since the epoch.",
            [
                (of, last_label_at(connection, of.model, environment_of(of.version) or ""))
                for of in models
            ],
        ),
    ):
        samples = [
            (_of(of), seconds)
            for of, text in moments
            if text and (seconds := clock.parse(text)) is not None
        ]
        yield _Family(name, "gauge", help_text, samples)


def _firing(connection: sqlite3.Connection) -> list[tuple[dict[str, str], float]]:
    counts: dict[tuple[str, ...], int] = {}
    for alert in list_alerts(connection, None, "firing"):
        key = (
            alert["model"],
            alert["version"],
            alert["environment"] or "",
            alert["rule"],
            alert["severity"],
        )
        counts[key] = counts.get(key, 0) + 1
    names = ("model", "version", "environment", "rule", "severity")
    return [(dict(zip(names, key, strict=True)), float(count)) for key, count in counts.items()]


def _of(of: ModelVersion) -> dict[str, str]:
    return {
        "model": of.model,
        "version": version_of(of.version),
        "environment": environment_of(of.version) or "",
    }


def _labels(labels: Mapping[str, str]) -> str:
    """Return labels in braces; names from clients are escaped as the format demands.

    >>> _labels({"model": 'a"b'}), _labels({})
    ('{model="a\\\\"b"}', '')
    """
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return escaped(value).replace("\\", "\\\\").replace('"', '\\"')
