"""The state of each incident: firing, then resolved. One row is one incident of one subject."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeltap.alerts.rules import Rule, fingerprint, rule_of
from modeltap.clock import now

FIRING = "alert.firing"
RESOLVED = "alert.resolved"

AT_ONCE = 2.0
"""An effect of twice its floor fires at once; a weaker one only after two windows in a row."""

_SUBJECT = (
    "model = ? and version = ? and window = ? and metric = ? and feature is ? and segment is ?"
)
_JUDGED = f"{_SUBJECT} and in_reference = 0 and verdict in ('ok', 'alert')"
"""The windows of one subject that count for persistence; the others neither make nor break it."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Transition:
    """An alert that began or ended in one window: what the outbox makes messages of."""

    event: str
    alert: Row
    strength: float
    window_start: str
    window_end: str


def update(
    connection: sqlite3.Connection,
    rows: Sequence[Row],
    *,
    min_windows: int = 2,
    calm_windows: int = 1,
) -> list[Transition]:
    """Bring the alerts up to date with one window's metric rows; return what changed.

    Runs inside the caller's transaction, after the rows went into `metrics`; begins and commits
    nothing. Rows in the reference, without a verdict, or with too few rows change nothing.

    Args:
        rows: rows of `metrics`, all of one window of one model.
        min_windows: how many alerting windows in a row a weak effect needs.
        calm_windows: how many good windows in a row end an incident; above 1, one good window
            is a pause in it.
    """
    changed = []
    for row in rows:
        rule = rule_of(row["metric"], row["feature"])
        if rule is None or row["in_reference"] or row["verdict"] not in ("ok", "alert"):
            continue
        transition = _judged(connection, rule, row, min_windows, calm_windows)
        if transition is not None:
            changed.append(transition)
    return changed


def _judged(
    connection: sqlite3.Connection, rule: Rule, row: Row, min_windows: int, calm_windows: int
) -> Transition | None:
    mark = fingerprint(rule.name, row["model"], row["version"], row["metric"], row["feature"],
                       row["segment"])  # fmt: skip
    found = connection.execute(
        "select * from alerts where fingerprint = ? and state = 'firing'", (mark,)
    ).fetchone()
    if row["verdict"] == "alert":
        if found is not None:
            _repeated(connection, found, row, min_windows)
            return None
        if _is_over(connection, mark, row) or not _lasting(connection, row, min_windows):
            return None
        return _fired(connection, rule, mark, row)
    if found is None or row["window_start"] < found["last_window_start"]:
        return None
    if row["window_start"] > found["last_window_start"] and not _before(
        connection, row, "ok", calm_windows - 1
    ):
        return None
    return _resolved(connection, found, row)


def _lasting(connection: sqlite3.Connection, row: Row, min_windows: int) -> bool:
    """Persistence: strong enough to fire at once, or the windows before said so, too."""
    if (row["strength"] or 0.0) >= AT_ONCE:
        return True
    return _before(connection, row, "alert", min_windows - 1)


def _before(connection: sqlite3.Connection, row: Row, verdict: str, count: int) -> bool:
    """Say whether the last `count` judged windows before `row`'s all had this verdict."""
    before = connection.execute(
        f"select verdict from metrics where {_JUDGED} and window_start < ? "
        "order by window_start desc limit ?",
        (*_subject(row), row["window_start"], count),
    ).fetchall()
    return len(before) >= count and all(one[0] == verdict for one in before)


def _is_over(connection: sqlite3.Connection, mark: str, row: Row) -> bool:
    """Labels that come late have an old window judged again: an incident that is over stays so.

    The window that ended the incident is not meant: if that one alerts now, it is news.
    """
    over = connection.execute(
        "select 1 from alerts where fingerprint = ? and state = 'resolved' "
        "and window_start <= ? and resolved_at > ?",
        (mark, row["window_start"], row["window_end"]),
    ).fetchone()
    return over is not None


