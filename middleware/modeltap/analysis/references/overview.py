"""Overview of a store's references: their state, the end of learning, and their coverage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from modeltap import clock
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.learning import Learning, learning_of, outlook
from modeltap.config.reference_settings import parse_reference
from modeltap.config.settings import SettingsByModel
from modeltap.config.windows import Window
from modeltap.store.learning_progress import EventSpan, rows_by_hour
from modeltap.store.models import counted_models
from modeltap.store.predictions import LAST, newest_event_time
from modeltap.store.references import active_reference, active_references

_HOURS_OF_A_WEEK = 168

_SLOW = 28 * clock.DAY
"""Learning that takes longer should be shortened: until then, most faults raise no alert."""


@dataclass(frozen=True)
class ReferenceOverview:
    """The reference of one version of a model.

    Attributes:
        state: `provisional` until it is frozen, then `active`.
        learning_until: event time of the end of learning; None if only rows are missing, and once
            it is active.
        rows: its rows, or those so far.
        hours_covered: the number of the week's 168 hours with rows.
        drift_window: the windows in which drift is evaluated.
        outlook: a message about the end of learning; "" once it is active.
        reference: None before the first windows are over.
        is_slow: whether learning takes more than four weeks at the rate so far.
    """

    model: str
    version: str
    state: Literal["provisional", "active"]
    learning_until: str | None
    rows: int
    hours_covered: int
    drift_window: str
    outlook: str
    reference: Reference | None
    is_slow: bool = False


def overviews(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str | None = None
) -> Iterator[ReferenceOverview]:
    """Yield the overview of each model's version that has rows or a reference, in order.

    Args:
        model: only this model's.
    """
    versions = {(row.model, row.version) for row in active_references(connection, model)}
    counted = counted_models(connection)
    versions |= {
        (model_version.model, model_version.version)
        for model_version in counted
        if model in (None, model_version.model)
    }
    for name, version in sorted(versions):
        yield overview(connection, settings, name, version)


def overview(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str, version: str
) -> ReferenceOverview:
    """Return the overview of one version's reference."""
    row = active_reference(connection, model, version)
    reference = None if row is None else Reference.from_json(row.payload)
    own = settings.for_model(model)
    window = Window.parse(own.window).text
    if reference is not None and reference.state == "active":
        return ReferenceOverview(
            model,
            version,
            "active",
            None,
            reference.rows,
            len(reference.hours),
            reference.drift_window or window,
            "",
            reference,
        )
    learning = None
    if parse_reference(own.reference).kind != "file":
        learning = learning_of(connection, own, model, version)
    hours = {} if learning is None else rows_by_hour(connection, model, version, _span(learning))
    rows = sum(hours.values())
    expected = None
    if learning is not None:
        expected = _expected_end(connection, learning, model, version, rows)
    return ReferenceOverview(
        model,
        version,
        "provisional",
        None if learning is None else _until(connection, learning, model, version),
        rows,
        min(len(hours), _HOURS_OF_A_WEEK),
        window,
        "waiting for rows"
        if learning is None
        else _outlook(connection, learning, model, version, expected),
        reference,
        is_slow=learning is not None
        and expected is not None
        and expected - (clock.parse(learning.start) or 0.0) > _SLOW,
    )


def _span(learning: Learning) -> EventSpan:
    return EventSpan(learning.start, learning.end or LAST[0])


def _until(
    connection: sqlite3.Connection, learning: Learning, model: str, version: str
) -> str | None:
    """Return the time at which learning ends; None if that depends on rows only."""
    if learning.until is None or learning.end is not None:
        return learning.end if learning.until is not None else None
    return None if _is_past(connection, learning.until, model, version) else learning.until


def _outlook(
    connection: sqlite3.Connection,
    learning: Learning,
    model: str,
    version: str,
    expected: float | None,
) -> str:
    """Return a message about the end of learning, without a period that is over."""
    over = (
        learning.missing and learning.until and _is_past(connection, learning.until, model, version)
    )
    text = outlook(replace(learning, until=None) if over else learning)
    return text if expected is None else f"{text} (about {clock.iso(expected)[:10]} at this rate)"


def _expected_end(
    connection: sqlite3.Connection, learning: Learning, model: str, version: str, rows: int
) -> float | None:
    """Return the Unix seconds at which all rows have arrived, at the rate so far.

    Return None without a day of rows, and for a moment within the period that is learnt anyway.
    """
    start = clock.parse(learning.start)
    newest = clock.parse(newest_event_time(connection, model, version) or "")
    if not learning.missing or start is None or newest is None or newest - start < clock.DAY:
        return None
    end = min(start + (newest - start) / max(1, rows) * learning.missing, clock.LATEST)
    return end if end > (clock.parse(learning.until or "") or 0.0) else None


def _is_past(connection: sqlite3.Connection, moment: str, model: str, version: str) -> bool:
    newest = newest_event_time(connection, model, version)
    return newest is not None and newest >= moment
