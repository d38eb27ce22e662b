"""The feed as a whole: fields that come or go, values that stand still, rows that repeat, gaps."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr

from modeltap import clock
from modeltap.analysis.counting.row_sketch import usual_rate
from modeltap.analysis.counting.tally import Tally
from modeltap.analysis.model.feature import ANSWERS, Feature
from modeltap.analysis.model.metric import (
    ALERT,
    AT_ONCE,
    NOT_ENOUGH_ROWS,
    OK,
    Metric,
    chance,
    share,
)
from modeltap.analysis.model.reference import Reference

METRICS = ("schema_change", "duplicate_rate", "constant_feed", "gap_seconds", "freshness_seconds")

FLOOR = 0.02
"""As of the other rates: less than two points of a hundred are nobody's concern."""

GAP_FLOOR = 2.0
"""A pause twice as long as the reference's longest is news."""

_NEARLY_ALL = 0.9
"""A value that nine of ten rows have anyway may be all there is for once: a week without rain."""

_MIN_BLOCKS = 4
_MIN_SPAN_SECONDS = 86_400.0
"""A reference of less than a day knows of no night."""

_NAMED = 5


def judge(
    reference: Reference, window: Tally, alpha: float, *, min_rows: int = 100
) -> Iterator[Metric]:
    """Yield `schema_change`, `duplicate_rate`, and `constant_feed` of each feature that varied."""
    yield _schema_change(reference, window, min_rows)
    yield _duplicates(reference, window, alpha, min_rows)
    for position, feature in enumerate(reference.features):
        if feature.of is None and feature.kind in ("numeric", "categorical", "boolean"):
            metric = _constant(feature, position, reference, window, alpha, min_rows)
            if metric is not None:
                yield metric


def gap(reference: Reference, times: np.ndarray, *, min_rows: int = 100) -> Metric | None:
    """Return `gap_seconds`: the longest time without a row within a window.

    Args:
        times: (n,) Unix seconds of the window's rows.

    It has a verdict where the reference spans four windows, and a day: only then its longest
    pause (a night, a weekend) is known.
    """
    if len(times) < 2:
        return None
    ordered = np.sort(times)
    pauses = np.diff(ordered)
    longest = float(pauses.max())
    at = int(np.argmax(pauses))
    return _pause(
        "gap_seconds",
        longest,
        f"from {_moment(ordered[at])} to {_moment(ordered[at + 1])}",
        reference,
        ordered,
        min_rows,
    )


def freshness(
    reference: Reference, times: np.ndarray, end: float, *, min_rows: int = 100
) -> Metric | None:
    """Return `freshness_seconds`: how long before the window's end its last row came.

    Args:
        times: (n,) Unix seconds of the window's rows.
        end: the window's end in Unix seconds; it has passed.

    A feed that stopped within the window shows here; its verdict is as that of `gap_seconds`.
    """
    if len(times) < 2:
        return None
    ordered = np.sort(times)
    return _pause(
        "freshness_seconds",
        max(0.0, end - float(ordered[-1])),
        f"since {_moment(ordered[-1])}, until the window's end",
        reference,
        ordered,
        min_rows,
    )


def _pause(
    metric: str, length: float, when: str, reference: Reference, ordered: np.ndarray, min_rows: int
) -> Metric:
    """Judge one time without a row by the reference's longest."""
    usual, rows = reference.gap_seconds, len(ordered)
    if usual is None or rows < min_rows or not _knows_pauses(reference):
        return Metric(metric=metric, rows=rows, value=length)
    # Where rows are few a chance pause is long: of m exponential ones the longest is ln(m) means.
    mean = float(ordered[-1] - ordered[0]) / (rows - 1)
    threshold = GAP_FLOOR * max(usual, mean * math.log(rows))
    alert = length > threshold
    return Metric(
        metric=metric,
        rows=rows,
        value=length,
        threshold=threshold,
        strength=length / threshold * AT_ONCE if threshold else 0.0,
        verdict=ALERT if alert else OK,
        explanation=f"no row for {clock.length(length)}, {when}; the reference's longest pause was "
        f"{clock.length(usual)}"
        if alert
        else None,
    )


def _knows_pauses(reference: Reference) -> bool:
    first, last = (clock.parse(time or "") for time in (reference.from_time, reference.to_time))
    long_enough = first is None or last is None or last - first >= _MIN_SPAN_SECONDS
    return long_enough and reference.blocks >= _MIN_BLOCKS


