"""Principal components of the reference, and the reconstruction errors of a window's rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy

from modeltap.analysis.statistics.classifier import auc, halved

FLOOR = 0.2
"""Reconstruction errors must grow by a fifth of their standard deviation."""

_KEPT_VARIANCE = 0.8
"""The components represent the correlations between columns; the errors contain the rest."""


class Components:
    """Principal components of one half of (n, d) rows, and the errors of the other half."""

    def __init__(self, rows: np.ndarray) -> None:
        learnt, held = halved(rows)
        self._mean = learnt.mean(axis=0)
        centred = learnt - self._mean
        variances, directions = np.linalg.eigh(centred.T @ centred)
        # The largest are last.
        kept = np.cumsum(variances[::-1]) <= _KEPT_VARIANCE * variances.sum()
        self._directions = directions[:, ::-1][:, : int(kept.sum()) + 1]
        self.own = self.errors(held)

    def errors(self, rows: np.ndarray) -> np.ndarray:
        """Return the (n, d) squared reconstruction errors of rows."""
        centred = rows - self._mean
        return np.asarray((centred - centred @ self._directions @ self._directions.T) ** 2)


class Reconstruction:
    """Reconstruction errors of a window's (n, d) rows, compared with those of the reference."""

    def __init__(self, components: Components, rows: np.ndarray) -> None:
        self._reference, self._current = components.own, components.errors(rows)
        reference, current = self._reference.sum(axis=1), self._current.sum(axis=1)
        area, variance = auc(
            np.append(reference, current), np.repeat([0, 1], [len(reference), len(current)])
        )
        self.p_value = float(2 * scipy.special.ndtr(-abs(area - 0.5) / np.sqrt(variance)))
        spread = float(reference.std())
        self.growth = float(current.mean() - reference.mean()) / spread if spread > 0 else 0.0

    def drivers(self, names: Sequence[str]) -> list[str]:
        """Return the features whose errors grew most."""
        grown: dict[str, float] = {}
        for name, error in zip(
            names, self._current.mean(axis=0) - self._reference.mean(axis=0), strict=True
        ):
            grown[name] = grown.get(name, 0.0) + float(error)
        return sorted((name for name in grown if grown[name] > 0), key=lambda n: -grown[n])
