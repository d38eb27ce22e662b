"""Weights of the reference's rows that give them the inputs of a window, by feature.

Of all weights with which each feature has the distribution of the window, these are closest to
equal ones (raking: Deming & Stephan, 1940; entropy balancing: Hainmueller, 2012). Their logarithm
is a sum over the features. Of two correlated features, of which one has moved and the other
followed, only the first has a part, while a ratio of each feature alone would count the same drift
twice. Features without drift have no part. A classifier of both samples would not do: it needs only
one feature that has left its range, and ignores the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from modeltap.analysis.statistics.hypothesis_tests import chi2

_LARGEST = 50.0
"""A row that stands for more rows than this is one observation, whatever its weight: the weights
are cut there, as a multiple of their mean."""

_DRIFTED = 0.01
"""The level of the test that a feature has drifted: the noise of others would only add up."""

_ROUNDS, _CLOSE = 100, 1e-3
"""Rounds of raking, and the difference of fractions at which it ends."""


class InputCodes(NamedTuple):
    """(n,) codes of each feature, from 0, and the number of codes of each."""

    names: tuple[str, ...]
    codes: Sequence[np.ndarray]
    sizes: tuple[int, ...]

    def picked(self, places: np.ndarray) -> InputCodes:
        """Return the rows at these places."""
        return self._replace(codes=[column[places] for column in self.codes])

    def counts(self) -> list[np.ndarray]:
        """Return the rows of each code, by feature."""
        pairs = zip(self.codes, self.sizes, strict=True)
        return [np.bincount(column, minlength=size) for column, size in pairs]


def log_ratios(reference: InputCodes, window: InputCodes) -> np.ndarray:
    """Return (n, k) the part of each of k features in the log weight of each of n reference rows.

    >>> same, moved = np.arange(400) % 2, (np.arange(400) % 4 > 0).astype(int)
    >>> before = InputCodes(("x",), [same], (2,))
    >>> np.exp(log_ratios(before, InputCodes(("x",), [moved], (2,)))[:2, 0]).round(2).tolist()
    [0.5, 1.5]
    """
    n, k = len(reference.codes[0]), len(reference.names)
    ratios = np.zeros((n, k))
    before, now = reference.counts(), window.counts()
    drifted = [place for place in range(k) if chi2(before[place], now[place])[1] < _DRIFTED]
    # Half a row with the reference's distribution keeps all fractions above 0.
    targets = [
        (after + 0.5 * own / n) / (after.sum() + 0.5)
        for own, after in zip(before, now, strict=True)
    ]
    for _ in range(_ROUNDS):
        farthest = 0.0
        for place in drifted:
            column = reference.codes[place]
            weights = np.exp(ratios.sum(axis=1))
            own = np.bincount(
                column, weights=weights / weights.sum(), minlength=len(targets[place])
            )
            known = own > 0
            farthest = max(farthest, float(np.abs(own - targets[place])[known].max()))
            factor = np.zeros(len(own))
            factor[known] = np.log(targets[place][known] / own[known])
            ratios[:, place] += factor[column]
        if farthest < _CLOSE:
            break
    return ratios


def weights_of(ratios: np.ndarray) -> np.ndarray:
    """Return (..., n) weights with a mean of 1 of (..., n) log ratios, the largest cut."""
    shifted = np.exp(ratios - ratios.max(axis=-1, keepdims=True))
    weights = shifted / shifted.mean(axis=-1, keepdims=True)
    cut = np.minimum(weights, _LARGEST)
    return np.asarray(cut / cut.mean(axis=-1, keepdims=True))


def effective_rows(weights: np.ndarray) -> float:
    """Return how many rows of equal weight are as exact as (n,) weighted ones (Kish, 1965)."""
    return float(weights.sum() ** 2 / np.sum(weights**2))
