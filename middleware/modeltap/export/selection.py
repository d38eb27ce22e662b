"""Decoded rows of a store, with their predictions and labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from modeltap.analysis.costs.exchange_costs import with_costs
from modeltap.config.settings import SettingsByModel
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.times import write_times
from modeltap.rows import Row
from modeltap.store.exchanges import count_exchanges, newest_exchange
from modeltap.store.labels import last_labels, newest_label
from modeltap.store.stored_exchanges import StoredExchange, exchanges_up_to

ABOUT = ("id", "row", "started_at", "event_time", "model", "version")
ANSWER = ("prediction", "score", "probabilities", "label")
FIXED = ABOUT + ANSWER
"""Columns of every row; a feature with one of these names is renamed."""

_Document = msgspec.defstruct("_Document", [*ABOUT, "features", *ANSWER])

_CHUNK = 500
_CHUNK_BYTES = 16 * 1024 * 1024
"""Exchanges and bytes decoded at once; bodies of imported rows may have any size."""

OnExchangesRead = Callable[[int], None]
"""Called with the number of exchanges that were read since the last call."""


@dataclass(slots=True)
class ExportedRows:
    """N decoded rows in order of arrival."""

    fixed: dict[str, list[Any]]
    """The columns `FIXED`, each of N values."""
    features: list[Row]
    answers: list[dict[str, Any]]
    """Other fields of the responses that a protocol decodes, by row."""
    exchanges: int
    """The number of exchanges that were read for these rows."""

    def __len__(self) -> int:
        return len(self.features)

    def documents(self) -> list[Any]:
        """Return each row as one JSON object: a struct, or a dictionary if it has other fields."""
        about, answer = ([self.fixed[name] for name in names] for names in (ABOUT, ANSWER))
        documents: list[Any] = list(map(_Document, *about, self.features, *answer))
        for position, further in enumerate(self.answers):
            if further:
                documents[position] = msgspec.structs.asdict(documents[position])
                documents[position] |= _renamed(further)
        return documents

    def picked(self, positions: Sequence[int]) -> ExportedRows:
        """Return the rows at `positions`, in that order."""
        return ExportedRows(
            {name: [column[i] for i in positions] for name, column in self.fixed.items()},
            [self.features[i] for i in positions],
            [self.answers[i] for i in positions],
            self.exchanges,
        )


def _renamed(answer: dict[str, Any]) -> dict[str, Any]:
    names = free_names(answer, "answer.", {*FIXED, "features"})
    return {names[name]: value for name, value in answer.items()}


def free_names(names: Iterable[str], prefix: str, taken: set[str]) -> dict[str, str]:
    """Return a unique new name for each name, and add them to `taken`.

    A name that is not taken stays the same; any other gets the prefix, repeated until it is unique.

    >>> free_names(["id", "feature.id", "x"], "feature.", {"id"})
    {'id': 'feature.feature.id', 'feature.id': 'feature.id', 'x': 'x'}
    """
    renamed = {name: name for name in names}
    clashing = [name for name in renamed if name in taken]
    taken.update(renamed)
    for name in clashing:
        while renamed[name] in taken:
            renamed[name] = prefix + renamed[name]
        taken.add(renamed[name])
    return renamed


@dataclass
class Selection:
    """The rows of a store at the time of construction; later rows are left out.

    Args:
        model: None for all models.
        labelled: only rows that have a label.
        since, until: event times in Unix seconds, half-open.
        environment: None for all environments, "" for rows without one.
    """

    connection: sqlite3.Connection
    settings: SettingsByModel
    model: str | None = None
    labelled: bool = False
    since: float | None = None
    until: float | None = None
    environment: str | None = None
    undecoded: int = field(default=0, init=False)
    """Exchanges without decodable rows in the last pass."""

    def __post_init__(self) -> None:
        self._last = newest_exchange(self.connection)
        self._last_label = newest_label(self.connection)
        self._decoders = Decoders()

    def count(self) -> int:
        """Return the number of exchanges to read."""
        return count_exchanges(self.connection, self.model, self._last)

    def read(self) -> Iterator[ExportedRows]:
        """Yield all rows, some hundred exchanges at a time."""
        self.undecoded = 0
        for chunk in self._chunks():
            by_model: dict[str, list[StoredExchange]] = {}
            for exchange in chunk:
                by_model.setdefault(exchange.model, []).append(exchange)
            yield _in_order(
                [self._decoded(name, part) for name, part in by_model.items()],
                {exchange.id: exchange.seq for exchange in chunk},
            )

    def _chunks(self) -> Iterator[list[StoredExchange]]:
        # One query per chunk: an open one would keep the write-ahead log from being truncated.
        after = 0
        while True:
            chunk = exchanges_up_to(
                self.connection,
                self.model,
                after,
                self._last,
                limit=_CHUNK,
                max_bytes=_CHUNK_BYTES,
            )
            if not chunk:
                return
            after = chunk[-1].seq
            own = [exchange for exchange in chunk if self._is_of_environment(exchange)]
            if own:
                yield own

    def _is_of_environment(self, exchange: StoredExchange) -> bool:
        return self.environment is None or (exchange.environment or "") == self.environment

    def _decoded(self, model: str, exchanges: list[StoredExchange]) -> ExportedRows:
        """Return the chosen rows of one model."""
        settings = self.settings.for_model(model)
        batch = read(exchanges, settings, self._decoders, self.connection)
        self.undecoded += sum(not note.rows for note in batch.notes.values())
        by_id = {exchange.id: exchange for exchange in exchanges}
        of_rows = [by_id[id_] for id_ in batch.ids]
        times = np.array(batch.times, dtype=np.float64)
        labels = self._labels(batch)
        rows = ExportedRows(
            {
                "id": batch.ids,
                "row": batch.row_numbers,
                "started_at": [exchange.started_at for exchange in of_rows],
                "event_time": write_times(times),
                "model": [model] * len(of_rows),
                "version": [exchange.version for exchange in of_rows],
                "prediction": batch.predictions,
                "score": batch.scores,
                "probabilities": batch.probabilities,
                "label": labels,
            },
            list(batch.rows),
            with_costs(batch, settings.prices),
            len(exchanges),
        )
        chosen = self._in_time(times)
        if self.labelled:
            chosen &= np.array([label is not None for label in labels], dtype=np.bool_)
        return rows if chosen.all() else rows.picked(np.flatnonzero(chosen).tolist())

    def _labels(self, batch: Batch) -> list[Any]:
        """Return the last label of each row, None if it has none."""
        if not self._last_label:
            return [None] * len(batch.ids)
        labels = last_labels(self.connection, list(dict.fromkeys(batch.ids)), self._last_label)
        return [labels.get(key) for key in zip(batch.ids, batch.row_numbers, strict=True)]

    def _in_time(self, times: np.ndarray) -> np.ndarray:
        """Return (n,) booleans: True for rows in the period, of which rows without a time are not.

        Without a period all rows are chosen.
        """
        chosen = np.ones(len(times), dtype=np.bool_)
        if self.since is not None:
            chosen &= times >= self.since
        if self.until is not None:
            chosen &= times < self.until
        return chosen


def _in_order(parts: Sequence[ExportedRows], arrivals: dict[str, int]) -> ExportedRows:
    """Return the rows of all models in order of arrival.

    Args:
        parts: the rows of each model.
        arrivals: the `seq` of each exchange, by its id.
    """
    first, *others = parts
    for part in others:
        for name, column in part.fixed.items():
            first.fixed[name] += column
        first.features += part.features
        first.answers += part.answers
        first.exchanges += part.exchanges
    seqs = map(arrivals.__getitem__, first.fixed["id"])
    places = list(zip(seqs, first.fixed["row"], strict=True))
    order = sorted(range(len(places)), key=places.__getitem__)
    return first if order == list(range(len(places))) else first.picked(order)
