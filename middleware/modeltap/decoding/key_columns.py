"""Reading the features by which labels name rows, from the stored exchanges."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from modeltap.config.settings import SettingsByModel
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.row_batch import Batch
from modeltap.store.connection import writing
from modeltap.store.row_keys import (
    KeyedRow,
    KeyFeature,
    add_row_keys,
    join_by_features,
    key_text,
    known_feature,
    newest_waiting,
    waiting_features,
)
from modeltap.store.stored_exchanges import exchanges_of_version
from modeltap.store.watermarks import LABELS, SEEN, watermark

_CHUNK = 4096
"""Exchanges that are decoded at once: a few megabytes of bodies."""


def join_labels_by_features(connection: sqlite3.Connection, settings: SettingsByModel) -> int:
    """Assign labels that name rows by a feature, in transactions of their own; return the number.

    Exchanges are decoded once for each feature; later calls read only new ones.
    """
    known = waiting_features(connection)
    if not known:
        return 0
    seen = watermark(connection, SEEN)
    added = sum(_read_new(connection, settings, feature, seen) for feature in known)
    if not added and newest_waiting(connection) <= watermark(connection, LABELS):
        return 0  # neither a row nor a label is new
    with writing(connection):
        return join_by_features(connection)


def read_feature(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str, feature: str
) -> None:
    """Read a feature from the exchanges that the analysis has counted, for labels to come."""
    known = known_feature(connection, model, feature)
    _read_new(connection, settings, known, watermark(connection, SEEN))


def _read_new(
    connection: sqlite3.Connection, settings: SettingsByModel, known: KeyFeature, seen: int
) -> int:
    """Add the rows of new exchanges; return their number."""
    own, decoders = settings.for_model(known.model), Decoders()
    added = 0
    while known.read_to < seen:
        chunk = exchanges_of_version(
            connection, known.model, None, None, known.read_to, seen, _CHUNK
        )
        batch = read(chunk, own, decoders, connection)
        read_to = seen if chunk.is_last else chunk[-1].seq
        with writing(connection):
            added += add_row_keys(connection, known, _keys(batch, known.feature), read_to)
        known = known._replace(read_to=read_to)
    return added


def _keys(batch: Batch, feature: str) -> Iterator[KeyedRow]:
    """Yield the values of a feature in rows that have a prediction."""
    column = batch.columns(known=(feature,)).get(feature)
    if column is None:
        return
    rows = zip(column, batch.ids, batch.row_numbers, batch.predictions, batch.scores, strict=True)
    for value, exchange_id, row, prediction, score in rows:
        text = key_text(value)
        if text is not None and (prediction is not None or score is not None):
            yield KeyedRow(text, exchange_id, row)
