"""Search for the worst slices: at most three conditions, and the score of SliceLine's kind.

All pairs of conditions are scored from the counts of rows and errors in the bins of two columns,
which one pass over the rows gives; a range of bins is a sum of them. The best pairs are extended
by a third condition. After Sagadeeva & Boehm (SliceLine, SIGMOD 2021), a score balances the size of
a slice and its errors, small slices are left out, and slices are found level by level. The score
is another one: the logarithm of the likelihood ratio of a slice whose errors differ from those of
all rows (Kulldorff, 1997). It is not larger for larger slices as such, and has no weight to choose.
For errors of any distribution it is that of a Poisson distribution, divided by the variance in
units of the mean. Each condition costs the logarithm of the number of conditions, which is about
what the best of them gains by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from typing import NamedTuple

import numpy as np

from modeltap.analysis.slices.slice_columns import SliceColumn

MIN_ROWS = 20
"""With fewer rows in the other half, no error could be shown to be larger."""

MIN_FRACTION = 0.01
"""Smaller slices are details; SliceLine has the same limit."""

MIN_LIFT = 1.2
"""A mean error of less than this multiple of the error of all rows is not worth a report."""

MOST_COLUMNS = 50
"""Columns whose pairs are searched: 1,225 pairs. Of more, those with the best single condition."""

_EXTENDED = 20
"""Pairs of columns that are extended by a third condition."""

_ROUNDS = 3
"""Searches, each among the rows outside the best slices of those before."""

_SLICES = 8
"""Slices of a search, each of other columns: the best of a half may be there by chance."""


class Term(NamedTuple):
    """A condition: the position of its column, and its position among the column's conditions."""

    column: int
    condition: int


class Candidate(NamedTuple):
    """A slice, and its score less the costs of its conditions."""

    terms: tuple[Term, ...]
    score: float

    @property
    def columns(self) -> tuple[int, ...]:
        """The positions of its columns."""
        return tuple(term.column for term in self.terms)


class _Totals(NamedTuple):
    """The remaining rows, their mean error, its variance in units of the mean, and limits."""

    rows: int
    mean: float
    dispersion: float
    min_rows: int

    def scores(self, rows: np.ndarray, errors: np.ndarray) -> np.ndarray:
        """Return the score of slices with these numbers of rows and sums of errors.

        With the expected sum m of errors and the ratio r of the sum to it, the score is
        ``m (r log r - r + 1)``, in units of the dispersion; -inf for slices that do not count.
        """
        scores = np.full(rows.shape, -np.inf)
        eligible = (rows >= self.min_rows) & (errors > MIN_LIFT * self.mean * rows)
        own = rows[eligible]
        expected = own * self.mean
        ratio = errors[eligible] / expected
        outside = 1 - own / self.rows
        scores[eligible] = (
            expected * (ratio * np.log(ratio) - ratio + 1) / (self.dispersion * outside)
        )
        return scores


class _PairCounts:
    """Rows and errors in the bins of each two columns, of the rows that remain."""

    def __init__(self, columns: Sequence[np.ndarray], bins: Sequence[int], errors: np.ndarray):
        self._columns, self._bins, self._errors = columns, bins, errors
        self.pairs = list(combinations(range(len(columns)), 2))
        every = np.arange(len(errors))
        self._rows = [self._counted(pair, every, None) for pair in self.pairs]
        self._sums = [self._counted(pair, every, errors) for pair in self.pairs]

    def tables(self) -> Iterator[tuple[tuple[int, int], np.ndarray, np.ndarray]]:
        """Yield each pair of columns with its (bins, bins) rows and sums of errors."""
        return zip(self.pairs, self._rows, self._sums, strict=True)

    def remove(self, places: np.ndarray) -> None:
        """Take out the rows at these places."""
        for position, pair in enumerate(self.pairs):
            self._rows[position] = self._rows[position] - self._counted(pair, places, None)
            self._sums[position] = self._sums[position] - self._counted(pair, places, self._errors)

    def _counted(
        self, pair: tuple[int, int], places: np.ndarray, weights: np.ndarray | None
    ) -> np.ndarray:
        first, second = pair
        bins = self._bins[first], self._bins[second]
        cells = self._columns[first][places] * bins[1] + self._columns[second][places]
        own = None if weights is None else weights[places]
        counted = np.bincount(cells, weights=own, minlength=bins[0] * bins[1])
        return counted.reshape(bins).astype(np.float64)


