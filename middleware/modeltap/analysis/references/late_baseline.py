"""Learn the performance of a frozen reference once enough labels of its own rows have come."""

from __future__ import annotations

import sqlite3

from msgspec.structs import replace

from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.freeze import save
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.config.settings import Settings
from modeltap.store.connection import writing
from modeltap.store.predictions import labelled_predictions


def with_performance(
    connection: sqlite3.Connection, reference: Reference, settings: Settings
) -> Reference:
    """Return the reference with its performance, saved in a transaction of its own if it is new.

    It stays without while fewer than `min_rows` of its rows have labels, and if its rows are not
    those of a period in the store.
    """
    if reference.performance is not None or not (reference.from_time and reference.to_time):
        return reference
    pairs = labelled_predictions(
        connection,
        reference.model,
        reference.version,
        (reference.from_time, 0, 0),
        (reference.to_time, 0, 0),
    )
    labels = [pair.label for pair in pairs]
    if sum(label is not None for label in labels) < settings.min_rows:
        return reference
    record = learn_baseline([pair.prediction for pair in pairs], labels, settings.task)
    learnt = replace(reference, performance=record)
    with writing(connection):
        save(connection, learnt)
    return learnt
