"""The kernel: rows become counts in the reference's bins. Counts add exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.model.feature import Column
from modeltap.analysis.model.reference import Reference


def count(
    columns: Mapping[str, Column],
    rows: int,
    reference: Reference,
    times: Sequence[float] | None = None,
) -> np.ndarray:
    """Count `rows` rows into the reference's bins.

    Args:
        columns: values by feature, each of length `rows`; others than the reference's are
            left out, and a feature of the reference that is absent counts as missing.
        times: (rows,) Unix seconds; without them ages are missing.

    Returns an int64 array, feature after feature as in `layout`: here the bins of a and b, of
    rarer words, and then missing, of the wrong type, never seen.

    >>> from modeltap.analysis.model.reference import fit
    >>> reference = fit({"c": ["a", "b"]}, 2, model="m")
    >>> count({"c": ["a", "z", None, 7]}, 4, reference).tolist()
    [1, 0, 0, 1, 1, 1]
    """
    return tally(columns, rows, reference, times=times).counts


def layout(reference: Reference) -> dict[str, slice]:
    """Say where each feature's bins lie in an array of counts."""
    slices, start = {}, 0
    for feature in reference.features:
        slices[feature.name] = slice(start, start + len(feature.counts))
        start += len(feature.counts)
    return slices
