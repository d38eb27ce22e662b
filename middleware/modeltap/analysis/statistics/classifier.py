"""Domain classifier of two samples, scored on rows that it was not fitted to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import scipy

from modeltap.analysis.model.metric import NORMAL_95

FLOOR = 0.05
"""An area under the curve of less than .55 is a negligible difference."""

BEYOND_BASELINE = 1.25
"""Areas must exceed those of earlier windows by a quarter: rows of other times always differ."""

_NO_VARIANCE = 1e-12
"""A lower bound of the variance, which avoids a division by zero if all scores are equal."""

Data = Any
"""(n, d) numbers, as an array or a sparse matrix."""


class Classifier(Protocol):
    """A classifier fitted to two samples."""

    def scores(self, rows: Data, /) -> np.ndarray:
        """Return the (n,) scores of rows, higher for those like the second sample."""


Fitted = TypeVar("Fitted", bound=Classifier)


class DomainClassifier(Generic[Fitted]):
    """A classifier of two samples, scored on rows that it was not fitted to.

    Each half is scored by the classifier fitted to the other half (cross-fitting). Within a half,
    the scores of the two samples are compared by the Mann-Whitney test; its null distribution is
    exact. `p_values` has both p-values, which are not independent.

    Args:
        a: (n, d) rows of one source.
        b: (m, d) rows of the other.
        fit: fits a classifier to the (n, d) rows of a half, of the samples (n,) 0 and 1.
    """

    def __init__(self, a: Data, b: Data, fit: Callable[[Data, np.ndarray], Fitted]) -> None:
        self.models: list[Fitted] = []
        self.parts: list[tuple[Data, np.ndarray]] = []
        halves = list(zip(halved(a), halved(b), strict=True))
        aucs, self.p_values, variances = [], [], []
        for training, test in (halves, halves[::-1]):
            model = fit(*_stacked(*training))
            x, y = _stacked(*test)
            area, variance = auc(model.scores(x), y)
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
        return max(0.0, self.auc - NORMAL_95 * self._error), min(
            1.0, self.auc + NORMAL_95 * self._error
        )


def halved(rows: Data) -> tuple[Data, Data]:
    """Return two random halves of (n, d) rows; alternating rows might differ systematically."""
    order = np.random.default_rng(0).permutation(rows.shape[0])
    return rows[np.sort(order[0::2])], rows[np.sort(order[1::2])]


def _stacked(a: Data, b: Data) -> tuple[Data, np.ndarray]:
    classes = np.repeat([0, 1], [a.shape[0], b.shape[0]])
    if isinstance(a, np.ndarray):
        return np.vstack([a, b]), classes
    from scipy.sparse import vstack  # loaded late: only texts need it

    return vstack([a, b]).tocsr(), classes


def auc(scores: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the area under the ROC curve and its variance under the null hypothesis."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    m = int(y.sum())
    n = len(y) - m
    area = (ranks[y == 1].sum() - m * (m + 1) / 2) / (m * n)
    tied = float(np.sum(counts.astype(np.float64) ** 3 - counts)) / ((n + m) * (n + m - 1))
    return float(area), max(_NO_VARIANCE, (n + m + 1 - tied) / (12 * n * m))
