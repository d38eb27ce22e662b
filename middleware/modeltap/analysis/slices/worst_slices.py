"""The worst slices of some rows: found in one half, tested on the other."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.slices.error_rows import ErrorRows
from modeltap.analysis.slices.held_out import SliceError, error_of
from modeltap.analysis.slices.slice_columns import SliceColumn, in_bins
from modeltap.analysis.slices.slice_conditions import Condition, joined
from modeltap.analysis.slices.slice_search import MOST_COLUMNS, strongest, worst
from modeltap.config.settings import Settings
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.wording import plural

MIN_LABELLED = 100
"""With fewer labelled rows, half of them would not show a slice."""

_NEEDED = 0.001
"""The level at which the rows that a condition leaves out are better. It is low because the slice
was chosen by its p-value among others."""

_OWN = 0.5
"""The least fraction of a slice's rows that are in no slice before it."""

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

    Each half of the rows, chosen by a hash of their ids, is searched, and its slices, at most 24,
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
        meets: for each condition (n,) whether each row of both halves meets it.
        is_held_out: (n,) whether each row is in the other half.
        limit: the largest error that counts in full.
    """

    conditions: tuple[Condition, ...]
    score: float
    meets: tuple[np.ndarray, ...]
    is_held_out: np.ndarray
    limit: float

    @property
    def is_inside(self) -> np.ndarray:
        """(n,) whether each row is in the slice."""
        is_inside: np.ndarray = np.logical_and.reduce(self.meets)
        return is_inside

    def without(self, place: int) -> _Proposal:
        """Return the slice without one of its conditions."""
        return replace(
            self,
            conditions=self.conditions[:place] + self.conditions[place + 1 :],
            meets=self.meets[:place] + self.meets[place + 1 :],
        )


def _proposals(
    columns: Sequence[SliceColumn], rows: ErrorRows, is_searched: np.ndarray
) -> Iterator[_Proposal]:
    """Yield the slices of one half of the rows."""
    places = np.flatnonzero(is_searched)
    limit = _limit(rows.errors[places])
    errors = np.minimum(rows.errors[places], limit)
    own = strongest(columns, places, errors)
    for candidate in worst(own, places, errors):
        terms = [(own[term.column], term.condition) for term in candidate.terms]
        yield _Proposal(
            tuple(column.conditions[condition] for column, condition in terms),
            candidate.score,
            tuple((column.spans[condition] > 0)[column.codes] for column, condition in terms),
            ~is_searched,
            limit,
        )


def _significant(proposals: Sequence[_Proposal], rows: ErrorRows, level: float) -> list[WorstSlice]:
    """Return the slices whose error is larger beyond chance, the surest first.

    A slice that overlaps one before it is tested on the rows outside that one, at least half of
    its own: the same slice from the other half, or a part of it, is not another one.
    """
    tested = [(own, _error(rows, own, own.is_held_out)) for own in proposals]
    errors = [(own, error) for own, error in tested if error is not None]
    errors.sort(key=lambda pair: (pair[1].p_value, -pair[0].score))
    is_taken = np.zeros(len(rows.errors), dtype=bool)
    slices = []
    for proposal, error in errors:
        if error.p_value * len(proposals) > level:
            break
        proposal = _shortened(proposal, rows)
        own = _error(rows, proposal, proposal.is_held_out)
        alone = _error(rows, proposal, proposal.is_held_out & ~is_taken)
        if own is None or alone is None or alone.rows < _OWN * own.rows:
            continue
        p_value = min(1.0, alone.p_value * len(proposals))
        if p_value <= level:
            is_taken |= proposal.is_inside
            slices.append(_slice(proposal, rows, own._replace(p_value=p_value)))
    return slices


def _shortened(proposal: _Proposal, rows: ErrorRows) -> _Proposal:
    """Return a slice without the conditions that leave out rows which are not better."""
    if len(proposal.conditions) == 1:
        return proposal
    inside = proposal.is_inside & proposal.is_held_out
    shorter = [proposal.without(place) for place in range(len(proposal.conditions))]
    p_values = [
        _larger(rows, inside, own.is_inside & proposal.is_held_out & ~inside, proposal.limit)
        for own in shorter
    ]
    doubtful = int(np.argmax(p_values))
    if p_values[doubtful] <= _NEEDED:
        return proposal
    return _shortened(shorter[doubtful], rows)


def _larger(rows: ErrorRows, inside: np.ndarray, left_out: np.ndarray, limit: float) -> float:
    """Return the p-value that the error inside is not larger than that of rows left out."""
    error = error_of(rows.errors[inside], rows.errors[left_out], binary=rows.binary, limit=limit)
    return 1.0 if error is None else error.p_value


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
