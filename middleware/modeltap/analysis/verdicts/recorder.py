"""Writing down what was judged of a window, each once, with what follows from it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from modeltap import clock
from modeltap.analysis.counting.counter import OnPiece, SettingsOf, go_on
from modeltap.analysis.model.metric import ALERT, OK, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.store.connection import writing
from modeltap.store.exchanges import newest_is_imported
from modeltap.store.metrics import METRIC_COLUMNS, drop_compared_with_others, save_metrics
from modeltap.store.predictions import newest_event_time
from modeltap.store.runs import claim_run
from modeltap.store.windows import Series

OnJudged = Callable[[sqlite3.Connection, Sequence[dict[str, Any]]], None]
"""Told of each window's metric rows, inside the transaction that writes them."""

Also = Callable[[], None]


@dataclass(frozen=True)
class Period:
    """What a judgement is about: a model's rows from `start` to `end`, windows of a length."""

    model: str
    version: str
    window: str
    start: str
    end: str


@dataclass
class Judging:
    """How one pass judges; `again` computes anew what was judged, and alerts nobody."""

    connection: sqlite3.Connection
    settings_of: SettingsOf
    fence: Callable[[], bool]
    on_judged: OnJudged
    open_too: bool = False
    again: bool = False
    on_piece: OnPiece = go_on

    def is_over(self, model: str, version: str, end: str) -> bool:
        """Say whether no more rows are to be expected before `end`.

        A window is over when a later one has rows, or, where events are the requests
        themselves, when the clock says so.
        """
        if self.open_too:
            return True
        by_request = self.settings_of(model).event_time == "request"
        if by_request and self._live(model) and end <= clock.iso(time.time()):
            return True
        newest = newest_event_time(self.connection, model, version)
        return newest is not None and newest >= end

    def write(
        self,
        job: str,
        period: Period,
        metrics: Sequence[Metric],
        *,
        revision: str = "",
        reference: Reference | None = None,
        also: Also | None = None,
    ) -> bool:
        """Write a window's metrics, its run and what follows from them; False if it was done.

        Args:
            revision: tells one judgement of a window from a later one, of more rows.
            reference: what it was compared with.
            also: what else belongs into the transaction.
        """
        name = f"{job} {period.model}@{period.version} {period.window}"
        rows = [_row(period, metric, reference) for metric in metrics]
        with writing(self.connection):
            if not self.fence():
                return False
            if also is not None:
                also()
            span = f"{period.start}/{period.end}{revision}"
            if not claim_run(self.connection, name, span) and not self.again:
                return False
            if self.again and reference is not None:
                # What is no longer measured against this one would stand beside it for good.
                series = Series(period.model, period.version, reference.id, period.window)
                drop_compared_with_others(self.connection, series, period.start)
            save_metrics(self.connection, rows)
            if not self.again:
                self.on_judged(self.connection, rows)
        self.on_piece()
        return True

    def _live(self, model: str) -> bool:
        """Imported rows tell their own time, and the clock nothing about whether more will come."""
        return newest_is_imported(self.connection, model) is False


def is_within(reference: Reference, start: str, end: str) -> bool:
    """Say whether a window has rows of the reference's own period."""
    first, last = reference.from_time, reference.to_time
    return first is not None and last is not None and start < last and end > first


def _row(period: Period, metric: Metric, reference: Reference | None) -> dict[str, Any]:
    in_reference = reference is not None and is_within(reference, period.start, period.end)
    if in_reference and metric.verdict == ALERT:
        # A part of what is normal is no news.
        metric = msgspec.structs.replace(metric, verdict=OK)
    return metric_row(
        metric,
        model=period.model,
        version=period.version,
        window=period.window,
        window_start=period.start,
        window_end=period.end,
        in_reference=int(in_reference),
        reference_id=reference.id if reference is not None else None,
    )


def metric_row(metric: Metric, **where: Any) -> dict[str, Any]:
    """Return a row of the table `metrics`: `metric`, and `where` it belongs."""
    said = {**msgspec.structs.asdict(metric), **where, "computed_at": clock.now()}
    return {name: said[name] for name in METRIC_COLUMNS}
