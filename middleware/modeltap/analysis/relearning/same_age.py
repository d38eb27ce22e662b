"""The reference's performance on the labels that it had when its rows were as old as a window's."""

from __future__ import annotations

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

_MOSTLY = 0.5
"""The fraction of the reference's labelled rows whose labels' arrival has to be known."""

_MOST_ROWS = 20_000
"""Rows that `LabelHistory` reads of a reference."""


def same_age(
    reference: Reference, arrivals: Arrivals, ages: np.ndarray, settings: Settings
) -> Reference:
    """Return the reference with its performance on labels that arrived as soon as a window's.

    Labels that arrive fast are often not like the others: errors are reported first, and a loan is
    repaid later than it defaults. Each row of the reference is given the age of a row of the
    window, in random order, and is left out if its label took longer. Whatever the delay depends
    on, it did so in the reference, too, so that only a change makes a difference.

    Returns the reference unchanged if its labels were imported, and without a performance if fewer
    than thirty of its labels arrived so soon.

    Args:
        arrivals: of the reference's rows.
        ages: (n,) ages of the window's rows, in seconds.
    """
    known = reference.performance
    rows = arrivals.rows
    if known is None or len(rows) < _MOSTLY * min(known.rows, _MOST_ROWS):
        return reference
    given = np.random.default_rng(0).permutation(np.resize(ages, len(rows)))
    in_time = (arrivals.delays <= given).tolist()
    records = learn_baselines(
        [row.prediction for row in rows],
        [row.label if is_in_time else None for row, is_in_time in zip(rows, in_time, strict=True)],
        settings.task,
        _times(arrivals, settings),
        label_form(settings),
        [row.score for row in rows],
    )
    return with_records(reference, records)


def _times(arrivals: Arrivals, settings: Settings) -> Times:
    begun = starts(arrivals.moments, Window.parse(settings.window).clocked)
    return Times(arrivals.moments, begun, settings.min_rows)
