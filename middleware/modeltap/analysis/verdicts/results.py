"""The result of evaluating one window, and its way into the store, once."""

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
from modeltap.config.metrics import reported_by
from modeltap.store.dropped import DROPPED
from modeltap.store.due_windows import DueWindow, delete_due_window
from modeltap.store.event_times import mark_reported
from modeltap.store.labelled_windows import LabelledWindow, put_labelled
from modeltap.store.metrics import (
    METRIC_COLUMNS,
    MetricRow,
    delete_metrics_at,
    delete_other_comparisons,
    delete_period_metrics,
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
    """A model's rows from `start` to `end`, half-open; `window` is the length of its windows."""

    model: str
    version: str
    window: str
    start: str
    end: str


@dataclass(frozen=True)
class EvaluatedWindows:
    """The counted windows that were evaluated together, as they were before."""

    series: Series
    windows: Sequence[CountedWindow]


@dataclass(frozen=True)
class EvaluatedTraffic:
    """The windows of traffic that were evaluated together for `what`; none of too few requests.

    `read` is the window whose requests are known to all evaluations now, None before the last.
    """

    what: Evaluated
    windows: Sequence[StoredTraffic]
    read: StoredTraffic | None = None


@dataclass(frozen=True)
class EvaluatedLabels:
    """The labelled windows that were evaluated together; `enough` is whether for good."""

    due: DueWindow
    windows: Sequence[LabelledWindow]
    enough: bool


@dataclass(frozen=True)
class LossesRead:
    """The rows of `dropped` up to `newest` were evaluated; `before` is the watermark so far."""

    before: int
    newest: int


@dataclass(frozen=True)
class HourReported:
    """The event times that were rejected in an environment's hour were reported."""

    environment: str
    hour: str


@dataclass(frozen=True)
class ShortfallsReported:
    """What exchanges lacked in an hour was reported."""

    of: CoverageHour


Done = (
    EvaluatedWindows
    | EvaluatedLabels
    | EvaluatedTraffic
    | LossesRead
    | HourReported
    | ShortfallsReported
)
"""The rows that the transaction of a window marks as evaluated."""


@dataclass(frozen=True)
class WindowResult:
    """The metrics of one evaluated window, and what is written with them.

    Args:
        period: the window, or the windows that were evaluated together.
        reference: the reference that the window was compared with.
        done: what is marked as evaluated.
        job: evaluates each window once in a `revision`; None where a repetition does no harm.
        revision: tells one evaluation of a window from a later one, of more rows.
        is_last: whether no other result of the same window follows.
        learning: whether the reference is still learnt, and what alerts may alert.
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
    """Write a window's metrics inside the caller's transaction; return the rows.

    None if the window had been evaluated before.

    Args:
        again: replace the metrics of an earlier evaluation.
    """
    if result.done is not None:
        _mark(connection, result.period, result.done)
    if not _claimed(connection, result) and not again:
        return None
    if again and result.reference is not None:
        # Metrics that this reference no longer yields would otherwise stay for good.
        period = result.period
        series = Series(period.model, period.version, result.reference.id, period.window)
        delete_other_comparisons(connection, series, period.start, period.end)
    rows = [_row(result, metric) for metric in result.metrics]
    save_metrics(connection, rows)
    return rows


def is_within(reference: Reference, start: str, end: str) -> bool:
    """Return whether a window has rows of the reference's own period."""
    first, last = reference.from_time, reference.to_time
    if first is None or last is None:
        return False
    # A window of rows ends with its last one, which may be the reference's first.
    return start < last and (end > first or start >= first)


def _claimed(connection: sqlite3.Connection, result: WindowResult) -> bool:
    """Return whether this evaluation is the first one of the window's revision."""
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
    start = period.start if done.enough else None
    put_labelled(connection, [one._replace(evaluated_from=start) for one in done.windows])
    # One that was evaluated by itself, and is now a part of a period, has no metrics any more.
    parts = [one.window_start for one in done.windows if one.window_start != period.start]
    series = period.model, period.version, period.window
    delete_metrics_at(connection, *series, parts, reported_by("performance"))


def _forget_earlier_periods(
    connection: sqlite3.Connection, period: Period, done: EvaluatedWindows
) -> None:
    """Delete the metrics of periods that are now evaluated as a part of another one."""
    before = {
        (window.evaluated_start, window.evaluated_end)
        for window in done.windows
        if window.evaluated_start is not None and window.evaluated_end is not None
    }
    # Metrics of requests and of labels have periods of their own.
    others = [*reported_by("latency"), *reported_by("performance")]
    for start, end in before - {(period.start, period.end)}:
        delete_period_metrics(connection, done.series, start, end, but=others)


def _is_learnt_later(metric: Metric, result: WindowResult) -> bool:
    """Return whether a metric is of a column that was learnt from this window, or later ones."""
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
        # What is provisional is forgotten, and was compared with the rows before.
        "reference_id": reference.id if reference is not None and not result.learning else None,
        "computed_at": clock.now(),
    }
    return {name: row[name] for name in METRIC_COLUMNS}
