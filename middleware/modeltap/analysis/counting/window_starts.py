"""Starts and ends of time windows, which the end of a reference may split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modeltap import clock
from modeltap.analysis.model.reference import Reference
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.store.windows import Series


def starts(moments: np.ndarray, window: Window) -> np.ndarray:
    """Return the starts (Unix seconds) of the time windows that contain (n,) moments.

    >>> [clock.iso(start)[:10] for start in starts(np.array([1.3625e9]), Window.parse("1 month"))]
    ['2013-03-01']
    """
    if window.kind == "seconds":
        return (moments - window.offset) // window.size * window.size + window.offset
    months = moments.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    first = (months // window.size * window.size).astype("datetime64[M]")
    seconds: np.ndarray = first.astype("datetime64[s]").astype(np.float64)
    return seconds


def window_blocks(moments: np.ndarray, settings: Settings) -> Iterator[np.ndarray]:
    """Yield the positions of the rows of each window; small ones are joined with the next.

    Args:
        moments: (n,) Unix seconds; NaN is in no window.
    """
    known = np.flatnonzero(~np.isnan(moments))
    order = known[np.argsort(moments[known], kind="stable")]
    begun = starts(moments[order], Window.parse(settings.window).clocked)
    waiting: list[np.ndarray] = []
    for part in np.split(order, np.flatnonzero(np.diff(begun)) + 1):
        waiting.append(part)
        if sum(map(len, waiting)) >= settings.min_rows:
            yield np.concatenate(waiting)
            waiting = []


def by_window(
    moments: np.ndarray, window: Window, cut: float | None = None
) -> Iterator[tuple[float, list[int]]]:
    """Yield each window's start with the positions of the (n,) moments in it.

    NaN is in no window. A window that contains the end of a reference is split in two.

    Args:
        cut: the reference's end in Unix seconds.
    """
    known = np.flatnonzero(~np.isnan(moments))
    begun = starts(moments[known], window)
    if cut is not None:
        begun = np.where((begun < cut) & (moments[known] >= cut), cut, begun)
    for start in np.unique(begun).tolist():
        yield start, known[begun == start].tolist()


def cut_of(reference: Reference) -> float | None:
    """Return the moment at which a reference splits a window; None while it is provisional."""
    return clock.parse(reference.to_time) if reference.state == "active" else None


def end_of(reference: Reference, series: Series, start: str) -> str:
    """Return the end of the window that starts at `start`, or an earlier end of the reference."""
    window, moment = Window.parse(series.window), clock.parse(start) or 0.0
    end = window.end(window.start(moment))
    cut = cut_of(reference)
    return clock.iso(cut if cut is not None and moment < cut < end else end)
