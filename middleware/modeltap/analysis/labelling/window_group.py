"""Windows with too few labels, which are evaluated together with their neighbours."""

from __future__ import annotations

import sqlite3

from modeltap.analysis.model.reference import Reference
from modeltap.store.due_windows import DueWindow
from modeltap.store.labelled_rows import LabelledRows
from modeltap.store.labelled_windows import (
    LabelledWindow,
    evaluated_before,
    evaluated_start,
    evaluated_with,
    neighbours,
)


def window_group(
    connection: sqlite3.Connection,
    due: DueWindow,
    rows: LabelledRows,
    reference: Reference | None,
    min_rows: int,
) -> list[LabelledWindow]:
    """Return the windows to evaluate together with this one, in order, including itself.

    Args:
        rows: all rows of this window.
    """
    own = _counted(due, rows)
    start = evaluated_start(connection, own)
    if start is not None:
        together = evaluated_with(connection, own, start)
        return [own if part.window_start == own.window_start else part for part in together]
    waiting = [
        window
        for window in neighbours(connection, own)
        if _is_in(reference, window) == _is_in(reference, own)
    ]
    before = evaluated_before(connection, waiting)
    if not before or _is_in(reference, before[0]) != _is_in(reference, own):
        return waiting
    is_around = before[-1].window_start > own.window_start
    if not is_around and sum(window.labelled for window in waiting) >= min_rows:
        return waiting
    return sorted([*before, *waiting], key=lambda window: window.window_start)


def _counted(due: DueWindow, rows: LabelledRows) -> LabelledWindow:
    """Return a window with the number of its rows that have a prediction and a label."""
    if None not in rows.predictions:
        labelled = rows.labelled
    else:
        pairs = zip(rows.predictions, rows.labels, strict=True)
        labelled = sum(own is not None and label is not None for own, label in pairs)
    return LabelledWindow(*due, rows=len(rows), labelled=labelled)


def _is_in(reference: Reference | None, window: LabelledWindow) -> bool:
    """Return whether a window starts before the end of the reference, which none crosses."""
    if reference is None or reference.state == "provisional":
        return False
    end = reference.to_time
    return end is not None and window.window_start < end
