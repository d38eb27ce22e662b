"""Agreement of two raters beyond chance, and the effect of the order of choices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from modeltap.analysis.model.metric import NORMAL_95
from modeltap.analysis.statistics.rates import clopper_pearson

_EXTREME = 1 - 1e-9
"""A kappa of 1 has no standard error; its interval is that of the fraction of equal ratings."""


class Agreement(NamedTuple):
    """Cohen's kappa with its 95 % interval; None where it is not defined."""

    rows: int
    kappa: float | None
    low: float | None
    high: float | None


def cohens_kappa(first: Sequence[str], second: Sequence[str]) -> Agreement:
    """Return the agreement of two raters over n rows (Cohen, 1960).

    ``(p - e) / (1 - e)`` for the fraction p of equal ratings and the fraction e expected by chance,
    with the standard error of Fleiss, Cohen & Everitt (1969) on the scale of Fisher's z, on which
    it is more nearly normal. Not defined if both raters always give one rating.

    >>> own = cohens_kappa(["a"] * 40 + ["b"] * 60, ["a"] * 30 + ["b"] * 10 + ["b"] * 60)
    >>> [round(value, 2) for value in own[1:]]
    [0.78, 0.62, 0.88]
    """
    n = len(first)
    names = sorted({*first, *second})
    place = {name: at for at, name in enumerate(names)}
    table = np.zeros((len(names), len(names)))
    for left, right in zip(first, second, strict=True):
        table[place[left], place[right]] += 1
    if n < 2 or len(names) < 2:
        return Agreement(n, None, None, None)
    cells = table / n
    rows, columns = cells.sum(axis=1), cells.sum(axis=0)
    equal, expected = float(np.trace(cells)), float(rows @ columns)
    kappa = (equal - expected) / (1 - expected)
    diagonal = np.diag(cells) * (1 - (rows + columns) * (1 - kappa)) ** 2
    mixed = cells * (columns[:, None] + rows[None, :]) ** 2
    others = (1 - kappa) ** 2 * float(mixed.sum() - np.trace(mixed))
    variance = float(diagonal.sum()) + others - (kappa - expected * (1 - kappa)) ** 2
    if abs(kappa) > _EXTREME:
        ends = clopper_pearson(round(equal * n), n, 0.95)
        low, high = ((end - expected) / (1 - expected) for end in ends)
        return Agreement(n, kappa, max(-1.0, low), min(1.0, high))
    half = NORMAL_95 * math.sqrt(max(0.0, variance) / n) / (1 - expected) / (1 - kappa**2)
    middle = math.atanh(kappa)
    return Agreement(n, kappa, math.tanh(middle - half), math.tanh(middle + half))


class OrderEffect(NamedTuple):
    """Outputs rated with both orders of the choices: how many ratings changed.

    `first` is how many of these named the choice that was listed first, in both orders.
    """

    rows: int
    changed: int
    first: int


def order_effect(pairs: Sequence[tuple[str, str, str]]) -> OrderEffect:
    """Return the effect of the order of choices.

    Args:
        pairs: for each output the first choice listed, the rating then, and the rating with the
            choices in reverse.

    >>> order_effect([("good", "good", "good"), ("good", "good", "bad"), ("bad", "good", "bad")])
    OrderEffect(rows=3, changed=2, first=1)
    """
    changed = [pair for pair in pairs if pair[1] != pair[2]]
    return OrderEffect(
        len(pairs), len(changed), sum(first == rating for first, rating, _ in changed)
    )
