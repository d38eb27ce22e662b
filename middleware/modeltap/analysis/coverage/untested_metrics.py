"""Metrics that cannot be computed: of performance, by labels and predictions, and of costs."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from modeltap.analysis.costs.exchange_costs import NO_NAME, NO_PRICE, exchange_cost, unpriced
from modeltap.analysis.coverage.unmonitored import Level, Unmonitored
from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, OK
from modeltap.config.evaluation.price_settings import PriceSettings
from modeltap.config.metrics import reported_by
from modeltap.environments import with_environment
from modeltap.store.metrics import latest_metrics, own_metrics_in_store
from modeltap.store.token_counts import newest_token_counts

_SEARCHED = 10_000
"""The newest exchanges of a model that are searched for names without a price."""


def untested_metrics(
    connection: sqlite3.Connection, model: str, environment: str | None
) -> list[Unmonitored]:
    """Return the metrics that could not be compared in a model's last labelled window.

    They are problems if no other metric has a verdict, because then no performance is compared.
    """
    metrics = [*reported_by("performance"), *own_metrics_in_store(connection)]
    latest = latest_metrics(connection, metrics, model=model, feature=None, last=1)
    rows = [row for row in latest if row["environment"] == environment]
    level: Level = "note" if any(row["verdict"] in (OK, ALERT) for row in rows) else "problem"
    return [
        Unmonitored(
            check="metrics",
            model=model,
            version=with_environment(row["version"], row["environment"]),
            level=level,
            subject=row["metric"],
            count=row["rows"],
            total=row["rows"],
            reason=row["explanation"] or "labels and predictions cannot be compared",
        )
        for row in rows
        if row["verdict"] == NOT_COMPARABLE and row["segment"] is None
    ]


def unused_labels_of(
    connection: sqlite3.Connection, model: str, environment: str | None
) -> list[Unmonitored]:
    """Return the labelled rows that the performance of a model's last window leaves out."""
    latest = latest_metrics(connection, ["label_coverage"], model=model, feature=None, last=1)
    return [
        Unmonitored(
            check="metrics",
            model=model,
            version=with_environment(row["version"], row["environment"]),
            level="note",
            subject="the performance of some labelled rows",
            reason=row["explanation"],
        )
        for row in latest
        if row["environment"] == environment and row["explanation"]
    ]


def failed_evaluators(
    connection: sqlite3.Connection, model: str, environment: str | None
) -> list[Unmonitored]:
    """Return the evaluators, and the judge, without a comparison in a model's last window."""
    names = ["evaluator_pass_rate", "judge_corrected_rate"]
    latest = [
        row
        for name in names
        for row in latest_metrics(connection, [name], model=model, feature=None, last=1)
        if row["environment"] == environment and row["verdict"] == NOT_COMPARABLE
    ]
    return [
        Unmonitored(
            check="metrics",
            model=model,
            version=with_environment(row["version"], row["environment"]),
            level="problem" if row["value"] is None and row["segment"] is not None else "note",
            subject=row["segment"] or row["metric"],
            count=row["rows"],
            total=row["rows"],
            reason=row["explanation"] or "outputs cannot be compared",
        )
        for row in latest
    ]


def unpriced_outputs(
    connection: sqlite3.Connection,
    prices: Mapping[str, PriceSettings],
    model: str,
    environment: str | None,
) -> list[Unmonitored]:
    """Return the language models whose tokens have no cost; empty without a price table."""
    if not prices:
        return []
    counts = newest_token_counts(connection, model, environment or "", _SEARCHED)
    reasons = unpriced(counts, [exchange_cost(count, prices) for count in counts])
    return [
        Unmonitored(
            check="metrics",
            model=model,
            version=with_environment("", environment),
            level="problem",
            subject="the cost" if name is None else f"the cost of {name!r}",
            count=number,
            total=len(counts),
            reason=reason,
            fix=_fix(name, reason),
        )
        for (name, reason), number in reasons.most_common()
    ]


def _fix(name: str | None, reason: str) -> str:
    if reason == NO_PRICE:
        return f'add [prices."{name}"] with input and output, per million tokens'
    if reason == NO_NAME:
        return "have the server state the model in its responses"
    return 'for streams, send stream_options = {"include_usage": true} with requests'
