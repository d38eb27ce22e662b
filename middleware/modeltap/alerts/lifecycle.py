"""The state of each incident: pending, firing, resolved; and no_data or error where none is known.

One row of `alerts` is one incident of one subject: a rule about one metric of one model.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from modeltap.alerts import history
from modeltap.alerts.causes import causes, causes_first
from modeltap.alerts.conditions import Judge, Judged
from modeltap.alerts.rules import MIN_WINDOWS, Rule, fingerprint, rules_for
from modeltap.alerts.silence import silenced_until
from modeltap.clock import now
from modeltap.config.rule_settings import RuleSettings

FIRING = "alert.firing"
RESOLVED = "alert.resolved"
NO_DATA = "alert.no_data"
ERROR = "alert.error"

CALM_WINDOWS = 2
"""So many calm windows in a row end an incident; one alone is a pause in it."""

_QUIET_WINDOWS = 8
"""So many windows in a row without an alert end an incident even where each is doubtful: in data
that always differs from its reference somewhat, no window is as the reference."""

_FLAPPING_WINDOWS = 24
_MOST_CALM_WINDOWS = 16
"""An incident that came back within a day of windows has to be calm for twice as long each time."""

_NO_DATA_WINDOWS = 3

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Transition:
    """An alert that began or ended in one window: what the outbox makes messages of."""

    event: str
    alert: Row
    strength: float
    window_start: str
    window_end: str
    repeated: bool = False


def update(
    connection: sqlite3.Connection,
    rows: Sequence[Row],
    rules: Sequence[RuleSettings] = (),
    *,
    calm_windows: int = CALM_WINDOWS,
) -> list[Transition]:
    """Bring the alerts up to date with one window's metric rows; return what changed.

    Runs inside the caller's transaction, after the rows went into `metrics`; begins and commits
    nothing. Rows in the reference, or with too few rows, change nothing.

    Args:
        rows: rows of `metrics`, all of one window of one model.
        rules: the model's rules from the settings.
        calm_windows: how many calm windows in a row end an incident.
    """
    changed = []
    for row in causes_first(rows):
        if row["in_reference"]:
            continue
        for rule in rules_for(row, rules):
            transition = _Subject(connection, rule, row, rows).judged(calm_windows)
            if transition is not None:
                changed.append(transition)
    return changed


def lose_sight(connection: sqlite3.Connection) -> list[Transition]:
    """Note that nobody knows how the incidents go on, for the analysis fails."""
    rows = connection.execute(
        "select * from alerts where state = 'firing' and metric <> rule order by started_at"
    ).fetchall()
    for row in rows:
        connection.execute(
            "update alerts set state = 'error', updated_at = ? where id = ?", (now(), row["id"])
        )
        history.note(connection, row["id"], "error", why="the analysis fails")
    return [
        Transition(
            ERROR, {**dict(row), "state": "error"}, 0.0, row["last_window_start"], row["window_end"]
        )
        for row in rows
    ]


class _Subject:
    """One rule about one metric, in the window of `rows` that was judged now."""

    def __init__(
        self, connection: sqlite3.Connection, rule: Rule, row: Row, rows: Sequence[Row]
    ) -> None:
        self.connection = connection
        self.rule = rule
        self.row = row
        self.rows = rows
        self.judge = Judge(connection, rule, row)
        self.mark = fingerprint(
            rule.key, row["model"], row["version"], row["metric"], row["feature"], row["segment"]
        )
        self.alert = connection.execute(
            "select * from alerts where fingerprint = ? and state <> 'resolved'", (self.mark,)
        ).fetchone()

    def judged(self, calm_windows: int) -> Transition | None:
        """Go from the state before to the one that this window asks for."""
        now_judged = self.judge.of(self.row)
        if now_judged is None:
            return self._unknown()
        if now_judged.alert:
            return self._bad(now_judged)
        return self._good(now_judged, calm_windows)

    def _bad(self, found: Judged) -> Transition | None:
        if self.alert is not None and self.alert["state"] != "pending":
            self._repeat(found)
            return None
        if self._was_over() or self._is_told():
            return None
        if not self._lasting(found):
            self._suspect(found)
            return None
        return self._fire(found)

    def _good(self, found: Judged, calm_windows: int) -> Transition | None:
        start = self.row["window_start"]
        if self.alert is None or start < self.alert["last_window_start"]:
            return None
        if self.alert["state"] == "pending":
            self._forget()
            return None
        if start > self.alert["last_window_start"] and not self._calm(found, calm_windows):
            return None
        return self._resolve()

    def _unknown(self) -> Transition | None:
        """A subject that has no verdict any more: neither is it over, nor does it go on."""
        if self.alert is None or self.alert["state"] != "firing":
            return None
        rows = self.judge.last_rows(_NO_DATA_WINDOWS)
        newer = [row for row in rows if row["window_start"] > self.alert["last_window_start"]]
        if len(newer) < _NO_DATA_WINDOWS or any(self.judge.of(row) is not None for row in newer):
            return None
        why = f"no verdict in {_NO_DATA_WINDOWS} windows: {self.row['verdict'] or 'no value'}"
        self._set("no_data", why=why)
        return self._transition(NO_DATA, {**dict(self.alert), "state": "no_data"}, 0.0)

    def _lasting(self, found: Judged) -> bool:
        """Persistence: strong enough to fire at once, or the windows before said so, too."""
        if not self.rule.strict and found.at_once:
            return True
        return self._before(self.rule.min_windows - 1, attrgetter("alert"))

    def _calm(self, found: Judged, calm_windows: int) -> bool:
        """Say whether this window and those before it were calm for long enough."""
        needed = self._calm_needed(calm_windows)
        if found.calm and self._before(needed - 1, attrgetter("calm")):
            return True
        return self._before(max(needed, _QUIET_WINDOWS) - 1, attrgetter("quiet"))

    def _before(self, count: int, is_so: Callable[[Judged], bool]) -> bool:
        """Say whether the last `count` judged windows before this one all were so."""
        if count <= 0:
            return True
        before = self.judge.before(self.row["window_start"], count)
        return len(before) >= count and all(map(is_so, before))

    def _calm_needed(self, calm_windows: int) -> int:
        """Flapping is damped: each that ended shortly before doubles how long calm must last."""
        recent = self.judge.before(self.alert["window_start"], _FLAPPING_WINDOWS)
        since = recent[-1].row["window_start"] if recent else ""
        ended: int = self.connection.execute(
            "select count(*) from alerts where fingerprint = ? and state = 'resolved' "
            "and resolved_at > ?",
            (self.mark, since),
        ).fetchone()[0]
        return max(calm_windows, min(calm_windows << ended, _MOST_CALM_WINDOWS))

    def _was_over(self) -> bool:
        """Labels that come late have an old window judged again: an incident that is over stays so.

        The window that ended the incident is not meant: if that one alerts now, it is news.
        """
        over = self.connection.execute(
            "select 1 from alerts where fingerprint = ? and state = 'resolved' "
            "and window_start <= ? and resolved_at > ?",
            (self.mark, self.row["window_start"], self.row["window_end"]),
        ).fetchone()
        return over is not None

    def _is_told(self) -> bool:
        """Say whether this began with an incident of the same column, which tells it already.

        What comes later is news, though the column drifts: a sensor that breaks after it moved.
        A limit that somebody set is an alert of its own.
        """
        if self.rule.settings is not None and self.rule.settings.condition is not None:
            return False
        explained = causes(self.row, self.rows)
        if not explained:
            return False
        run = self.judge.run_before(self.row["window_start"])
        began = run[0].row["window_start"] if run else self.row["window_start"]
        told = self.connection.execute(
            "select window_start from alerts where model = ? and version = ? and window = ? and "
            "feature is ? and segment is ? and state = 'firing' "
            f"and metric in ({', '.join('?' * len(explained))})",
            (
                *(self.row[name] for name in ("model", "version", "window", "feature", "segment")),
                *explained,
            ),
        ).fetchall()
        return any(self._judged_between(one["window_start"], began) < MIN_WINDOWS for one in told)

    def _judged_between(self, start: str, end: str) -> int:
        """Return how many windows were judged from `start` to before `end`."""
        return sum(one.row["window_start"] >= start for one in self.judge.before(end, MIN_WINDOWS))

    def _suspect(self, found: Judged) -> None:
        """A weak effect is pending until the windows after it say the same, or do not."""
        if self.alert is None:
            self._insert("pending", found)
        elif self.row["window_start"] >= self.alert["last_window_start"]:
            self._update(found)

    def _fire(self, found: Judged) -> Transition:
        alert = self._insert("firing", found)
        return self._transition(FIRING, alert, found.strength)

    def _insert(self, state: str, found: Judged) -> Row:
        row = self.row
        alert: dict[str, Any] = {
            "id": self.alert["id"] if self.alert is not None else f"alert_{uuid.uuid4().hex}",
            "fingerprint": self.mark,
            "rule": self.rule.name,
            "model": row["model"],
            "version": row["version"],
            "metric": row["metric"],
            "feature": row["feature"],
            "segment": row["segment"],
            "severity": self.rule.severity,
            "state": state,
            "window": row["window"],
            "window_start": row["window_start"],
            "window_end": row["window_end"],
            "last_window_start": row["window_start"],
            "value": row["value"],
            "threshold": found.threshold,
            "p_value": row["p_value"],
            "summary": found.sentence,
            "examples": row["examples"],
            "started_at": row["window_start"],
            "resolved_at": None,
            "silenced_until": None,
            "acknowledged_at": None,
            "notified_at": None,
            "updated_at": now(),
        }
        alert["silenced_until"] = silenced_until(self.connection, alert)
        self.connection.execute(
            f"insert or replace into alerts ({', '.join(alert)}) "
            f"values ({', '.join('?' * len(alert))})",
            tuple(alert.values()),
        )
        history.note(
            self.connection,
            alert["id"],
            state,
            window_start=row["window_start"],
            value=row["value"],
        )
        return alert

    def _forget(self) -> None:
        """A suspicion that did not come true was no incident."""
        for table, key in (("alerts", "id"), ("alert_history", "alert_id")):
            self.connection.execute(f"delete from {table} where {key} = ?", (self.alert["id"],))

    def _repeat(self, found: Judged) -> None:
        """A repeat updates the incident; an older window may show that it began earlier."""
        if self.alert["state"] != "firing":
            self._set("firing", why="there is a verdict again")
        if self.row["window_start"] < self.alert["window_start"]:
            self._move_back()
        if self.row["window_start"] >= self.alert["last_window_start"]:
            self._update(found)

    def _update(self, found: Judged) -> None:
        row = self.row
        self.connection.execute(
            "update alerts set last_window_start = ?, value = ?, threshold = ?, p_value = ?, "
            "summary = ?, examples = ?, updated_at = ? where id = ?",
            (
                row["window_start"],
                row["value"],
                found.threshold,
                row["p_value"],
                found.sentence,
                row["examples"],
                now(),
                self.alert["id"],
            ),
        )

    def _move_back(self) -> None:
        """Let the incident begin where the run of alerting windows before it would fire."""
        run = self.judge.run_before(self.alert["window_start"])
        for position, one in enumerate(run):
            if (one.at_once and not self.rule.strict) or position >= self.rule.min_windows - 1:
                start, end = one.row["window_start"], one.row["window_end"]
                self.connection.execute(
                    "update alerts set window_start = ?, window_end = ?, started_at = ?, "
                    "updated_at = ? where id = ?",
                    (start, end, start, now(), self.alert["id"]),
                )
                return

    def _resolve(self) -> Transition:
        end = self.row["window_end"]
        self.connection.execute(
            "update alerts set resolved_at = ? where id = ?", (end, self.alert["id"])
        )
        self._set("resolved")
        ended = {**dict(self.alert), "state": "resolved", "resolved_at": end}
        return self._transition(RESOLVED, ended, self.row["strength"] or 0.0)

    def _set(self, state: str, why: str | None = None) -> None:
        self.connection.execute(
            "update alerts set state = ?, updated_at = ? where id = ?",
            (state, now(), self.alert["id"]),
        )
        history.note(
            self.connection,
            self.alert["id"],
            state,
            window_start=self.row["window_start"],
            value=self.row["value"],
            why=why,
        )

    def _transition(self, event: str, alert: Row, strength: float) -> Transition:
        return Transition(event, alert, strength, self.row["window_start"], self.row["window_end"])
