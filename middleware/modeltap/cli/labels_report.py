"""The `labels` command: how many labels each model has, and how fast they arrive."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import click

from modeltap import clock
from modeltap.analysis.arrival.label_arrival import (
    ArrivalPoint,
    WindowArrivals,
    arrival_points,
    window_arrivals,
)
from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.environments import environment_of, named, version_of
from modeltap.output import echo_paragraph, emit_json
from modeltap.store.label_arrivals import row_arrivals
from modeltap.store.label_overview import (
    LabelCounts,
    UnknownLabels,
    count_labels,
    count_unknown,
    labels_by_source,
)
from modeltap.store.predictions import LAST
from modeltap.wording import percent, plural

_SHOWN = ("1h", "1d", "7d", "30d")
"""Points of the arrival curve in the text; `--json` has all."""


@click.command()
@store_option
@model_option()
@json_option
def labels(store: str | None, model: str | None, as_json: bool) -> None:
    """Show how many labels models have, and how they arrive.

    Lists corrected labels, the sources of labels, and labels with an unknown id.

    \b
    Example:
      modeltap labels --model flights
    """
    connection = read_store(store)
    check_model(connection, model)
    unknown = {own.model: own for own in count_unknown(connection)}
    counted = count_labels(connection, model)
    for own in counted:
        row = _row(connection, own, unknown.get(own.model))
        if as_json:
            emit_json(row)
        else:
            _print(row)
    unnamed = unknown.get(None)
    if unnamed is not None:
        if as_json:
            emit_json({"model": None, "unknown": unnamed.labels, "expired": unnamed.expired})
        else:
            echo_paragraph(f"{_unknown(unnamed.labels, unnamed.expired)}, sent without a model")
    if not counted and unnamed is None and not as_json:
        echo_paragraph("no rows yet: `modeltap analyze` decodes them")


def _row(
    connection: sqlite3.Connection, counts: LabelCounts, unknown: UnknownLabels | None
) -> dict[str, Any]:
    arrivals = _arrivals(connection, counts)
    points = arrival_points(arrivals, time.time())
    return {
        "model": counts.model,
        "version": version_of(counts.version),
        "environment": environment_of(counts.version),
        "rows": counts.rows,
        "labelled": counts.labelled,
        "pending": counts.rows - counts.labelled,
        "label_coverage": counts.labelled / counts.rows if counts.rows else None,
        "corrected": counts.corrected,
        "unknown": unknown.labels if unknown else 0,
        "expired": unknown.expired if unknown else 0,
        "sources": labels_by_source(connection, counts.model, counts.version),
        "last_label_at": counts.last_at,
        "label_delay_p50_seconds": arrivals.median,
        "delays_unknown": arrivals.unknown,
        "arrival": [point._asdict() for point in points],
    }


def _arrivals(connection: sqlite3.Connection, counts: LabelCounts) -> WindowArrivals:
    """Return the arrival of the labels of all rows, in columns, because there may be millions."""
    times: list[str] = []
    labelled: list[bool] = []
    delays: list[float | None] = []
    for row in row_arrivals(connection, counts.model, counts.version, ("", 0, 0), LAST):
        times.append(row.predicted_at)
        labelled.append(row.labelled)
        delays.append(row.delay)
    return window_arrivals(times, labelled, delays)


def _print(row: dict[str, Any]) -> None:
    version = f"@{row['environment']}" if row["environment"] else ""
    name = named(f"{row['model']} {row['version']}".strip(), version)
    coverage = f" ({percent(row['label_coverage'])})" if row["labelled"] else ""
    echo_paragraph(
        f"{name}: {row['labelled']:,} of {plural(row['rows'], 'row')} labelled{coverage}, "
        f"{row['pending']:,} pending",
        later="  ",
    )
    if row["labelled"]:
        sources = ", ".join(f"{count:,} by {source}" for source, count in row["sources"].items())
        echo_paragraph(
            f"last label {clock.short(row['last_label_at'])}; {sources}; "
            f"{plural(row['corrected'], 'row')} corrected",
            first="  ",
            later="    ",
        )
        echo_paragraph(_arrival(row), first="  ", later="    ")
    if row["unknown"]:
        unknown = _unknown(row["unknown"], row["expired"])
        echo_paragraph(f"{unknown}; see `modeltap doctor`", first="  ", later="    ")


def _arrival(row: dict[str, Any]) -> str:
    """Return the arrival curve as text, or the reason why there is none."""
    median = row["label_delay_p50_seconds"]
    if median is None:
        return "how fast labels arrive is unknown: they were imported with their rows"
    points = [ArrivalPoint(**point) for point in row["arrival"]]
    known = [p for p in points if p.within in _SHOWN and p.fraction is not None]
    parts = [f"{percent(p.fraction or 0.0)} within {p.within}" for p in known]
    return "; ".join([f"half of the labels arrived within {clock.length(median)}", *parts])


def _unknown(labels: int, expired: int) -> str:
    text = f"{plural(labels, 'label')} with an unknown id"
    return (
        f"{text}, {expired:,} of them for exchanges that `retention` deleted" if expired else text
    )
