"""Missing parts of exchanges, by the hour in which they were counted."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

_HOURS = 48
"""Hours to keep for each model: a pass that reads them is at most a day late."""


class CoverageHour(NamedTuple):
    """An hour in which exchanges of a model in an environment were counted.

    `environment` is "" for exchanges without one.
    """

    model: str
    environment: str
    hour: str


class CountedParts(NamedTuple):
    """Counts of present and missing parts of exchanges in an hour."""

    of: CoverageHour
    counts: Counter[tuple[str, str]]
    """Counts by part and reason; the reason is "" if the part is present."""


def add_shortfalls(
    connection: sqlite3.Connection,
    of: CoverageHour,
    counts: Iterable[tuple[tuple[str, str], int]],
) -> None:
    """Add counts to an hour and mark it as due, inside the caller's transaction.

    Args:
        counts: pairs of part and reason with the count of each.
    """
    connection.executemany(
        "insert into shortfalls (model, environment, hour, part, reason, count) "
        "values (?, ?, ?, ?, ?, ?) on conflict (model, environment, hour, part, reason) "
        "do update set count = count + excluded.count, due = 1",
        [(*of, *key, count) for key, count in counts],
    )


def due_parts(connection: sqlite3.Connection) -> list[CountedParts]:
    """Return the hours with counts that were not evaluated, in order."""
    hours = connection.execute(
        "select distinct model, environment, hour from shortfalls indexed by shortfalls_due "
        "where due order by hour, model, environment"
    ).fetchall()
    return [CountedParts(of, _counts(connection, of)) for of in map(CoverageHour._make, hours)]


def mark_parts_evaluated(connection: sqlite3.Connection, of: CoverageHour) -> None:
    """Mark an hour as evaluated and delete old hours, inside the caller's transaction."""
    connection.execute(
        "update shortfalls set due = 0 where model = ? and environment = ? and hour = ? and due", of
    )
    connection.execute(
        "delete from shortfalls where model = :model and environment = :environment and not due "
        "and hour < (select min(hour) from (select distinct hour from shortfalls "
        "where model = :model and environment = :environment order by hour desc limit :kept))",
        {"model": of.model, "environment": of.environment, "kept": _HOURS},
    )


def _counts(connection: sqlite3.Connection, of: CoverageHour) -> Counter[tuple[str, str]]:
    rows = connection.execute(
        "select part, reason, count from shortfalls "
        "where model = ? and environment = ? and hour = ?",
        of,
    )
    return Counter({(part, reason): count for part, reason, count in rows})
