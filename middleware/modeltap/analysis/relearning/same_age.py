"""The reference's performance on the labels that it had when its rows were as old as a window's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modeltap.analysis.counting.window_starts import starts
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.performance_baseline import (
    Times,
    label_form,
    learn_baselines,
    with_records,
)
from modeltap.analysis.relearning.label_history import Arrivals
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.decoding.times import parse_times
from modeltap.store.label_arrivals import LabelArrival

_MOSTLY = 0.5
"""The fraction of the reference's labelled rows whose labels' arrival has to be known."""

_MOST_ROWS = 20_000
"""Rows that `LabelHistory` reads of a reference."""


def same_age(
    reference: Reference, arrivals: Arrivals, ages: np.ndarray, settings: Settings
) -> Reference:
    """Return the reference with its performance on labels that arrived as soon as a window's.

    Labels that arrive fast are often not like the others: errors are reported first, and a loan is
    repaid later than it defaults. Each row of the reference is given an age that a row of the
    window has, and is left out if its label took longer. Whatever the delay depends on, it did so
    in the reference, too, so that only a change makes a difference.

    Returns the reference unchanged if its labels were imported, and without a performance if fewer
    than thirty of its labels arrived so soon.

    Args:
        arrivals: of the reference's rows.
        ages: (n,) an age for each of these rows, in seconds; NaN leaves a row out. See
            `given_ages`.
    """
    known = reference.performance
    rows = arrivals.rows
    if known is None or len(rows) < _MOSTLY * min(known.rows, _MOST_ROWS):
        return reference
    in_time = (arrivals.delays <= ages).tolist()
    records = learn_baselines(
        [row.prediction for row in rows],
        [row.label if is_in_time else None for row, is_in_time in zip(rows, in_time, strict=True)],
        settings.task,
        _times(rows, settings),
        label_form(settings),
        [row.score for row in rows],
    )
    return with_records(reference, records)


def _times(rows: Sequence[LabelArrival], settings: Settings) -> Times:
    moments = parse_times([row.event_time for row in rows])
    return Times(moments, starts(moments, Window.parse(settings.window).clocked), settings.min_rows)
