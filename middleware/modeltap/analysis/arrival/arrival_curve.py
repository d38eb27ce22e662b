"""The arrival curve: the fraction of labels that arrive within an age of their rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_FEWEST_AT_RISK = 30
"""Rows at risk at the longest delay that counts: a few old rows would scale the entire curve."""


class ArrivalCurve(NamedTuple):
    """(k,) rising delays in seconds, and the fraction of `rows` labels that arrive within each."""

    delays: np.ndarray
    fractions: np.ndarray
    rows: int

    def at(self, ages: np.ndarray) -> np.ndarray:
        """Return the (n,) fractions of labels that have arrived for rows of these ages."""
        places = np.searchsorted(self.delays, ages, side="right")
        return np.asarray(np.concatenate([[0.0], self.fractions])[places])

    def relative_variance(self, ages: np.ndarray) -> float:
        """Return the variance of the mean fraction at these ages, divided by its square."""
        fraction = float(self.at(ages).mean())
        return (1 - fraction) / (self.rows * fraction) if fraction else 0.0


def arrival_curve(delays: np.ndarray, ages: np.ndarray) -> ArrivalCurve:
    """Return the curve of labels that have arrived, of rows of any age.

    A delay is known only if it is shorter than the row's age, so that rows that are still young
    have only their fast labels. The product-limit estimator for such right-truncated delays
    (Lagakos, Barraj & De Gruttola, 1988) runs backwards:
    ``F(d) = product over delays t > d of (1 - labels at t / rows at risk at t)``. At risk are the
    rows with a delay of at most t and an age of at least t. It needs no rows without a label: of a
    pending row neither the delay nor the class is known.

    Args:
        delays: (n,) seconds from a row to its label, one or more.
        ages: (n,) seconds from the row to the time of evaluation, at least the delays.

    >>> curve = arrival_curve(np.repeat([1.0, 9.0], 50), np.repeat(20.0, 100))
    >>> curve.at(np.array([0.5, 1.0, 8.0, 9.0])).tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    times, labels = np.unique(delays, return_counts=True)
    within = np.cumsum(labels)
    too_young = np.searchsorted(np.sort(ages), times, side="left")
    at_risk = within - too_young
    enough = np.flatnonzero(at_risk >= min(_FEWEST_AT_RISK, at_risk.max()))[-1]
    stays = np.where(np.arange(len(times)) <= enough, 1 - labels / np.maximum(at_risk, 1), 1.0)
    later = np.cumprod(stays[::-1])[::-1]
    return ArrivalCurve(times, np.append(later[1:], 1.0), len(delays))
