"""Runs of models' policies of retraining, with their state, log and artefact."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from modeltap.clock import now
from modeltap.store.label_sources import OF_TRUTH
from modeltap.store.predictions import newest_event_time

RUNNING, SUCCEEDED, FAILED = "running", "succeeded", "failed"
TIMED_OUT, INTERRUPTED, SKIPPED = "timed_out", "interrupted", "skipped"

_KEPT = 200
"""Runs that are kept of each model."""


class RetrainingRun(NamedTuple):
    """A run of a model's policy; see docs/reference/tables.md for its columns.

    Args:
        environment: of the rows; "" for rows without one, None before they are chosen.
        left_out: the columns that were left out because they have masked values.
        comparison: the rows of the comparison of the candidate, as `ComparedMetric.to_dict`.
    """

    id: str
    model: str
    reason: str
    alert_id: str | None
    way: str
    state: str
    message: str | None
    started_at: str
    finished_at: str | None
    since: str | None
    until: str | None
    environment: str | None
    rows: int | None
    left_out: tuple[str, ...]
    labels: int
    data: str | None
    exit: int | None
    artefact: str | None
    verdict: str | None
    comparison: tuple[Mapping[str, Any], ...]
    log: str | None
    pid: int
    host: str

    @property
    def failure(self) -> str | None:
        """The reason why the run counts as failed, in a sentence; None if it does not."""
        if self.state == SKIPPED:
            return f"{self.model} was not retrained: {self.message}"
        if self.state in (RUNNING, SUCCEEDED):
            return None
        log = f"; `modeltap retrain --log {self.id[:8]}` prints the log" if self.log else ""
        return f"retraining of {self.model} {self.state.replace('_', ' ')}: {self.message}{log}"


_COLUMNS = ", ".join(RetrainingRun._fields)


def insert_run(
    connection: sqlite3.Connection,
    model: str,
    *,
    reason: str,
    way: str,
    labels: int,
    alert_id: str | None = None,
) -> str:
    """Record a run that starts now, inside the caller's transaction; return its id.

    The oldest runs of the model beyond 200 are deleted.
    """
    id_ = uuid.uuid4().hex
    connection.execute(
        "insert into retrainings (id, model, reason, alert_id, way, state, started_at, labels, "
        "pid, host) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (id_, model, reason, alert_id, way, RUNNING, now(), labels, os.getpid(), _host()),
    )
    connection.execute(
        "delete from retrainings where model = ? and rowid not in (select rowid from retrainings "
        "where model = ? order by started_at desc, rowid desc limit ?)",
        (model, model, _KEPT),
    )
    return id_


def change_run(connection: sqlite3.Connection, id_: str, **columns: object) -> None:
    """Set columns of a run, inside the caller's transaction."""
    assert set(columns) <= set(RetrainingRun._fields)
    assignments = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(
        f"update retrainings set {assignments} where id = ?", (*columns.values(), id_)
    )


def end_run(connection: sqlite3.Connection, id_: str, state: str, **columns: object) -> None:
    """Record that a run has ended, inside the caller's transaction."""
    change_run(connection, id_, state=state, finished_at=now(), **columns)


def retraining_run(connection: sqlite3.Connection, id_: str) -> RetrainingRun:
    """Return the run with this id."""
    row = connection.execute(f"select {_COLUMNS} from retrainings where id = ?", (id_,)).fetchone()
    return _run_of(row)


def last_runs(
    connection: sqlite3.Connection, model: str | None = None, limit: int = 20
) -> list[RetrainingRun]:
    """Return the last runs of a model, or of all models, the newest first."""
    rows = connection.execute(
        f"select {_COLUMNS} from retrainings where ? is null or model = ? "
        "order by started_at desc, rowid desc limit ?",
        (model, model, limit),
    )
    return list(map(_run_of, rows))


def running_runs(connection: sqlite3.Connection) -> list[RetrainingRun]:
    """Return the runs that have not ended; their process may have died."""
    rows = connection.execute(
        f"select {_COLUMNS} from retrainings where state = ? order by started_at", (RUNNING,)
    )
    return list(map(_run_of, rows))


def kept_files(connection: sqlite3.Connection, model: str) -> list[tuple[str, str]]:
    """Return the id and the file of each ended run of a model whose data still exists."""
    rows = connection.execute(
        "select id, data from retrainings where model = ? and data is not null and state <> ?",
        (model, RUNNING),
    )
    return [(id_, data) for id_, data in rows]


def labels_at_last_success(connection: sqlite3.Connection, model: str) -> int:
    """Return how many labels of a model had arrived when its last successful run started."""
    row = connection.execute(
        "select labels from retrainings where model = ? and state = ? "
        "order by started_at desc, rowid desc limit 1",
        (model, SUCCEEDED),
    ).fetchone()
    return int(row[0]) if row else 0


def count_all_labels(connection: sqlite3.Connection, model: str) -> int:
    """Return how many labels of a model have arrived until the last analysis."""
    return int(
        connection.execute(
            "select ifnull(sum(labels), 0) from label_days where model = ?", (model,)
        ).fetchone()[0]
    )


class UnansweredAlert(NamedTuple):
    """A firing alert that no successful run was started for."""

    id: str
    rule: str
    summary: str


def unanswered_alert(
    connection: sqlite3.Connection, model: str, rules: Sequence[str]
) -> UnansweredAlert | None:
    """Return the first firing alert of `rules` without a successful run; None if there is none."""
    row = connection.execute(
        "select id, rule, summary from alerts where model = ? and state = 'firing' "
        "and rule in (select value from json_each(?)) and not exists (select 1 from retrainings "
        "r where r.alert_id = alerts.id and r.state = ?) order by updated_at limit 1",
        (model, json.dumps(list(rules)), SUCCEEDED),
    ).fetchone()
    return UnansweredAlert(*row) if row else None


def newest_row_time(
    connection: sqlite3.Connection, model: str, versions: Sequence[str]
) -> str | None:
    """Return the newest event time of rows of the analysed versions; None if there are none."""
    times = [newest_event_time(connection, model, version) for version in versions]
    return max(filter(None, times), default=None)


def labelled_times(
    connection: sqlite3.Connection, model: str, versions: Sequence[str], since: str, until: str
) -> list[str]:
    """Return the event times of labelled rows of the analysed versions in a period, in order."""
    rows = connection.execute(
        "select p.event_time from predictions p where p.model = ? and p.candidate = '' "
        "and p.version in (select value from json_each(?)) and p.event_time >= ? "
        "and p.event_time < ? and exists (select 1 from labels l "
        f"where l.exchange_id = p.exchange_id and l.row = p.row and {OF_TRUTH}) "
        "order by p.event_time",
        (model, json.dumps(versions), since, until),
    )
    return [time for (time,) in rows]


def _run_of(row: Sequence[Any]) -> RetrainingRun:
    """Return a run of its columns in the store, of which two are JSON."""
    columns = dict(zip(RetrainingRun._fields, row, strict=True))
    for name in ("left_out", "comparison"):
        columns[name] = tuple(json.loads(columns[name] or "[]"))
    return RetrainingRun(**columns)


def _host() -> str:
    return os.uname().nodename
