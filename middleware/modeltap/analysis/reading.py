"""From stored exchanges to a batch of decoded rows with their event times."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress, repeat
from typing import Any

from modeltap.analysis.times import parse_times
from modeltap.config import Settings
from modeltap.decode import Decoders, Payload, plain
from modeltap.rows import Row, columns, take

COLUMNS = (
    "seq, id, model, version, path, query, status, request_body, response_body, request_type, "
    "response_type, request_encoding, response_encoding, started_at, event_time, duration_ms, "
    "aborted, sample_rate"
)

_ALIKE = 64
"""Fewer exchanges of a kind are decoded one by one: to learn their form takes as long."""


@dataclass(slots=True)
class Batch:
    """Rows of one model and version; `times` is NaN where a row tells no event time."""

    ids: list[str] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    notes: dict[int, tuple[int, str | None]] = field(default_factory=dict)
    """By seq: rows found, and why there are none or no predictions."""

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return the features, the prediction and the score as columns."""
        found = columns(self.rows)
        if any(value is not None for value in self.predictions):
            found["prediction"] = self.predictions
        if any(value is not None for value in self.scores):
            found["score"] = self.scores
        return found

    def picked(self, positions: Sequence[int]) -> Batch:
        """Return only the rows at `positions`."""
        part = Batch()
        for name in ("ids", "row_numbers", "rows", "predictions", "scores", "probabilities",
                     "times"):  # fmt: skip
            values = getattr(self, name)
            setattr(part, name, [values[i] for i in positions])
        return part


def read(exchanges: Iterable[sqlite3.Row], settings: Settings, decoders: Decoders) -> Batch:
    """Decode `exchanges` of one model; what cannot be decoded is noted, never an error.

    Those of one path and content type come together; within them not all are in their order.
    """
    batch = Batch()
    kinds: dict[tuple[str, str | None], list[sqlite3.Row]] = {}
    for exchange in exchanges:
        status = exchange[6]
        if status is not None and status >= 400:
            batch.notes[exchange[0]] = (0, f"status {status}")
        else:
            kinds.setdefault((exchange[4], exchange[9]), []).append(exchange)
    kind, _, name = settings.event_time.partition(":")
    in_body = name if kind == "body" else None
    for alike in kinds.values():
        left = alike
        if len(alike) >= _ALIKE:
            # The first one shows who knows its kind.
            _read_one(batch, alike[0], in_body, decoders)
            left = _read_many(batch, alike[1:], in_body, decoders)
        for exchange in left:
            _read_one(batch, exchange, in_body, decoders)
    return batch


def _read_one(batch: Batch, exchange: sqlite3.Row, in_body: str | None, decoders: Decoders) -> None:
    request, response = _bodies(exchange)
    decoded = decoders.decode(
        Payload(exchange[4], exchange[5], exchange[6], request, response, exchange[9], exchange[10])
    )
    count = len(decoded.rows)
    empty: list[Any] = [None] * count
    batch.notes[exchange[0]] = (count, decoded.note)
    batch.ids += [exchange[1]] * count
    batch.row_numbers += range(count)
    batch.rows += decoded.rows
    batch.predictions += decoded.predictions or empty
    batch.scores += decoded.scores or empty
    batch.probabilities += decoded.probabilities or empty
    batch.times += _times(decoded.rows, in_body, [exchange[14]] * count)


def _read_many(
    batch: Batch, exchanges: list[sqlite3.Row], in_body: str | None, decoders: Decoders
) -> list[sqlite3.Row]:
    """Decode those exchanges that are of one row, at once; return the others."""
    bodies = [_bodies(exchange) for exchange in exchanges]
    requests, responses = [body for body, _ in bodies], [body for _, body in bodies]
    found = decoders.decode_many(exchanges[0][4], exchanges[0][9], requests, responses)
    if found is None:
        return exchanges
    taken = [row is not None for row in found.rows]
    kept = list(compress(exchanges, taken))
    rows = [row for row in found.rows if row is not None]
    ones: repeat[int] = repeat(1)
    notes = zip(ones, compress(found.notes, taken), strict=False)
    batch.notes.update(zip([exchange[0] for exchange in kept], notes, strict=False))
    batch.ids += [exchange[1] for exchange in kept]
    batch.row_numbers += [0] * len(kept)
    batch.rows += rows
    batch.predictions += compress(found.predictions, taken)
    batch.scores += compress(found.scores, taken)
    batch.probabilities += compress(found.probabilities, taken)
    batch.times += _times(rows, in_body, [exchange[14] for exchange in kept])
    return [exchange for exchange, row in zip(exchanges, found.rows, strict=True) if row is None]


def _bodies(exchange: sqlite3.Row) -> tuple[str | bytes | None, str | bytes | None]:
    request, response = exchange[7], exchange[8]
    if exchange[11]:
        request = plain(request, exchange[11])
    if exchange[12]:
        response = plain(response, exchange[12])
    return request, response


def _times(rows: Sequence[Row], in_body: str | None, event_times: list[str | None]) -> list[float]:
    """Return the rows' event times; one that a row tells is taken out of it."""
    if in_body is None:
        found = parse_times(event_times)
    else:
        # An import has taken the time out of the row already, and into the exchange.
        told = zip(rows, event_times, strict=True)
        found = parse_times([take(row, in_body, event_time) for row, event_time in told])
    times: list[float] = found.tolist()
    return times
