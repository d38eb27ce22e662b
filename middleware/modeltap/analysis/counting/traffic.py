"""Counts of requests, by the wall clock: how many, how many failed, how long they took."""

from __future__ import annotations

import msgspec
import numpy as np

LATENCY_EDGES = 0.01 * 1.05 ** np.arange(368)
"""Bins of 5 % from .01 ms to 10 minutes: any quantile is known to 2.5 %."""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one window; they add."""

    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    aborted: int = 0
    not_decoded: int = 0
    latency: np.ndarray = msgspec.field(
        default_factory=lambda: np.zeros(len(LATENCY_EDGES) + 1, dtype=np.int64)
    )

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            **{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        )


def count_latency(durations_ms: np.ndarray) -> np.ndarray:
    """Count (n,) milliseconds into logarithmic bins; NaN is left out."""
    known = durations_ms[~np.isnan(durations_ms)]
    below = np.searchsorted(np.sort(known), LATENCY_EDGES, side="left")
    return np.diff(below, prepend=0, append=len(known)).astype(np.int64)


def latency_quantile(latency: np.ndarray, q: float) -> float | None:
    """Return the latency in ms below which a fraction `q` of the counted requests lies.

    >>> round(latency_quantile(count_latency(np.array([10.0] * 99 + [1000.0])), 0.5), 0)
    10.0
    """
    total = int(latency.sum())
    if not total:
        return None
    position = int(np.searchsorted(np.cumsum(latency), q * total, side="left"))
    edges = LATENCY_EDGES
    if position == 0:
        return float(edges[0])
    if position >= len(edges):
        return float(edges[-1])
    return float(np.sqrt(edges[position - 1] * edges[position]))
