"""Concept drift in the labels of a window, of which more may arrive."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.concept.concept_drift import ConceptChange, LabelsPending
from modeltap.analysis.concept.onset import onset
from modeltap.analysis.concept.window_concept import CONCEPT_SHARE, LabelledOutputs, window_concept
from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.explanations.concept_sentences import with_relation
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, Metric
from modeltap.analysis.performance.evaluation import known_classes
from modeltap.analysis.performance.paired import pair_up
from modeltap.analysis.references.performance_baseline import label_form
from modeltap.analysis.relearning.label_progress import LabelProgress
from modeltap.config.settings import Settings
from modeltap.store.labelled_rows import LabelledRows
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
    rows: LabelledRows,
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
    labelled = rows.with_labels
    known = reference.performance
    concept = window_concept(
        connection,
        place.series,
        (place.start, place.end),
        metrics,
        known and known.at(place.hours, settings.min_rows),
        LabelledOutputs(labelled.predictions, labelled.scores, settings.decision_threshold),
        progress.alpha(ALPHA[settings.sensitivity]) * CONCEPT_SHARE,
    )
    if concept is None:
        return metrics
    if not progress.complete:
        return [*metrics, *explained([_pending(concept.rows)])]
    (concept,) = progress.over_all_looks([concept])
    if known is not None:
        concept = _with_onset(concept, labelled, known, settings, place)
    return with_relation(metrics, concept)


def _with_onset(
    concept: Metric,
    labelled: LabelledRows,
    known: Baseline,
    settings: Settings,
    place: ConceptPlace,
) -> Metric:
    """Return an alert that began in this window with the time of its first row."""
    change = concept.evidence
    if concept.verdict != ALERT or not isinstance(change, ConceptChange):
        return concept
    if change.since != place.start:
        return concept
    paired = pair_up(
        labelled.predictions,
        labelled.labels,
        known.task,
        label_form(settings),
        known_classes(known),
    )
    times = np.array([labelled[at].event_time or place.start for at in paired.places.tolist()])
    if not len(times) or paired.mismatch is not None:
        return concept
    if paired.task == "regression":
        errors = np.abs(paired.predictions - paired.labels)
    else:
        errors = np.array(paired.predictions != paired.labels, dtype=np.float64)
    order = np.argsort(times, kind="stable")
    since = str(times[order][onset(errors[order], change.expected)])
    return replace(concept, evidence=replace(change, since=since))


def _pending(rows: int) -> Metric:
    return Metric(
        metric="concept_drift", rows=rows, verdict=NOT_COMPARABLE, evidence=LabelsPending()
    )
