"""Multivariate drift: whether a window's rows can be told from the reference's as wholes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.model.metric import Evidence, Metric, crossable, no_room, too_few
from modeltap.analysis.statistics import components as reconstruction
from modeltap.analysis.statistics.classifier import BEYOND_BASELINE, FLOOR, DomainClassifier, auc
from modeltap.analysis.statistics.components import Components, Reconstruction
from modeltap.analysis.statistics.hypothesis_tests import cauchy
from modeltap.analysis.statistics.matrix import Matrix, left_out, matrix

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

_NAMED = 3
"""More columns in one sentence are not read."""

_TREES = 60
"""A bound on cost: more trees make the scores smoother, and the area hardly larger."""

_MAX_DEPTH = 10
"""A thousand leaves: deeper trees learn single rows of a sample of 2,000."""

_MIN_LEAF_ROWS = 10
"""A leaf of fewer rows has a fraction that is chance."""

_CANDIDATES = 32
"""Columns that are tried as drivers, those that the trees use most: each costs a prediction."""

_PART = 0.25
"""A column that matters less than a quarter of the first one is not named."""


class RowsDiffer(Evidence, frozen=True):
    """The columns that tell the rows apart, the strongest first; none where nothing alerts."""

    drivers: list[str]


class ErrorsGrew(Evidence, frozen=True):
    """The column whose reconstruction errors grew most."""

    driver: str


def evaluate(context: Context) -> list[Metric]:
    """Return `multivariate_drift` and `pca_reconstruction_error`, without columns with an alert.

    `multivariate_drift` is a domain classifier's area under the ROC curve on rows that it was not
    fitted to (Rabanser et al., 2019): 0.5 where the two cannot be told apart. Trees find what
    depends on several columns, principal components a correlation that broke.
    """
    if context.samples is None:
        return []
    then, now = context.samples.reference, context.samples.window
    if min(then.rows, now.rows) < context.min_rows:
        return [too_few("multivariate_drift", now.rows)]
    excluded = left_out(context.all_hours, context.alerted)
    a = matrix(then, context.all_hours, excluded)
    b = matrix(now, context.all_hours, excluded)
    if a.values.shape[1] < 2:
        return []
    components = then.recall(("components", excluded), lambda: Components(a.values))
    return _compared(a, b, components, context)


def _compared(a: Matrix, b: Matrix, components: Components, context: Context) -> list[Metric]:
    classifier = DomainClassifier(a.values, b.values, trees())
    errors = Reconstruction(components, b.values)
    p = cauchy([*classifier.p_values, errors.p_value])
    highest = context.baselines.highest
    usual = highest("multivariate_drift", None) or 0.5
    threshold = crossable(classifier.threshold(usual), usual)
    grown = max(
        reconstruction.FLOOR,
        BEYOND_BASELINE * (highest("pca_reconstruction_error", None) or 0.0),
    )
    differ = threshold is not None and classifier.auc > threshold
    alert = p < context.alpha_of_rows and (differ or errors.growth > grown)
    area = 0.0 if threshold is None else (classifier.auc - 0.5) / (threshold - 0.5)
    facts: dict[str, Any] = {
        "verdict": context.row_verdict("multivariate_drift", None, alert),
        "evidence": RowsDiffer(_drivers(a, classifier, errors) if alert else []),
    }
    if threshold is None and not alert:
        facts = no_room(usual)
    low, high = classifier.interval()
    driver = errors.drivers(a.names)
    return [
        Metric(
            metric="multivariate_drift",
            rows=len(b.values),
            value=classifier.auc,
            low=low,
            high=high,
            threshold=threshold,
            p_value=p,
            strength=max(area, errors.growth / grown, 0.0),
            **facts,
        ),
        Metric(
            metric="pca_reconstruction_error",
            rows=len(b.values),
            value=errors.growth,
            threshold=grown,
            p_value=errors.p_value,
            evidence=ErrorsGrew(driver[0]) if driver else None,
        ),
    ]


def trees() -> ExtraTreesClassifier:
    """Return the classifier that columns are told apart by."""
    # scikit-learn takes a second to load, which commands without multivariate drift need not wait.
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(
        _TREES,
        max_depth=_MAX_DEPTH,
        min_samples_leaf=_MIN_LEAF_ROWS,
        class_weight="balanced",
        random_state=0,
        n_jobs=1,
    )


def _drivers(a: Matrix, classifier: DomainClassifier, errors: Reconstruction) -> list[str]:
    """Name the features that tell the rows apart: those without which it can be told less well."""
    rng = np.random.default_rng(0)
    (x, y), model = classifier.parts[0], classifier.models[0]
    whole, _ = auc(model.predict_proba(x)[:, 1], y)
    lost: dict[str, float] = {}
    for name in _most_used(a.names, model):
        own = [place for place, other in enumerate(a.names) if other == name]
        mixed: np.ndarray = np.array(x)
        mixed[:, own] = mixed[rng.permutation(len(mixed))][:, own]
        lost[name] = whole - auc(model.predict_proba(mixed)[:, 1], y)[0]
    worst = max(lost.values())
    found = [name for name in lost if worst > 0 and lost[name] > _PART * worst]
    if errors.growth > reconstruction.FLOOR and classifier.auc - 0.5 < 2 * FLOOR:
        found = errors.drivers(a.names)[:2] or found  # a correlation that broke has two ends
    return sorted(found, key=lambda name: -lost.get(name, 0.0))[:_NAMED] or list(lost)[:_NAMED]


def _most_used(names: Sequence[str], model: ExtraTreesClassifier) -> list[str]:
    """Return the features that trees use most, in the order of `names`; one may be several."""
    used = dict.fromkeys(names, 0.0)
    for name, importance in zip(names, model.feature_importances_.tolist(), strict=True):
        used[name] += importance
    most = set(sorted(used, key=lambda name: -used[name])[:_CANDIDATES])
    return [name for name in used if name in most]
