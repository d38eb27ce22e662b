"""A domain classifier: how well two samples can be told apart, on rows it was not fitted to."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.special import ndtr

FLOOR = 0.05
"""An area under the curve of less than .55 is a difference that nobody would see."""

BEYOND_BASELINE = 1.25
"""And beyond what earlier windows had, by a quarter: rows of other times differ anyway."""

_NORMAL_95 = 1.96
"""Standard errors on each side of a 95 % interval."""

_NO_VARIANCE = 1e-12
"""Where all scores are equal: nothing can be told from it, and nothing divides by zero."""

Data = Any
"""(n, d) numbers, as an array or a sparse matrix."""


class DomainClassifier:
    """A classifier of two samples, scored on rows that it was not fitted to.

    Each half is scored by the classifier that was fitted to the other half (cross-fitting). Within
    a half the scores of the two samples are compared by the Mann-Whitney test, whose null is exact
    there; the two p-values, which are not independent, are joined by the Cauchy combination.

    Args:
        a: (n, d) rows of one source.
        b: (m, d) rows of the other.
        unfitted: a classifier of scikit-learn, which is cloned for each half.
    """

    def __init__(self, a: Data, b: Data, unfitted: Any) -> None:
        from sklearn.base import clone  # loaded with the classifier, not for the app

        self.models: list[Any] = []
        self.parts: list[tuple[Data, np.ndarray]] = []
        halves = list(zip(halved(a), halved(b), strict=True))
        aucs, self.p_values, variances = [], [], []
        for taught, tested in (halves, halves[::-1]):
            x, y = _stacked(*taught)
            model = clone(unfitted)
            with warnings.catch_warnings():
                # On few rows a fit may not converge; its scores still rank.
                warnings.simplefilter("ignore")
                model.fit(x, y)
            x, y = _stacked(*tested)
            area, variance = auc(model.predict_proba(x)[:, 1], y)
            self.models.append(model)
            self.parts.append((x, y))
            aucs.append(area)
            variances.append(variance)
            self.p_values.append(float(ndtr(-(area - 0.5) / np.sqrt(variance))))
        self.auc = float(np.mean(aucs))
        self._error = float(np.sqrt(np.sum(variances))) / 2

    def threshold(self, baseline: float | None) -> float:
        """Return the area that is worth an alert, where `baseline` is the largest that was none."""
        return 0.5 + max(FLOOR, BEYOND_BASELINE * ((baseline or 0.5) - 0.5))

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the area under the curve."""
        return max(0.0, self.auc - _NORMAL_95 * self._error), min(
            1.0, self.auc + _NORMAL_95 * self._error
        )


def halved(rows: Data) -> tuple[Data, Data]:
    """Return two halves of (n, d) rows, drawn by chance: every other row may be of one kind."""
    order = np.random.default_rng(0).permutation(rows.shape[0])
    return rows[np.sort(order[0::2])], rows[np.sort(order[1::2])]


def _stacked(a: Data, b: Data) -> tuple[Data, np.ndarray]:
    from scipy.sparse import issparse, vstack  # late: only texts need it

    x = vstack([a, b]).tocsr() if issparse(a) else np.vstack([a, b])
    return x, np.repeat([0, 1], [a.shape[0], b.shape[0]])


def auc(scores: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the area under the ROC curve and its variance where there is no difference."""
    from scipy.stats import rankdata  # late: it takes half a second to load

    ranks = rankdata(scores)
    m = int(y.sum())
    n = len(y) - m
    area = (ranks[y == 1].sum() - m * (m + 1) / 2) / (m * n)
    _, ties = np.unique(scores, return_counts=True)
    tied = float(np.sum(ties.astype(np.float64) ** 3 - ties)) / ((n + m) * (n + m - 1))
    return float(area), max(_NO_VARIANCE, (n + m + 1 - tied) / (12 * n * m))
