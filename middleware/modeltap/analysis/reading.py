"""From stored exchanges to a batch of decoded rows with their event times."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modeltap import clock
from modeltap.config import Settings
from modeltap.decode import Decoded, Decoders, Payload, columns, plain

COLUMNS = (
    "seq, id, model, version, path, query, status, request_body, response_body, request_type, "
    "response_type, request_encoding, response_encoding, started_at, event_time, duration_ms, "
    "aborted"
)


@dataclass(slots=True)
class Batch:
    """Rows of one model and version; `times` is NaN where a row tells no event time."""

    ids: list[str] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    notes: dict[int, tuple[int, str | None]] = field(default_factory=dict)
    """By seq: rows found, and why there are none or no predictions."""

    def columns(self) -> dict[str, list[Any]]:
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
    """Decode `exchanges` of one model; what cannot be decoded is noted, never an error."""
    batch = Batch()
    kind, _, name = settings.event_time.partition(":")
    in_body = name if kind == "body" else None
    decode = decoders.decode
    for exchange in exchanges:
        seq, status = exchange[0], exchange[6]
        if status is not None and status >= 400:
            batch.notes[seq] = (0, f"status {status}")
            continue
        decoded = decode(
            Payload(
                exchange[4], exchange[5], status, plain(exchange[7], exchange[11]),
                plain(exchange[8], exchange[12]), exchange[9], exchange[10],
            )
        )  # fmt: skip
        batch.notes[seq] = (len(decoded.rows), decoded.note)
        _add(batch, exchange[1], decoded, in_body, exchange[14])
    return batch


def _add(
    batch: Batch, exchange_id: str, decoded: Decoded, in_body: str | None, event_time: str | None
) -> None:
    count = len(decoded.rows)
    empty: list[Any] = [None] * count
    batch.ids += [exchange_id] * count
    batch.row_numbers += range(count)
    batch.rows += decoded.rows
    batch.predictions += decoded.predictions or empty
    batch.scores += decoded.scores or empty
    batch.probabilities += decoded.probabilities or empty
    if in_body is None:
        known = clock.parse(event_time)
        batch.times += [np.nan if known is None else known] * count
        return
    for row in decoded.rows:
        # An import has taken the time out of the row already, and into the exchange.
        told = clock.parse(row.pop(in_body, event_time))
        batch.times.append(np.nan if told is None else told)
