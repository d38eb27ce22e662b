"""Drift of texts and of vectors: what is too wide for bins is told apart as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from modeltap.analysis.counting.sample import BUCKETS, Sample
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import ALERT, NOT_ENOUGH_ROWS, OK, Metric, Usual, chance
from modeltap.analysis.model.metric import number as say
from modeltap.analysis.statistics.classifier import Data, DomainClassifier
from modeltap.analysis.statistics.tests import cauchy


def judge(
    feature: Feature,
    then: Sample,
    now: Sample,
    alpha: float,
    min_rows: int,
    usual: Usual,
) -> Iterator[Metric]:
    """Judge a text by its words and pairs of words, a vector by its numbers."""
    a, b = _data(feature, then), _data(feature, now)
    rows = b.shape[0]
    if min(a.shape[0], rows) < min_rows:
        yield Metric(metric="drift", feature=feature.name, rows=rows, verdict=NOT_ENOUGH_ROWS)
        return
    classifier = DomainClassifier(a, b, _regression)
    p = cauchy(classifier.p_values)
    before = usual("drift", feature.name)
    threshold = classifier.threshold(None if before is None else 0.5 + before) - 0.5
    alert = p < alpha and classifier.auc - 0.5 > threshold
    what = "texts" if feature.kind == "text" else "vectors"
    low, high = classifier.interval()
    yield Metric(
        metric="drift",
        feature=feature.name,
        rows=rows,
        value=classifier.auc - 0.5,
        low=low - 0.5,
        high=high - 0.5,
        threshold=threshold,
        p_value=p,
        strength=max(0.0, (classifier.auc - 0.5) / threshold),
        verdict=ALERT if alert else OK,
        explanation=f"{feature.name}: {what} can be told from the reference's "
        f"(AUC {classifier.auc:.2f}, 0.50 is chance), {rows:,} rows; expected {chance(p)}"
        if alert
        else None,
    )
    if feature.kind == "vector":
        yield _cosine(feature, a, b)


def _cosine(feature: Feature, a: np.ndarray, b: np.ndarray) -> Metric:
    """Describe how far the vectors lie from the reference's mean direction: 0 is the same."""
    then, now = (float(np.mean(_distances(feature, part))) for part in (a, b))
    return Metric(
        metric="cosine_distance",
        feature=feature.name,
        rows=len(b),
        value=now,
        explanation=f"{feature.name}: mean cosine distance from the reference's mean went from "
        f"{say(then)} to {say(now)}",
    )


def _distances(feature: Feature, vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1)
    along = vectors @ np.array(feature.centroid)
    return np.asarray(np.where(lengths > 0, 1 - along / np.where(lengths > 0, lengths, 1.0), 1.0))


def _regression() -> LogisticRegression:
    return LogisticRegression(C=0.1, class_weight="balanced", max_iter=200, random_state=0)


def _data(feature: Feature, sample: Sample) -> Data:
    """Return the rows that have a value: words as columns of 0 and 1, or a vector's numbers."""
    codes = sample.codes.get(feature.name)
    if feature.kind == "vector":
        found = np.asarray(codes, dtype=np.float64)
        found = found.reshape(-1, max(1, len(feature.centroid)))
        kept: np.ndarray = found[~np.isnan(found).any(axis=1)]
        # A logistic regression learns slowly from numbers of very different size.
        scale = np.abs(kept).max() if kept.size else 1.0
        return kept / (scale or 1.0)
    grams = [row for row in codes or () if row is not None]
    ends = np.cumsum([0, *map(len, grams)])
    places = np.array([gram for row in grams for gram in row], dtype=np.int64)
    return csr_matrix((np.ones(len(places)), places, ends), shape=(len(grams), BUCKETS))
