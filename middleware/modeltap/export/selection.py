"""Decoded rows of a store, with their predictions and labels."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from modeltap import clock
from modeltap.config.settings import SettingsByModel
from modeltap.decoding.batches import Batch, read
from modeltap.decoding.decoders import Decoders
from modeltap.rows import as_dict
from modeltap.store.exchanges import count_exchanges, newest_exchange
from modeltap.store.labels import last_labels, newest_label
from modeltap.store.stored_exchanges import StoredExchange, exchanges_up_to

ABOUT = ("id", "row", "started_at", "event_time", "model", "version")
ANSWER = ("prediction", "score", "probabilities", "label")
FIXED = ABOUT + ANSWER
"""Columns of every row; a feature with one of these names is renamed."""

_CHUNK = 500
_CHUNK_BYTES = 16 * 1024 * 1024
"""Exchanges and bytes decoded at once; bodies of imported rows may have any size."""

OnExchangesRead = Callable[[int], None]
"""Called with the number of exchanges that were read since the last call."""


@dataclass(slots=True)
class Exported:
    """One decoded row."""

    fixed: dict[str, Any]
    features: dict[str, Any]
    answers: dict[str, Any]
    """Other fields of the response that a protocol decodes."""

    def document(self) -> dict[str, Any]:
        """Return the row as one JSON object."""
        about = {name: self.fixed[name] for name in ABOUT}
        answer = {name: self.fixed[name] for name in ANSWER}
        names = free_names(self.answers, "answer.", {*FIXED, "features"})
        further = {names[name]: value for name, value in self.answers.items()}
        return {**about, "features": self.features, **answer, **further}


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
    """

    connection: sqlite3.Connection
    settings: SettingsByModel
    model: str | None = None
    labelled: bool = False
    since: float | None = None
    until: float | None = None
    undecoded: int = field(default=0, init=False)
    """Exchanges without decodable rows in the last pass."""

    def __post_init__(self) -> None:
        self._last = newest_exchange(self.connection)
        self._last_label = newest_label(self.connection)
        self._decoders = Decoders()

    def count(self) -> int:
        """Return the number of exchanges to read."""
        return count_exchanges(self.connection, self.model, self._last)

    def rows(self, on_read: OnExchangesRead = lambda _: None) -> Iterator[Exported]:
        """Yield rows in order of arrival; the same rows in each pass, unless some are erased."""
        self.undecoded = 0
        for chunk in self._chunks():
            by_model: dict[str, list[StoredExchange]] = {}
            for exchange in chunk:
                by_model.setdefault(exchange.model, []).append(exchange)
            placed = [row for name, part in by_model.items() for row in self._decoded(name, part)]
            placed.sort(key=lambda pair: pair[0])
            yield from (row for _, row in placed)
            on_read(len(chunk))

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
            yield chunk

    def _decoded(
        self, model: str, exchanges: list[StoredExchange]
    ) -> Iterator[tuple[tuple[int, int], Exported]]:
        """Yield rows of one model with their position in the order of arrival."""
        batch = read(exchanges, self.settings.for_model(model), self._decoders, self.connection)
        self.undecoded += sum(not note.rows for note in batch.notes.values())
        by_id = {exchange.id: exchange for exchange in exchanges}
        labels = last_labels(self.connection, list(by_id), self._last_label)
        for place, (id_, row) in enumerate(zip(batch.ids, batch.row_numbers, strict=True)):
            label = labels.get((id_, row))
            if (label is None and self.labelled) or not self._in_time(batch.times[place]):
                continue
            yield (by_id[id_].seq, row), _exported(by_id[id_], batch, place, label)

    def _in_time(self, moment: float) -> bool:
        if self.since is None and self.until is None:
            return True
        # A row without an event time (NaN) is outside every period.
        return (
            not math.isnan(moment)
            and (self.since is None or moment >= self.since)
            and (self.until is None or moment < self.until)
        )


def _exported(exchange: StoredExchange, batch: Batch, place: int, label: Any) -> Exported:
    moment = batch.times[place]
    fixed = {
        "id": exchange.id,
        "row": batch.row_numbers[place],
        "started_at": exchange.started_at,
        "event_time": None if math.isnan(moment) else clock.iso(moment),
        "model": exchange.model,
        "version": exchange.version,
        "prediction": batch.predictions[place],
        "score": batch.scores[place],
        "probabilities": batch.probabilities[place],
        "label": label,
    }
    return Exported(fixed, as_dict(batch.rows[place]), batch.answers[place] or {})