def _fired(connection: sqlite3.Connection, rule: Rule, mark: str, row: Row) -> Transition:
    alert = {
        "id": f"alert_{uuid.uuid4().hex}", "fingerprint": mark, "rule": rule.name,
        "model": row["model"], "version": row["version"], "metric": row["metric"],
        "feature": row["feature"], "segment": row["segment"], "severity": rule.severity,
        "state": "firing", "window": row["window"],
        "window_start": row["window_start"], "window_end": row["window_end"],
        "last_window_start": row["window_start"], "value": row["value"],
        "threshold": row["threshold"], "p_value": row["p_value"], "summary": sentence(row),
        "examples": row["examples"],
        "started_at": row["window_start"], "resolved_at": None, "silenced_until": None,
        "acknowledged_at": None, "updated_at": now(),
    }  # fmt: skip
    connection.execute(
        f"insert into alerts ({', '.join(alert)}) values ({', '.join('?' * len(alert))})",
        tuple(alert.values()),
    )
    return _transition(FIRING, alert, row)


def _repeated(
    connection: sqlite3.Connection, alert: sqlite3.Row, row: Row, min_windows: int
) -> None:
    """A repeat updates the incident and sends nothing; an older one may show it began earlier."""
    if row["window_start"] < alert["window_start"]:
        _moved_back(connection, alert, row, min_windows)
    if row["window_start"] < alert["last_window_start"]:
        return
    connection.execute(
        "update alerts set last_window_start = ?, value = ?, threshold = ?, p_value = ?, "
        "summary = ?, examples = ?, updated_at = ? where id = ?",
        (row["window_start"], row["value"], row["threshold"], row["p_value"], sentence(row),
         row["examples"], now(), alert["id"]),
    )  # fmt: skip


def _moved_back(
    connection: sqlite3.Connection, alert: sqlite3.Row, row: Row, min_windows: int
) -> None:
    """Let the incident begin where the unbroken run of alerting windows before it would fire."""
    subject, start = _subject(row), alert["window_start"]
    run = connection.execute(
        f"select * from metrics where {_JUDGED} and window_start < ? and window_start > ifnull("
        f"(select max(window_start) from metrics where {_JUDGED} and verdict = 'ok' "
        "and window_start < ?), '') order by window_start",
        (*subject, start, *subject, start),
    ).fetchall()
    for position, one in enumerate(run):
        if (one["strength"] or 0.0) >= AT_ONCE or position >= min_windows - 1:
            connection.execute(
                "update alerts set window_start = ?, window_end = ?, started_at = ?, "
                "updated_at = ? where id = ?",
                (one["window_start"], one["window_end"], one["window_start"], now(), alert["id"]),
            )
            return


def _resolved(connection: sqlite3.Connection, alert: sqlite3.Row, row: Row) -> Transition:
    ended = {**dict(alert), "state": "resolved", "resolved_at": row["window_end"],
             "updated_at": now()}  # fmt: skip
    connection.execute(
        "update alerts set state = 'resolved', resolved_at = ?, updated_at = ? where id = ?",
        (ended["resolved_at"], ended["updated_at"], ended["id"]),
    )
    return _transition(RESOLVED, ended, row)


def _transition(event: str, alert: Row, row: Row) -> Transition:
    return Transition(event, alert, row["strength"] or 0.0, row["window_start"], row["window_end"])


def _subject(row: Row) -> tuple[Any, ...]:
    return (
        row["model"],
        row["version"],
        row["window"],
        row["metric"],
        row["feature"],
        row["segment"],
    )


def sentence(row: Row) -> str:
    """Say in one plain sentence what is wrong.

    >>> sentence({"model": "flights", "segment": None, "explanation": "mae went from 8 to 14"})
    'flights: mae went from 8 to 14'
    """
    where = f" ({row['segment']})" if row["segment"] else ""
    said = row["explanation"]
    if not said:
        what = row["metric"] + (f" of {row['feature']}" if row["feature"] else "")
        value, threshold = row["value"], row["threshold"]
        said = what if value is None else f"{what} is {value:.4g}"
        said += "" if threshold is None else f", the limit is {threshold:.4g}"
    return f"{row['model'] or 'all models'}{where}: {said}"
