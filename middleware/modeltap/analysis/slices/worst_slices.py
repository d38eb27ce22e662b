"""The worst slices of some rows: found in one half of them, tested on the other."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.slices.error_rows import ErrorRows
from modeltap.analysis.slices.held_out import SliceError, error_of
from modeltap.analysis.slices.slice_columns import SliceColumn, in_bins
from modeltap.analysis.slices.slice_conditions import Condition, joined
from modeltap.analysis.slices.slice_search import Candidate, meeting, strongest, worst
from modeltap.config.settings import Settings
from modeltap.store.predictions import LabelledPrediction
from modeltap.wording import plural

MIN_LABELLED = 100
"""With fewer labelled rows, half of them would not show a slice."""

_LARGE = 0.99
"""Larger errors than this quantile count as it: they would hide all others."""

EXAMPLES = 5
"""Ids of exchanges of a slice: enough to investigate, few enough for a message."""

_NAMED = 3
"""Columns that a reason names."""


@dataclass(frozen=True)
class WorstSlice:
    """A slice that is worse than the other rows.

    Args:
        error: its error on held-out rows; the p-value is corrected for the slices that were tried.
        fraction: its part of all labelled rows.
        rows: its rows, in both halves, the largest errors first.
        wrong: the number of its rows with an error.
    """

    conditions: tuple[Condition, ...]
    error: SliceError
    fraction: float
    rows: Sequence[LabelledPrediction]
    wrong: int

    @property
    def examples(self) -> list[str]:
        """The ids of a few exchanges with the largest errors."""
        return list(dict.fromkeys(row.exchange_id for row in self.rows[: 4 * EXAMPLES]))[:EXAMPLES]

    @property
    def name(self) -> str:
        """Its conditions, such as ``carrier = EV and hour >= 18``."""
        return joined(self.conditions)


@dataclass(frozen=True)
class SliceReport:
    """The worst slices of some rows, or the reason why none was searched.

    Args:
        rows: labelled rows with a known error.
        tried: slices that were tested on held-out rows.
        columns: columns that were searched.
        unsearched: the reasons of the columns without conditions.
        left_out: further columns, whose single conditions are the weakest of many.
    """

    rows: int
    slices: Sequence[WorstSlice] = ()
    tried: int = 0
    columns: int = 0
    unsearched: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0
    reason: str | None = None

    @property
    def outcome(self) -> str:
        """A sentence for a report without slices."""
        if self.reason is not None:
            return self.reason
        return (
            f"no slice has a larger error than the other rows beyond chance "
            f"({plural(self.tried, 'slice')} of {plural(self.columns, 'column')} tested on half of "
            f"{plural(self.rows, 'labelled row')})"
        )


def worst_slices(rows: ErrorRows, settings: Settings) -> SliceReport:
    """Return the slices of labelled rows whose error is larger than that of the others.

    One half of the rows, chosen by a hash of their ids, is searched. The slices from it, at most
    five, are tested on the other half, and their p-values are multiplied by their number
    (Bonferroni). The level is that of a window, by the setting `sensitivity`.
    """
    total = len(rows.errors)
    reason = _unsearchable(rows)
    if reason is not None:
        return SliceReport(total, reason=reason)
    binned = in_bins(rows.columns, total, settings)
    if not binned.columns:
        return SliceReport(total, unsearched=binned.unsearched, reason=_without(binned.unsearched))
    is_searched = in_first_half(rows.keys)
    places = np.flatnonzero(is_searched)
    limit = _limit(rows.errors[places])
    errors = np.minimum(rows.errors[places], limit)
    columns = strongest(binned.columns, places, errors)
    candidates = worst(columns, places, errors)
    slices = _tested(candidates, columns, rows, ~is_searched, limit)
    level = ALPHA[settings.sensitivity]
    return SliceReport(
        total,
        [own for own in slices if own.error.p_value <= level],
        len(candidates),
        len(columns),
        binned.unsearched,
        len(binned.columns) - len(columns),
    )


def in_first_half(keys: Sequence[tuple[str, int]]) -> np.ndarray:
    """Return (n,) whether each row (exchange id, row) is in the half to search.

    >>> in_first_half([("a", 0), ("b", 0), ("c", 0)]).tolist()
    [True, True, False]
    """
    hashed = np.array([zlib.crc32(f"{id_}/{row}".encode()) for id_, row in keys], dtype=np.uint64)
    # A checksum is linear in its bits; the product's upper bit depends on all of them.
    bits = ((hashed * np.uint64(2_654_435_761)) >> np.uint64(31)) % np.uint64(2)
    return np.asarray(bits == 0)


def _tested(
    candidates: Sequence[Candidate],
    columns: Sequence[SliceColumn],
    rows: ErrorRows,
    is_held_out: np.ndarray,
    limit: float,
) -> list[WorstSlice]:
    """Return the slices with their errors on held-out rows.

    A slice that overlaps one before it is tested on the rows outside that one: a part of a bad
    slice is not another one.
    """
    codes, every = [column.codes for column in columns], np.arange(len(rows.errors))
    untaken = is_held_out.copy()
    tested = []
    for candidate in candidates:
        places = meeting(columns, codes, candidate.terms, every)
        is_inside = np.zeros(len(every), dtype=bool)
        is_inside[places] = True
        own = _error(rows, is_inside, is_held_out, limit)
        alone = _error(rows, is_inside, untaken, limit)
        untaken &= ~is_inside
        if own is None or alone is None:
            continue
        error = own._replace(p_value=min(1.0, alone.p_value * len(candidates)))
        conditions = tuple(
            columns[term.column].conditions[term.condition] for term in candidate.terms
        )
        order = places[np.argsort(-rows.errors[places], kind="stable")]
        own_rows = [rows.rows[place] for place in order.tolist()]
        wrong = int(np.count_nonzero(rows.errors[places]))
        tested.append(WorstSlice(conditions, error, len(places) / len(every), own_rows, wrong))
    return tested


def _error(
    rows: ErrorRows, is_inside: np.ndarray, is_counted: np.ndarray, limit: float
) -> SliceError | None:
    inside, rest = rows.errors[is_inside & is_counted], rows.errors[~is_inside & is_counted]
    return error_of(inside, rest, binary=rows.binary, limit=limit)


def _limit(errors: np.ndarray) -> float:
    """Return the largest error that counts in full."""
    limit = float(np.quantile(errors, _LARGE))
    return limit if limit > errors.min() else float(errors.max())


def _unsearchable(rows: ErrorRows) -> str | None:
    """Return why rows cannot be searched; None if they can."""
    total = len(rows.errors)
    if rows.problem is not None:
        return rows.problem
    if total < MIN_LABELLED:
        return f"{plural(total, 'labelled row')}, and a search needs {MIN_LABELLED}"
    low, high = rows.errors.min(), rows.errors.max()
    if low == high:
        if not rows.binary:
            return f"the errors of all {total:,} labelled rows are equal"
        return f"all {total:,} labelled rows are {'wrong' if high else 'predicted correctly'}"
    if not rows.columns:
        return "the labelled rows have no features: their requests are deleted, or not decoded"
    return None


def _without(unsearched: Mapping[str, str]) -> str:
    named = [f"{name}: {reason}" for name, reason in list(unsearched.items())[:_NAMED]]
    more = f" and {len(unsearched) - _NAMED:,} more" if len(unsearched) > _NAMED else ""
    return f"no feature to search ({'; '.join(named)}{more})" if named else "no feature to search"
