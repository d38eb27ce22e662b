"""`metrics`, and the reports for people: `drift`, `quality`, `performance`, `latency`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import click

from modeltap.analysis.counting.counter import total
from modeltap.analysis.explanations.histogram import distribution
from modeltap.analysis.model.reference import Reference, layout
from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.cli.untested_rows import unjoined_rows, untested_rows, without_tested
from modeltap.config.metrics import CATALOGUE, reported_by
from modeltap.environments import with_environment
from modeltap.errors import InputError, nearest
from modeltap.output import echo, emit
from modeltap.printable import escaped
from modeltap.store.metrics import (
    features_in_metrics,
    latest_metrics,
    list_metrics,
    metrics_in_store,
)
from modeltap.store.references import active_reference
from modeltap.store.windows import Series, evaluated_with
from modeltap.wording import percent

_SHOWN_OF_METRICS = (
    "window_start",
    "window_end",
    "rows",
    "metric",
    "feature",
    "value",
    "threshold",
    "verdict",
)
_SHOWN = (
    "window_start",
    "rows",
    "feature",
    "metric",
    "value",
    "threshold",
    "verdict",
    "explanation",
)
_BAR = 30
"""Blocks of a full bar: a picture fits a terminal of 80 columns."""

_ONCE_OVER = "`modeltap analyze` computes it, once a window is over"


class _Kind(NamedTuple):
    """A report: its help, and what has to happen before there is one."""

    help: str
    awaited: str = _ONCE_OVER


_KINDS = {
    "drift": _Kind("How far inputs and answers have moved from the reference."),
    "quality": _Kind(
        "Missing, mistyped, new, impossible and repeated values; gaps; changed fields."
    ),
    "performance": _Kind(
        "How right the model was, where labels came.",
        "it needs labels (`modeltap label`), and predictions (`modeltap doctor`)",
    ),
    "latency": _Kind(
        "How fast answers came, and how many failed.",
        "it goes by the hour where windows are of so many rows; `modeltap analyze --open` "
        "computes it before its time is over",
    ),
}
"""The reports by command; the catalogue says which metrics each shows."""


def _feature_option(name: str) -> Callable[[Any], Any]:
    """Return the option `--feature`, which outputs and times do not have."""
    if name in ("performance", "latency"):
        return lambda command: command
    text = "Only this feature, with its distribution." if name == "drift" else "Only this feature."
    return click.option("--feature", default=None, help=text)


def _command(name: str) -> click.Command:
    kind = _KINDS[name]

    @click.command(name, help=kind.help)
    @store_option
    @model_option()
    @_feature_option(name)
    @click.option(
        "--last", type=click.IntRange(1), default=1, show_default=True, help="How many windows."
    )
    @json_option
    def command(
        store: str | None, model: str | None, last: int, as_json: bool, feature: str | None = None
    ) -> None:
        connection = read_store(store)
        check_model(connection, model)
        untested = untested_rows(connection, model, feature) if name == "drift" else []
        rows = _rows(connection, reported_by(name), model, feature, last, untested)
        if name == "performance":
            rows += unjoined_rows(connection, model)
        empty = f"no {name} yet: {kind.awaited}"
        emit(rows, _SHOWN, as_json=as_json, empty=empty)
        if feature is not None and name == "drift" and not as_json:
            _picture(connection, model, feature, rows)

    return command


def _rows(
    connection: sqlite3.Connection,
    metrics: Sequence[str],
    model: str | None,
    feature: str | None,
    last: int,
    untested: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Return the metrics of each model's last windows: alerts first, then the strongest.

    After them come the columns that are not tested.
    """
    if feature is not None and not untested:
        known = features_in_metrics(connection)
        if feature not in known:
            raise InputError(f"no feature {feature!r} in this store{nearest(feature, known)}")
    found = latest_metrics(connection, metrics, model=model, feature=feature, last=last)
    return [*found, *without_tested(untested, found)]


def _picture(
    connection: sqlite3.Connection, model: str | None, feature: str, rows: list[dict[str, Any]]
) -> None:
    """Draw a feature's distribution in the reference and in the latest window."""
    if not rows:
        return
    latest = rows[0]
    if model not in (None, latest["model"]):
        return
    version = with_environment(latest["version"], latest["environment"])
    frozen = active_reference(connection, latest["model"], version)
    if frozen is None:
        return
    series = Series(frozen.model, frozen.version, frozen.id, latest["window"])
    windows = evaluated_with(connection, series, latest["window_start"])
    if not windows:
        return
    reference = Reference.from_json(frozen.payload)
    own = reference.by_name.get(feature)
    if own is None:
        return
    counts = total(windows).counts[layout(reference)[feature]]
    echo("", f"{feature}: reference and latest window")
    for bar in distribution(own, counts):
        for mark, value in (("reference", bar.reference), ("window", bar.window)):
            label = escaped(bar.label) if mark == "reference" else ""
            blocks = "█" * round(value * _BAR)
            echo(f"{label:>24}  {mark:9}  {percent(value):>6}  {blocks}")


@click.command()
@store_option
@model_option()
@click.option("--metric", default=None, help="Only this metric, such as drift or mae.")
@click.option("--feature", default=None, help="Only this feature.")
@click.option("--last", type=click.IntRange(1), default=None, help="Only the last N windows.")
@json_option
def metrics(
    store: str | None,
    model: str | None,
    metric: str | None,
    feature: str | None,
    last: int | None,
    as_json: bool,
) -> None:
    """Metrics by window, in order of time."""
    connection = read_store(store)
    check_model(connection, model)
    if metric is not None and metric not in CATALOGUE:
        raise InputError(f"no metric {metric!r}{nearest(metric, CATALOGUE)}")
    _check_known("metric", metric, metrics_in_store(connection))
    _check_known("feature", feature, features_in_metrics(connection))
    rows = list_metrics(connection, model=model, metric=metric, feature=feature, last=last)
    empty = (
        "no metrics yet: `modeltap analyze` computes them once a window is over (an hour, unless "
        "`window` says otherwise); `modeltap analyze --open` does not wait for its end"
    )
    emit(rows, _SHOWN_OF_METRICS, as_json=as_json, empty=empty)


def _check_known(column: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and known and value not in known:
        raise InputError(f"no {column} {value!r} in this store{nearest(value, known)}")


drift, quality, performance, latency = map(_command, _KINDS)
