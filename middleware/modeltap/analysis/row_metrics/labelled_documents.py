"""Labelled rows of a window with their inputs, as functions of the user receive them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from modeltap.analysis.counting.sample import choose
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.stored_exchanges import exchanges_by_id

MOST_ROWS = 50_000
"""More rows are sampled: they take 100 MB, and their mean is exact to a two-hundredth of the rows'
standard deviation."""

_CHUNK = 4096
"""Exchanges that are decoded at once: a few megabytes of bodies."""

Document = dict[str, Any]
"""A row as `modeltap export` writes it: id, row, event_time, features, prediction, score, label."""


def labelled_documents(
    connection: sqlite3.Connection, settings: Settings, pairs: Sequence[LabelledPrediction]
) -> Iterator[Document]:
    """Yield the rows that have a label and are still stored, at most `MOST_ROWS` of them.

    Args:
        settings: the model's own.
    """
    labelled = [pair for pair in pairs if pair.label is not None]
    chosen = choose([(pair.exchange_id, pair.row) for pair in labelled], MOST_ROWS)
    by_key = {(labelled[n].exchange_id, labelled[n].row): labelled[n] for n in chosen}
    ids = list(dict.fromkeys(exchange_id for exchange_id, _ in by_key))
    decoders = Decoders()
    for start in range(0, len(ids), _CHUNK):
        exchanges = exchanges_by_id(connection, ids[start : start + _CHUNK])
        batch = read(exchanges, settings, decoders, connection)
        columns = {name: column for name, column in batch.columns().items() if not is_output(name)}
        values = zip(*columns.values(), strict=True) if columns else iter(() for _ in batch.ids)
        for exchange_id, row, features in zip(batch.ids, batch.row_numbers, values, strict=True):
            pair = by_key.get((exchange_id, row))
            if pair is not None:
                yield {
                    "id": exchange_id,
                    "row": row,
                    "event_time": pair.event_time,
                    "features": dict(zip(columns, features, strict=True)),
                    "prediction": pair.prediction,
                    "score": pair.score,
                    "label": pair.label,
                }
