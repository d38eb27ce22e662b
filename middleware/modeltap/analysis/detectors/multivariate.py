"""Multivariate drift: differences between rows that no single column shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.learners.separating_forest import SeparatingForest
from modeltap.analysis.model.metric import Evidence, Metric, crossable, no_room, too_few
from modeltap.analysis.statistics import components as reconstruction
from modeltap.analysis.statistics.classifier import BEYOND_BASELINE, FLOOR, DomainClassifier, auc
from modeltap.analysis.statistics.components import Components, Reconstruction
from modeltap.analysis.statistics.hypothesis_tests import cauchy
from modeltap.analysis.statistics.matrix import Matrix, left_out, matrix

_NAMED = 3
"""Readers do not take in more columns in one sentence."""

_CANDIDATES = 32
"""Columns tried as drivers, those most used by the trees: each costs a prediction."""

_PART = 0.25
"""Columns that matter less than a quarter of the strongest one are not named."""


class RowsDiffer(Evidence, frozen=True):
    """The columns that separate the rows, the strongest first; empty without an alert."""

    drivers: list[str]


class ErrorsGrew(Evidence, frozen=True):
    """The column whose reconstruction errors grew most."""

    driver: str


def evaluate(context: Context) -> list[Metric]:
    """Return `multivariate_drift` and `pca_reconstruction_error`.

    Columns that already have an alert are excluded. `multivariate_drift` is the area under the ROC
    curve of a domain classifier on rows that it was not fitted to (Rabanser et al., 2019): 0.5 if
    the samples cannot be separated. Trees find changes that depend on several columns, principal
    components find broken correlations.
    """
    if context.samples is None:
        return []
    reference, current = context.samples.reference, context.samples.window
    if min(reference.rows, current.rows) < context.min_rows:
        return [too_few("multivariate_drift", current.rows)]
    excluded = left_out(context.all_hours, context.alerted)
    a = matrix(reference, context.all_hours, excluded)
    b = matrix(current, context.all_hours, excluded)
    if a.values.shape[1] < 2:
        return []
    components = reference.recall(("components", excluded), lambda: Components(a.values))
    return _compared(a, b, components, context)


def _compared(a: Matrix, b: Matrix, components: Components, context: Context) -> list[Metric]:
    classifier = DomainClassifier(a.values, b.values, SeparatingForest)
    errors = Reconstruction(components, b.values)
    p = cauchy([*classifier.p_values, errors.p_value])
    highest = context.baselines.highest
    baseline = highest("multivariate_drift", None) or 0.5
    threshold = crossable(classifier.threshold(baseline), baseline)
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
        facts = no_room(baseline)
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


def _drivers(
    a: Matrix, classifier: DomainClassifier[SeparatingForest], errors: Reconstruction
) -> list[str]:
    """Return the features that separate the rows, by permutation importance."""
    rng = np.random.default_rng(0)
    (x, y), model = classifier.parts[0], classifier.models[0]
    whole, _ = auc(model.scores(x), y)
    lost: dict[str, float] = {}
    for name in _most_used(a.names, model):
        own = [place for place, other in enumerate(a.names) if other == name]
        mixed: np.ndarray = np.array(x)
        mixed[:, own] = mixed[rng.permutation(len(mixed))][:, own]
        lost[name] = whole - auc(model.scores(mixed), y)[0]
    worst = max(lost.values())
    drivers = [name for name in lost if worst > 0 and lost[name] > _PART * worst]
    if errors.growth > reconstruction.FLOOR and classifier.auc - 0.5 < 2 * FLOOR:
        drivers = errors.drivers(a.names)[:2] or drivers  # the two columns of a broken correlation
    return sorted(drivers, key=lambda name: -lost.get(name, 0.0))[:_NAMED] or list(lost)[:_NAMED]


def _most_used(names: Sequence[str], model: SeparatingForest) -> list[str]:
    """Return the features most used by the trees, in the order of `names` (with repeats)."""
    used = dict.fromkeys(names, 0.0)
    for name, importance in zip(names, model.importances.tolist(), strict=True):
        used[name] += importance
    most = set(sorted(used, key=lambda name: -used[name])[:_CANDIDATES])
    return [name for name in used if name in most]
