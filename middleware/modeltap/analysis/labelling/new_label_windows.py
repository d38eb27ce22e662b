"""The windows whose performance is due, because labels of their rows have arrived."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from modeltap import clock
from modeltap.config.windows import Window
from modeltap.store import windows as stored
from modeltap.store.connection import writing
from modeltap.store.due_windows import DueWindow, record_due
from modeltap.store.label_targets import join_new_labels
from modeltap.store.labels import (
    LabelledMoment,
    NewLabels,
    add_label_days,
    new_labels,
    newest_label,
)
from modeltap.store.models import counted_models
from modeltap.store.references import active_reference
from modeltap.store.settings import SettingsReader
from modeltap.store.watermarks import LABELS, advance, watermark
from modeltap.store.windows import Series

_UNITS = {86_400: "2024-05-01", 3600: "2024-05-01T00", 60: "2024-05-01T00:00"}
"""The beginnings of event times that are the same for rows of a day, an hour and a minute."""

_ALL_DIGITS = len("2024-05-01T00:00:00.000Z")


def record_new_labels(
    connection: sqlite3.Connection, settings: SettingsReader, *, again: bool
) -> None:
    """Store the windows that new labels belong to, and advance the watermark of labels.

    Args:
        again: all windows with labels are due.
    """
    before = watermark(connection, LABELS)
    digits = _digits(connection, settings)
    labels, newest = _joined(connection, before, digits)
    moments = new_labels(connection, 0, newest, digits).moments if again else labels.moments
    due = _windows_of(connection, settings, moments)
    if not due and newest == before:
        return
    with writing(connection):
        record_due(connection, due, newest)
        if advance(connection, LABELS, before, newest):
            add_label_days(connection, labels)


def _joined(connection: sqlite3.Connection, before: int, digits: int) -> tuple[NewLabels, int]:
    """Return the labels since `before` after they are assigned to exchanges, and the last one."""
    newest = newest_label(connection)
    labels = new_labels(connection, before, newest, digits)
    if not labels.waiting:  # mostly, as the tap's own ids are those of the exchanges
        return labels, newest
    with writing(connection):
        join_new_labels(connection, before)
    newest = newest_label(connection)
    return new_labels(connection, before, newest, digits), newest


def _digits(connection: sqlite3.Connection, settings: SettingsReader) -> int:
    """Return how many characters of event times distinguish the windows of all models."""
    models = {counted.model for counted in counted_models(connection)}
    windows = (Window.parse(settings.for_model(name).window) for name in models)
    return max(map(digits_of, windows), default=_ALL_DIGITS)


def digits_of(window: Window) -> int:
    """Return the number of characters of an event time that decide in which window a row is.

    >>> [digits_of(Window.parse(text)) for text in ("1 month", "7d", "6h", "90m", "45s", "99 rows")]
    [10, 10, 13, 16, 24, 24]
    """
    if window.kind == "rows":
        return _ALL_DIGITS
    seconds = 86_400 if window.kind == "months" else window.size
    return next((len(text) for unit, text in _UNITS.items() if seconds % unit == 0), _ALL_DIGITS)


def _windows_of(
    connection: sqlite3.Connection, settings: SettingsReader, moments: Iterable[LabelledMoment]
) -> set[DueWindow]:
    """Return the windows of labelled rows; rows that no window includes have none."""
    lengths: dict[str, Window] = {}
    due = set()
    for moment in moments:
        if moment.model not in lengths:
            lengths[moment.model] = Window.parse(settings.for_model(moment.model).window)
        window = lengths[moment.model]
        start = _start(connection, moment, window)
        if start is not None:
            due.add(DueWindow(moment.model, moment.version, window.text, start))
    return due


def _start(connection: sqlite3.Connection, row: LabelledMoment, window: Window) -> str | None:
    """Return the start of a labelled row's window; None while no window includes the row."""
    if window.kind != "rows":
        return clock.iso(window.start(clock.parse(row.event_time) or 0.0))
    reference = active_reference(connection, row.model, row.version)
    if reference is None:
        return None
    series = Series(row.model, row.version, reference.id, window.text)
    current = stored.window_at(connection, series, row.event_time)
    return current.window_start if current else None
