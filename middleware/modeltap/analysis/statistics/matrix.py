"""A sample as a matrix of numbers: what classifiers and principal components are given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from modeltap.analysis.counting.sample import MISSING, Sample
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import Reference

_MIN_SHARE = 0.02
_MAX_CATEGORIES = 20


@dataclass(frozen=True)
class Matrix:
    """(n, d) numbers, and the feature that each of the d columns is made of."""

    values: np.ndarray
    names: tuple[str, ...]


def matrix(sample: Sample, reference: Reference, left_out: frozenset[str] = frozenset()) -> Matrix:
    """Return a sample's columns with bins as numbers, all of a like scale.

    A number becomes the normal quantile of its rank in the reference, so that one huge value is
    no more than the largest; each category with 2 % of the rows a column of 0 and 1. What is
    missing becomes the middle: how much is missing is told by the missing rate, and should not
    be what the rows are told apart by.
    """
    return sample.recall(("matrix", left_out), lambda: _matrix(sample, reference, left_out))


def _matrix(sample: Sample, reference: Reference, left_out: frozenset[str]) -> Matrix:
    parts: list[np.ndarray] = []
    names: list[str] = []
    for feature in reference.columns:
        if feature.name in left_out or feature.name not in sample.codes:
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
    scores = ndtri(np.clip(ranks, 1e-6, 1 - 1e-6))
    return np.where(codes == MISSING, 0.0, scores[np.clip(codes, 0, len(scores) - 1)])


def _indicators(feature: Feature, codes: np.ndarray) -> np.ndarray:
    counts = np.array(feature.counts[: len(feature.vocabulary)], dtype=np.float64)
    shares = counts / max(1.0, counts.sum())
    kept = np.argsort(-shares, kind="stable")[:_MAX_CATEGORIES]
    kept = kept[shares[kept] >= _MIN_SHARE]
    found: np.ndarray = (codes[:, None] == kept[None, :]).astype(np.float64)
    found[codes == MISSING] = shares[kept]
    return found
