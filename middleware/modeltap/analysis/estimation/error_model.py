"""Errors expected of rows without labels, learnt from the labelled rows of the reference.

Boosted trees learn the absolute error of a prediction from the inputs and the prediction itself
(direct loss estimation, as NannyML names it). Whatever they learn is scored on rows that they did
not see: the reference's rows are divided into five periods, and each has the trees of the others. A
second model of another kind shows where their answer depends on the kind of model.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from modeltap.analysis.estimation.log_linear import LogLinearErrors
from modeltap.analysis.estimation.simulated_labels import Estimate
from modeltap.analysis.model.metric import NORMAL_95

_FOLDS = 5
"""Periods of the reference; each is left out of one set of trees."""

_TREES = 60
_LEAVES = 15
_LEAF_ROWS = 40
"""Small trees: errors are noisy, and of 8,000 rows little more can be learnt."""

MOST_COLUMNS = 200
"""A bound on the time: a fit takes a second for 8,000 rows of 200 columns."""

_ROUNDS_LEFT = 2.776
"""Student's quantile of .975 with four degrees of freedom, for the spread of five sets of trees."""

FEWEST_LABELLED = 200
"""Labelled rows: with fewer, five sets of trees learn nothing but the mean."""


class _Spread(NamedTuple):
    """Relative variances: of a row's loss, and between the reference's windows."""

    row: float
    between: float


class ExpectedErrors(NamedTuple):
    """The (5, m) errors that each set of trees expects of rows, and (m,) of a second model."""

    trees: np.ndarray
    second: np.ndarray

    def squared(self) -> ExpectedErrors:
        """Return the squares of all."""
        return ExpectedErrors(self.trees**2, self.second**2)


class _LossScale(NamedTuple):
    """The factors that make the losses of the trees, and of the second model, right on average."""

    trees: float
    second: float

    def of(self, own: ExpectedErrors) -> ExpectedErrors:
        return ExpectedErrors(self.trees * own.trees, self.second * own.second)


class ErrorModel:
    """Trees that expect the absolute error of rows.

    Args:
        rows: (n, d) numbers: the inputs and the prediction, in order of time.
        errors: (n,) absolute errors; for classes 1 where the prediction is wrong and 0 elsewhere.
        windows: (n,) int, the window of each row.
    """

    def __init__(self, rows: np.ndarray, errors: np.ndarray, windows: np.ndarray) -> None:
        self.rows = len(errors)
        self._columns = _related(rows, errors)
        rows = self._used(rows)
        folds = np.arange(self.rows) * _FOLDS // self.rows
        self._trees = [
            _fitted(rows[folds != fold], errors[folds != fold]) for fold in range(_FOLDS)
        ]
        expected = np.zeros(self.rows)
        for fold, trees in enumerate(self._trees):
            expected[folds == fold] = trees.predict(rows[folds == fold])
        self._second = LogLinearErrors(rows, errors)
        second = self._second.predict(rows)
        self._scale = _LossScale(_ratio(errors, expected), _ratio(errors, second))
        self._square_scale = _LossScale(
            _ratio(errors**2, expected**2), _ratio(errors**2, second**2)
        )
        self._spread = _spread(errors, self._scale.trees * expected, windows)
        self._square_spread = _spread(errors**2, self._square_scale.trees * expected**2, windows)

    def expected(self, rows: np.ndarray) -> ExpectedErrors:
        """Return the errors that the models expect of (m, d) rows."""
        used = self._used(rows)
        return ExpectedErrors(
            np.stack([trees.predict(used) for trees in self._trees]), self._second.predict(used)
        )

    def _used(self, rows: np.ndarray) -> np.ndarray:
        """Return the columns that the trees know; one of zeros if there are none."""
        return rows[:, self._columns] if len(self._columns) else np.zeros((len(rows), 1))

    def mean_error(self, expected: ExpectedErrors, total: int) -> Estimate:
        """Return the estimate of the mean absolute error of `total` rows.

        Args:
            expected: of all of these rows or a sample.
        """
        return _estimate(self._scale.of(expected), self._spread, total)

    def root_mean_square(self, expected: ExpectedErrors, total: int) -> Estimate:
        """Return the estimate of the root of the mean squared error, with the same arguments."""
        squares = _estimate(self._square_scale.of(expected.squared()), self._square_spread, total)
        return Estimate(*(math.sqrt(max(0.0, value)) for value in squares))


def _related(rows: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return the columns that correlate most with the errors, at most 200, in order."""
    if rows.shape[1] <= MOST_COLUMNS:
        return np.arange(rows.shape[1])
    known = np.nan_to_num(rows)
    spread = known.std(axis=0)
    products = (known - known.mean(axis=0)).T @ (errors - errors.mean())
    related = np.abs(products) / np.where(spread > 0, spread, np.inf)
    return np.sort(np.argsort(-related, kind="stable")[:MOST_COLUMNS])


def _fitted(rows: np.ndarray, errors: np.ndarray) -> Any:
    # Loaded late: it takes a second, and only models without a calibration need it.
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import HistGradientBoostingRegressor

    if not errors.any():
        return DummyRegressor(strategy="constant", constant=0.0).fit(rows, errors)
    trees = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=_TREES,
        max_leaf_nodes=_LEAVES,
        min_samples_leaf=_LEAF_ROWS,
        early_stopping=False,
        random_state=0,
    )
    return trees.fit(rows, errors)


def _ratio(total: np.ndarray, expected: np.ndarray) -> float:
    """Return the factor that makes the expected losses right on average."""
    whole = float(expected.sum())
    return float(total.sum()) / whole if whole > 0 else 1.0


def _spread(losses: np.ndarray, expected: np.ndarray, windows: np.ndarray) -> _Spread:
    """Return how much losses vary around the expected ones, relative to these.

    The variance between windows is that of the method of moments (DerSimonian & Laird, 1986).
    """
    square = float(np.mean(expected**2))
    if not square > 0:
        return _Spread(0.0, 0.0)
    residuals = losses - expected
    variance = float(np.mean(residuals**2))
    _, places, sizes = np.unique(windows, return_inverse=True, return_counts=True)
    means = np.bincount(places, weights=residuals) / sizes
    beyond = float(np.sum(sizes * means**2)) - (len(sizes) - 1) * variance
    between = max(0.0, beyond / max(1.0, len(losses) - float(np.sum(sizes**2)) / len(losses)))
    return _Spread(variance / square, between / float(expected.mean()) ** 2)


def _estimate(own: ExpectedErrors, spread: _Spread, total: int) -> Estimate:
    """Return the mean of the expected losses, and its 95 % interval.

    Its variance has five parts: of the labels, of the sample of rows, between windows, of the
    trees, by the jackknife over the five periods (Efron & Stein, 1981), and of the kind of model,
    by the distance of the second one.

    Args:
        own: the losses expected of a sample of rows.
        total: the rows that the sample was taken from.
    """
    means, losses = own.trees.mean(axis=1), own.trees.mean(axis=0)
    value, m = float(means.mean()), len(losses)
    labels = spread.row * float(np.mean(losses**2)) / total
    sampling = float(losses.var()) / m * (1 - min(1.0, m / total))
    between = spread.between * value**2
    kind = (float(own.second.mean()) - value) ** 2
    trees = (_FOLDS - 1) / _FOLDS * float(np.sum((means - value) ** 2))
    half = math.sqrt(
        NORMAL_95**2 * (labels + sampling + between) + _ROUNDS_LEFT**2 * (trees + kind)
    )
    return Estimate(value, max(0.0, value - half), value + half)
