"""A sample as a matrix of numbers, for classifiers and principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from modeltap.analysis.counting.sample import NO_VALUE, Sample
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import Reference

_MIN_FRACTION = 0.02
"""A rarer category is 1 in 40 rows of a half sample or less, of which trees learn nothing."""

_MAX_CATEGORIES = 20
"""A bound on the width: a column more costs every tree and component."""

_SMALLEST_RANK = 1e-6
"""Ranks end here and at 1 less it, 4.75 standard deviations out: the quantile of 1 is infinite."""


@dataclass(frozen=True)
class Matrix:
    """(n, d) numbers, and the feature that each of the d columns is made of."""

    values: np.ndarray
    names: tuple[str, ...]


def left_out(reference: Reference, alerted: frozenset[str]) -> frozenset[str]:
    """Return those of the features with an alert, or of the calendar, that a matrix has columns of.

    Their own drift is reported already, and comparisons of rows would report it again; by an hour
    rows of another hour can always be told apart. A column that was learnt later has no values in
    the reference's rows.
    """
    kinds = ("numeric", "categorical", "boolean")
    return frozenset(
        feature.name
        for feature in reference.columns
        if feature.kind in kinds
        and (
            feature.calendar is not None
            or feature.learnt_until is not None
            or feature.name in alerted
        )
    )


def matrix(sample: Sample, reference: Reference, excluded: frozenset[str] = frozenset()) -> Matrix:
    """Return a sample's columns with bins as numbers, all of a like scale.

    A number becomes the normal quantile of its rank in the reference, so that one huge value is
    no more than the largest; each category with 2 % of the rows a column of 0 and 1. What is
    missing becomes the middle: the missing rate shows how much is missing, and rows should not be
    told apart by it.
    """
    return sample.recall(("matrix", excluded), lambda: _matrix(sample, reference, excluded))


def _matrix(sample: Sample, reference: Reference, excluded: frozenset[str]) -> Matrix:
    parts: list[np.ndarray] = []
    names: list[str] = []
    for feature in reference.columns:
        if feature.name in excluded or feature.name not in sample.codes:
            continue
        if feature.kind == "numeric":
            found = _scores(feature, sample.codes[feature.name])[:, None]
        elif feature.kind in ("categorical", "boolean"):
            found = _indicators(feature, sample.codes[feature.name])
        else:
            continue
        parts.append(found)
        names += [feature.name] * found.shape[1]
    values = np.hstack(parts) if parts else np.zeros((sample.rows, 0))
    return Matrix(values, tuple(names))


def _scores(feature: Feature, codes: np.ndarray) -> np.ndarray:
    counts = np.array(feature.counts[: feature.bins], dtype=np.float64)
    # One row more at each end: what lies beyond the reference has a rank beyond all of it.
    ranks = (np.cumsum(counts) - counts / 2 + 1) / (counts.sum() + 2)
    scores = ndtri(np.clip(ranks, _SMALLEST_RANK, 1 - _SMALLEST_RANK))
    return np.where(codes == NO_VALUE, 0.0, scores[np.clip(codes, 0, len(scores) - 1)])


def _indicators(feature: Feature, codes: np.ndarray) -> np.ndarray:
    counts = np.array(feature.counts[: len(feature.vocabulary)], dtype=np.float64)
    fractions = counts / max(1.0, counts.sum())
    kept = np.argsort(-fractions, kind="stable")[:_MAX_CATEGORIES]
    kept = kept[fractions[kept] >= _MIN_FRACTION]
    found: np.ndarray = (codes[:, None] == kept[None, :]).astype(np.float64)
    found[codes == NO_VALUE] = fractions[kept]
    return found
