"""A simulated shop: ten features, six with a daily and a weekly rhythm, and four faults in week 3.

Nothing but the rhythm changes until the first fault; each fault lasts until the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

Rows = dict[str, np.ndarray]
"""Columns of equal length."""

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400
WEEKS = 4
START = datetime(2026, 10, 26, 9, tzinfo=UTC).timestamp()
"""A Monday, 09:00."""

CAP = 732.0
"""The 95 % point of `score_a` without a rhythm, where the fault clips it."""

_WAVE = {"distance": 0.30, "basket": 0.35, "age": 0.25, "score_a": 0.30}
"""By how many standard deviations a mean moves, up and down, in the course of a day."""

_MIX = 0.5
"""By how much the logarithm of a category's odds moves, up and down, in the course of a day."""

_WEEKEND = 0.2
"""By how many standard deviations means, and logarithms of odds, differ on Saturday and Sunday."""

_COUNTRIES = {"de": 0.40, "fr": 0.25, "it": 0.15, "es": 0.12, "pl": 0.08}
_CHANNELS = {"web": 0.55, "app": 0.30, "phone": 0.10, "partner": 0.05}
_DEVICES = {"ios": 0.35, "android": 0.45, "desktop": 0.20}


@dataclass(frozen=True)
class Fault:
    """A change of one feature that begins `hours` after the start of week 3."""

    feature: str
    hours: int
    change: Callable[[np.random.Generator, np.ndarray], np.ndarray]

    @property
    def start(self) -> float:
        """Unix seconds."""
        return START + 2 * WEEK + self.hours * HOUR


FAULTS = (
    Fault("distance", 12, lambda rng, values: values * 1.609),
    Fault("tenure", 36, lambda rng, values: np.where(rng.random(len(values)) < 0.2, 0, values)),
    Fault("channel", 60, lambda rng, values: np.where(values == "app", "mobile", values)),
    Fault("score_a", 84, lambda rng, values: np.minimum(values, CAP)),
)


@dataclass(frozen=True)
class Shop:
    """Parameters of a shop.

    Args:
        rhythm: strength of the rhythm of the features; 0 is none.
        peak: the hour of most traffic.
        night: traffic of the quietest hour, as a fraction of the busiest one's.
        weekend: traffic of Saturday and Sunday, as a fraction of the other days'.
    """

    rows_a_day: int
    rhythm: float = 1.0
    seed: int = 0
    peak: float = 19.0
    night: float = 0.15
    weekend: float = 0.8

    def hours(self, hours: int = WEEKS * WEEK // HOUR) -> Iterator[tuple[float, np.ndarray, Rows]]:
        """Yield each hour's start, its rows' times and the rows, in order of time."""
        rng = np.random.default_rng(self.seed)
        phases = rng.uniform(0, 24, size=6)
        for number in range(hours):
            start = START + number * HOUR
            count = int(rng.poisson(self._expected(start)))
            times = np.sort(start + rng.random(count) * HOUR)
            rows = self._rows(rng, phases, start, count)
            for fault in FAULTS:
                if start >= fault.start:
                    rows[fault.feature] = fault.change(rng, rows[fault.feature])
            yield start, times, rows

    def _expected(self, start: float) -> float:
        """Return how many rows an hour has on average."""
        middle = (1 + self.night) / 2
        level = middle + (1 - middle) * math.cos(_angle(start, self.peak))
        return self.rows_a_day / 24 * level / middle * (self.weekend if is_weekend(start) else 1.0)

    def _rows(self, rng: np.random.Generator, phases: np.ndarray, start: float, n: int) -> Rows:
        moved = [self.rhythm * (math.cos(_angle(start, at))) for at in phases]
        more = self.rhythm * _WEEKEND * is_weekend(start)
        normal = {
            name: rng.normal(size=n) + size * wave + more
            for (name, size), wave in zip(_WAVE.items(), moved, strict=False)
        }
        return {
            "distance": np.round(np.exp(1.5 + 0.8 * normal["distance"]), 2),
            "basket": np.round(np.exp(3.5 + 0.6 * normal["basket"]), 2),
            "age": np.clip(np.round(42 + 13 * normal["age"]), 18, 99).astype(int),
            "score_a": np.round(600 + 80 * normal["score_a"], 1),
            "country": _words(rng, _COUNTRIES, _MIX * moved[4] + more, n),
            "channel": _words(rng, _CHANNELS, _MIX * moved[5] + more, n),
            "tenure": 1 + rng.exponential(30, size=n).astype(int),
            "items": 1 + rng.poisson(2, size=n),
            "score_b": np.round(rng.normal(size=n), 4),
            "device": _words(rng, _DEVICES, 0.0, n),
        }


def is_weekend(seconds: float) -> bool:
    """Return whether a moment is on a Saturday or Sunday, UTC."""
    return datetime.fromtimestamp(seconds, UTC).weekday() >= 5


def documents(rows: Rows) -> Iterator[dict[str, Any]]:
    """Yield rows as dictionaries of Python's own values."""
    columns = [column.tolist() for column in rows.values()]
    for values in zip(*columns, strict=True):
        yield dict(zip(rows, values, strict=True))


def _angle(seconds: float, hour: float) -> float:
    """Return how far a moment is from an hour of the day, as an angle."""
    return 2 * math.pi * (seconds % DAY / HOUR - hour) / 24


def _words(rng: np.random.Generator, shares: dict[str, float], moved: float, n: int) -> np.ndarray:
    """Draw words; the first one's odds are multiplied by e to the power of `moved`."""
    odds = np.array(list(shares.values()))
    odds[0] *= math.exp(moved)
    return rng.choice(np.array(list(shares), dtype=object), p=odds / odds.sum(), size=n)
