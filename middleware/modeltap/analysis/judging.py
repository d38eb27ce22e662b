"""Judging windows that are complete, each once: inputs, performance, operations."""

from __future__ import annotations

import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from modeltap import clock
from modeltap.analysis import counts, operations, performance, verdict
from modeltap.analysis.freeze import baseline, save
from modeltap.analysis.metric import ALERT, OK, Metric
from modeltap.analysis.reference import Reference
from modeltap.analysis.windows import SettingsOf, traffic_of, window_start
from modeltap.config import parse_window
from modeltap.store.connection import writing
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics
from modeltap.store.progress import advance, progress
from modeltap.store.references import active_reference
from modeltap.store.runs import claim_run

OnJudged = Callable[[sqlite3.Connection, Sequence[dict[str, Any]]], None]
"""Told of each window's metric rows, inside the transaction that writes them."""

_USUAL_WINDOWS = 24
_MIN_USUAL_WINDOWS = 3
_DUE = "performance due "
"""How the windows with new labels are called in the table `progress`."""


@dataclass
class Judge:
    """Judges the complete windows of one store; `again` computes them anew, and alerts nobody."""

    connection: sqlite3.Connection
    settings_of: SettingsOf
    fence: Callable[[], bool]
    on_judged: OnJudged
    open_too: bool = False
    again: bool = False

    def inputs(self, reference: Reference) -> int:
        """Judge drift and quality of a reference's complete windows; return how many."""
        settings = self.settings_of(reference.model)
        waiting: list[sqlite3.Row] = []
        judged = 0
        for window in self._complete_windows(reference):
            waiting.append(window)
            if sum(w["rows"] for w in waiting) < settings.min_rows:
                continue  # too few rows: judged together with the next
            total = np.sum([counts.unpack(w["counts"]) for w in waiting], axis=0)
            metrics = verdict.judge(
                reference, total, min_rows=settings.min_rows, sensitivity=settings.sensitivity
            )
            judged += self._write(
                "inputs", reference, metrics, waiting[0]["window_start"], waiting[-1]["window_end"]
            )
            waiting = []
        return judged

    def performance(self) -> int:
        """Judge each complete window that labels came for since it was judged last."""
        self._note_labels()
        judged = 0
        due = self.connection.execute(
            "select name, value from progress where name like ? order by name", (f"{_DUE}%",)
        ).fetchall()
        for name, labels in due:
            model, version, start = json.loads(name.removeprefix(_DUE))
            if self._judge_performance(model, version, clock.parse(start) or 0.0, labels, name):
                judged += 1
        return judged

    def _note_labels(self) -> None:
        """Note which windows new labels belong to, and how far the labels were read."""
        before = progress(self.connection, "labels")
        newest = self.connection.execute("select max(seq) from labels").fetchone()[0] or 0
        due = set()
        for row in self._labelled_since(0 if self.again else before):
            length = parse_window(self.settings_of(row["model"]).window)
            start = clock.iso(window_start(clock.parse(row["event_time"]) or 0.0, length))
            due.add(_DUE + json.dumps([row["model"], row["version"], start]))
        if not due and newest == before:
            return
        with writing(self.connection):
            self.connection.executemany(
                "insert or replace into progress (name, value) values (?, ?)",
                [(name, newest) for name in due],
            )
            advance(self.connection, "labels", before, newest)

    def operations(self) -> int:
        """Judge latency, errors and throughput of complete windows by the wall clock."""
        limit = "9999" if self.open_too else clock.iso(time.time())
        judged = 0
        for window in self.connection.execute(
            "select * from traffic t where window_end <= ? and (? or not exists "
            "(select 1 from runs where job = 'operations ' || t.model || '@' || t.version "
            "and window = t.window_start || '/' || t.window_end)) order by window_start",
            (limit, self.again),
        ).fetchall():
            model, version = window["model"], window["version"]
            traffic = traffic_of(window)
            seconds = parse_window(self.settings_of(model).window)
            metrics = operations.judge(
                traffic, seconds, self._usual(model, version, window["window_start"]),
                min_rows=self.settings_of(model).min_rows,
            )  # fmt: skip
            judged += self._write(
                "operations", _Named(model, version), metrics, window["window_start"],
                window["window_end"],
            )  # fmt: skip
        return judged

    def _complete_windows(self, reference: Reference) -> list[sqlite3.Row]:
        """Return the windows that are over and not judged yet, in order.

        A window is over when a later one has rows, or, where events are the requests
        themselves, when the clock says so.
        """
        rows = self.connection.execute(
            "select * from windows w where model = ? and version = ? and reference_id = ? and "
            "(? or not exists (select 1 from runs where job = 'inputs ' || w.model || '@' || "
            "w.version || ' ' || w.reference_id and window_start >= substr(window, 1, 24) "
            "and window_end <= substr(window, 26))) order by window_start",
            (reference.model, reference.version, reference.id, self.again),
        ).fetchall()
        return [row for row in rows if self._is_over(reference, row["window_end"])]

    def _is_over(self, reference: Reference, end: str) -> bool:
        if self.open_too:
            return True
        by_request = self.settings_of(reference.model).event_time == "request"
        if by_request and self._live(reference) and end <= clock.iso(time.time()):
            return True
        newest = self.connection.execute(
            "select max(event_time) from predictions where model = ? and version = ?",
            (reference.model, reference.version),
        ).fetchone()[0]
        return newest is not None and newest >= end

    def _live(self, reference: Reference) -> bool:
        """Imported rows tell their own time, and the clock nothing about whether more will come."""
        row = self.connection.execute(
            "select source from exchanges where model = ? order by seq desc limit 1",
            (reference.model,),
        ).fetchone()
        return row is not None and row[0] != "import"

    def _labelled_since(self, seq: int) -> list[sqlite3.Row]:
        return self.connection.execute(
            "select distinct p.model, p.version, p.event_time from labels l join predictions p "
            "on p.exchange_id = l.exchange_id and p.row = l.row where l.seq > ? "
            "and p.event_time is not null",
            (seq,),
        ).fetchall()

    def _judge_performance(
        self, model: str, version: str, start: float, labels: int, due: str
    ) -> bool:
        settings = self.settings_of(model)
        end = start + parse_window(settings.window)
        reference = self._reference(model, version)
        named = reference or _Named(model, version)
        if not self._is_over(named, clock.iso(end)):  # type: ignore[arg-type]
            return False
        pairs = self._pairs(model, version, clock.iso(start), clock.iso(end))
        predictions, truths = [p["prediction"] for p in pairs], [p["value"] for p in pairs]
        labelled = sum(value is not None for value in truths)
        task = settings.task
        if reference is not None and reference.performance is not None:
            task = reference.performance.task
        metrics = performance.judge(
            task or performance.learn_task(truths), predictions, truths,
            reference.performance if reference else None, min_rows=settings.min_rows,
        )  # fmt: skip
        metrics.append(Metric(metric="label_coverage", rows=len(pairs), count=labelled,
                              value=labelled / len(pairs) if pairs else 0.0))  # fmt: skip
        return self._write("performance", named, metrics, clock.iso(start), clock.iso(end),
                           revision=f"#{labels}", due=due)  # fmt: skip

    def _pairs(self, model: str, version: str, start: str, end: str) -> list[sqlite3.Row]:
        """Return prediction and last label of each row of a period; no label is None."""
        return self.connection.execute(
            "select p.prediction, (select l.value from labels l where l.exchange_id = "
            "p.exchange_id and l.row = p.row order by l.seq desc limit 1) as value "
            "from predictions p where p.model = ? and p.version = ? and p.event_time >= ? "
            "and p.event_time < ?",
            (model, version, start, end),
        ).fetchall()

    def _reference(self, model: str, version: str) -> Reference | None:
        """Return the reference; its record is learnt when enough of its labels have come."""
        row = active_reference(self.connection, model, version)
        if row is None:
            return None
        reference = Reference.from_json(row["payload"])
        if reference.performance is None and reference.from_time and reference.to_time:
            pairs = self._pairs(model, version, reference.from_time, reference.to_time)
            labels = [pair["value"] for pair in pairs]
            settings = self.settings_of(model)
            if sum(label is not None for label in labels) >= settings.min_rows:
                record = baseline(settings, [pair["prediction"] for pair in pairs], labels)
                reference = msgspec.structs.replace(reference, performance=record)
                with writing(self.connection):
                    save(self.connection, reference)
        return reference

    def _usual(self, model: str, version: str, before: str) -> dict[str, float]:
        """Return the median of the last windows that were no alert, by operational metric."""
        usual = {}
        for metric in ("error_rate", "latency_p95_ms"):
            rows = self.connection.execute(
                "select value from metrics where model = ? and version = ? and metric = ? and "
                "window_start < ? and verdict in ('ok', 'no_reference') "
                "order by window_start desc limit ?",
                (model, version, metric, before, _USUAL_WINDOWS),
            ).fetchall()
            if len(rows) >= _MIN_USUAL_WINDOWS:
                usual[metric] = statistics.median(row[0] for row in rows)
        return usual

    def _write(
        self, job: str, named: Reference | _Named, metrics: Sequence[Metric], start: str, end: str,
        revision: str = "", due: str = "",
    ) -> bool:  # fmt: skip
        """Write one window's metrics, its run and what follows from them; False if it was done."""
        name = f"{job} {named.model}@{named.version}"
        if isinstance(named, Reference) and job == "inputs":
            name += f" {named.id}"
        rows = [self._row(named, metric, start, end) for metric in metrics]
        with writing(self.connection):
            if not self.fence():
                return False
            self.connection.execute("delete from progress where name = ?", (due,))
            if not claim_run(self.connection, name, f"{start}/{end}{revision}") and not self.again:
                return False
            save_metrics(self.connection, rows)
            if not self.again:
                self.on_judged(self.connection, rows)
        return True

    def _row(
        self, named: Reference | _Named, metric: Metric, start: str, end: str
    ) -> dict[str, Any]:
        in_reference = (
            isinstance(named, Reference)
            and named.from_time is not None
            and named.to_time is not None
            and start < named.to_time
            and end > named.from_time
        )
        if in_reference and metric.verdict == ALERT:
            # A part of what is normal is no news.
            metric = msgspec.structs.replace(metric, verdict=OK)
        return metric_row(
            metric, model=named.model, version=named.version, window_start=start, window_end=end,
            in_reference=int(in_reference),
            reference_id=named.id if isinstance(named, Reference) else None,
        )  # fmt: skip


def metric_row(metric: Metric, **where: Any) -> dict[str, Any]:
    """Return a row of the table `metrics`: `metric`, and `where` it belongs."""
    said = {**msgspec.structs.asdict(metric), **where, "computed_at": clock.now()}
    return {name: said[name] for name in METRIC_COLUMNS}


@dataclass(frozen=True)
class _Named:
    """A model and version that has no reference."""

    model: str
    version: str
