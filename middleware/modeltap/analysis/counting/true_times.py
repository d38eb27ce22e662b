"""Removal of event times that cannot be true: in the future, or far before all others."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from modeltap import clock
from modeltap.analysis.counting.strays import stray_days
from modeltap.config.windows import Window
from modeltap.decoding.row_batch import Batch
from modeltap.environments import environment_of
from modeltap.store import event_times as stored
from modeltap.store.event_times import Reason, RejectedTime

_AHEAD_SECONDS = clock.DAY
"""A clock that is up to a day ahead, or in another time zone, is wrong but usable.

A time further ahead would close all windows up to it.
"""

_HOUR = Window("seconds", 3600)


def bound_times(
    connection: sqlite3.Connection, model: str, version: str, batch: Batch
) -> list[RejectedTime]:
    """Remove implausible times from new rows, inside the caller's transaction.

    Strays depend on all rows, so days that are no longer stray are restored, and days that became
    stray are withdrawn. Returns the restored rows, which are to be counted.
    """
    moments = np.array(batch.times, dtype=np.float64)
    hour = clock.iso(_HOUR.start(time.time()))
    future = moments > time.time() + _AHEAD_SECONDS
    known = ~np.isnan(moments) & ~future
    days = np.full(len(moments), -1, dtype=np.int64)
    days[known] = np.floor(moments[known] / clock.DAY)
    before = stored.rows_by_day(connection, model)
    new, counts = np.unique(days[known], return_counts=True)
    texts = map(_text, new.tolist())
    stored.add_days(connection, model, dict(zip(texts, counts.tolist(), strict=True)))
    was, now = _strays(before), _strays(stored.rows_by_day(connection, model))
    kinds: dict[Reason, np.ndarray] = {
        "future": future,
        "stray": known & np.isin(days, list(map(_number, now))),
        "unreadable": np.isin(np.arange(len(moments)), list(batch.unreadable)),
    }
    stored.add_counted(connection, model, environment_of(version) or "", hour, len(moments))
    for reason, rejected in kinds.items():
        places = np.flatnonzero(rejected).tolist()
        stored.reject(connection, _taken_out(batch, places, (model, version), hour, reason))
    if now - was:
        stored.withdraw_days(connection, model, sorted(now - was), hour)
    return stored.restore_days(connection, model, was - now) if was - now else []


def _taken_out(
    batch: Batch, places: Sequence[int], model_version: tuple[str, str], hour: str, reason: Reason
) -> list[RejectedTime]:
    rejected = []
    for place in places:
        moment, key = batch.times[place], (batch.ids[place], batch.row_numbers[place])
        text = None if math.isnan(moment) else clock.iso(moment)
        rejected.append(RejectedTime(*key, *model_version, text, hour, reason))
        batch.times[place], batch.time_texts[place] = math.nan, None
    return rejected


def without_rejected(connection: sqlite3.Connection, model: str, batch: Batch) -> Batch:
    """Return a batch without the rejected times of rows that were counted before."""
    rejected = stored.rejected_rows(connection, model, batch.ids)
    if not rejected:
        return batch
    keys = zip(batch.ids, batch.row_numbers, strict=True)
    times = [
        math.nan if key in rejected else time for key, time in zip(keys, batch.times, strict=True)
    ]
    return replace(batch, times=times)


def _strays(rows: dict[str, int]) -> frozenset[str]:
    days = stray_days({_number(day): count for day, count in rows.items()})
    return frozenset(map(_text, days))


def _number(day: str) -> int:
    return int((clock.parse(day) or 0.0) // clock.DAY)


def _text(day: int) -> str:
    return clock.iso(day * clock.DAY)[:10]
