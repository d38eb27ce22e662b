"""The `metrics` command, and the reports `drift`, `quality`, `fairness` and the others."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import click

from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.cli.confusion import CONFUSION, CURVE, emit_confusion
from modeltap.cli.estimates_beside import with_estimates
from modeltap.cli.first_rows import first_rows
from modeltap.cli.report_view import print_windows
from modeltap.cli.untested_rows import unjoined_rows, untested_rows, without_tested
from modeltap.config.metrics import CATALOGUE, reported_by
from modeltap.errors import InputError, nearest
from modeltap.output import echo_paragraph, emit, emit_json, emit_table, is_fitted
from modeltap.store.metrics import (
    features_in_metrics,
    latest_metrics,
    list_metrics,
    metrics_in_store,
    own_metrics_in_store,
)

_SHOWN_OF_METRICS = (
    "window_start",
    "window_end",
    "rows",
    "metric",
    "feature",
    "segment",
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
_SHOWN_OF_GROUPS = (
    "window_start",
    "rows",
    "segment",
    "metric",
    "value",
    "low",
    "high",
    "threshold",
    "verdict",
    "explanation",
)
_ALSO_OF_GROUPS = ("mae", "precision")
"""Metrics of the performance that are computed by group, too."""

_AT_WINDOW_END = (
    "`modeltap analyze` computes them at the end of a window; to get them now, run "
    "`modeltap analyze --open`"
)


class _Report(NamedTuple):
    """A report.

    Attributes:
        help: its help text.
        hint: printed if there are no results yet.
        least: rows of a window to list without `--all`, if fewer alert.
        has_bars: whether its thresholds are upper limits.
    """

    help: str
    hint: str = _AT_WINDOW_END
    least: int = 12
    has_bars: bool = False


_REPORTS = {
    "drift": _Report(
        "Compare inputs and predictions with the reference.\n\n"
        "\b\nExample:\n  modeltap drift --model flights --feature distance",
        least=5,
        has_bars=True,
    ),
    "quality": _Report(
        "Report missing, invalid and new values, gaps, changed fields.\n\n"
        "\b\nExample:\n  modeltap quality --model flights --last 3",
        least=5,
        has_bars=True,
    ),
    "performance": _Report(
        "Report the model's performance on labelled rows.\n\n"
        "\b\nExample:\n  modeltap performance --model flights --last 3",
        "they need labels (see `modeltap labels`), predictions (see `modeltap doctor`) and a "
        "window that is over; to get them now, run `modeltap analyze --open`",
    ),
    "fairness": _Report(
        "Compare groups of rows that the settings name.\n\n"
        "\b\nExample:\n  modeltap fairness --model loans --last 3",
        'they need groups, such as groups = ["sex"] in [models.NAME]; '
        "`modeltap analyze` computes them at the end of a window",
    ),
    "latency": _Report(
        "Report response times, throughput and error rates.\n\n"
        "\b\nExample:\n  modeltap latency --model flights --last 24",
        "`modeltap analyze` computes them at the end of a window (of each hour, if windows are "
        "counted in rows); to get them now, run `modeltap analyze --open`",
    ),
}
"""The reports by command; the metrics of each are in the catalogue."""


def _feature_option(name: str) -> Callable[[Any], Any]:
    """Return the option `--feature` for the reports whose metrics have a feature."""
    if name in ("performance", "fairness", "latency"):
        return lambda command: command
    text = (
        "Only this feature, with a chart of its distribution."
        if name == "drift"
        else "Only this feature."
    )
    return click.option("--feature", default=None, help=text)


def _matrix_options(name: str) -> Callable[[Any], Any]:
    """Return the options `--confusion` and `--calibration` of the report of the performance."""
    if name != "performance":
        return lambda command: command

    def add(command: Any) -> Any:
        text = "Only the confusion matrix of each window."
        curve = "Only the calibration curve of each window."
        command = click.option("--calibration", is_flag=True, help=curve)(command)
        return click.option("--confusion", is_flag=True, help=text)(command)

    return add


def _command(name: str) -> click.Command:
    report = _REPORTS[name]

    @click.command(name, help=report.help)
    @store_option
    @model_option()
    @_feature_option(name)
    @_matrix_options(name)
    @click.option(
        "--last",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Number of windows to show, latest first.",
    )
    @click.option("--all", "is_all", is_flag=True, help="List rows without an alert, too.")
    @json_option
    def command(
        store: str | None,
        model: str | None,
        last: int,
        is_all: bool,
        as_json: bool,
        feature: str | None = None,
        confusion: bool = False,
        calibration: bool = False,
    ) -> None:
        connection = read_store(store)
        check_model(connection, model)
        untested = untested_rows(connection, model, feature) if name == "drift" else []
        rows = _rows(connection, name, model, feature, last, untested)
        unjoined = unjoined_rows(connection, model) if name == "performance" else []
        if confusion:
            emit_confusion(rows, as_json=as_json)
        elif as_json:
            _emit_json([*rows, *unjoined], curve=calibration)
        else:
            listed = [row for row in rows if _is_listed(row, curve=calibration)]
            least = len(rows) if is_all or feature is not None or calibration else report.least
            _print(connection, name, listed, unjoined, least)
        if feature is not None and name == "drift" and not as_json:
            from modeltap.cli.feature_chart import print_feature_chart  # imports NumPy

            print_feature_chart(connection, model, feature, rows)

    return command


def _print(
    connection: sqlite3.Connection,
    name: str,
    rows: Sequence[dict[str, Any]],
    unjoined: Sequence[dict[str, Any]],
    least: int,
) -> None:
    """Print the first rows of a report, and how many others there are."""
    report = _REPORTS[name]
    if name == "performance":
        rows = with_estimates(rows)
        unjoined = with_estimates(unjoined)
    first = first_rows(rows, least)
    shown = [*first.rows, *unjoined]
    columns = _columns(name, shown)
    if not shown:
        echo_paragraph(f"no {name} results yet: {report.hint}")
    elif is_fitted():
        print_windows(connection, shown, columns, has_bars=report.has_bars)
    else:
        emit_table(shown, [*_owners(shown), *columns], "")
    if first.note is not None:
        # Part of the report: in a file, too, its reader should know that it is not complete.
        echo_paragraph(f"{first.note}; see `modeltap {name} --all`")


def _emit_json(rows: Sequence[dict[str, Any]], *, curve: bool) -> None:
    for row in rows:
        if not curve or row["metric"] == CURVE:
            emit_json(row)


def _owners(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns that distinguish several models."""
    names = ("model", "version", "environment")
    return [name for name in names if len({row[name] for row in rows}) > 1]


