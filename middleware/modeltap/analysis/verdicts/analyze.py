"""One analysis pass: count new exchanges, freeze due references, evaluate complete windows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.row_windows import RowWindows
from modeltap.analysis.coverage import not_monitored
from modeltap.analysis.detectors import DAILY_DETECTORS, hourly_detectors
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.relearning.awaited import AwaitedColumns
from modeltap.analysis.verdicts import learning_pass, traffic_windows
from modeltap.analysis.verdicts.input_windows import InputWindows
from modeltap.analysis.verdicts.labelled_windows import LabelledWindows
from modeltap.analysis.verdicts.results import Period, ShortfallsReported, WindowResult
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.config.settings import SettingsByModel
from modeltap.config.windows import Window
from modeltap.decoding.key_columns import join_labels_by_features
from modeltap.environments import with_environment
from modeltap.store.models import counted_models
from modeltap.store.pending_work import pending_work
from modeltap.store.predictions import LAST
from modeltap.store.references import active_reference, active_references

LEASE = "analysis"


def count(counter: WindowCounter) -> int:
    """Count new exchanges and return their number; assign labels that name rows by a feature.

    Raises `BusyError` if another analysis has taken over the lease.
    """
    # References set since the last pass first count the exchanges that they missed.
    for row in active_references(counter.connection):
        counter.recount(Reference.from_json(row.payload))
    counted = counter.count_new()
    join_labels_by_features(counter.connection, counter.settings)
    return counted


def results(scope: PassScope, counter: WindowCounter) -> Iterator[WindowResult]:
    """Yield the result of each window that is over and due: inputs, performance, traffic.

    References are frozen as soon as all of their rows have arrived. Write each result before
    requesting the next. Raises `InputError` for a reference file that cannot be read.
    """
    for model, version in _versions(scope):
        yield from _inputs(scope, counter, model, version)
    pending = pending_work(scope.connection, time.time())
    if scope.again or pending.labels or pending.labelled_windows or pending.arrivals:
        yield from LabelledWindows(scope).results()
    if scope.again or scope.include_open or pending.traffic:
        yield from traffic_windows.results(scope)


def covered_hours(
    connection: sqlite3.Connection, settings: SettingsByModel
) -> Iterator[WindowResult]:
    """Yield the result of each hour of counted exchanges, with the rates of unmonitored ones."""
    for due in not_monitored.due_hours(connection, settings):
        model, environment, hour = due.of
        end = clock.iso((clock.parse(hour) or 0.0) + clock.HOUR)
        period = Period(model, with_environment("", environment), "1h", hour, end)
        yield WindowResult(period, due.metrics, done=ShortfallsReported(due.of))


def _versions(scope: PassScope) -> list[tuple[str, str]]:
    """Return the models and versions that have rows or references, in order."""
    known = {(row.model, row.version) for row in active_references(scope.connection)}
    known |= {(counted.model, counted.version) for counted in counted_models(scope.connection)}
    return sorted((model, version) for model, version in known if scope.model in (None, model))


def _inputs(
    scope: PassScope, counter: WindowCounter, model: str, version: str
) -> Iterator[WindowResult]:
    reference = _reference(scope, model, version)
    if not learning_pass.is_settled(reference):
        yield from learning_pass.learn(scope, counter, model, version)
        reference = _reference(scope, model, version)
    if reference is None or reference.state == "provisional":
        return
    _cut(counter, reference)
    if not reference.rolling:
        awaited = AwaitedColumns(counter, reference, scope.passed(model, version))
        while (due := awaited.due()) is not None:
            # Windows before the time from which a column was learnt are evaluated without it.
            before = replace(scope, include_open=False)
            yield from _evaluated(before, counter, awaited.reference, due.end)
            awaited.learn(due)
            scope = replace(scope, again=False)  # repeat evaluations only once
        reference = awaited.reference
    yield from _evaluated(scope, counter, reference)


def _evaluated(
    scope: PassScope, counter: WindowCounter, reference: Reference, until: str = LAST[0]
) -> Iterator[WindowResult]:
    """Yield the results of windows that start before `until`."""
    series = counter.series_of(reference)
    if len(series) == 1:
        yield from InputWindows(scope, counter, reference, until=until).results()
        return
    # If hours have few rows, data quality is evaluated by the hour and drift by the day.
    hourly, daily = series
    of_hours = InputWindows(scope, counter, reference, hourly, hourly_detectors(), until)
    of_days = InputWindows(
        scope, counter, reference, daily, DAILY_DETECTORS, until, estimates=False, shorter=hourly
    )
    yield from of_hours.results()
    yield from of_days.results()


def _cut(counter: WindowCounter, reference: Reference) -> None:
    if Window.parse(counter.series(reference).window).kind == "rows":
        RowWindows(counter, reference).cut()


def _reference(scope: PassScope, model: str, version: str) -> Reference | None:
    row = active_reference(scope.connection, model, version)
    return None if row is None else Reference.from_json(row.payload)
