"""Rows with a rhythm, for tests of references: a wave of the day, a weekend, or none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.learn_rhythm import Learnt, learn_rhythm
from modeltap.config.settings import Settings

HOUR, DAY = 3600, 86_400
MONDAY = 1_767_571_200.0
"""2026-01-05, 00:00 UTC."""

Rows = tuple[dict[str, Any], np.ndarray]


def hour_rows(
    rng: np.random.Generator,
    start: float,
    rows: int,
    wave: float = 0.0,
    weekend: float = 0.0,
    days: tuple[int, ...] = (5, 6),
) -> Rows:
    """Draw rows of one hour: `wavy` moves with hour and day, `flat` does not.

    Args:
        days: the days of the week, Monday is 0, that are `weekend` higher.
    """
    angle = 2 * math.pi * (start % DAY) / DAY
    moved = wave * math.cos(angle) + weekend * (int((start - MONDAY) // DAY) % 7 in days)
    words = np.array(["a", "b", "c"])[rng.choice(3, p=[0.5, 0.3, 0.2], size=rows)]
    columns = {
        "wavy": rng.normal(moved, 1, size=rows),
        "flat": rng.normal(size=rows),
        "word": words.tolist(),
    }
    return columns, np.sort(start + rng.random(rows) * HOUR)


def joined(parts: list[Rows]) -> Rows:
    """Return the rows of several hours."""
    names = parts[0][0]
    columns = {name: [v for columns, _ in parts for v in columns[name]] for name in names}
    return columns, np.concatenate([times for _, times in parts])


def learnt_from(columns: dict[str, Any], times: np.ndarray, settings: Settings) -> Learnt:
    """Learn the rhythm of rows, as a freeze does."""
    from msgspec.structs import replace

    from modeltap.analysis.references.learn_rhythm import drift_window_of

    reference = fit(columns, len(times), model="m", times=times)
    window = drift_window_of(settings, times)
    reference = replace(reference, timezone=settings.timezone, drift_window=window)
    return learn_rhythm(reference, columns, times, settings)


def learnt_week(
    rows: int = 100, hours: int = 168, settings: Settings | None = None, seed: int = 0, **shape: Any
) -> Learnt:
    """Learn from so many hours from a Monday on, of so many rows each."""
    rng = np.random.default_rng(seed)
    parts = [hour_rows(rng, MONDAY + HOUR * n, rows, **shape) for n in range(hours)]
    return learnt_from(*joined(parts), settings or Settings())
