"""Estimates of a window's performance, corrected by the labels that have arrived."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.relearning.corrected_errors import corrected_error_estimates
from modeltap.analysis.relearning.corrected_windows import corrected_estimates
from modeltap.analysis.relearning.label_history import LabelHistory
from modeltap.analysis.relearning.past_gaps import NEARLY_ALL, Spreads
from modeltap.analysis.relearning.periodic_history import history_of_window
from modeltap.config.settings import Settings
from modeltap.store import windows as stored
from modeltap.store.due_windows import DueWindow
from modeltap.store.labelled_rows import LabelledRows
from modeltap.store.labelled_windows import labelled_window
from modeltap.store.predictions import RowKey
from modeltap.store.windows import Series


class InputPeriod(NamedTuple):
    """The period in which the inputs of a window were evaluated, and its rows."""

    start: str
    end: str
    first: RowKey
    after: RowKey


def correctable(
    connection: sqlite3.Connection, due: DueWindow, reference: Reference | None
) -> InputPeriod | None:
    """Return the period of a window whose estimates labels can correct; None if they cannot.

    That takes the reference's performance, inputs that were evaluated, and labels that are pending.
    """
    if reference is None or reference.performance is None or reference.output_performance:
        return None
    labels = labelled_window(connection, *due)
    if labels is None or labels.labelled >= NEARLY_ALL * labels.rows:
        return None
    series = Series(due.model, due.version, reference.id, due.window)
    own = stored.get_window(connection, series, due.start)
    if own is None or own.evaluated_start is None:
        return None
    group = stored.evaluated_with(connection, series, own.evaluated_start)
    first, _ = stored.bounds(connection, group[0], series)
    _, after = stored.bounds(connection, group[-1], series)
    return InputPeriod(group[0].window_start, group[-1].window_end, first, after)


def corrected_metrics(
    rows: LabelledRows,
    reference: Reference,
    history: LabelHistory,
    settings: Settings,
    spreads: Spreads,
) -> list[Metric]:
    """Return the corrected estimates of a period's rows; none without the reference's.

    Args:
        spreads: the gaps of earlier windows.
    """
    known = reference.performance
    if known is None:
        return []
    own = history_of_window(history, rows)
    return explained(
        [
            *corrected_estimates(rows, known, own, settings, spreads),
            *corrected_error_estimates(rows, known, own, spreads),
        ]
    )