class _Search:
    """The rows that are searched, and those that remain.

    Args:
        codes: by column, the (n,) bins of the rows.
        errors: (n,) their errors.
    """

    def __init__(
        self, columns: Sequence[SliceColumn], codes: Sequence[np.ndarray], errors: np.ndarray
    ) -> None:
        self._columns, self._codes, self._errors = columns, codes, errors
        self._remaining = np.ones(len(errors), dtype=bool)
        self._cost = math.log(sum(len(column.conditions) for column in columns))
        self._counts = _PairCounts(codes, [column.bins for column in columns], errors)

    def best(self) -> list[Candidate]:
        """Return the best slices of the remaining rows, each of other columns, best first."""
        totals = totals_of(self._errors[self._remaining], len(self._errors))
        if totals is None:
            return []
        pairs = self._pairs(totals)
        singles = self._extensions((), range(len(self._columns)), totals)
        triples = (self._improved(triple, totals) for triple in self._triples(pairs, totals))
        slices: dict[tuple[int, ...], Candidate] = {}
        for candidate in sorted((*singles, *pairs, *triples), key=lambda own: -own.score):
            slices.setdefault(candidate.columns, candidate)
        return list(islice(slices.values(), _SLICES))

    def remove(self, candidate: Candidate) -> None:
        """Take out the rows of a slice."""
        places = self._rows_of(candidate.terms)
        self._remaining[places] = False
        self._counts.remove(places)

    def _pairs(self, totals: _Totals) -> list[Candidate]:
        """Return the best slice of each two columns, best first."""
        best = []
        for (first, second), rows, sums in self._counts.tables():
            left, right = self._columns[first].spans, self._columns[second].spans
            scores = totals.scores(left @ rows @ right.T, left @ sums @ right.T)
            own, other = divmod(int(scores.argmax()), scores.shape[1])
            if scores[own, other] > -math.inf:
                terms = Term(first, own), Term(second, other)
                best.append(Candidate(terms, float(scores[own, other]) - 2 * self._cost))
        return sorted(best, key=lambda candidate: candidate.score, reverse=True)

    def _triples(self, pairs: Sequence[Candidate], totals: _Totals) -> Iterator[Candidate]:
        """Yield each of the best pairs with its best condition on each other column."""
        for pair in pairs[:_EXTENDED]:
            known = {term.column for term in pair.terms}
            others = [place for place in range(len(self._columns)) if place not in known]
            for triple in self._extensions(pair.terms, others, totals):
                if triple.score > pair.score:
                    yield triple

    def _improved(self, candidate: Candidate, totals: _Totals) -> Candidate:
        """Return a slice with the best condition on each column, given its other conditions."""
        for term in candidate.terms:
            others = tuple(other for other in candidate.terms if other.column != term.column)
            for changed in self._extensions(others, [term.column], totals):
                candidate = max(candidate, changed, key=lambda own: own.score)
        return candidate

    def _extensions(
        self, terms: tuple[Term, ...], columns: Sequence[int], totals: _Totals
    ) -> Iterator[Candidate]:
        """Yield a slice with its best further condition on each of some columns."""
        places = self._rows_of(terms)
        errors = self._errors[places]
        for column in columns:
            spans, own = self._columns[column].spans, self._codes[column][places]
            rows = np.bincount(own, minlength=spans.shape[1])
            sums = np.bincount(own, errors, minlength=spans.shape[1])
            scores = totals.scores(spans @ rows, spans @ sums)
            place = int(scores.argmax())
            if scores[place] > -math.inf:
                extended = tuple(sorted((*terms, Term(column, place))))
                yield Candidate(extended, float(scores[place]) - len(extended) * self._cost)

    def _rows_of(self, terms: Sequence[Term]) -> np.ndarray:
        """Return the places of the remaining rows that meet all conditions."""
        return meeting(self._columns, self._codes, terms, np.flatnonzero(self._remaining))


def meeting(
    columns: Sequence[SliceColumn],
    codes: Sequence[np.ndarray],
    terms: Sequence[Term],
    places: np.ndarray,
) -> np.ndarray:
    """Return those of the rows at `places` that meet all conditions."""
    for term in terms:
        is_inside = columns[term.column].spans[term.condition] > 0
        places = places[is_inside[codes[term.column][places]]]
    return places


def totals_of(errors: np.ndarray, rows: int) -> _Totals | None:
    """Return the facts about the remaining errors, of `rows` at first; None if all are equal."""
    if not len(errors) or errors.min() == errors.max():
        return None
    mean = float(errors.mean())
    min_rows = max(MIN_ROWS, math.ceil(MIN_FRACTION * rows))
    return _Totals(len(errors), mean, float(errors.var()) / mean, min_rows)


def worst(
    columns: Sequence[SliceColumn], places: np.ndarray, errors: np.ndarray
) -> list[Candidate]:
    """Return the worst slices of the rows at `places`, at most 24.

    Args:
        columns: the bins of all rows, at most `MOST_COLUMNS` columns.
        places: (n,) the rows to search.
        errors: (n,) their errors: 1 for a wrong prediction and 0 for a correct one, or absolute.
    """
    if not columns:
        return []
    search = _Search(columns, [column.codes[places] for column in columns], errors)
    candidates: dict[tuple[Term, ...], Candidate] = {}
    for _ in range(_ROUNDS):
        best = search.best()
        if not best:
            break
        for candidate in best:
            candidates.setdefault(candidate.terms, candidate)
        search.remove(best[0])
    return list(candidates.values())


def strongest(
    columns: Sequence[SliceColumn], places: np.ndarray, errors: np.ndarray
) -> list[SliceColumn]:
    """Return at most `MOST_COLUMNS` columns, those with the best single condition, in order."""
    totals = totals_of(errors, len(errors))
    if len(columns) <= MOST_COLUMNS or totals is None:
        return list(columns)
    best = [_best_single(column, column.codes[places], errors, totals) for column in columns]
    kept = sorted(np.argsort(best)[::-1][:MOST_COLUMNS].tolist())
    return [columns[place] for place in kept]


def _best_single(
    column: SliceColumn, codes: np.ndarray, errors: np.ndarray, totals: _Totals
) -> float:
    rows = np.bincount(codes, minlength=column.bins)
    sums = np.bincount(codes, errors, minlength=column.bins)
    return float(totals.scores(column.spans @ rows, column.spans @ sums).max())
