"""Concept drift in the labels of a window, of which more may arrive."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from modeltap.analysis.concept.concept_drift import LabelsPending
from modeltap.analysis.concept.window_concept import CONCEPT_SHARE, LabelledOutputs, window_concept
from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.explanations.concept_sentences import with_relation
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import NOT_COMPARABLE, Metric
from modeltap.analysis.relearning.label_progress import LabelProgress
from modeltap.config.settings import Settings
from modeltap.store.predictions import LabelledPrediction
from modeltap.store.windows import Series


class ConceptPlace(NamedTuple):
    """A window: its series, its start and end, and its hours of the day (UTC)."""

    series: Series
    start: str
    end: str
    hours: frozenset[int]


def with_concept(
    connection: sqlite3.Connection,
    metrics: list[Metric],
    rows: Sequence[LabelledPrediction],
    progress: LabelProgress,
    settings: Settings,
    place: ConceptPlace,
) -> list[Metric]:
    """Return a window's performance, and whether its inputs changed or their relation to labels.

    Windows of the reference are normal by definition, and have no concept drift. While labels
    arrive that may differ from those so far, it is not compared.

    Args:
        metrics: the performance of the window's labelled rows.
        rows: all rows of the window.
        settings: the model's own.
    """
    reference = progress.reference
    if reference is None or reference.state == "provisional":
        return metrics
    if reference.to_time is not None and place.start < reference.to_time:
        return metrics
    labelled = [row for row in rows if row.label is not None]
    known = reference.performance
    concept = window_concept(
        connection,
        place.series,
        (place.start, place.end),
        metrics,
        known and known.at(place.hours, settings.min_rows),
        LabelledOutputs(
            [row.prediction for row in labelled],
            [row.score for row in labelled],
            settings.decision_threshold,
        ),
        progress.alpha(ALPHA[settings.sensitivity]) * CONCEPT_SHARE,
    )
    if concept is None:
        return metrics
    if not progress.complete:
        return [*metrics, *explained([_pending(concept.rows)])]
    (concept,) = progress.over_all_looks([concept])
    return with_relation(metrics, concept)


def _pending(rows: int) -> Metric:
    return Metric(
        metric="concept_drift", rows=rows, verdict=NOT_COMPARABLE, evidence=LabelsPending()
    )
