"""Counts of requests, by the wall clock: how many, how many failed, how long they took."""

from __future__ import annotations

import sqlite3

import msgspec
import numpy as np

from modeltap import clock
from modeltap.analysis.counting.tally import pack, unpack
from modeltap.config.windows import Window
from modeltap.decoding.batches import Batch
from modeltap.store.stored_exchanges import StoredExchange
from modeltap.store.traffic import StoredTraffic, get_traffic, put_traffic

LATENCY_EDGES = 0.01 * 1.05 ** np.arange(368)
"""Bins of 5 % from .01 ms to 10 minutes: any quantile is known to 2.5 %."""

LONGEST_MS = float(LATENCY_EDGES[-1])
"""What takes longer is not told apart."""


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


def count_requests(exchanges: list[StoredExchange], batch: Batch) -> Traffic:
    """Count exchanges, whose rows are in `batch`, by status and duration."""
    # Exchanges kept only because they failed are in no rate: they stand for no others.
    members = [exchange for exchange in exchanges if exchange.sample_rate != 0]
    statuses = np.array([member.status or 0 for member in members])
    durations = np.array([member.duration_ms for member in members], dtype=np.float64)
    rows = np.array([batch.notes[member.seq].rows for member in members])
    return Traffic(
        requests=len(members),
        errors=int((statuses >= 500).sum()),
        client_errors=int(((statuses >= 400) & (statuses < 500)).sum()),
        aborted=sum(bool(member.aborted) for member in members),
        not_decoded=int(((rows == 0) & (statuses < 400)).sum()),
        latency=count_latency(durations),
    )


def add_traffic(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    window: Window,
    start: float,
    counted: Traffic,
) -> None:
    """Add counts to the window that starts at `start`, inside the caller's transaction.

    Args:
        start: Unix seconds.
    """
    key = (model, version, window.text, clock.iso(start))
    old = get_traffic(connection, *key)
    total = counted if old is None else counted + traffic_of(old)
    put_traffic(
        connection,
        StoredTraffic(
            *key,
            window_end=clock.iso(window.end(start)),
            requests=total.requests,
            errors=total.errors,
            client_errors=total.client_errors,
            aborted=total.aborted,
            not_decoded=total.not_decoded,
            latency=pack(total.latency),
        ),
    )


def traffic_of(stored_traffic: StoredTraffic) -> Traffic:
    """Return a stored traffic window's counts."""
    return Traffic(
        requests=stored_traffic.requests,
        errors=stored_traffic.errors,
        client_errors=stored_traffic.client_errors,
        aborted=stored_traffic.aborted,
        not_decoded=stored_traffic.not_decoded,
        latency=unpack(stored_traffic.latency),
    )
