"""Drift of texts and vectors, by a classifier, because they have no bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from modeltap.analysis.counting.sample import BUCKETS, Sample
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.learners.logistic_regression import LogisticRegression
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import Evidence, Metric, crossable, no_room, too_few
from modeltap.analysis.statistics.classifier import Data, DomainClassifier
from modeltap.analysis.statistics.hypothesis_tests import cauchy

_BOUND = 0.5
"""The largest value: an area of 1, less the 0.5 of chance."""

_FARTHEST = 10.0
"""Numbers are clipped here, in units of the reference's largest. Clipped ones still separate the
samples, while a single number of 1e14 would dwarf all others."""


class SamplesDiffer(Evidence, frozen=True):
    """The area under the ROC curve of the classifier of texts or vectors."""

    noun: str
    auc: float


class DirectionChanged(Evidence, frozen=True):
    """The mean cosine distance of the reference's vectors from their mean."""

    before: float


def evaluate(context: Context) -> list[Metric]:
    """Return `drift` of each text column, by its words and word pairs, and of each vector column.

    A vector also has its `cosine_distance`, which has no verdict.
    """
    if context.samples is None:
        return []
    metrics: list[Metric] = []
    for feature in context.reference.columns:
        if feature.learnt_until is not None:
            continue  # the sampled rows of the reference have no values in it
        if feature.kind in ("text", "vector") and feature.name not in context.alerted:
            a, b = _both(feature, context.samples.reference, context.samples.window)
            if min(a.shape[0], b.shape[0]) < context.min_rows:
                metrics.append(too_few("drift", b.shape[0], feature.name))
                continue
            metrics.append(_compared(feature, a, b, context))
            if feature.kind == "vector":
                metrics.append(_cosine(feature, a, b))
    return metrics


def _compared(feature: Feature, a: Data, b: Data, context: Context) -> Metric:
    rows = b.shape[0]
    classifier = DomainClassifier(a, b, LogisticRegression)
    p = cauchy(classifier.p_values)
    before = context.baselines.highest("drift", feature.name)
    beyond = classifier.threshold(None if before is None else 0.5 + before) - 0.5
    threshold = crossable(beyond, before or 0.0, _BOUND)
    low, high = classifier.interval()
    facts: dict[str, Any] = {
        "metric": "drift",
        "feature": feature.name,
        "rows": rows,
        "value": classifier.auc - 0.5,
        "low": low - 0.5,
        "high": high - 0.5,
        "p_value": p,
    }
    if threshold is None:
        return Metric(**facts, **no_room(before or 0.0, _BOUND))
    alert = p < context.alpha_per_test and classifier.auc - 0.5 > threshold
    return Metric(
        **facts,
        threshold=threshold,
        strength=max(0.0, (classifier.auc - 0.5) / threshold),
        verdict=context.row_verdict("drift", feature.name, alert),
        evidence=SamplesDiffer("texts" if feature.kind == "text" else "vectors", classifier.auc),
    )


def _cosine(feature: Feature, a: np.ndarray, b: np.ndarray) -> Metric:
    """Return the mean distance of the vectors from the reference's mean direction, 0 if equal."""
    reference, current = (float(np.mean(_distances(feature, part))) for part in (a, b))
    return Metric(
        metric="cosine_distance",
        feature=feature.name,
        rows=len(b),
        value=current,
        evidence=DirectionChanged(reference),
    )


def _distances(feature: Feature, vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1)
    along = vectors @ np.array(feature.centroid)
    return np.asarray(np.where(lengths > 0, 1 - along / np.where(lengths > 0, lengths, 1.0), 1.0))


def _both(feature: Feature, reference: Sample, current: Sample) -> tuple[Data, Data]:
    """Return the rows of both sides that have a value, scaled by the reference.

    Scaling each side by its own largest number would separate unchanged vectors and hide changes
    of length.
    """
    if feature.kind == "text":
        return _words(feature, reference), _words(feature, current)
    a, b = _vectors(feature, reference), _vectors(feature, current)
    # A logistic regression converges slowly for numbers of very different size.
    scale = float(np.abs(a).max(initial=0.0)) or 1.0
    return a / scale, np.clip(b / scale, -_FARTHEST, _FARTHEST)


def _vectors(feature: Feature, sample: Sample) -> np.ndarray:
    vectors = np.asarray(sample.codes.get(feature.name), dtype=np.float64)
    vectors = vectors.reshape(-1, max(1, len(feature.centroid)))
    kept: np.ndarray = vectors[~np.isnan(vectors).any(axis=1)]
    return kept


def _words(feature: Feature, sample: Sample) -> Data:
    """Return a column of zeros and ones for each word and word pair."""
    from scipy.sparse import csr_matrix  # loaded late, like scikit-learn

    grams = [row for row in sample.codes.get(feature.name) or () if row is not None]
    ends = np.cumsum([0, *map(len, grams)])
    places = np.array([gram for row in grams for gram in row], dtype=np.int64)
    return csr_matrix((np.ones(len(places)), places, ends), shape=(len(grams), BUCKETS))
