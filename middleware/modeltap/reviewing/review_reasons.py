"""Reasons to look at a row: confidence, disagreement, bad slices, unusual values."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np

from modeltap.analysis.model.reference import Reference
from modeltap.analysis.slices.error_rows import ErrorRows, error_rows, with_columns
from modeltap.comparison.compared_segments import slice_segments
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.reviewing.review_queue import RowPlace
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.predictions import newest_labelled
from modeltap.store.references import active_reference
from modeltap.store.reviews import OtherOutput, ReviewableRow, other_outputs, unusual_exchanges

LOW_CONFIDENCE, DISAGREEMENT = "low_confidence", "disagreement"
WORST_SLICE, UNUSUAL = "worst_slice", "unusual"

_SEARCHED = 2000
"""Labelled rows, and rows without a label, that are searched for a slice."""

_FEWEST = 30
"""Labelled rows of a slice: the error of fewer is too uncertain."""

_SURE = 2.0
"""Standard errors by which the error of a slice is above that of all rows."""


def reasons_of(
    connection: sqlite3.Connection,
    settings: Settings,
    model: str,
    rows: Sequence[ReviewableRow],
    since: str,
) -> dict[str, list[RowPlace]]:
    """Return the places of rows by reason, the most useful first.

    Args:
        settings: the model's own.
        since: the event time of the oldest of the rows.
    """
    ids = dict.fromkeys(row.exchange_id for row in rows)
    unusual = {id_: rank for rank, id_ in enumerate(unusual_exchanges(connection, model, since))}
    named = sorted(
        (row for row in rows if row.exchange_id in unusual),
        key=lambda row: unusual[row.exchange_id],
    )
    return {
        LOW_CONFIDENCE: least_confident(rows, settings.decision_threshold),
        DISAGREEMENT: disagreeing(rows, other_outputs(connection, ids)),
        WORST_SLICE: in_worst_slice(connection, settings, model, rows),
        UNUSUAL: [row.key for row in named],
    }


def least_confident(rows: Sequence[ReviewableRow], threshold: float) -> list[RowPlace]:
    """Return the rows in order of their margin: between the two likeliest classes, or from the
    decision threshold of a score."""
    margins = [(margin, row.key) for row in rows if (margin := _margin(row, threshold)) is not None]
    return [place for _, place in sorted(margins)]


def _margin(row: ReviewableRow, threshold: float) -> float | None:
    values = json.loads(row.probabilities) if row.probabilities else None
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, list):
        numbers = [float(value) for value in values if isinstance(value, (int, float))]
        if len(numbers) > 1:
            largest, second = sorted(numbers, reverse=True)[:2]
            return largest - second
    if row.score is not None and 0 <= row.score <= 1:
        return abs(row.score - threshold)
    return None


def disagreeing(rows: Sequence[ReviewableRow], others: Sequence[OtherOutput]) -> list[RowPlace]:
    """Return the rows for which a candidate or a judge has another output, the farthest first."""
    own = {row.key: row.prediction for row in rows}
    distances: dict[RowPlace, float] = {}
    for other in others:
        place = other.exchange_id, other.row
        if place in own and not _is_same(own[place], other.value):
            distance = _distance(own[place], other.value)
            distances[place] = max(distance, distances.get(place, 0.0))
    return sorted(distances, key=lambda place: (-distances[place], place))


def _is_same(left: object, right: object) -> bool:
    return left == right or str(left).strip().lower() == str(right).strip().lower()


def _distance(left: object, right: object) -> float:
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return abs(left - right)
    return 1.0


def in_worst_slice(
    connection: sqlite3.Connection,
    settings: Settings,
    model: str,
    rows: Sequence[ReviewableRow],
) -> list[RowPlace]:
    """Return the rows of the slice with the largest mean error in labelled rows, if it stands out.

    A slice stands out if its mean error is two standard errors above that of all labelled rows.
    """
    if not rows:
        return []
    version = rows[0].version
    stored = active_reference(connection, model, version)
    baseline = None if stored is None else Reference.from_json(stored.payload).performance
    labelled = error_rows(
        newest_labelled(connection, model, version, _SEARCHED, _SEARCHED * 10), settings, baseline
    )
    if len(labelled.errors) < 2 * _FEWEST:
        return []
    searched = [row for row in rows if row.version == version][:_SEARCHED]
    return _slice_rows(connection, settings, labelled, searched)


def _slice_rows(
    connection: sqlite3.Connection,
    settings: Settings,
    labelled: ErrorRows,
    searched: Sequence[ReviewableRow],
) -> list[RowPlace]:
    both = [*labelled.rows, *(_without_label(row) for row in searched)]
    # NaN: the error of a row without a label is unknown.
    errors = np.concatenate([labelled.errors, np.full(len(searched), np.nan)])
    blank = [None] * len(both)
    own = with_columns(connection, ErrorRows(both, errors, blank, blank), settings)
    columns = {name: column for name, column in own.columns.items() if not is_output(name)}
    known = ~np.isnan(own.errors)
    overall = own.errors[known].mean() if known.any() else 0.0
    worst, largest = None, 0.0
    for segment in slice_segments(columns, len(own.rows), settings):
        inside = own.errors[segment.is_inside & known]
        if len(inside) >= _FEWEST:
            excess = inside.mean() - overall - _SURE * inside.std(ddof=1) / np.sqrt(len(inside))
            if excess > largest:
                worst, largest = segment, float(excess)
    if worst is None:
        return []
    return own.picked(np.flatnonzero(worst.is_inside & ~known).tolist()).keys


def _without_label(row: ReviewableRow) -> LabelledPrediction:
    return LabelledPrediction(
        row.prediction, None, row.event_time, row.score, row.exchange_id, row.row
    )
