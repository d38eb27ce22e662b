"""One analysis pass: count new exchanges, freeze due references, evaluate complete windows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass

from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.row_windows import RowWindows
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.freeze import freeze_when_ready
from modeltap.analysis.verdicts import traffic_windows
from modeltap.analysis.verdicts.input_windows import InputWindows
from modeltap.analysis.verdicts.labelled_windows import LabelledWindows
from modeltap.analysis.verdicts.results import WindowResult
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.config.windows import Window
from modeltap.store.models import ModelVersion, counted_models
from modeltap.store.pending_work import pending_work
from modeltap.store.references import active_reference, active_references

LEASE = "analysis"


@dataclass(frozen=True)
class Counted:
    """How many exchanges were counted, and how many references were frozen."""

    exchanges: int
    references: int


def count(counter: WindowCounter) -> Counted:
    """Count new exchanges and freeze the references whose rows are all there.

    Raises `BusyError` when another analysis took the lease over, `InputError` for a reference
    file that cannot be read.
    """
    # A reference that was set since the last pass first counts the exchanges it missed.
    for reference in _references(counter.connection, None):
        counter.recount(reference)
    exchanges, references = counter.count_new(), 0
    for model, version in _without_reference(counter.connection):
        frozen = freeze_when_ready(counter, model, version)
        if frozen is not None:
            references += 1
            counter.recount(frozen)
    return Counted(exchanges, references)


def results(scope: PassScope, counter: WindowCounter) -> Iterator[WindowResult]:
    """Yield the result of each window that is over and due: inputs, performance, traffic.

    Each is to be written before the next is asked for.
    """
    for reference in _references(scope.connection, scope.model):
        if Window.parse(counter.series(reference).window).kind == "rows":
            RowWindows(counter, reference).cut()
        yield from InputWindows(scope, counter, reference).results()
    pending = pending_work(scope.connection, time.time())
    if scope.again or pending.labels or pending.labelled_windows:
        yield from LabelledWindows(scope).results()
    if scope.again or scope.open_too or pending.traffic:
        yield from traffic_windows.results(scope)


def _references(connection: sqlite3.Connection, model: str | None) -> list[Reference]:
    rows = active_references(connection, model)
    return [Reference.from_json(row.payload) for row in rows]


def _without_reference(connection: sqlite3.Connection) -> list[ModelVersion]:
    return [
        version
        for version in counted_models(connection)
        if active_reference(connection, version.model, version.version) is None
    ]