def _columns(report: str, rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """Return the columns of a report: metrics of labels and of groups have intervals."""
    if report not in ("performance", "fairness"):
        return _SHOWN
    of_parts = any(row["segment"] for row in rows)
    columns = [name for name in _SHOWN_OF_GROUPS if of_parts or name != "segment"]
    if report == "performance":
        columns[-3:-3] = ["estimated"]  # next to the measured interval
    return columns


def _is_listed(row: Mapping[str, Any], *, curve: bool) -> bool:
    """Return whether a report lists a row: cells and points are listed for programs only."""
    return bool(row["metric"] == CURVE if curve else row["metric"] not in (CONFUSION, CURVE))


def _rows(
    connection: sqlite3.Connection,
    report: str,
    model: str | None,
    feature: str | None,
    last: int,
    untested: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Return the metrics of each model's latest windows, alerts first, then by strength.

    Columns without a test are listed last.
    """
    if feature is not None and not untested:
        known = features_in_metrics(connection)
        if feature not in known:
            raise InputError(f"no feature {feature!r} in this store{nearest(feature, known)}")
    grouped = report == "fairness"
    names = [*reported_by(report), *(_ALSO_OF_GROUPS if grouped else ())]
    if report == "performance":
        names += own_metrics_in_store(connection)
    latest = latest_metrics(
        connection, names, model=model, feature=feature, last=last, grouped=grouped
    )
    return [*latest, *without_tested(untested, latest)]


@click.command()
@store_option
@model_option()
@click.option("--metric", default=None, help="Only this metric, such as drift or mae.")
@click.option("--feature", default=None, help="Only this feature.")
@click.option("--last", type=click.IntRange(1), default=None, help="Only the latest N windows.")
@json_option
def metrics(
    store: str | None,
    model: str | None,
    metric: str | None,
    feature: str | None,
    last: int | None,
    as_json: bool,
) -> None:
    """List metrics by window, oldest first.

    \b
    Example:
      modeltap metrics --model flights --metric mae --json
    """
    connection = read_store(store)
    check_model(connection, model)
    stored = metrics_in_store(connection)
    if metric is not None and metric not in (*CATALOGUE, *stored):
        raise InputError(f"unknown metric {metric!r}{nearest(metric, (*CATALOGUE, *stored))}")
    _check_known("metric", metric, stored)
    _check_known("feature", feature, features_in_metrics(connection))
    rows = list_metrics(connection, model=model, metric=metric, feature=feature, last=last)
    empty = (
        "no metrics yet: `modeltap analyze` computes them at the end of a window (1 hour by "
        "default, see the option `window`); to get them now, run `modeltap analyze --open`"
    )
    of_segments = any(row["segment"] for row in rows)
    shown = [name for name in _SHOWN_OF_METRICS if of_segments or name != "segment"]
    emit(rows, shown, as_json=as_json, empty=empty)


def _check_known(column: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and known and value not in known:
        hint = (column == "metric" and _empty_report(value, known)) or nearest(value, known)
        raise InputError(f"no {column} {value!r} in this store{hint}")


def _empty_report(metric: str, stored: Sequence[str]) -> str:
    """Return a hint at the report of a metric, if nothing in it is stored yet."""
    report = CATALOGUE[metric].report
    if report not in _REPORTS or any(name in stored for name in reported_by(report)):
        return ""
    return f" yet; `modeltap {report}` reports what it needs"


drift, quality, performance, fairness, latency = map(_command, _REPORTS)
