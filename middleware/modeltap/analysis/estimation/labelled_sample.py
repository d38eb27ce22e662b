"""The sample of a reference's rows that have an outcome, as numbers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

from modeltap.analysis.counting.sample import ROWS, Sample
from modeltap.analysis.counting.window_starts import starts
from modeltap.analysis.inference.rising import RISING
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.statistics.matrix import matrix
from modeltap.config.windows import Window
from modeltap.decoding.times import parse_times
from modeltap.store.references import sampled_rows

_MANY_COLUMNS = 200
"""With more columns, fewer rows are used, to bound memory: a thousand columns of categories have
20,000 indicators, which take 300 MB for 2,000 rows."""


@dataclass(frozen=True)
class LabelledSample:
    """The n sampled rows of a reference with an outcome, in order of time.

    Args:
        inputs: (n, d) the inputs, as `inputs_of` returns them.
        outputs: (n,) see `Outcomes`.
        labels: (n,) see `Outcomes`.
        windows: (n,) int, the window of each row.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    labels: np.ndarray
    windows: np.ndarray

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.labels)


def labelled_sample(
    connection: sqlite3.Connection, reference: Reference, window: Window
) -> LabelledSample:
    """Return the rows of a reference's sample that have an outcome; there may be none."""
    rows = [row for row in sampled_rows(connection, reference.id) if row.label is not None]
    moments = parse_times([row.event_time for row in rows])
    order = np.argsort(moments, kind="stable")
    if len(reference.columns) > _MANY_COLUMNS:
        order = order[:: -(-len(order) // ROWS) or 1]
    rows = [rows[place] for place in order.tolist()]
    begun = starts(moments[order], window.clocked)
    return LabelledSample(
        inputs_of(Sample.unpack([row.coded for row in rows], reference), reference),
        np.array([np.nan if row.output is None else row.output for row in rows], dtype=np.float64),
        np.array([row.label for row in rows], dtype=np.float64),
        np.unique(np.nan_to_num(begun), return_inverse=True)[1],
    )


def inputs_of(sample: Sample, reference: Reference) -> np.ndarray:
    """Return the (n, d) inputs of a sample as numbers.

    Columns of the calendar are included: many models are worse at some hours. Columns that rise
    with each row are not, nor those that were learnt later than the reference.
    """
    excluded = frozenset(
        feature.name
        for feature in reference.columns
        if feature.calendar == RISING or feature.learnt_until is not None
    )
    return matrix(sample, reference, excluded).values
