"""Learning: the rows that become a model's reference, and the end of their collection.

Learning follows event time, so imported, live and late rows lead to the same reference. It ends
with a window, unless only a number of rows is configured.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from modeltap import clock
from modeltap.analysis.counting.sample import choose
from modeltap.analysis.references.clean_time import joined
from modeltap.config.metrics import CATALOGUE
from modeltap.config.reference_settings import (
    DEFAULT_REFERENCE,
    ReferenceSettings,
    parse_reference,
)
from modeltap.config.settings import FeatureSettings, Settings
from modeltap.config.windows import Window
from modeltap.store import learning_progress as stored
from modeltap.store.connection import writing
from modeltap.store.event_times import has_rows
from modeltap.store.learning_progress import EventSpan, FeatureAlert
from modeltap.store.predictions import LAST, StoredRow, rows_between

MOST_ROWS = 200_000
"""With more rows, a sample is used, evenly over the hours.

A reference is learnt in memory, at about a kilobyte per row, and its counts are exact enough.
"""

PROVISIONAL_ROWS = 5_000
"""Rows of the first windows that give a provisional reference its types and bins."""

_TO_KNOW_STRAYS = 5
"""With fewer rows, a row with a wrong year cannot be recognised; it may be the first."""

_FEW = 100
"""Rows that are kept of each hour, as many as a window needs, if a tenth of all allows it."""

_MILLISECOND = 0.001
"""The resolution of stored times, in seconds."""


@dataclass(frozen=True)
class Learning:
    """The progress of learning a model's version.

    Attributes:
        start: the event time of the first row.
        end: the end of the learnt rows, exclusive; None while rows are missing.
        until: the end of the period alone; None if only rows are configured.
        left_out: the windows that alerted during learning, and are not learnt.
        missing: rows that are missing from the configured number; 0 if `end` is known.
    """

    start: str
    end: str | None
    until: str | None
    left_out: tuple[EventSpan, ...] = ()
    missing: int = 0


def learning_of(
    connection: sqlite3.Connection, settings: Settings, model: str, version: str
) -> Learning | None:
    """Return the progress of learning; None if there are no rows.

    Args:
        settings: the model's own.
    """
    start = _start(connection, model, version)
    if start is None:
        return None
    asked = _asked(settings)
    until = _period_end(asked, settings, start)
    spans = left_out(connection, settings, model, version, EventSpan(start, until or LAST[0]))
    if not asked.rows and not has_rows(connection, model, _TO_KNOW_STRAYS):
        return Learning(start, None, until, spans, _TO_KNOW_STRAYS)
    if not asked.rows:
        return Learning(start, until, until, spans)
    last = stored.nth_time(connection, model, version, start, asked.rows, spans)
    if last is None:
        return Learning(start, None, until, spans, asked.rows)
    after = _just_after(last)
    if until is None:
        return Learning(start, after, None, spans)
    end = max(until, _boundary(settings, after))
    spans = left_out(connection, settings, model, version, EventSpan(start, end))
    return Learning(start, end, until, spans)


def _start(connection: sqlite3.Connection, model: str, version: str) -> str | None:
    """Return the start of learning: that of the first row, even if the row was deleted."""
    begin = stored.learn_from(connection, model, version)
    first = stored.first_time(connection, model, version, begin)
    known = stored.provisional_start(connection, model, version)
    return min(first, known) if first is not None and known is not None else first


def learnt_rows(
    connection: sqlite3.Connection, model: str, version: str, learning: Learning, limit: int
) -> list[StoredRow]:
    """Return the rows that are learnt, at most `limit`, the same fraction of each hour.

    A day is a mixture of its hours, so their proportions are kept; but quiet hours keep some rows.
    If only a number of rows is configured, these are the first `limit` rows.
    """
    span = EventSpan(learning.start, learning.end or LAST[0])
    if learning.until is None:
        rows = rows_between(connection, model, version, (span.start, 0, 0), (span.end, 0, 0))
        return _without(rows, learning.left_out)[:limit]
    hours = stored.rows_by_hour(connection, model, version, span)
    sampled: list[StoredRow] = []
    counts = list(hours.values())
    for hour in hours:
        first, after = max(span.start, hour), min(span.end, hour + "~")
        rows = rows_between(connection, model, version, (first, 0, 0), (after, 0, 0))
        rows = _without(rows, learning.left_out)
        keys = [(row.exchange_id, row.row) for row in rows]
        sampled += [rows[place] for place in choose(keys, _sampled_of(len(keys), counts, limit))]
    return sampled


def relearn(connection: sqlite3.Connection, model: str, version: str, start: str) -> None:
    """Restart learning with the rows from `start`; the current reference is no longer used.

    Args:
        start: event time, in the store's format.
    """
    with writing(connection):
        stored.restart_learning(connection, model, version, start)


def left_out_rows(
    connection: sqlite3.Connection, model: str, version: str, learning: Learning
) -> int:
    """Return the number of rows of the period that alerted while it was learnt."""
    return sum(
        sum(stored.rows_by_hour(connection, model, version, span).values())
        for span in learning.left_out
    )


def provisional_end(
    connection: sqlite3.Connection, settings: Settings, model: str, version: str, start: str
) -> str | None:
    """Return the end of the first windows with `min_rows` rows; None if there are fewer rows."""
    last = stored.nth_time(connection, model, version, start, settings.min_rows)
    if last is None:
        return None
    after = _just_after(last)
    return _boundary(settings, after)


def end_of(
    connection: sqlite3.Connection, model: str, version: str, settings: Settings, start: str
) -> str | None:
    """Return the end of one column's learning from `start`; None while rows are missing.

    It has the length and number of rows of a reference, and ends with a window. If the reference is
    a file, the default is used.
    """
    asked = _asked(settings)
    if asked.kind == "file":
        asked = parse_reference(DEFAULT_REFERENCE)
    until = _period_end(asked, settings, start) or start
    if not asked.rows:
        return until
    last = stored.nth_time(connection, model, version, start, asked.rows)
    return None if last is None else max(until, _boundary(settings, _just_after(last)))


def outlook(learning: Learning) -> str:
    """Return a message with the end of learning.

    >>> outlook(Learning("", None, "2024-01-08T09:00:00.000Z", missing=2000))
    'learning until Monday, 2024-01-08 09:00 UTC and 2,000 rows'
    """
    parts = [clock.weekday(learning.until)] if learning.until else []
    parts += [f"{learning.missing:,} rows"] if learning.missing else []
    return f"learning until {' and '.join(parts) or 'the window is over'}"


def _asked(settings: Settings) -> ReferenceSettings:
    return parse_reference(settings.reference)


def _period_end(asked: ReferenceSettings, settings: Settings, start: str) -> str | None:
    if not asked.seconds:
        return None
    return _boundary(settings, clock.iso((clock.parse(start) or 0.0) + asked.seconds))


def _just_after(moment: str) -> str:
    return clock.iso((clock.parse(moment) or 0.0) + _MILLISECOND)


def _boundary(settings: Settings, moment: str) -> str:
    """Return a moment rounded up to the end of a time window; row windows end anywhere."""
    window = Window.parse(settings.window)
    if window.kind == "rows":
        return moment
    seconds = clock.parse(moment) or 0.0
    start = window.start(seconds)
    return moment if start == seconds else clock.iso(window.end(start))


def left_out(
    connection: sqlite3.Connection, settings: Settings, model: str, version: str, span: EventSpan
) -> tuple[EventSpan, ...]:
    """Return the windows whose values alerted, joined if they are adjacent.

    Windows that broke a declared limit are kept: values that often break it are still normal.
    """
    metrics = [entry.name for entry in CATALOGUE.values() if entry.leaves_out]
    alerts = stored.alerts_of_features(connection, model, version, metrics, span)
    spans = {alert.span for alert in alerts if not _is_declared(alert, settings)}
    if Window.parse(settings.window).kind == "rows":
        # A row window ends with its last row, which is part of it.
        spans = {EventSpan(start, _just_after(end)) for start, end in spans}
    return tuple(EventSpan(*ends) for ends in joined(spans))


def _is_declared(alert: FeatureAlert, settings: Settings) -> bool:
    declared = settings.features.get(alert.feature or "", FeatureSettings())
    if alert.metric == "missing_rate":
        return declared.required
    if alert.metric == "out_of_range_rate":
        return declared.min is not None or declared.max is not None
    return alert.metric == "unseen_rate" and declared.allowed is not None


def _without(rows: Sequence[StoredRow], spans: Sequence[EventSpan]) -> list[StoredRow]:
    return [row for row in rows if not any(start <= row.event_time < end for start, end in spans)]


def _sampled_of(count: int, hours: Sequence[int], limit: int) -> int:
    """Return the number of an hour's rows to keep so that all hours together have `limit`.

    >>> hours = [400] * 20 + [10, 40]
    >>> [_sampled_of(count, hours, 4000) for count in (400, 10, 40)]
    [179, 10, 18]
    """
    least = min(_FEW, limit // (10 * max(1, len(hours))))
    rest = limit - least * len(hours)
    return min(count, max(least, count * rest // max(1, sum(hours))))
