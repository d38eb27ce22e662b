"""The result of evaluating one window, and its transaction in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from modeltap import clock
from modeltap.analysis.detectors.quality import is_declared
from modeltap.analysis.model.metric import ALERT, LEARNING, OK, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import OF_PREDICTIONS, measured_with_labels, reported_by
from modeltap.store.dropped import DROPPED
from modeltap.store.due_windows import DueWindow, delete_due_window, record_due
from modeltap.store.event_times import mark_reported
from modeltap.store.labelled_windows import LabelledWindow, put_labelled
from modeltap.store.metrics import (
    METRIC_COLUMNS,
    MetricRow,
    delete_metrics_at,
    delete_other_comparisons,
    delete_period_metrics,
    own_metrics_in_store,
    save_metrics,
)
from modeltap.store.runs import claim_run
from modeltap.store.shortfalls import CoverageHour, mark_parts_evaluated
from modeltap.store.traffic import (
    Evaluated,
    StoredTraffic,
    mark_traffic_done,
    mark_traffic_evaluated,
)
from modeltap.store.watermarks import advance
from modeltap.store.windows import CountedWindow, Series, mark_evaluated


@dataclass(frozen=True)
class Period:
    """A half-open period of a model's rows; `window` is the length of its windows."""

    model: str
    version: str
    window: str
    start: str
    end: str


@dataclass(frozen=True)
class EvaluatedWindows:
    """The counted windows that were evaluated together, in their state before."""

    series: Series
    windows: Sequence[CountedWindow]


@dataclass(frozen=True)
class EvaluatedTraffic:
    """The traffic windows that were evaluated together for `what`; empty for too few requests.

    `read` is the window that all evaluations have processed; None before the last evaluation.
    """

    what: Evaluated
    windows: Sequence[StoredTraffic]
    read: StoredTraffic | None = None


@dataclass(frozen=True)
class EvaluatedLabels:
    """The labelled windows that were evaluated together; `enough` if they had enough labels.

    `due_again` is the time at which more of the arrival of their labels is known; None if all is.
    `newest` is the `seq` of the newest label.
    """

    due: DueWindow
    windows: Sequence[LabelledWindow]
    enough: bool
    newest: int = 0
    due_again: str | None = None


@dataclass(frozen=True)
class LossesRead:
    """The range of rows of `dropped` that was evaluated: above `before`, up to `newest`."""

    before: int
    newest: int


@dataclass(frozen=True)
class HourReported:
    """An environment's hour whose rejected event times were reported."""

    environment: str
    hour: str


@dataclass(frozen=True)
class ShortfallsReported:
    """An hour whose unmonitored exchanges were reported."""

    of: CoverageHour


Done = (
    EvaluatedWindows
    | EvaluatedLabels
    | EvaluatedTraffic
    | LossesRead
    | HourReported
    | ShortfallsReported
)
"""The records that a window's transaction marks as evaluated."""


@dataclass(frozen=True)
class WindowResult:
    """The metrics of one evaluated window, and the data written with them.

    Args:
        period: the window, or the windows that were evaluated together.
        reference: the reference that the window was compared with.
        done: the records to mark as evaluated.
        job: the key under which each revision of a window is evaluated once; None if a repetition
            is harmless.
        revision: distinguishes evaluations of a window with different rows.
        is_last: whether this is the last result of the window.
        learning: whether the reference is still being learnt; its windows may alert.
    """

    period: Period
    metrics: Sequence[Metric]
    reference: Reference | None = None
    done: Done | None = None
    job: str | None = None
    revision: str = ""
    is_last: bool = True
    learning: bool = False


def write(
    connection: sqlite3.Connection, result: WindowResult, *, again: bool = False
) -> list[MetricRow] | None:
    """Write a window's metrics inside the caller's transaction and return the rows.

    Return None if the window was evaluated before.

    Args:
        again: replace the metrics of an earlier evaluation.
    """
    if result.done is not None:
        _mark(connection, result.period, result.done)
    if not _claimed(connection, result) and not again:
        return None
    if again and result.reference is not None:
        # Metrics that this reference no longer yields would otherwise remain.
        period = result.period
        series = Series(period.model, period.version, result.reference.id, period.window)
        delete_other_comparisons(connection, series, period.start, period.end)
        if isinstance(result.done, EvaluatedWindows):
            # Groups may have other names now.
            place = period.model, period.version, period.window
            delete_metrics_at(connection, *place, [period.start], OF_PREDICTIONS)
    if isinstance(result.done, EvaluatedLabels):
        # With other labels, a window may have other classes, bins and groups.
        place = result.period.model, result.period.version, result.period.window
        delete_metrics_at(connection, *place, [result.period.start], measured_with_labels())
    rows = [_row(result, metric) for metric in result.metrics]
    save_metrics(connection, rows)
    return rows


