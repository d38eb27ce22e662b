"""Decoded rows of a model, with their predictions, scores and event times."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from modeltap.config.metrics import is_output
from modeltap.decoding.list_columns import ListRules, spread
from modeltap.decoding.outputs import output_columns
from modeltap.decoding.row_tables import RowTable, picked
from modeltap.rows import Row, columns
from modeltap.store.decode_notes import DecodeNote

_ANSWER_PREFIX = "answer."
"""The prefix of a response's field that has the name of a feature."""

_FEATURE_PREFIX = "feature."
"""The prefix of a request's field that has the name of an output."""

_FIELD_BYTES = 100
"""Bytes of a name and a value in a dictionary."""

_ITEM_BYTES = 40
"""Bytes of a number in a list."""


@dataclass(slots=True)
class Batch:
    """Rows of one model and version; `times` is NaN for rows without an event time."""

    lists: ListRules = field(default_factory=ListRules)
    """The rules that turn lists in the rows into columns."""
    ids: list[str] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    rows: Sequence[Row] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    answers: list[dict[str, Any] | None] = field(default_factory=list)
    """Further fields of the outputs, if the protocol has any."""
    times: list[float] = field(default_factory=list)
    time_texts: list[str | None] = field(default_factory=list)
    """The times as the store has them; empty for a batch that was not just decoded."""
    seqs: list[int] = field(default_factory=list)
    """The `seq` of each row's exchange; empty like `time_texts`."""
    unreadable: set[int] = field(default_factory=set)
    """The positions of rows whose event time cannot be read."""
    protocol_ids: dict[int, str] = field(default_factory=dict)
    """The protocol's own ids, by seq."""
    notes: dict[int, DecodeNote] = field(default_factory=dict)
    """Notes of the exchanges, by seq."""

    def columns(self, known: Collection[str] = ()) -> dict[str, Sequence[Any]]:
        """Return the features, further fields of the outputs, prediction and score as columns.

        A field of the output with the name of a feature is `answer.NAME`, and so is one whose
        prefixed name is `known`. If there are too many names, only the known and the most
        frequent ones are returned.
        """
        rows = self.rows
        listed = rows.columns() if isinstance(rows, RowTable) else columns(rows, known=known)
        features = spread(listed, known, self.lists)
        if any(self.answers):
            answers = self._answer_columns(features, known)
            features |= {name: column for name, column in answers.items() if name not in features}
        return _joined(features, output_columns(self.predictions, self.scores), known)

    def _answer_columns(
        self, features: Collection[str], known: Collection[str]
    ) -> dict[str, Sequence[Any]]:
        bare = [name.removeprefix(_ANSWER_PREFIX) for name in known]
        listed = columns([answer or {} for answer in self.answers], known=bare)
        fields = spread(listed, bare, self.lists)
        renamed = {name: _ANSWER_PREFIX + name for name in fields}
        return {
            renamed[name] if name in features or renamed[name] in known else name: column
            for name, column in fields.items()
        }

    def picked(self, positions: Sequence[int]) -> Batch:
        """Return only the rows at `positions`."""
        rows = self.rows
        part = Batch(lists=self.lists)
        if isinstance(rows, RowTable):
            part.rows = rows.picked(positions)
        else:
            part.rows = picked(rows, positions)
        for name in _BY_ROW:
            setattr(part, name, picked(getattr(self, name), positions))
        return part

    def compact(self) -> Batch | None:
        """Return this batch with its rows in a table, without probabilities and notes.

        Dictionaries with different names, such as chats with and without tools, remain a list.
        None if the rows have different types.
        """
        rows = RowTable.of(self.rows) or self.rows
        if not isinstance(rows, RowTable) and set(map(type, rows)) != {dict}:
            return None
        return replace(
            self,
            rows=rows,
            probabilities=[None] * len(rows),
            times=list(self.times),
            time_texts=[],
            seqs=[],
            unreadable=set(),
            protocol_ids={},
            notes={},
        )

    @property
    def size(self) -> int:
        """The approximate size in bytes of a compact batch's features."""
        rows = self.rows
        texts = filter(_is_text, self.predictions if str in map(type, self.predictions) else ())
        outputs = sum(map(_bytes_of, filter(None, self.answers))) + sum(map(sys.getsizeof, texts))
        return outputs + (rows.size if isinstance(rows, RowTable) else sum(map(_bytes_of, rows)))

    @property
    def is_complete(self) -> bool:
        """True for a batch in which no row lacks a field of its table."""
        return not isinstance(self.rows, RowTable) or self.rows.is_complete

    @staticmethod
    def joined(parts: Sequence[Batch]) -> Batch | None:
        """Return compact batches as one, in plain columns; None if their names differ."""
        tables = [part.rows.plain() for part in parts if isinstance(part.rows, RowTable)]
        if not tables:
            rows: Sequence[Row] | None = list(chain.from_iterable(part.rows for part in parts))
        else:
            rows = RowTable.joined(tables) if len(tables) == len(parts) else None
        if rows is None:
            return None
        whole = Batch(lists=parts[0].lists, rows=rows)
        for name in _BY_ROW:
            setattr(whole, name, list(chain.from_iterable(getattr(part, name) for part in parts)))
        return whole


_BY_ROW = ("ids", "row_numbers", "predictions", "scores", "probabilities", "answers", "times")
"""The lists of a batch that have a value for each row."""


def _joined(
    features: dict[str, Sequence[Any]], outputs: dict[str, Sequence[Any]], known: Collection[str]
) -> dict[str, Sequence[Any]]:
    """Add outputs to features; a feature with the name of an output becomes `feature.NAME`."""
    for name in [name for name in features if is_output(name)]:
        if name in outputs or _FEATURE_PREFIX + name in known:
            features[_FEATURE_PREFIX + name] = features.pop(name)
    return features | outputs


def _is_text(value: object) -> bool:
    return type(value) is str


def _bytes_of(fields: Any) -> int:
    """Return the approximate size of a dictionary; texts and lists may be long."""
    values = fields.values()
    texts = sum(map(sys.getsizeof, filter(_is_text, values)))
    lists = sum(len(value) for value in values if type(value) in (list, dict))
    return _FIELD_BYTES * len(fields) + texts + _ITEM_BYTES * lists