def _schema_change(reference: Reference, window: Tally, min_rows: int) -> Metric:
    lost = [
        feature.name
        for position, feature in enumerate(reference.features)
        if feature.of is None
        and feature.name not in ANSWERS
        and window.absent[position] == window.rows
        and feature.counts[-3] < sum(feature.counts)
    ]
    # A field of a few rows may be a client's whim; one of many is a change.
    new = [name for name, rows in window.new.items() if rows > FLOOR * window.rows]
    parts = []
    if lost:
        parts.append(f"no row has {_named(lost)} any more")
    if new:
        shares = [f"`{name}` in {share(window.new[name] / window.rows)}" for name in new]
        parts.append(f"new: {_named(shares, quote=False)}")
    changed = bool(lost or new)
    return Metric(
        metric="schema_change",
        rows=window.rows,
        count=len(lost) + len(new),
        value=float(len(lost) + len(new)),
        threshold=0.0,
        strength=AT_ONCE if changed else 0.0,
        verdict=_verdict(changed, window.rows, min_rows),
        explanation=f"fields changed: {'; '.join(parts)}" if changed else None,
    )


def _named(names: list[str], quote: bool = True) -> str:
    shown = [f"`{name}`" if quote else name for name in names[:_NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _duplicates(reference: Reference, window: Tally, alpha: float, min_rows: int) -> Metric:
    """Judge the rows that are equal in all features to another: against what is to be expected.

    The expected rate is the reference's at the window's size: where values are few, rows repeat.
    """
    rows, sampled = window.rows, window.repeats.sampled
    value = window.repeats.rate
    usual = min(1.0, usual_rate(reference.repeats, rows) + reference.usual_repeats)
    spread = math.sqrt(max(usual * (1 - usual), 1 / max(1, sampled)) / max(1, sampled))
    growth = value - usual
    p = float(ndtr(-growth / spread))
    alert = rows >= min_rows and growth > FLOOR and p < alpha
    words = None
    if alert:
        words = (
            f"{share(value)} of {rows:,} rows repeat another one; to be expected were "
            f"{share(usual)}, {chance(p).removeprefix('by chance ')} so many by chance"
        )
    return Metric(
        metric="duplicate_rate",
        rows=rows,
        count=round(value * rows),
        value=value,
        threshold=usual + FLOOR,
        p_value=p,
        strength=max(0.0, growth / FLOOR),
        verdict=_verdict(alert, rows, min_rows),
        explanation=words,
    )


def _constant(
    feature: Feature,
    position: int,
    reference: Reference,
    window: Tally,
    alpha: float,
    min_rows: int,
) -> Metric | None:
    """Judge whether one value is all that comes of a feature that had several."""
    start = sum(len(one.counts) for one in reference.features[:position])
    then = np.array(feature.counts[: feature.bins])
    now = window.counts[start : start + feature.bins]
    rows = int(now.sum())
    if (
        not then.sum()
        or then.max() == then.sum()
        or (feature.kind == "numeric" and feature.low == feature.high)
    ):
        return None
    place = int(np.argmax(now))
    still = bool(rows > 0 and now[place] == rows)
    if feature.kind == "numeric":
        still = still and window.low[position] == window.high[position]
    # The chance that all rows fall into this bin; of one value within it, it is less.
    usual = float(then[place]) / float(then.sum())
    p = usual**rows if usual > 0 else 0.0
    # Where a block of the reference stood still, too, that is no news: a season, a holiday.
    alert = (
        still
        and rows >= min_rows
        and p < alpha
        and usual < _NEARLY_ALL
        and feature.usual_rates.get("constant_feed", 0.0) < _NEARLY_ALL
    )
    said = _value(feature, place, float(window.low[position])) if alert else ""
    return Metric(
        metric="constant_feed",
        feature=feature.name,
        rows=rows,
        value=float(still),
        threshold=0.0,
        p_value=p if still else 1.0,
        strength=AT_ONCE if alert else 0.0,
        verdict=_verdict(alert, rows, min_rows),
        explanation=f"{feature.name}: all {rows:,} rows have the value {said}; expected {chance(p)}"
        if alert
        else None,
    )


def _value(feature: Feature, place: int, low: float) -> str:
    if feature.kind == "numeric":
        return f"'{low:.6g}'"
    return repr(feature.vocabulary[place]) if place < len(feature.vocabulary) else "of a rare word"


def _verdict(alert: bool, rows: int, min_rows: int) -> str:
    return NOT_ENOUGH_ROWS if rows < min_rows else ALERT if alert else OK


def _moment(seconds: float) -> str:
    return clock.short(clock.iso(seconds))
