"""Labelled rows of the store with their errors and their columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from modeltap.analysis.counting.sample import choose
from modeltap.analysis.model.baseline import Baseline, is_unknown
from modeltap.analysis.performance.evaluation import known_classes
from modeltap.analysis.performance.paired import pair_up
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.outputs import outputs_of
from modeltap.decoding.row_batch import Batch
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.stored_exchanges import exchanges_by_id

MOST_ROWS = 100_000
"""Rows that are searched: a slice of one in a hundred then has a thousand."""

_MOST_CELLS = 5_000_000
"""Values that are held: with 2,000 features, about 3,000 rows are searched."""

_CHUNK = 1024
"""Exchanges that are decoded at once, between two checks of the number of values."""


@dataclass(frozen=True)
class ErrorRows:
    """The n rows whose error is known.

    Args:
        rows: (n,) the rows' predictions and labels.
        errors: (n,) 1 for a wrong prediction and 0 for a correct one, or absolute errors.
        predicted: (n,) classes or numbers, in the labels' form.
        true: (n,) the same of the labels.
        binary: whether predictions are right or wrong.
        columns: (n,) values of each feature.
        problem: the reason why no error is known; None if errors are known.
    """

    rows: Sequence[LabelledPrediction] = ()
    errors: np.ndarray = field(default_factory=lambda: np.zeros(0))
    predicted: Sequence[Any] = ()
    true: Sequence[Any] = ()
    binary: bool = True
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    problem: str | None = None

    @property
    def keys(self) -> list[tuple[str, int]]:
        """The exchange id and the number of each row."""
        return [(row.exchange_id, row.row) for row in self.rows]

    def picked(self, places: Sequence[int]) -> ErrorRows:
        """Return the rows at these places."""
        return replace(
            self,
            rows=[self.rows[place] for place in places],
            errors=self.errors[list(places)],
            predicted=[self.predicted[place] for place in places],
            true=[self.true[place] for place in places],
            columns={name: [own[place] for place in places] for name, own in self.columns.items()},
        )


def error_rows(
    rows: Sequence[LabelledPrediction], settings: Settings, baseline: Baseline | None
) -> ErrorRows:
    """Return the rows whose error is known, without columns.

    Args:
        settings: the model's own.
        baseline: the performance in the reference, which knows the task and the classes.
    """
    predictions, labels = [row.prediction for row in rows], [row.label for row in rows]
    problem = _problem(predictions, labels)
    if problem is not None:
        return ErrorRows(problem=problem)
    form = LabelForm(settings.positive, settings.decision_threshold)
    task = settings.task or (None if baseline is None else baseline.task)
    paired = pair_up(predictions, labels, task, form, known_classes(baseline))
    if paired.mismatch is not None:
        return ErrorRows(
            problem=f"predictions and labels cannot be compared: {paired.mismatch.reason}"
        )
    binary = paired.task == "classification"
    predicted, true = paired.predictions.tolist(), paired.labels.tolist()
    if binary:
        errors = np.array([p != t for p, t in zip(predicted, true, strict=True)], dtype=np.float64)
    else:
        errors = np.abs(paired.predictions - paired.labels)
    kept = [rows[place] for place in paired.places.tolist()]
    return ErrorRows(kept, errors, predicted, true, binary)


def with_columns(
    connection: sqlite3.Connection, own: ErrorRows, settings: Settings, most_rows: int = MOST_ROWS
) -> ErrorRows:
    """Return rows with the columns of their stored requests, at most `most_rows` of them.

    Rows whose exchange is no longer stored are left out. With many features, only the first rows
    are read.
    """
    if len(own.rows) > most_rows:
        own = own.picked(choose(own.keys, most_rows))
    table = _Table(own.keys)
    ids = list(dict.fromkeys(row.exchange_id for row in own.rows))
    decoders = Decoders()
    for start in range(0, len(ids), _CHUNK):
        exchanges = exchanges_by_id(connection, ids[start : start + _CHUNK])
        table.add(read(exchanges, settings, decoders, connection))
        if table.cells > _MOST_CELLS:
            break
    filled = replace(own, columns=table.columns)
    return filled if len(table.places) == len(own.rows) else filled.picked(table.places)


class _Table:
    """Values of rows by column, filled from batches in any order."""

    def __init__(self, keys: Sequence[tuple[str, int]]) -> None:
        self._columns: dict[str, np.ndarray] = {}
        self._place_of = {key: place for place, key in enumerate(keys)}
        self._is_filled = np.zeros(len(keys), dtype=bool)

    @property
    def columns(self) -> dict[str, list[Any]]:
        """The values of all rows, None where they have none."""
        return {name: column.tolist() for name, column in self._columns.items()}

    @property
    def places(self) -> list[int]:
        """The positions of the rows that have values, in order."""
        filled: list[int] = np.flatnonzero(self._is_filled).tolist()
        return filled

    @property
    def cells(self) -> int:
        """The number of values."""
        return int(self._is_filled.sum()) * len(self._columns)

    def add(self, batch: Batch) -> None:
        """Add the values of those of a batch's rows that belong to the table."""
        keys = zip(batch.ids, batch.row_numbers, strict=True)
        pairs = [(at, self._place_of[key]) for at, key in enumerate(keys) if key in self._place_of]
        if not pairs:
            return
        own, places = np.array(pairs).T
        self._is_filled[places] = True
        for name, column in batch.columns().items():
            if name not in self._columns:
                self._columns[name] = np.full(len(self._is_filled), None, dtype=object)
            values = np.fromiter(column, dtype=object, count=len(column))
            self._columns[name][places] = values[own]


def _problem(predictions: Sequence[Any], labels: Sequence[Any]) -> str | None:
    """Return why no row has an error; None if some have one."""
    if all(map(is_unknown, labels)):
        return "no labelled rows; `modeltap label` stores labels"
    if all(map(is_unknown, predictions)):
        return "the labelled rows have no prediction; see `modeltap doctor`"
    if any(outputs_of(value) is not None for value in predictions):
        return "the model has several outputs"
    return None
