"""Drift that no single column shows: can a window's rows be told from the reference's?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from modeltap.analysis.counting.sample import Sample
from modeltap.analysis.detectors import text_and_vector
from modeltap.analysis.model.metric import ALERT, NOT_ENOUGH_ROWS, OK, Metric, Usual, chance
from modeltap.analysis.model.metric import number as say
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.statistics import components as reconstruction
from modeltap.analysis.statistics.classifier import BEYOND_USUAL, FLOOR, DomainClassifier, auc
from modeltap.analysis.statistics.components import Components, Reconstruction
from modeltap.analysis.statistics.matrix import Matrix, matrix
from modeltap.analysis.statistics.tests import cauchy

_NAMED = 3


def judge(
    reference: Reference,
    then: Sample,
    now: Sample,
    alpha: float,
    *,
    min_rows: int = 100,
    left_out: frozenset[str] = frozenset(),
    usual: Usual = lambda *_: None,
) -> Iterator[Metric]:
    """Yield `multivariate_drift` and `pca_reconstruction_error`, and `drift` of texts and vectors.

    Args:
        then: a sample of the reference's rows.
        now: a sample of the window's.
        left_out: columns whose own drift is told already: it would be told again.
        usual: the largest value that a metric of a feature had where all was well.

    `multivariate_drift` is a domain classifier's area under the ROC curve on rows that it was not
    fitted to (Rabanser et al., 2019): 0.5 where the two cannot be told apart. Trees find what
    depends on several columns, principal components a correlation that broke.
    """
    a, b = matrix(then, reference, left_out), matrix(now, reference, left_out)
    enough = min(then.rows, now.rows) >= min_rows
    if not enough or a.values.shape[1] < 2:
        if not enough:
            yield Metric(metric="multivariate_drift", rows=now.rows, verdict=NOT_ENOUGH_ROWS)
    else:
        components = then.recall(("components", left_out), lambda: Components(a.values))
        yield from _columns(a, b, components, alpha, usual)
    for feature in reference.columns:
        if feature.kind in ("text", "vector") and feature.name not in left_out:
            yield from text_and_vector.judge(feature, then, now, alpha, min_rows, usual)


def _columns(
    a: Matrix, b: Matrix, components: Components, alpha: float, usual: Usual
) -> Iterator[Metric]:
    classifier = DomainClassifier(a.values, b.values, trees)
    errors = Reconstruction(components, b.values)
    p = cauchy([*classifier.p_values, errors.p_value])
    threshold = classifier.threshold(usual("multivariate_drift", None))
    grown = max(
        reconstruction.FLOOR,
        BEYOND_USUAL * (usual("pca_reconstruction_error", None) or 0.0),
    )
    clear = classifier.auc > threshold or errors.growth > grown
    alert = p < alpha and clear
    words = None
    if alert:
        drivers = _drivers(a, classifier, errors)
        words = (
            f"rows as wholes can be told from the reference's (AUC {classifier.auc:.2f}, 0.50 is "
            f"chance) where columns one by one cannot; most by {', '.join(drivers)}; "
            f"expected {chance(p)}"
        )
    low, high = classifier.interval()
    yield Metric(
        metric="multivariate_drift",
        rows=len(b.values),
        value=classifier.auc,
        low=low,
        high=high,
        threshold=threshold,
        p_value=p,
        strength=max((classifier.auc - 0.5) / (threshold - 0.5), errors.growth / grown, 0.0),
        verdict=ALERT if alert else OK,
        explanation=words,
    )
    driver = errors.drivers(a.names)
    yield Metric(
        metric="pca_reconstruction_error",
        rows=len(b.values),
        value=errors.growth,
        threshold=grown,
        p_value=errors.p_value,
        explanation=f"errors lie {say(errors.growth)} standard deviations from the reference's, "
        f"most in {driver[0]}"
        if driver
        else None,
    )


def trees() -> ExtraTreesClassifier:
    """Return the classifier that columns are told apart by."""
    return ExtraTreesClassifier(
        60, max_depth=10, min_samples_leaf=10, class_weight="balanced", random_state=0, n_jobs=1
    )


def _drivers(a: Matrix, classifier: DomainClassifier, errors: Reconstruction) -> list[str]:
    """Name the features that tell the rows apart: those without which it can be told less well."""
    rng = np.random.default_rng(0)
    (x, y), model = classifier.parts[0], classifier.models[0]
    usual, _ = auc(model.predict_proba(x)[:, 1], y)
    lost: dict[str, float] = {}
    for name in dict.fromkeys(a.names):
        own = [place for place, other in enumerate(a.names) if other == name]
        mixed: np.ndarray = np.array(x)
        mixed[:, own] = mixed[rng.permutation(len(mixed))][:, own]
        lost[name] = usual - auc(model.predict_proba(mixed)[:, 1], y)[0]
    worst = max(lost.values())
    found = [name for name in lost if worst > 0 and lost[name] > 0.25 * worst]
    if errors.growth > reconstruction.FLOOR and classifier.auc - 0.5 < 2 * FLOOR:
        found = errors.drivers(a.names)[:2] or found  # a correlation that broke has two ends
    return sorted(found, key=lambda name: -lost[name])[:_NAMED] or list(lost)[:_NAMED]
