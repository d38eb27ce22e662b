"""One row of the `metrics` table, before it knows its model and window."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

OK = "ok"
ALERT = "alert"
NOT_ENOUGH_ROWS = "not_enough_rows"
NO_REFERENCE = "no_reference"

AT_ONCE = 2.0
"""The `strength` of an effect that needs no second window to confirm it: twice its floor."""

Usual = Callable[[str, str | None], float | None]
"""The largest value that a metric of a feature had where all was well; None if not known."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of one window; see docs/metrics.md for the names.

    `count` is a rate's numerator, `strength` the effect divided by its floor: the alert rule
    fires at once at 2. `verdict` is None for what only describes. No value is NaN or infinite.
    """

    metric: str
    rows: int
    feature: str | None = None
    segment: str | None = None
    count: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    strength: float | None = None
    verdict: str | None = None
    explanation: str | None = None
    examples: str | None = None
    """JSON: the ids of a few exchanges that show it."""


def finite(value: float) -> float | None:
    """Return `value` as a float, or None where it is NaN or infinite: JSON has no such numbers.

    >>> finite(1.5), finite(float("nan"))
    (1.5, None)
    """
    return float(value) if math.isfinite(value) else None


def number(value: float) -> str:
    """Write a number for people, with three or four significant digits.

    >>> number(1234.5), number(0.01234), number(14.66)
    ('1,234', '0.0123', '14.7')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def share(value: float) -> str:
    """Write a share for people.

    >>> share(0.0192), share(0.5)
    ('1.9 %', '50 %')
    """
    return f"{value * 100:.2g} %" if value < 0.1 else f"{value * 100:.0f} %"


def counted(count: int, noun: str) -> str:
    """Write how many there are.

    >>> counted(1, "row"), counted(2000, "broken line")
    ('1 row', '2,000 broken lines')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def chance(p_value: float) -> str:
    """Write how often chance alone does such a thing.

    >>> chance(0.02), chance(1e-9)
    ('by chance in 1 of 50 windows', 'by chance in fewer than 1 of 1,000,000 windows')
    """
    if p_value < 1e-6:
        return "by chance in fewer than 1 of 1,000,000 windows"
    return f"by chance in 1 of {round(1 / p_value):,} windows"
