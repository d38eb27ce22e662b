"""Wrong predictions: confused classes, the largest errors, and the slices with most errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from modeltap.analysis.failures.error_group import EXAMPLES, ErrorGroup
from modeltap.analysis.slices.error_rows import ErrorRows
from modeltap.analysis.slices.worst_slices import SliceReport

_PAIRS = 20
"""Pairs of classes that are listed."""

_LARGEST = 10
"""Rows with the largest errors that are listed."""


def prediction_groups(rows: ErrorRows, report: SliceReport) -> list[ErrorGroup]:
    """Return the wrong predictions in groups: pairs of classes or large errors, then slices.

    Args:
        rows: labelled rows, the newest first.
        report: the worst slices of `rows`, or of some of them.
    """
    groups = _confused(rows) if rows.binary else _largest(rows)
    return [*groups, *_slices(report)]


def _confused(rows: ErrorRows) -> list[ErrorGroup]:
    """Return the pairs of a predicted and another true class, the most frequent first."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place in np.flatnonzero(rows.errors).tolist():
        places[rows.predicted[place], rows.true[place]].append(place)
    wrong = sum(map(len, places.values()))
    ranked = sorted(places.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        ErrorGroup(
            kind="prediction",
            type="confusion",
            count=len(own),
            fraction=len(own) / wrong,
            predicted=predicted,
            label=true,
            **_when(rows, own),
        )
        for (predicted, true), own in ranked[:_PAIRS]
    ]


def _largest(rows: ErrorRows) -> list[ErrorGroup]:
    """Return the rows with the largest errors."""
    places = np.argsort(-rows.errors, kind="stable")[:_LARGEST]
    return [
        ErrorGroup(
            kind="prediction",
            type="large_error",
            count=1,
            predicted=rows.predicted[place],
            label=rows.true[place],
            error=float(rows.errors[place]),
            **_when(rows, [place]),
        )
        for place in places.tolist()
        if rows.errors[place] > 0
    ]


def _slices(report: SliceReport) -> list[ErrorGroup]:
    """Return the slices with more errors than the other rows."""
    return [
        ErrorGroup(
            kind="prediction",
            type="slice",
            count=own.wrong,
            slice=own.name,
            error=own.error.value,
            lift=own.error.lift,
            examples=own.examples,
        )
        for own in report.slices
    ]


def _when(rows: ErrorRows, places: Sequence[int]) -> dict[str, Any]:
    """Return the times and the example ids of some rows."""
    own = [rows.rows[place] for place in places]
    times = [row.event_time for row in own if row.event_time is not None]
    ids = dict.fromkeys(row.exchange_id for row in own[: 4 * EXAMPLES])
    return {
        "first_at": min(times, default=None),
        "last_at": max(times, default=None),
        "examples": list(ids)[:EXAMPLES],
    }
