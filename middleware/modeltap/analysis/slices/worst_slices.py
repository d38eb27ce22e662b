"""The worst slices of some rows: found in one half, tested on the other."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.slices.error_rows import ErrorRows
from modeltap.analysis.slices.held_out import SliceError, error_of
from modeltap.analysis.slices.slice_columns import SliceColumn, in_bins
from modeltap.analysis.slices.slice_conditions import Condition, joined
from modeltap.analysis.slices.slice_search import MOST_COLUMNS, meeting, strongest, worst
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
            f"({plural(self.tried, 'slice')} of {plural(self.columns, 'column')} tested in "
            f"{plural(self.rows, 'labelled row')})"
        )


def worst_slices(rows: ErrorRows, settings: Settings) -> SliceReport:
    """Return the slices of labelled rows whose error is larger than that of the others.

    Each half of the rows, chosen by a hash of their ids, is searched, and its slices, at most five,
    are tested on the other half. The p-values are multiplied by the number of slices (Bonferroni);
    the level is that of a window, by the setting `sensitivity`.
    """
    total = len(rows.errors)
    reason = _unsearchable(rows)
    if reason is not None:
        return SliceReport(total, reason=reason)
    binned = in_bins(rows.columns, total, settings)
    if not binned.columns:
        return SliceReport(total, unsearched=binned.unsearched, reason=_without(binned.unsearched))
    is_first = in_first_half(rows.keys)
    proposals = [*_proposals(binned.columns, rows, is_first)]
    proposals += _proposals(binned.columns, rows, ~is_first)
    proposals.sort(key=lambda proposal: proposal.score, reverse=True)
    searched = min(len(binned.columns), MOST_COLUMNS)
    return SliceReport(
        total,
        _significant(proposals, rows, ALPHA[settings.sensitivity]),
        len(proposals),
        searched,
        binned.unsearched,
        len(binned.columns) - searched,
    )


def in_first_half(keys: Sequence[tuple[str, int]]) -> np.ndarray:
    """Return (n,) whether each row (exchange id, row) is in the first half.

    >>> in_first_half([("a", 0), ("b", 0), ("c", 0)]).tolist()
    [True, True, False]
    """
    hashed = np.array([zlib.crc32(f"{id_}/{row}".encode()) for id_, row in keys], dtype=np.uint64)
    # A checksum is linear in its bits; the product's upper bit depends on all of them.
    bits = ((hashed * np.uint64(2_654_435_761)) >> np.uint64(31)) % np.uint64(2)
    return np.asarray(bits == 0)


@dataclass(frozen=True)
class _Proposal:
    """A slice that was found in one half of the rows.

    Args:
        is_inside: (n,) whether each row of both halves is in the slice.
        is_held_out: (n,) whether each row is in the other half.
        limit: the largest error that counts in full.
    """

    conditions: tuple[Condition, ...]
    score: float
    is_inside: np.ndarray
    is_held_out: np.ndarray
    limit: float


def _proposals(
    columns: Sequence[SliceColumn], rows: ErrorRows, is_searched: np.ndarray
) -> Iterator[_Proposal]:
    """Yield the slices of one half of the rows."""
    places, every = np.flatnonzero(is_searched), np.arange(len(rows.errors))
    limit = _limit(rows.errors[places])
    errors = np.minimum(rows.errors[places], limit)
    own = strongest(columns, places, errors)
    codes = [column.codes for column in own]
    for candidate in worst(own, places, errors):
        is_inside = np.zeros(len(every), dtype=bool)
        is_inside[meeting(own, codes, candidate.terms, every)] = True
        conditions = tuple(own[term.column].conditions[term.condition] for term in candidate.terms)
        yield _Proposal(conditions, candidate.score, is_inside, ~is_searched, limit)


def _significant(proposals: Sequence[_Proposal], rows: ErrorRows, level: float) -> list[WorstSlice]:
    """Return the slices whose error is larger beyond chance.

    A slice that overlaps one before it is tested on the rows outside that one: the same slice from
    the other half, or a part of it, is not another one.
    """
    is_taken = np.zeros(len(rows.errors), dtype=bool)
    slices = []
    for proposal in proposals:
        own = _error(rows, proposal, proposal.is_held_out)
        alone = _error(rows, proposal, proposal.is_held_out & ~is_taken)
        p_value = 1.0 if alone is None else min(1.0, alone.p_value * len(proposals))
        if own is not None and p_value <= level:
            is_taken |= proposal.is_inside
            slices.append(_slice(proposal, rows, own._replace(p_value=p_value)))
    return slices


def _slice(proposal: _Proposal, rows: ErrorRows, error: SliceError) -> WorstSlice:
    places = np.flatnonzero(proposal.is_inside)
    ordered = places[np.argsort(-rows.errors[places], kind="stable")]
    return WorstSlice(
        proposal.conditions,
        error,
        len(places) / len(rows.errors),
        [rows.rows[place] for place in ordered.tolist()],
        int(np.count_nonzero(rows.errors[places])),
    )


def _error(rows: ErrorRows, proposal: _Proposal, is_counted: np.ndarray) -> SliceError | None:
    inside = rows.errors[proposal.is_inside & is_counted]
    rest = rows.errors[~proposal.is_inside & is_counted]
    return error_of(inside, rest, binary=rows.binary, limit=proposal.limit)


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
