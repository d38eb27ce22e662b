"""Labelled rows of a period, with the inputs of each in coarse bins."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modeltap.analysis.attribution.input_weights import InputCodes
from modeltap.analysis.counting.sample import NO_VALUE, Sample, choose, sample
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.references import sampled_rows
from modeltap.store.stored_exchanges import exchanges_by_id

MOST_ROWS = 5_000
"""Rows of a period that are compared: a mean loss of so many is exact to a seventieth of its
standard deviation, and they are decoded in a quarter of a second."""

_MOST_BINS = 10
"""Bins of a feature: finer ones would have too few rows for their loss."""

_MOST_CATEGORIES = 20
"""The most frequent categories; others are one bin."""

_KINDS = ("numeric", "categorical", "boolean")


@dataclass(frozen=True)
class CodedRows:
    """Labelled rows that are still stored, and their inputs, in order."""

    pairs: Sequence[LabelledPrediction]
    inputs: Sample


def coded_rows(
    connection: sqlite3.Connection,
    settings: Settings,
    reference: Reference,
    pairs: Sequence[LabelledPrediction],
) -> CodedRows:
    """Return at most `MOST_ROWS` of the labelled rows, coded in the bins of the reference."""
    labelled = [pair for pair in pairs if pair.label is not None and pair.prediction is not None]
    chosen = choose([(pair.exchange_id, pair.row) for pair in labelled], MOST_ROWS)
    by_key = {(labelled[n].exchange_id, labelled[n].row): labelled[n] for n in chosen}
    ids = list(dict.fromkeys(exchange_id for exchange_id, _ in by_key))
    batch = read(exchanges_by_id(connection, ids), settings, Decoders(), connection)
    keys = list(zip(batch.ids, batch.row_numbers, strict=True))
    places = [place for place, key in enumerate(keys) if key in by_key]
    columns = batch.picked(places).columns(reference.by_name)
    return CodedRows(
        [by_key[keys[place]] for place in places], sample(columns, len(places), reference)
    )


def kept_rows(connection: sqlite3.Connection, reference: Reference) -> CodedRows:
    """Return the labelled rows of a reference's sample, which outlives the exchanges.

    A reference from a file has only these. None are returned for classes: the sample has no
    labels of theirs, only numbers.
    """
    if reference.performance is None or reference.performance.task != "regression":
        return CodedRows([], Sample(0))
    rows = [
        row
        for row in sampled_rows(connection, reference.id)
        if row.output is not None and row.label is not None
    ][:MOST_ROWS]
    pairs = [
        LabelledPrediction(
            row.output, row.label, row.event_time or "", None, row.exchange_id, row.row
        )
        for row in rows
    ]
    return CodedRows(pairs, Sample.unpack([row.coded for row in rows], reference))


def input_codes(
    reference: Reference, before: Sample, now: Sample
) -> tuple[InputCodes, InputCodes] | None:
    """Return the inputs of both samples in the same coarse bins; None if no input has bins.

    Bins have about equal numbers of the rows before; a missing value is a bin of its own.
    """
    numbers = {feature.name for feature in reference.columns if feature.kind == "numeric"}
    names = [
        feature.name
        for feature in reference.columns
        if feature.kind in _KINDS and not is_output(feature.name) and feature.calendar is None
    ]
    coded = [
        (name, *_coarse(before.codes[name], now.codes[name], ordered=name in numbers))
        for name in names
    ]
    used = [part for part in coded if part[3] > 1]
    if not used:
        return None
    kept, first, second, sizes = zip(*used, strict=True)
    return InputCodes(kept, first, sizes), InputCodes(kept, second, sizes)


def _coarse(
    before: np.ndarray, now: np.ndarray, *, ordered: bool
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return both columns in few bins and one for missing values, and the number of bins.

    Args:
        ordered: whether codes are in order, as bins of numbers are; others are categories.
    """
    known = np.sort(before[before != NO_VALUE])
    if ordered:
        parts = np.arange(1, _MOST_BINS) / _MOST_BINS
        cuts = np.unique(known[(parts * len(known)).astype(np.int64)]) if len(known) else known
        bins = [np.searchsorted(cuts, column, side="right") + 1 for column in (before, now)]
    else:
        codes, counts = np.unique(known, return_counts=True)
        kept = np.sort(codes[np.argsort(-counts, kind="stable")[:_MOST_CATEGORIES]])
        bins = [_place_in(kept, column) + 1 for column in (before, now)]
    for column, own in zip((before, now), bins, strict=True):
        own[column == NO_VALUE] = 0
    both = np.unique(np.concatenate(bins))
    first, second = (np.searchsorted(both, own) for own in bins)
    return first, second, len(both)


def _place_in(kept: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the place of each code among the kept ones, and after them for all others."""
    places = np.searchsorted(kept, column)
    is_kept = (
        kept[np.minimum(places, len(kept) - 1)] == column
        if len(kept)
        else np.zeros(len(column), dtype=bool)
    )
    return np.where(is_kept, places, len(kept))
