"""A second opinion about expected errors: their logarithm as a linear function of the inputs.

Trees say the same of a row at the edge of the reference's rows and of one far beyond it. Where
inputs move to that edge, all sets of trees are wrong together, which their spread does not show.
The log-linear model goes on as before, so that its distance from the trees does.
"""

from __future__ import annotations

import warnings

import numpy as np

_EDGES = (0.001, 0.999)
"""Values beyond these quantiles of the reference are set to them: a number of 1e12 would be most of
the variance of its column, and would be expected to have an error without bounds."""

_LARGEST = 1e100
"""Numbers are set to it at most, so that their squares are finite."""

_PENALTY = 1e-3
"""Enough for a unique optimum with equal columns, and too little to bend a slope."""


class LogLinearErrors:
    """Expects ``exp(a + b x)``, by the likelihood of Poisson (Gourieroux et al., 1984).

    It needs only the mean to be right, not the distribution. A missing value has its own slope.

    Args:
        rows: (n, d) numbers, one or more.
        errors: (n,) numbers of at least 0.
    """

    def __init__(self, rows: np.ndarray, errors: np.ndarray) -> None:
        self._mean = float(errors.mean())
        self._has_missing = ~np.isfinite(rows).all(axis=0)
        self._low, self._high = _quantiles(rows)
        self._centre, self._scale = np.zeros(0), np.ones(0)
        columns = self._columns(rows)
        spread = columns.std(axis=0)
        self._centre, self._scale = columns.mean(axis=0), np.where(spread > 0, spread, np.inf)
        self._slopes, self._level = np.zeros(columns.shape[1]), 0.0
        if self._mean > 0 and np.isfinite(self._scale).any():
            self._fit(self._standardised(columns), errors / self._mean)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return the (m,) errors expected of (m, d) rows."""
        columns = self._standardised(self._columns(rows))
        return np.asarray(self._mean * np.exp(self._level + columns @ self._slopes))

    def _fit(self, columns: np.ndarray, errors: np.ndarray) -> None:
        # Loaded late, as the trees are.
        from sklearn.linear_model import PoissonRegressor

        with warnings.catch_warnings():
            # A fit that was stopped is still another opinion.
            warnings.simplefilter("ignore")
            model = PoissonRegressor(alpha=_PENALTY, solver="newton-cholesky").fit(columns, errors)
        if np.isfinite(model.coef_).all() and np.isfinite(model.intercept_):
            self._slopes, self._level = model.coef_, float(model.intercept_)

    def _columns(self, rows: np.ndarray) -> np.ndarray:
        """Return columns without gaps, and one of zeros and ones for each that had any."""
        is_missing = ~np.isfinite(rows)
        middle = (self._low + self._high) / 2
        known = np.clip(np.where(is_missing, middle, rows), self._low, self._high)
        return np.column_stack([known, is_missing[:, self._has_missing]])

    def _standardised(self, columns: np.ndarray) -> np.ndarray:
        return np.asarray((columns - self._centre) / self._scale)


def _quantiles(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the outer quantiles of columns; 0 for one without numbers."""
    known = [column[np.isfinite(column)] for column in rows.T]
    ends = [
        np.quantile(own.clip(-_LARGEST, _LARGEST), _EDGES) if len(own) else np.zeros(2)
        for own in known
    ]
    low, high = np.reshape(ends, (len(ends), 2)).T
    return low, high
