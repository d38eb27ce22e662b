"""One analysis pass: count what is new, freeze references that are due, judge what is complete."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from modeltap.analysis.counting.counter import OnPiece, SettingsOf, WindowCounter, go_on
from modeltap.analysis.counting.row_windows import RowWindows
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.freeze import freeze_when_ready
from modeltap.analysis.verdicts.capture_loss import judge_losses
from modeltap.analysis.verdicts.input_windows import InputJudge
from modeltap.analysis.verdicts.labelled_windows import PerformanceJudge
from modeltap.analysis.verdicts.recorder import Judging, OnJudged
from modeltap.analysis.verdicts.traffic_windows import judge_operations
from modeltap.config.windows import Window
from modeltap.store.job_times import begin_pass, end_pass
from modeltap.store.lease import KeptLease, Lease
from modeltap.store.models import counted_models
from modeltap.store.references import active_reference, active_references

LEASE = "analysis"


@dataclass
class Report:
    """What a pass did."""

    exchanges: int = 0
    references: int = 0
    windows: int = 0


def analyze(
    connection: sqlite3.Connection,
    settings_of: SettingsOf,
    on_judged: OnJudged,
    *,
    model: str | None = None,
    wait: float = 60.0,
    open_too: bool = False,
    again: bool = False,
    on_piece: OnPiece = go_on,
) -> Report:
    """Run one pass over what is new; a second one finds nothing to do.

    Args:
        settings_of: tells each model's options.
        on_judged: given each window's metric rows inside their transaction, to raise alerts.
        model: judge this one only; counted are all.
        wait: seconds to wait for another analysis to end.
        open_too: judge windows that are not complete, too.
        again: compute all windows anew, without alerts.
        on_piece: called after each piece of work.

    Raises `BusyError` when another analysis holds the lease for longer than `wait`.
    """
    with KeptLease(Lease(connection, LEASE), wait) as lease:
        begin_pass(connection)
        counter = WindowCounter(connection, settings_of, lease.held, on_piece)
        report = Report()
        # A reference that was set since the last pass first counts what it missed.
        for reference in _references(connection, None):
            counter.recount(reference)
        report.exchanges = counter.count_new()
        for name, version in _without_reference(connection):
            frozen = freeze_when_ready(counter, name, version)
            if frozen is not None:
                report.references += 1
                counter.recount(frozen)
        judging = Judging(connection, settings_of, lease.held, on_judged, open_too, again, on_piece)
        for reference in _references(connection, model):
            if Window.parse(counter.series(reference).window).kind == "rows":
                RowWindows(counter, reference).cut()
            report.windows += InputJudge(judging, counter, reference).run()
        report.windows += PerformanceJudge(judging).run()
        report.windows += judge_operations(judging)
        judge_losses(connection, lease.held, on_judged, time.time())
        if model is None:
            end_pass(connection)
        return report


def _references(connection: sqlite3.Connection, model: str | None) -> list[Reference]:
    rows = active_references(connection, model)
    return [Reference.from_json(row.payload) for row in rows]


def _without_reference(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return [
        (model, version)
        for model, version in counted_models(connection)
        if active_reference(connection, model, version) is None
    ]