def is_within(reference: Reference, start: str, end: str) -> bool:
    """Return whether a window overlaps the reference's period."""
    first, last = reference.from_time, reference.to_time
    if first is None or last is None:
        return False
    # A row window ends with its last row, which may be the reference's first.
    return start < last and (end > first or start >= first)


def _claimed(connection: sqlite3.Connection, result: WindowResult) -> bool:
    """Claim the evaluation of this revision; return whether it is the first."""
    if result.job is None:
        return True
    period = result.period
    job = f"{result.job} {period.model}@{period.version} {period.window}"
    return claim_run(connection, job, f"{period.start}/{period.end}{result.revision}")


def _mark(connection: sqlite3.Connection, period: Period, done: Done) -> None:
    match done:
        case EvaluatedWindows(series, windows):
            _forget_earlier_periods(connection, period, done)
            mark_evaluated(connection, series, windows, period.start, period.end)
        case EvaluatedLabels():
            _mark_labelled(connection, period, done)
        case EvaluatedTraffic(what, traffic, read):
            mark_traffic_evaluated(connection, traffic, what, period.start)
            if read is not None:
                mark_traffic_done(
                    connection, read.model, read.version, read.window, read.window_start
                )
        case HourReported(environment, hour):
            mark_reported(connection, period.model, environment, hour)
        case ShortfallsReported(of):
            mark_parts_evaluated(connection, of)
        case LossesRead(before, newest):
            advance(connection, DROPPED, before, newest)


def _mark_labelled(connection: sqlite3.Connection, period: Period, done: EvaluatedLabels) -> None:
    delete_due_window(connection, done.due)
    if done.enough:
        for window in done.windows:
            delete_due_window(connection, DueWindow(*window[:4]))
    if done.due_again is not None:
        record_due(connection, [done.due], done.newest, done.due_again)
    start = period.start if done.enough else None
    put_labelled(connection, [window._replace(evaluated_from=start) for window in done.windows])
    # A window that was evaluated alone and now belongs to a longer period loses its metrics.
    starts = [window.window_start for window in done.windows]
    parts = [window_start for window_start in starts if window_start != period.start]
    series = period.model, period.version, period.window
    own = own_metrics_in_store(connection) if parts else []
    delete_metrics_at(connection, *series, parts, [*measured_with_labels(), *own])
    # The slices of the rows with further labels may be others.
    delete_metrics_at(connection, *series, [period.start], ["slice_error"])


def _forget_earlier_periods(
    connection: sqlite3.Connection, period: Period, done: EvaluatedWindows
) -> None:
    """Delete the metrics of periods that are now part of another one."""
    before = {
        (window.evaluated_start, window.evaluated_end)
        for window in done.windows
        if window.evaluated_start is not None and window.evaluated_end is not None
    }
    # Metrics of requests and of labels have separate periods.
    others = [*reported_by("latency"), *measured_with_labels()]
    for start, end in before - {(period.start, period.end)}:
        kept = [*others, *own_metrics_in_store(connection)]
        delete_period_metrics(connection, done.series, start, end, kept=kept)


def _is_learnt_later(metric: Metric, result: WindowResult) -> bool:
    """Return whether a metric's column was learnt from this window or later ones."""
    known = {} if result.reference is None else result.reference.by_name
    feature = known.get(metric.feature or "")
    if feature is None or is_declared(feature, metric.metric):
        return False
    return result.period.start < (feature.learnt_until or "")


def _row(result: WindowResult, metric: Metric) -> MetricRow:
    period, reference = result.period, result.reference
    learnt = reference is not None and reference.learnt
    in_reference = reference is not None and is_within(reference, period.start, period.end)
    if in_reference and metric.verdict in (OK, ALERT) and not result.learning:
        # Rows of the reference are normal by definition.
        metric = msgspec.structs.replace(metric, verdict=LEARNING if learnt else OK)
    elif metric.verdict in (OK, ALERT) and _is_learnt_later(metric, result):
        metric = msgspec.structs.replace(metric, verdict=LEARNING)
    row: dict[str, Any] = {
        **msgspec.structs.asdict(metric),
        "model": period.model,
        "version": period.version,
        "window": period.window,
        "window_start": period.start,
        "window_end": period.end,
        "at_once": int(metric.at_once),
        "in_reference": int(in_reference or result.learning),
        # Provisional references are deleted, so metrics do not refer to them.
        "reference_id": reference.id if reference is not None and not result.learning else None,
        "computed_at": clock.now(),
    }
    return {name: row[name] for name in METRIC_COLUMNS}
