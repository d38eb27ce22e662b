"""The versions of models: seen in exchanges, or noted for exchanges without one; their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from modeltap import clock
from modeltap.environments import with_environment
from modeltap.store.stored_exchanges import StoredExchange, are_alike, column_of

_KEY = ("model", "environment", "version")

END = "9999"
"""The end of a period without an end."""


class ServedVersion(NamedTuple):
    """A version of a model, and the period in which it was served.

    Args:
        environment: "" for exchanges without one.
        version: "" for exchanges without a version.
        first_at, last_at: the first and the last event time; the last is "" before any exchange.
        is_noted: True if the exchanges have no version, and it was noted for this period.
        until: the event time at which a noted version ends, exclusive; `END` if it does not.
    """

    environment: str
    version: str
    first_at: str
    last_at: str
    is_noted: bool = False
    until: str = END

    @property
    def stored(self) -> str:
        """The version as its exchanges have it."""
        return "" if self.is_noted else self.version


def record_versions(connection: sqlite3.Connection, exchanges: Sequence[StoredExchange]) -> None:
    """Record the versions of counted exchanges, inside the transaction."""
    times = column_of(exchanges, "event_time")
    if None in times:
        started = column_of(exchanges, "started_at")
        times = [time or other for time, other in zip(times, started, strict=True)]
    keys = zip(*(column_of(exchanges, name) for name in _KEY), strict=True)
    seen: dict[tuple[str, str | None, str], list[str]] = {}
    if are_alike(exchanges, *_KEY):
        seen[next(keys)] = list(times)
    else:
        for key, time in zip(keys, times, strict=True):
            seen.setdefault(key, []).append(time)
    connection.executemany(
        "insert into versions (model, environment, version, first_at, last_at, exchanges) "
        "values (?, ?, ?, ?, ?, ?) on conflict do update set "
        "first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at), "
        "exchanges = exchanges + excluded.exchanges",
        [
            (model, environment or "", version, min(own), max(own), len(own))
            for (model, environment, version), own in seen.items()
        ],
    )


def note_version(
    connection: sqlite3.Connection, model: str, environment: str, version: str, since: str
) -> None:
    """Note that exchanges without a version are of `version` from an event time on.

    The caller's transaction must be open. A version that was noted for the same time is replaced.
    """
    connection.execute(
        "insert or replace into noted_versions (model, environment, since, version, noted_at) "
        "values (?, ?, ?, ?, ?)",
        (model, environment, since, version, clock.now()),
    )


def served_versions(connection: sqlite3.Connection, model: str) -> list[ServedVersion]:
    """Return the versions of a model in all environments, by the time of their first exchange.

    A period that a noted version divides is returned in parts.
    """
    seen = [
        ServedVersion(*row)
        for row in connection.execute(
            "select environment, version, first_at, last_at from versions where model = ?",
            (model,),
        )
    ]
    noted = connection.execute(
        "select environment, since, version from noted_versions where model = ? order by 1, 2",
        (model,),
    ).fetchall()
    parts: list[ServedVersion] = []
    for environment, group in groupby(noted, key=lambda row: row[0]):
        own = [ServedVersion(environment, version, since, "", True) for _, since, version in group]
        parts += _divided(next((s for s in seen if s[:2] == (environment, "")), None), own)
        seen = [s for s in seen if s[:2] != (environment, "")]
    return sorted([*seen, *parts], key=lambda own: (own.first_at, own.version))


def _divided(without: ServedVersion | None, noted: list[ServedVersion]) -> list[ServedVersion]:
    """Return noted versions with their ends, after the part without a version before them."""
    starts = [own.first_at for own in noted]
    last_at = "" if without is None else without.last_at
    parts = []
    if without is not None and without.first_at < starts[0]:
        parts.append(without._replace(until=starts[0], last_at=min(last_at, starts[0])))
    for own, until in zip(noted, [*starts[1:], END], strict=True):
        served = last_at if last_at >= own.first_at else ""
        parts.append(own._replace(until=until, last_at=min(served, until)))
    return parts


class VersionRow(NamedTuple):
    """A row of a version, with its last label (None if it has none) and its exchange's duration."""

    exchange_id: str
    row: int
    event_time: str
    prediction: Any
    score: float | None
    label: Any
    duration_ms: float | None


def rows_of_version(
    connection: sqlite3.Connection,
    model: str,
    served: ServedVersion,
    *,
    since: str = "",
    limit: int = -1,
) -> list[VersionRow]:
    """Return the newest rows of a version, in event order.

    Args:
        since: the first event time.
        limit: the maximum number of rows; negative for all.
    """
    analyzed = {with_environment(version, served.environment) for version in ("", served.stored)}
    start = max(since, served.first_at if served.is_noted else "")
    rows = connection.execute(
        "select p.exchange_id, p.row, p.event_time, p.prediction, p.score, "
        "(select l.value from labels l where l.exchange_id = p.exchange_id and l.row = p.row "
        "order by l.seq desc limit 1), x.duration_ms "
        "from predictions p join exchanges x on x.seq = p.seq where p.model = ? "
        f"and p.version in ({','.join('?' * len(analyzed))}) and p.candidate = '' "
        "and p.event_time >= ? and p.event_time < ? and x.version = ? "
        "and ifnull(x.environment, '') = ? order by p.event_time desc, p.seq desc, p.row desc "
        "limit ?",
        (model, *analyzed, start, served.until, served.stored, served.environment, limit),
    ).fetchall()
    return [VersionRow(*row) for row in reversed(rows)]


def versions_begun(
    connection: sqlite3.Connection, model: str, environment: str, start: str, end: str
) -> list[ServedVersion]:
    """Return the versions that replaced another one between two event times, half-open."""
    own = [
        served for served in served_versions(connection, model) if served.environment == environment
    ]
    return [served for served in own[1:] if start <= served.first_at < end]


def window_values(
    connection: sqlite3.Connection, model: str, version: str, start: str, end: str
) -> Iterator[Mapping[str, Any]]:
    """Yield the metrics of the windows that lie between two times, by metric.

    Args:
        version: as it is analysed, with the environment.
    """
    rows = connection.execute(
        'select metric, feature, segment, "window", window_start, rows, value, low, high '
        "from metrics where model = ? and version = ? and window_start >= ? and window_end <= ? "
        "and value is not null order by metric, feature, segment, window_start",
        (model, version, start, end),
    )
    return map(dict, rows)
