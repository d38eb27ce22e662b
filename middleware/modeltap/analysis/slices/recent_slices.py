"""The worst slices of a model's recent labelled rows."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from modeltap.analysis.model.reference import Reference
from modeltap.analysis.slices.error_rows import MOST_ROWS, ErrorRows, error_rows, with_columns
from modeltap.analysis.slices.worst_slices import MIN_LABELLED, SliceReport, worst_slices
from modeltap.config.settings import Settings
from modeltap.store.predictions import newest_labelled
from modeltap.store.references import active_reference

_SEARCHED = 1_000_000
"""Rows that are searched for labels: a second's work."""


@dataclass(frozen=True)
class RecentSlices:
    """The newest labelled rows of a model's version, and their worst slices.

    Args:
        rows: the newest first, without columns.
        is_limited: whether there are more labelled rows than were searched.
    """

    model: str
    version: str
    rows: ErrorRows
    report: SliceReport
    is_limited: bool = False


def recent_slices(
    connection: sqlite3.Connection,
    settings: Settings,
    model: str,
    version: str,
    most_rows: int = MOST_ROWS,
) -> RecentSlices:
    """Return the worst slices of the last `most_rows` labelled rows of a model's version.

    Args:
        settings: the model's own.
    """
    stored = newest_labelled(connection, model, version, most_rows + 1, _SEARCHED)
    is_limited = len(stored) > most_rows
    reference = active_reference(connection, model, version)
    baseline = None if reference is None else Reference.from_json(reference.payload).performance
    rows = error_rows(stored[:most_rows], settings, baseline)
    searched = rows
    if len(rows.errors) >= MIN_LABELLED and rows.errors.min() < rows.errors.max():
        searched = with_columns(connection, rows, settings)
    report = worst_slices(searched, settings)
    return RecentSlices(model, version, rows, report, is_limited)
