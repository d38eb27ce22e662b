"""A reference in which columns that were learnt again replace the old ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.row_windows import RowWindows
from modeltap.analysis.counting.sample import Sample, coded_features, without_values
from modeltap.analysis.model.blocks import Blocks, filled_up
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import Reference, layout
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.freeze import save
from modeltap.analysis.references.learn_rhythm import block_labels
from modeltap.analysis.references.learning import Learning, learnt_rows
from modeltap.analysis.references.rhythm import pack_blocks, unpack_blocks
from modeltap.config.windows import Window
from modeltap.logs import logger
from modeltap.store.connection import writing
from modeltap.store.references import (
    SampledRow,
    reference_blocks,
    sampled_rows,
    save_blocks,
    save_rows,
)
from modeltap.store.windows import carry_evaluations, settle_before

_MOST_ROWS = 20_000
"""Rows of one column, evenly over the hours.

It is a tenth of a reference's limit, because this runs while new windows are evaluated.
"""

_MIN_BLOCK_ROWS = 100
"""The same as of a reference's blocks: distances of fewer rows are mostly chance."""

Columns = Mapping[str, Sequence[Feature]]
"""By name, a column's feature followed by its measures."""


def relearnt(
    counter: WindowCounter, reference: Reference, names: frozenset[str], end: str
) -> Reference:
    """Return the active reference, with these columns learnt from their rows up to `end`.

    A column that is not testable in its own rows either stays unchanged, and is checked again.
    Earlier evaluations stay, so no earlier window alerts again.
    """
    features = [feature for feature in reference.features if feature.name in names]
    columns = {}
    for feature in features:
        columns[feature.name] = _learnt(counter, reference, feature, end)
        counter.on_progress()
    updated = replace(reference, features=tuple(_in_place(reference, columns)))
    if not any(column[0].learnt_until for column in columns.values()):
        with writing(counter.connection):
            save(counter.connection, updated)
        return updated
    _put(counter, reference, updated, end)
    for name, (column, *_) in columns.items():
        if column.learnt_until is not None:
            logger.info(
                "modeltap: %s: column %s is testable since %s and was learnt again, as %s",
                updated.model,
                name,
                column.learnt_from,
                column.kind,
            )
    return updated


def _in_place(reference: Reference, columns: Columns) -> list[Feature]:
    features: list[Feature] = []
    for feature in reference.features:
        if feature.name in columns:
            features += columns[feature.name]
        elif feature.of not in columns:
            features.append(feature)
    return features


def _learnt(
    counter: WindowCounter, reference: Reference, old: Feature, end: str
) -> Sequence[Feature]:
    """Return a column with its measures, fitted only to its rows up to `end`.

    It has no rhythm: it is compared with all of its rows, and the distances of its windows are its
    baseline.
    """
    settings = counter.settings.for_model(reference.model)
    start = old.learnt_from or ""
    span = Learning(start, end, end)
    rows = learnt_rows(counter.connection, reference.model, reference.version, span, _MOST_ROWS)
    batch = counter.read_picked(reference.model, rows)
    moments = np.array(batch.times, dtype=np.float64)
    column = batch.columns([old.name]).get(old.name, [None] * len(moments))
    window = Window.parse(counter.series_of(reference)[-1].window)
    fitted = fit(
        {old.name: column},
        len(moments),
        model=reference.model,
        declared=settings.declared([old.name]),
        blocks=_blocks(moments, window),
        times=moments,
        timezone=reference.timezone,
    )
    feature = fitted.features[0]
    if not feature.has_comparable_type or feature.present < settings.min_rows:
        return [replace(old, learnt_from=None, checked_until=end)]
    return [replace(part, learnt_from=start, learnt_until=end) for part in fitted.features]


def _blocks(moments: np.ndarray, window: Window) -> np.ndarray:
    """Return the number of each row's block: a window, or several that have enough rows."""
    if not len(moments):
        return np.zeros(0, dtype=np.int64)
    labels = block_labels(moments, window)
    return np.asarray(filled_up(np.bincount(labels), _MIN_BLOCK_ROWS)[labels])


def _put(counter: WindowCounter, old: Reference, new: Reference, end: str) -> None:
    """Count under the new reference what the old one counted, and activate it.

    The new reference is active once its windows have the earlier evaluations.
    """
    counter.recount(new)
    pairs = list(zip(counter.series_of(old), counter.series_of(new), strict=True))
    of_rows = Window.parse(pairs[0][0].window).kind == "rows"
    if of_rows:
        RowWindows(counter, new).cut()
    connection = counter.connection
    with counter.lease.transaction():
        for before, after in pairs:
            carry_evaluations(connection, before, after)
            if of_rows:
                # Late rows may have moved the starts of its windows.
                settle_before(connection, after, end, end)
        save(connection, new)
        _move_rows(connection, old, new)


def _move_rows(connection: sqlite3.Connection, old: Reference, new: Reference) -> None:
    """Write the reference's sampled rows, in which the new columns have no values."""
    stored = sampled_rows(connection, old.id)
    rows = Sample.unpack([row.coded for row in stored], old)
    codes = {
        feature.name: without_values(feature, len(stored))
        if feature.learnt_until is not None or feature.name not in rows.codes
        else rows.codes[feature.name]
        for feature in coded_features(new)
    }
    packed = Sample(len(stored), codes).pack()
    moved = [SampledRow(*row[:3], coded) for row, coded in zip(stored, packed, strict=False)]
    blocks = unpack_blocks(reference_blocks(connection, old.id), old)
    save_rows(connection, new.id, moved)
    save_blocks(connection, new.id, pack_blocks(_moved(blocks, old, new)))


def _moved(blocks: Blocks, old: Reference, new: Reference) -> Blocks:
    """Return blocks in the new layout; new columns have no rows in them."""
    before, after = layout(old), layout(new)
    bins = sum(len(feature.counts) for feature in new.features)
    counts = np.zeros((len(blocks), bins), dtype=np.int64)
    for feature in new.features:
        if feature.learnt_until is None:
            counts[:, after[feature.name]] = blocks.counts[:, before[feature.name]]
    return Blocks(blocks.starts, blocks.ends, blocks.rows, counts)
