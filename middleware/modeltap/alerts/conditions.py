"""What a rule makes of one metric in one window: the statistics' verdict, or the rule's own."""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modeltap.alerts.rules import Rule
from modeltap.analysis.model.metric import AT_ONCE

Row = Mapping[str, Any]

_USUAL_WINDOWS = 28
"""Without windows of the reference, `change` is against the median of so many before."""

_SUBJECT = (
    "model = ? and version = ? and window = ? and metric = ? and feature is ? and segment is ? "
    "and in_reference = 0"
)
_READ_AT_ONCE = 200

_DOUBTFUL_P, _DOUBTFUL_STRENGTH = 0.05, 0.5
"""A window does not help to end an incident while chance does such a thing more rarely, and the
effect is more than this share of its limit: a drift of .35 sd in windows of 150 rows went on and
off two to three times without it, and is one incident with it, which ends as soon as before."""


@dataclass(frozen=True)
class Judged:
    """One window's row with what a rule says of it."""

    row: Row
    alert: bool
    strength: float
    threshold: float | None
    sentence: str

    @property
    def at_once(self) -> bool:
        """Whether it needs no second window to confirm it."""
        return self.strength >= AT_ONCE

    @property
    def quiet(self) -> bool:
        """Whether it is no alert."""
        return not self.alert

    @property
    def calm(self) -> bool:
        """Whether it helps to end an incident: it is no alert, and no doubtful window either.

        Of a drift that goes on, small windows miss some: less sure is not yet well again.
        """
        p = self.row["p_value"]
        doubtful = self.strength >= _DOUBTFUL_STRENGTH and (p is None or p < _DOUBTFUL_P)
        return self.quiet and not doubtful


class Judge:
    """Judges the windows of one subject by one rule."""

    def __init__(self, connection: sqlite3.Connection, rule: Rule, row: Row) -> None:
        self._connection = connection
        self._rule = rule
        self._subject = (
            row["model"],
            row["version"],
            row["window"],
            row["metric"],
            row["feature"],
            row["segment"],
        )
        self._start = row["window_start"]

    def of(self, row: Row) -> Judged | None:
        """Return what the rule says of a row; None where there is nothing to judge."""
        own = self._rule.settings
        if own is not None and own.min_rows is not None and row["rows"] < own.min_rows:
            return None
        if own is not None and own.condition is not None:
            return self._by_condition(row)
        if row["verdict"] not in ("ok", "alert"):
            return None
        return Judged(
            row, row["verdict"] == "alert", row["strength"] or 0.0, row["threshold"], sentence(row)
        )

    def before(self, start: str, count: int) -> list[Judged]:
        """Return the last `count` windows before `start` that there is something to say of."""
        rows = self._connection.execute(
            f"select * from metrics where {_SUBJECT} and window_start < ? "
            "order by window_start desc limit ?",
            (*self._subject, start, count + _READ_AT_ONCE),
        )
        found = (self.of(row) for row in rows)
        return [one for one in found if one is not None][:count]

    def run_before(self, start: str) -> list[Judged]:
        """Return the unbroken run of alerting windows that ends before `start`, oldest first."""
        run: list[Judged] = []
        for row in self._connection.execute(
            f"select * from metrics where {_SUBJECT} and window_start < ? "
            "order by window_start desc",
            (*self._subject, start),
        ):
            one = self.of(row)
            if one is not None and not one.alert:
                break
            if one is not None:
                run.append(one)
        return run[::-1]

    def last_rows(self, count: int) -> list[Row]:
        """Return the last `count` rows, judged or not."""
        return self._connection.execute(
            f"select * from metrics where {_SUBJECT} order by window_start desc limit ?",
            (*self._subject, count),
        ).fetchall()

    def _by_condition(self, row: Row) -> Judged | None:
        own = self._rule.settings
        if own is None or row["value"] is None or row["verdict"] == "not_enough_rows":
            return None
        usual = self._usual if own.change is not None else None
        if own.change is not None and usual is None:
            return None
        breach = own.breach(row["value"], usual, row["metric"])
        limit = next((v for v in (own.above, own.below, own.target) if v is not None), usual)
        return Judged(
            row,
            breach is not None,
            AT_ONCE if breach else 0.0,
            limit,
            _breached(self._rule, row, breach or ""),
        )

    @cached_property
    def _usual(self) -> float | None:
        """Return the metric's median in the reference's windows, or in those before this one."""
        values = self._values("in_reference = 1", "9999")
        values = values or self._values("in_reference = 0", self._start)
        return statistics.median(values) if values else None

    def _values(self, where: str, before: str) -> list[float]:
        rows = self._connection.execute(
            "select value from metrics where model = ? and version = ? and window = ? "
            f"and metric = ? and feature is ? and segment is ? and value is not null and {where} "
            "and window_start < ? order by window_start desc limit ?",
            (*self._subject, before, _USUAL_WINDOWS),
        )
        return [row[0] for row in rows]


def sentence(row: Row) -> str:
    """Say in one plain sentence what is wrong.

    >>> sentence({"model": "flights", "segment": None, "explanation": "mae went from 8 to 14"})
    'flights: mae went from 8 to 14'
    """
    said = row["explanation"]
    if not said:
        value, threshold = row["value"], row["threshold"]
        said = _what(row) if value is None else f"{_what(row)} is {value:.4g}"
        said += "" if threshold is None else f", the limit is {threshold:.4g}"
    return f"{_where(row)}: {said}"


def _breached(rule: Rule, row: Row, breach: str) -> str:
    name = f"{rule.label}: " if rule.label else ""
    return (
        f"{_where(row)}: {name}{_what(row)} is {row['value']:.4g}, {breach} ({row['rows']:,} rows)"
    )


def _where(row: Row) -> str:
    segment = f" ({row['segment']})" if row["segment"] else ""
    return f"{row['model'] or 'all models'}{segment}"


def _what(row: Row) -> str:
    return str(row["metric"]) + (f" of {row['feature']}" if row["feature"] else "")
