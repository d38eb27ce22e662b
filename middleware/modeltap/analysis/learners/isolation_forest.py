"""An isolation forest (Liu, Ting & Zhou, 2008), grown on all its trees at once.

Each tree separates a few rows by random cuts, until each is alone. An outlying row is separated
after few cuts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_TREES = 100
"""The number in the paper, which shows that scores converge earlier."""

_MAX_ROWS = 256
"""The rows per tree in the paper: with more, outlying rows hide each other."""

_DRAWS = 20
"""Columns drawn for a node until one varies in it. If none of these does, few others will."""


class _RandomCuts(NamedTuple):
    """The cuts of all trees at one depth: (trees, nodes) columns, and limits that are infinite if
    all rows are below."""

    columns: np.ndarray
    limits: np.ndarray


class IsolationForest:
    """An isolation forest fitted to (n, d) rows, d at least 1."""

    def __init__(self, rows: np.ndarray) -> None:
        self._rng = np.random.default_rng(0)
        size = min(_MAX_ROWS, len(rows))
        picked = [self._rng.permutation(len(rows))[:size] for _ in range(_TREES)]
        self._depth = max(1, int(np.ceil(np.log2(size))))
        self._levels: list[_RandomCuts] = []
        self._rows = rows
        self._lengths = self._grown(np.concatenate(picked), np.repeat(np.arange(_TREES), size))
        del self._rows

    def path_lengths(self, rows: np.ndarray) -> np.ndarray:
        """Return the (n,) mean numbers of cuts that separate each of (n, d) rows."""
        starts = np.arange(len(rows)) * rows.shape[1]
        trees = np.arange(_TREES)[:, None]
        values = np.ascontiguousarray(rows).ravel()
        nodes = np.zeros((_TREES, len(rows)), dtype=np.int64)
        for columns, limits in self._levels:
            at = trees * limits.shape[1] + nodes
            # `take` is twice as fast as an index.
            above = values.take(starts + columns.take(at)) >= limits.take(at)
            nodes = 2 * nodes + above
        return np.asarray(self._lengths.take(trees * self._lengths.shape[1] + nodes).mean(axis=0))

    def _grown(self, places: np.ndarray, trees: np.ndarray) -> np.ndarray:
        """Grow (m,) trees on the rows at (m,) places; return the lengths of the paths.

        The result has all (trees, nodes) of the deepest level. A path that ends earlier goes on
        below infinite limits.
        """
        lengths = np.zeros((_TREES, 1 << self._depth))
        nodes = np.zeros(len(places), dtype=np.int64)
        for depth in range(self._depth):
            level = _RandomCuts(
                np.zeros((_TREES, 1 << depth), dtype=np.int64),
                np.full((_TREES, 1 << depth), np.inf),
            )
            self._cut(places, trees * (1 << depth) + nodes, level)
            self._levels.append(level)
            limits = level.limits[trees, nodes]
            cut = np.isfinite(limits)
            _end(lengths, trees[~cut], nodes[~cut] << (self._depth - depth), depth)
            places, trees, nodes, limits = places[cut], trees[cut], nodes[cut], limits[cut]
            values = self._rows[places, level.columns[trees, nodes]]
            nodes = 2 * nodes + (values >= limits)
        _end(lengths, trees, nodes, self._depth)
        return lengths

    def _cut(self, places: np.ndarray, keys: np.ndarray, level: _RandomCuts) -> None:
        """Draw a cut for each node in which rows differ.

        Args:
            places: (m,) the rows in nodes.
            keys: (m,) the node of each, as its place in `level`.
        """
        order = np.argsort(keys, kind="stable")
        for _ in range(_DRAWS):
            if not len(order):
                return
            grouped = keys[order]
            starts = np.flatnonzero(np.diff(grouped, prepend=-1))
            known, counts = grouped[starts], np.diff(starts, append=len(order))
            columns = self._rng.integers(0, self._rows.shape[1], len(known))
            values = self._rows[places[order], np.repeat(columns, counts)]
            low = np.minimum.reduceat(values, starts)
            high = np.maximum.reduceat(values, starts)
            # The lowest row is below, the highest is not.
            limits = high - self._rng.random(len(known)) * (high - low)
            varied = limits > low
            level.columns.flat[known[varied]] = columns[varied]
            level.limits.flat[known[varied]] = limits[varied]
            order = order[np.repeat(~varied & (counts > 1), counts)]


def _end(lengths: np.ndarray, trees: np.ndarray, nodes: np.ndarray, depth: int) -> None:
    """Store the length of the paths of rows that remain in nodes: cuts, and those not made."""
    places = trees * lengths.shape[1] + nodes
    counts = np.bincount(places, minlength=lengths.size).reshape(lengths.shape)
    ended = counts > 0
    lengths[ended] = depth + _expected(counts[ended])


def _expected(rows: np.ndarray) -> np.ndarray:
    """Return the mean number of cuts that separate a row from (n,) `rows` rows, itself included.

    ``2 H(n - 1) - 2 (n - 1) / n``, with the harmonic number H; 0 of a single row.
    """
    harmonic = np.cumsum(1 / np.arange(1, _MAX_ROWS + 1))
    before = np.where(rows > 1, harmonic[np.maximum(rows - 2, 0)], 0.0)
    return np.asarray(2 * before - 2 * (rows - 1) / rows)
