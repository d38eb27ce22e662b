"""Domain classifier of two samples, scored on rows that it was not fitted to."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy

FLOOR = 0.05
"""An area under the curve of less than .55 is a negligible difference."""

BEYOND_BASELINE = 1.25
"""Areas must exceed those of earlier windows by a quarter: rows of other times always differ."""

_NORMAL_95 = 1.96
"""Standard errors on each side of a 95 % interval."""

_NO_VARIANCE = 1e-12
"""A lower bound of the variance, which avoids a division by zero if all scores are equal."""

Data = Any
"""(n, d) numbers, as an array or a sparse matrix."""


class DomainClassifier:
    """A classifier of two samples, scored on rows that it was not fitted to.

    Each half is scored by the classifier fitted to the other half (cross-fitting). Within a half,
    the scores of the two samples are compared by the Mann-Whitney test; its null distribution is
    exact. `p_values` has both p-values, which are not independent.

    Args:
        a: (n, d) rows of one source.
        b: (m, d) rows of the other.
        unfitted: a scikit-learn classifier, which is cloned for each half.
    """

    def __init__(self, a: Data, b: Data, unfitted: Any) -> None:
        from sklearn.base import clone  # loaded late, never in the app

        self.models: list[Any] = []
        self.parts: list[tuple[Data, np.ndarray]] = []
        halves = list(zip(halved(a), halved(b), strict=True))
        aucs, self.p_values, variances = [], [], []
        for training, test in (halves, halves[::-1]):
            x, y = _stacked(*training)
            model = clone(unfitted)
            with warnings.catch_warnings():
                # With few rows a fit may not converge, but its scores still rank the rows.
                warnings.simplefilter("ignore")
                model.fit(x, y)
            x, y = _stacked(*test)
            area, variance = auc(model.predict_proba(x)[:, 1], y)
            self.models.append(model)
            self.parts.append((x, y))
            aucs.append(area)
            variances.append(variance)
            self.p_values.append(float(scipy.special.ndtr(-(area - 0.5) / np.sqrt(variance))))
        self.auc = float(np.mean(aucs))
        self._error = float(np.sqrt(np.sum(variances))) / 2

    def threshold(self, baseline: float | None) -> float:
        """Return the area that is worth an alert, given the largest area without one."""
        return 0.5 + max(FLOOR, BEYOND_BASELINE * ((baseline or 0.5) - 0.5))

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the area under the curve."""
        return max(0.0, self.auc - _NORMAL_95 * self._error), min(
            1.0, self.auc + _NORMAL_95 * self._error
        )


def halved(rows: Data) -> tuple[Data, Data]:
    """Return two random halves of (n, d) rows; alternating rows might differ systematically."""
    order = np.random.default_rng(0).permutation(rows.shape[0])
    return rows[np.sort(order[0::2])], rows[np.sort(order[1::2])]


def _stacked(a: Data, b: Data) -> tuple[Data, np.ndarray]:
    from scipy.sparse import issparse, vstack  # loaded late: only texts need it

    x = vstack([a, b]).tocsr() if issparse(a) else np.vstack([a, b])
    return x, np.repeat([0, 1], [a.shape[0], b.shape[0]])


def auc(scores: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the area under the ROC curve and its variance under the null hypothesis."""
    from scipy.stats import rankdata  # loaded late: it takes half a second

    ranks = rankdata(scores)
    m = int(y.sum())
    n = len(y) - m
    area = (ranks[y == 1].sum() - m * (m + 1) / 2) / (m * n)
    _, ties = np.unique(scores, return_counts=True)
    tied = float(np.sum(ties.astype(np.float64) ** 3 - ties)) / ((n + m) * (n + m - 1))
    return float(area), max(_NO_VARIANCE, (n + m + 1 - tied) / (12 * n * m))
