"""Ids of a few example exchanges that show why a metric alerts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.bins import count_categories, count_numbers, count_present
from modeltap.analysis.counting.columns import Values
from modeltap.analysis.counting.derived import count_documents
from modeltap.analysis.detectors import quality
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.drift import Drifted
from modeltap.analysis.detectors.row_outliers import Outliers
from modeltap.analysis.explanations.new_values import with_number
from modeltap.analysis.model.feature import MISSING, Feature
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.decoding.row_batch import Batch
from modeltap.logs import logger

_SHOWN = 5
"""Ids per alert: enough to investigate, few enough for a message."""


def with_examples(metrics: Sequence[Metric], context: Context, rows: Batch) -> list[Metric]:
    """Return `metrics`; those that alert have the ids of exchanges in `rows` that show why.

    If only the bin of a new value was known, the evidence is completed with the value itself.

    Args:
        rows: some of the window's rows; if it has a sample, the rows of the sample.
    """
    values = values_of(rows, context)
    completed = []
    for metric in metrics:
        if metric.verdict == ALERT:
            metric = replace(
                metric,
                examples=_examples(metric, context, rows, values),
                evidence=with_number(metric.evidence, metric, context, values),
            )
        completed.append(metric)
    return completed


def values_of(rows: Batch, context: Context) -> Values:
    """Return the values of rows in the form of the reference's features."""
    known = context.reference.by_name
    return Values(rows.columns(known), len(rows.rows), known, rows.times)


def _examples(metric: Metric, context: Context, rows: Batch, values: Values) -> str | None:
    try:
        ids = list(dict.fromkeys(rows.ids[at] for at in _places(metric, context, values)))
    except Exception:
        # An alert without examples is better than no alert.
        logger.exception("modeltap: no examples of %s of %s", metric.metric, metric.feature)
        return None
    return json.dumps(ids[:_SHOWN]) if ids else None


def _places(metric: Metric, context: Context, values: Values) -> Iterable[int]:
    """Return the positions of the first rows that show why `metric` alerts."""
    if isinstance(metric.evidence, Outliers):
        return metric.evidence.places
    feature = context.reference.by_name.get(metric.feature or "")
    return () if feature is None else _showing(metric, feature, context.counts(feature), values)


def _showing(metric: Metric, feature: Feature, own: np.ndarray, values: Values) -> Iterator[int]:
    """Yield the positions of the first rows that show the drift or the fault of `feature`."""
    if isinstance(metric.evidence, Drifted) and metric.evidence.place is not None:
        bins = np.array([metric.evidence.place])
    elif metric.metric == "drift":
        bins = _grown(feature, own)
    elif isinstance(metric.evidence, quality.Grown):
        bins = None
    else:
        return
    ends = quality.seen(feature)
    shown = 0
    for at in range(values.rows):
        counted = _count_row(feature, values, at)
        if bins is not None:
            shows = bool(counted[bins].any())
        else:
            shows = any(
                c.metric == metric.metric and c.faults
                for c in quality.cases(feature, counted, ends)
            )
        if shows:
            yield at
            shown += 1
            if shown == 4 * _SHOWN:  # several rows may belong to one exchange
                return


def _grown(feature: Feature, own: np.ndarray) -> np.ndarray:
    """Return the bins within the coarse bin whose fraction grew most."""
    current, reference = own[: feature.bins], np.array(feature.counts[: feature.bins])
    if feature.kind == "words":
        fractions = current / max(1, current[0]) - reference / max(1, reference[0])
        return np.array([1 + int(np.argmax(fractions[1:]))]) if len(current) > 1 else np.array([0])
    places = np.array(feature.coarse)
    grown = np.bincount(
        places, current / max(1, current.sum()) - reference / max(1, reference.sum())
    )
    return np.flatnonzero(places == int(np.argmax(grown)))


def _count_row(feature: Feature, values: Values, at: int) -> np.ndarray:
    """Return the counts of a single row's value."""
    counted = np.zeros(len(feature.counts), dtype=np.int64)
    column = values.column(feature)
    if column is None:
        counted[MISSING] = 1
        return counted
    single = [column[at]]
    own = Values(
        {feature.of or feature.name: single},
        1,
        values.features,
        None if values.times is None else [values.times[at]],
    )
    if feature.kind == "numeric":
        numbers, wrong = own.numbers(feature, single)
        count_numbers(numbers, wrong, feature, counted)
    elif feature.kind in ("categorical", "boolean"):
        count_categories(own.categories(feature, single), [1], feature, counted)
    elif feature.kind == "words":
        count_documents(feature, single, counted)
    else:
        count_present(single, feature, counted)
    return counted
