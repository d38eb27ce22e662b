"""Learning: which rows become a model's reference, and until when they are awaited.

Learning follows event time, so rows that are imported, come live or come late lead to the same
reference. It ends with a window, unless a number of rows alone is asked for.
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
"""More rows than these are sampled, evenly over the hours: a reference is learnt in memory, at
about a kilobyte a row, and its counts are exact enough."""

PROVISIONAL_ROWS = 5_000
"""Rows of the first windows whose types and bins a provisional reference has."""

_TO_KNOW_STRAYS = 5
"""Of fewer rows nobody knows which one has the wrong year: the first may be it."""

_FEW = 100
"""Rows that are kept of any hour, as many as a window needs, where a tenth of all allows it."""

_MILLISECOND = 0.001
"""The resolution of stored times, in seconds."""


@dataclass(frozen=True)
class Learning:
    """How far the learning of a model's version has come.

    Attributes:
        start: the event time of the first row.
        end: until when rows are learnt, exclusive; None while rows are missing.
        until: the end that the period alone would have; None where only rows are asked for.
        left_out: the windows that alerted meanwhile, and are not learnt.
        missing: rows that are missing to the number asked for; 0 if `end` is known.
    """

    start: str
    end: str | None
    until: str | None
    left_out: tuple[EventSpan, ...] = ()
    missing: int = 0


def learning_of(
    connection: sqlite3.Connection, settings: Settings, model: str, version: str
) -> Learning | None:
    """Return how far the learning has come; None while there is no row.

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
    """Return when the learning began: with the first row, though it may have been deleted."""
    begin = stored.learn_from(connection, model, version)
    first = stored.first_time(connection, model, version, begin)
    known = stored.provisional_start(connection, model, version)
    return min(first, known) if first is not None and known is not None else first


def learnt_rows(
    connection: sqlite3.Connection, model: str, version: str, learning: Learning, limit: int
) -> list[StoredRow]:
    """Return the rows that are learnt, at most `limit`, the same fraction of each hour.

    A day is a mixture of its hours, so their proportions stay; but quiet ones keep some rows.

    Where only a number of rows is asked for, `limit` is that number, and they are the first.
    """
    span = EventSpan(learning.start, learning.end or LAST[0])
    if learning.until is None:
        rows = rows_between(connection, model, version, (span.start, 0, 0), (span.end, 0, 0))
        return _without(rows, learning.left_out)[:limit]
    hours = stored.rows_by_hour(connection, model, version, span)
    found: list[StoredRow] = []
    counts = list(hours.values())
    for hour in hours:
        first, after = max(span.start, hour), min(span.end, hour + "~")
        rows = rows_between(connection, model, version, (first, 0, 0), (after, 0, 0))
        rows = _without(rows, learning.left_out)
        keys = [(row.exchange_id, row.row) for row in rows]
        found += [rows[place] for place in choose(keys, _sampled_of(len(keys), counts, limit))]
    return found


def relearn(connection: sqlite3.Connection, model: str, version: str, start: str) -> None:
    """Learn the reference anew, from the rows from `start` on; the present one counts no more.

    Args:
        start: event time, as the store writes it.
    """
    with writing(connection):
        stored.restart_learning(connection, model, version, start)


def left_out_rows(
    connection: sqlite3.Connection, model: str, version: str, learning: Learning
) -> int:
    """Return how many rows of the period alerted while it was learnt."""
    return sum(
        sum(stored.rows_by_hour(connection, model, version, span).values())
        for span in learning.left_out
    )


def provisional_end(
    connection: sqlite3.Connection, settings: Settings, model: str, version: str, start: str
) -> str | None:
    """Return the end of the first windows with `min_rows` rows; None while there are fewer."""
    last = stored.nth_time(connection, model, version, start, settings.min_rows)
    if last is None:
        return None
    after = _just_after(last)
    return _boundary(settings, after)


def end_of(
    connection: sqlite3.Connection, model: str, version: str, settings: Settings, start: str
) -> str | None:
    """Return until when one column's rows from `start` on are learnt; None while rows are missing.

    They are as many, and last as long, as a reference's, and end with a window. A file says
    nothing of that, and the default counts.
    """
    asked = _asked(settings)
    if asked.kind == "file":
        asked = parse_reference(DEFAULT_REFERENCE)
    until = _period_end(asked, settings, start) or start
    if not asked.rows:
        return until
    last = stored.nth_time(connection, model, version, start, asked.rows)
    return None if last is None else max(until, _boundary(settings, _just_after(last)))


def outlook(found: Learning) -> str:
    """Return until when the reference is learnt, in words.

    >>> outlook(Learning("", None, "2024-01-08T09:00:00.000Z", missing=2000))
    'learning until Monday 09:00 UTC and 2,000 rows'
    """
    parts = [clock.weekday(found.until)] if found.until else []
    parts += [f"{found.missing:,} rows"] if found.missing else []
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
    """Return a moment rounded up to the end of a window of time; windows of rows end anywhere."""
    window = Window.parse(settings.window)
    if window.kind == "rows":
        return moment
    seconds = clock.parse(moment) or 0.0
    start = window.start(seconds)
    return moment if start == seconds else clock.iso(window.end(start))


def left_out(
    connection: sqlite3.Connection, settings: Settings, model: str, version: str, span: EventSpan
) -> tuple[EventSpan, ...]:
    """Return the windows whose values alerted, joined where they follow each other.

    A declared limit is one of its own: what breaks it often is no less usual for it.
    """
    metrics = [entry.name for entry in CATALOGUE.values() if entry.leaves_out]
    alerts = stored.alerts_of_features(connection, model, version, metrics, span)
    spans = {alert.span for alert in alerts if not _is_declared(alert, settings)}
    if Window.parse(settings.window).kind == "rows":
        # A window of rows ends with its last row, which is part of it.
        spans = {EventSpan(start, _just_after(end)) for start, end in spans}
    return tuple(EventSpan(*one) for one in joined(spans))


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
    """Return how many of an hour's rows are kept where those of all hours are to be `limit`.

    >>> hours = [400] * 20 + [10, 40]
    >>> [_sampled_of(count, hours, 4000) for count in (400, 10, 40)]
    [179, 10, 18]
    """
    least = min(_FEW, limit // (10 * max(1, len(hours))))
    rest = limit - least * len(hours)
    return min(count, max(least, count * rest // max(1, sum(hours))))
