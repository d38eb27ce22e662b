"""A forest that separates two samples by random cuts, grown on all its trees at once.

Extremely randomised trees (Geurts, Ernst & Wehenkel, 2006): each node takes the best of a few
random cuts, by the Gini impurity. The cuts are quantiles of the columns, so that the rows below
each are known as bits, and a node's rows are an intersection of such sets.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from modeltap.analysis.learners.row_bits import all_rows, members, packed, sizes

_TREES = 60
"""A bound on cost: more trees smooth the scores but hardly increase the area under their curve."""

_MAX_DEPTH = 10
"""A thousand leaves: deeper trees memorise single rows of a sample of 2,000."""

_MIN_LEAF_ROWS = 10
"""With fewer rows, a leaf's fraction is mostly chance."""

_MAX_CUTS = 32
"""Cuts of a column: of 2,000 rows, 62 are between two cuts."""

_MAX_ALL_CUTS = 8192
"""A bound on cost for more than 256 columns, as many as there are nodes in a forest."""

_MIN_TRIED = 8
"""Cuts tried in a node, or the root of the number of columns if there are more than 64. With
fewer, effects that depend on two columns are detected less often; with 16, hardly more."""


class _Nodes(NamedTuple):
    """The nodes of all trees at one depth.

    Args:
        ends: (m,) booleans, the nodes that are leaves.
        fractions: (leaves,) the fraction of class 1 in each leaf, with classes of equal weight.
        cuts: (m - leaves,) the cut of each other node. The next level has their sides below the
            cuts, then their sides above.
    """

    ends: np.ndarray
    fractions: np.ndarray
    cuts: np.ndarray


class _Cuts:
    """Cuts of the (n, d) rows that a forest is fitted to: below a cut, or not.

    `columns` and `limits` have each cut's column and value; `starts` and `counts` the cuts of each
    column that has any.
    """

    def __init__(self, rows: np.ndarray) -> None:
        most = max(1, min(_MAX_CUTS, _MAX_ALL_CUTS // max(1, rows.shape[1])))
        limits = [_limits(column, most) for column in np.sort(rows.T)]
        lengths = np.array([len(part) for part in limits], dtype=np.int64)
        self._varied = np.flatnonzero(lengths)
        self._limits = limits
        self.columns = np.repeat(np.arange(len(limits)), lengths)
        self.counts = lengths[self._varied]
        self.starts = np.cumsum(self.counts) - self.counts

    def below(self, rows: np.ndarray) -> np.ndarray:
        """Return (cuts, words) bits: the rows below each cut."""
        columns = np.ascontiguousarray(rows.T)
        parts = [
            packed(columns[place] < self._limits[place][:, None]) for place in self._varied.tolist()
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.uint64)

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return (size,) random cuts: of random columns, any of their cuts."""
        columns = rng.integers(0, len(self.counts), size)
        within = (rng.random(size) * self.counts[columns]).astype(np.int64)
        return np.asarray(self.starts[columns] + within)


def _limits(column: np.ndarray, most: int) -> np.ndarray:
    """Return the values to cut a sorted column at: all but the smallest, or quantiles of many."""
    values: np.ndarray = column[1:][column[1:] > column[:-1]]
    if len(values) <= most:
        return values
    places = ((np.arange(most) + 0.5) / most * len(column)).astype(np.int64)
    quantiles: np.ndarray = np.unique(column[places])
    return quantiles[quantiles > column[0]] if quantiles[-1] > column[0] else values[:1]


class SeparatingForest:
    """A forest fitted to (n, d) rows of the classes (n,) 0 and 1, with both of equal weight.

    `importances` has the (d,) sums of the impurity that each column's cuts have removed.
    """

    def __init__(self, rows: np.ndarray, classes: np.ndarray) -> None:
        self._cuts = _Cuts(rows)
        self._rng = np.random.default_rng(0)
        self._tried = max(_MIN_TRIED, math.isqrt(rows.shape[1]))
        self._below = self._cuts.below(rows)
        self._ones = packed(classes[None, :] == 1)
        total = int(self._ones_in(all_rows(1, len(rows)))[0])
        self._weights = 0.5 / max(1, len(rows) - total), 0.5 / max(1, total)
        self.importances = np.zeros(rows.shape[1])
        self._levels = self._grown(all_rows(_TREES, len(rows)))
        del self._below

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Return the (n,) means over the trees of class 1's fraction in each row's leaf."""
        below, nodes = self._cuts.below(rows), all_rows(_TREES, len(rows))
        total = np.zeros(len(rows))
        for level in self._levels:
            leaves, places = members(nodes[level.ends], len(rows))
            total += np.bincount(places, level.fractions[leaves], len(rows))
            nodes = _split(nodes[~level.ends], below[level.cuts])
        return total / _TREES

    def _grown(self, nodes: np.ndarray) -> list[_Nodes]:
        """Return the levels of all trees, whose roots have the rows (trees, words) `nodes`."""
        levels: list[_Nodes] = []
        while len(nodes):
            rows, ones = sizes(nodes), self._ones_in(nodes)
            cuts = np.full(len(nodes), -1)
            if len(levels) < _MAX_DEPTH:
                mixed = (rows >= 2 * _MIN_LEAF_ROWS) & (ones > 0) & (ones < rows)
                cuts[mixed] = self._best_cuts(nodes[mixed], rows[mixed], ones[mixed])
            ends = cuts < 0
            zeros, weighed = self._weighed(rows[ends], ones[ends])
            levels.append(_Nodes(ends, weighed / (zeros + weighed), cuts[~ends]))
            nodes = _split(nodes[~ends], self._below[cuts[~ends]])
        return levels

    def _best_cuts(self, nodes: np.ndarray, rows: np.ndarray, ones: np.ndarray) -> np.ndarray:
        """Return the best of some random cuts for each node; -1 if each leaves too few rows."""
        best, purest = np.full(len(nodes), -1), np.full(len(nodes), -np.inf)
        if not len(self._cuts.counts):
            return best
        for _ in range(self._tried):
            cuts = self._cuts.draw(self._rng, len(nodes))
            below = nodes & self._below[cuts]
            inside, ones_inside = sizes(below), self._ones_in(below)
            purity = self._purity(inside, ones_inside) + self._purity(
                rows - inside, ones - ones_inside
            )
            allowed = (inside >= _MIN_LEAF_ROWS) & (rows - inside >= _MIN_LEAF_ROWS)
            better = allowed & (purity > purest)
            best[better], purest[better] = cuts[better], purity[better]
        gained = np.maximum(purest - self._purity(rows, ones), 0.0)
        cut = best >= 0
        np.add.at(self.importances, self._cuts.columns[best[cut]], gained[cut])
        return best

    def _purity(self, rows: np.ndarray, ones: np.ndarray) -> np.ndarray:
        """Return the weights of sets, each multiplied by 1 less its Gini impurity."""
        zeros, weighed = self._weighed(rows, ones)
        both = zeros + weighed
        return np.asarray((zeros**2 + weighed**2) / np.where(both > 0, both, 1.0))

    def _weighed(self, rows: np.ndarray, ones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights of the rows of class 0 and of class 1."""
        of_zero, of_one = self._weights
        return (rows - ones) * of_zero, ones * of_one

    def _ones_in(self, nodes: np.ndarray) -> np.ndarray:
        return sizes(nodes & self._ones)


def _split(nodes: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return the rows of nodes below their cuts, then the others."""
    return np.concatenate([nodes & below, nodes & ~below])
