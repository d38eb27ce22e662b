"""Histogram of a feature in the reference and in a window, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from modeltap.analysis.model.feature import MISSING, SPECIAL, Feature
from modeltap.analysis.statistics.distances import coarse
from modeltap.wording import number


class HistogramBin(NamedTuple):
    """A bin's label, and the fraction of rows in it in the reference and in the window."""

    label: str
    reference: float
    window: float


def distribution(feature: Feature, counts: np.ndarray) -> list[HistogramBin]:
    """Return a feature's coarse bins, and the special bins that have rows.

    Args:
        counts: the window's counts of this feature, special bins included.

    >>> from modeltap.analysis.references.fit import fit
    >>> feature = fit({"c": ["a", "a", "b", "b"]}, 4, model="m").features[0]
    >>> [tuple(part) for part in distribution(feature, np.array([3, 1, 0, 0, 0, 0]))]
    [('a', 0.5, 0.75), ('b', 0.5, 0.25)]
    """
    reference = np.array(feature.counts)
    reference_rows, window_rows = max(1, int(reference.sum())), max(1, int(counts.sum()))
    if not feature.coarse:
        coarse_reference, coarse_current, labels = (
            reference[: feature.bins],
            counts[: feature.bins],
            ["present"],
        )
    else:
        coarse_reference, coarse_current = coarse(feature, reference), coarse(feature, counts)
        labels = list(_labels(feature))
    parts = [
        HistogramBin(label, float(a) / reference_rows, float(b) / window_rows)
        for label, a, b in zip(labels, coarse_reference, coarse_current, strict=True)
    ]
    parts += [
        HistogramBin(name, float(a) / reference_rows, float(b) / window_rows)
        for name, a, b in zip(SPECIAL, reference[MISSING:], counts[MISSING:], strict=True)
    ]
    return [part for part in parts if part.reference or part.window]


def _labels(feature: Feature) -> Iterator[str]:
    places = np.array(feature.coarse)
    for place in range(int(places.max()) + 1):
        bins = np.flatnonzero(places == place)
        if feature.kind == "numeric":
            yield _range(feature, int(bins[0]), int(bins[-1]))
        elif len(bins) == 1 and bins[0] < len(feature.vocabulary):
            yield feature.vocabulary[int(bins[0])]
        else:
            yield "others"


def _range(feature: Feature, first: int, last: int) -> str:
    edges = feature.edges
    if not edges:
        return "all"
    if first == 0:
        return f"below {number(edges[last])}" if last < len(edges) else "all"
    if last >= len(edges):
        return f"{number(edges[first - 1])} and more"
    low, high = edges[first - 1], edges[last]
    same = number(low) == number(high)
    return number(low) if same else f"{number(low)} to {number(high)}"
