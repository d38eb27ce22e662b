"""Logistic regression of two samples with equal weight, for many columns of zeros and ones.

It minimises the mean of the weighted losses and ``|w|^2 / 2Cn`` by L-BFGS (Byrd et al., 1995), like
scikit-learn, of which loading alone takes a second.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy

_INVERSE_PENALTY = 0.1
"""C. Stronger regularisation than the common 1: there are more words than rows."""

_MAX_ITERATIONS = 200
"""A bound on the time; if the samples differ, the fit converges much earlier."""

_MAX_STEPS = 50
"""Steps of a line search."""

_STEEP = 1e-4
"""The fit ends when no column's gradient is larger; the scores then rank the rows."""

_FLAT = 64 * float(np.finfo(np.float64).eps)
"""It also ends when the loss shrinks by less than this fraction."""


class LogisticRegression:
    """A regression that is fitted to (n, d) rows of the classes (n,) 0 and 1.

    Rows are an array or a sparse matrix.
    """

    def __init__(self, rows: Any, classes: np.ndarray) -> None:
        self._weights = np.zeros(rows.shape[1])
        self._intercept = 0.0
        columns = _merged(rows)
        loss = _Loss(columns.values, classes)
        start = np.zeros(columns.values.shape[1] + 1)
        loss(start)
        if loss.steepest(columns.scale) > _STEEP:
            best = _minimum(loss, start, columns.scale)
            self._weights[columns.used] = (best[:-1] / columns.scale)[columns.places]
            self._intercept = float(best[-1])

    def scores(self, rows: Any) -> np.ndarray:
        """Return the (n,) probabilities that a row is of class 1."""
        return np.asarray(scipy.special.expit(rows @ self._weights + self._intercept))


class MergedColumns(NamedTuple):
    """Columns without repeats, and without empty ones.

    Attributes:
        values: (n, k) rows, of which each column is multiplied by its scale.
        scale: (k,) the square root of the number of equal columns.
        used: (u,) the original columns that are not empty.
        places: (u,) the place of each of them.
    """

    values: Any
    scale: np.ndarray
    used: np.ndarray
    places: np.ndarray


def _merged(rows: Any) -> MergedColumns:
    """Return (n, d) rows with equal columns of zeros and ones merged.

    Most pairs of words occur in one text only. Equal columns get equal weights, and the penalty of
    k of them is that of one weight that is sqrt(k) times as large.
    """
    size = rows.shape[1]
    if isinstance(rows, np.ndarray):
        return MergedColumns(rows, np.ones(size), np.arange(size), np.arange(size))
    # Columns with the same rows have the same sum of these numbers; other columns have not, but
    # for a chance of one in a billion.
    marks = np.random.default_rng(0).random(rows.shape[0])
    sums = np.bincount(rows.indices, np.repeat(marks, np.diff(rows.indptr)), minlength=size)
    used = np.flatnonzero(sums)
    _, first, places, counts = np.unique(
        sums[used], return_index=True, return_inverse=True, return_counts=True
    )
    scale = np.sqrt(counts)
    values = rows[:, used[first]]
    values.data *= scale[values.indices]
    return MergedColumns(values, scale, used, places)


class _Loss:
    """The loss of (k + 1,) weights, of which the last is the intercept, and its gradient."""

    def __init__(self, rows: Any, classes: np.ndarray) -> None:
        count = len(classes)
        self._rows, self._transposed, self._classes = rows, rows.T, classes
        self._share = 0.5 / np.bincount(classes, minlength=2)[classes]
        self._penalty = 1 / (_INVERSE_PENALTY * count)
        self.gradient = np.zeros(rows.shape[1] + 1)

    def __call__(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss and the (k + 1,) gradient."""
        inner = weights[:-1]
        odds = self._rows @ inner + weights[-1]
        losses = np.logaddexp(0, odds) - self._classes * odds
        errors = self._share * (scipy.special.expit(odds) - self._classes)
        self.gradient = np.append(self._transposed @ errors + self._penalty * inner, errors.sum())
        return float(self._share @ losses + self._penalty / 2 * (inner @ inner)), self.gradient

    def steepest(self, scale: np.ndarray) -> float:
        """Return the largest gradient of an original column at the last weights."""
        return float(np.abs(self.gradient / np.append(scale, 1)).max())


def _minimum(loss: _Loss, start: np.ndarray, scale: np.ndarray) -> np.ndarray:
    def stop_if_flat(_weights: np.ndarray) -> None:
        if loss.steepest(scale) <= _STEEP:
            raise StopIteration

    options = {"maxiter": _MAX_ITERATIONS, "maxls": _MAX_STEPS, "gtol": 0.0, "ftol": _FLAT}
    result = scipy.optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", callback=stop_if_flat, options=options
    )
    return np.asarray(result.x)
