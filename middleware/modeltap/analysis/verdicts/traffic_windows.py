"""Latency, errors and throughput of wall-clock windows that are over."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

from modeltap import clock
from modeltap.analysis.counting.traffic import Traffic, traffic_of
from modeltap.analysis.detectors import latency_and_errors
from modeltap.analysis.detectors.latency_and_errors import MIN_REQUESTS, TrafficContext
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.verdicts.results import EvaluatedTraffic, Period, WindowResult
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.analysis.verdicts.traffic_baseline import traffic_baseline
from modeltap.analysis.verdicts.urgency import urgent
from modeltap.config.metrics import reported_by
from modeltap.config.windows import Window
from modeltap.store.connection import writing
from modeltap.store.traffic import (
    Evaluated,
    StoredTraffic,
    closed_traffic,
    evaluated_with,
    reset_traffic_evaluations,
)

_EVALUATIONS = 2
"""Evaluations of each window: errors, and latency."""


@dataclass(frozen=True)
class _Evaluation:
    """An evaluation with its own groups of windows, each of at least `min_requests`."""

    what: Evaluated
    evaluate: Callable[[TrafficContext], list[Metric]]
    min_requests: int
    is_last: bool = False


def results(scope: PassScope) -> Iterator[WindowResult]:
    """Yield the results of each traffic window that is over and due.

    Write each result before requesting the next: it is part of the baseline of later windows. A
    window with too few requests is evaluated together with the next one. Until then it has values
    but no verdict.
    """
    if scope.again:
        with writing(scope.connection):
            reset_traffic_evaluations(scope.connection, reported_by("latency"))
    limit = "9999" if scope.include_open else clock.iso(time.time())
    for window in closed_traffic(scope.connection, limit):
        min_rows = scope.settings.for_model(window.model).min_rows
        yield _result(scope.connection, window, _errors())
        yield _result(scope.connection, window, _latency(min_rows))


def _errors() -> _Evaluation:
    return _Evaluation("errors_from", latency_and_errors.evaluate_errors, MIN_REQUESTS)


def _latency(min_rows: int) -> _Evaluation:
    evaluate = latency_and_errors.evaluate_latency
    return _Evaluation("latency_from", evaluate, min_rows, is_last=True)


def _result(
    connection: sqlite3.Connection, window: StoredTraffic, evaluation: _Evaluation
) -> WindowResult:
    group = evaluated_with(connection, window, evaluation.what)
    traffic: Traffic = reduce(add, map(traffic_of, group))
    enough = traffic.requests >= evaluation.min_requests
    start, end = group[0].window_start, group[-1].window_end
    period = Period(window.model, window.version, window.window, start, end)
    context = TrafficContext(
        traffic,
        (clock.parse(end) or 0.0) - (clock.parse(start) or 0.0),
        traffic_baseline(connection, window, start),
        min_rows=evaluation.min_requests,
    )
    # Errors and latency share one level, each with half of the tests.
    weekly = _EVALUATIONS * (Window.parse(period.window).a_week or 1.0)
    return WindowResult(
        period,
        explained(urgent(evaluation.evaluate(context), weekly)),
        done=EvaluatedTraffic(
            evaluation.what, group if enough else (), window if evaluation.is_last else None
        ),
        job=f"operations {evaluation.what}",
        revision=f"#{traffic.requests}",
        is_last=evaluation.is_last,
    )
