"""Which exchanges show what a metric says: a few ids to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.bins import count_numbers, count_present, count_words
from modeltap.analysis.counting.columns import Values
from modeltap.analysis.counting.derived import count_documents
from modeltap.analysis.detectors import quality
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.decoding.batches import Batch

_SHOWN = 5


def with_examples(
    metrics: Sequence[Metric], reference: Reference, counts: np.ndarray, rows: Batch
) -> list[Metric]:
    """Return `metrics`, those that alert with ids of exchanges among `rows` that show why.

    Args:
        counts: the window's, as `layout` has them.
        rows: some of the window's rows.
    """
    columns = rows.columns(reference.by_name)
    values = Values(columns, len(rows.rows), reference.by_name, rows.times)
    starts = dict(zip((f.name for f in reference.features), _starts(reference), strict=True))
    found = []
    for metric in metrics:
        feature = reference.by_name.get(metric.feature or "")
        if metric.verdict == ALERT and metric.examples is None and feature is not None:
            start = starts[feature.name]
            own = counts[start : start + len(feature.counts)]
            ids = dict.fromkeys(rows.ids[at] for at in _showing(metric, feature, own, values))
            metric = replace(metric, examples=json.dumps(list(ids)[:_SHOWN]) if ids else None)
        found.append(metric)
    return found


def _starts(reference: Reference) -> list[int]:
    sizes = [len(feature.counts) for feature in reference.features]
    return [0, *np.cumsum(sizes)[:-1].tolist()] if sizes else []


def _showing(metric: Metric, feature: Feature, own: np.ndarray, values: Values) -> Iterator[int]:
    """Yield the positions of the first rows that show what `metric` says of `feature`."""
    if metric.metric == "drift":
        wanted = _grown(feature, own)
    elif metric.metric in quality.RATES:
        wanted = None
    else:
        return
    ends = quality.span(np.array(feature.counts[: feature.bins]))
    shown = 0
    for at in range(values.rows):
        counted = _one(feature, values, at)
        if wanted is not None:
            shows = bool(counted[wanted].any())
        else:
            shows = any(
                c.metric == metric.metric and c.faults
                for c in quality.cases(feature, counted, ends)
            )
        if shows:
            yield at
            shown += 1
            if shown == 4 * _SHOWN:  # several rows may be of one exchange
                return


def _grown(feature: Feature, own: np.ndarray) -> np.ndarray:
    """Return the bins of the coarse one whose share grew most."""
    now, then = own[: feature.bins], np.array(feature.counts[: feature.bins])
    if feature.kind == "words":
        shares = now / max(1, now[0]) - then / max(1, then[0])
        return np.array([1 + int(np.argmax(shares[1:]))]) if len(now) > 1 else np.array([0])
    places = np.array(feature.coarse)
    grown = np.bincount(places, now / max(1, now.sum()) - then / max(1, then.sum()))
    return np.flatnonzero(places == int(np.argmax(grown)))


def _one(feature: Feature, values: Values, at: int) -> np.ndarray:
    """Count one row's value."""
    counted = np.zeros(len(feature.counts), dtype=np.int64)
    column = values.column(feature)
    if column is None:
        counted[-3] = 1
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
        count_words(own.words(feature, single), [1], feature, counted)
    elif feature.kind == "words":
        count_documents(feature, single, counted)
    else:
        count_present(single, feature, counted)
    return counted
