"""Counts of requests, failures and latencies by the wall clock."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from modeltap import clock
from modeltap.analysis.counting.tally import pack, unpack
from modeltap.config.windows import Window
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.times import parse_times
from modeltap.store import request_days
from modeltap.store.request_days import RequestDay
from modeltap.store.stored_exchanges import StoredExchange, column_of
from modeltap.store.traffic import StoredTraffic, get_traffic, put_traffic

LATENCY_EDGES = 0.01 * 1.05 ** np.arange(368)
"""Bins of 5 % from 0.01 ms to 10 minutes: any quantile is accurate to 2.5 %."""

LONGEST_MS = float(LATENCY_EDGES[-1])
"""Longer requests share the last bin."""

_LOWEST_FAILURE = 500

_DAY = len("2024-01-31")

_CLIENT_GONE = frozenset(
    {
        "BrokenPipeError",
        "CancelledError",
        "ClientDisconnect",
        "ClientDisconnected",
        "ConnectionAbortedError",
        "ConnectionResetError",
        "GeneratorExit",
    }
)
"""Exceptions that servers and frameworks raise in an app whose client has disconnected.

They are not errors of the app.
"""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Additive counts of one window.

    In a sample each exchange stands for `1 / sample_rate` exchanges. `unkept` is the sum of these
    weights less 1 (the exchanges that were not kept), `unkept_errors` that of the failed ones,
    `unkept_squares` the sum of the squared weights less 1. All are 0 if every exchange was kept.
    """

    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    aborted: int = 0
    not_decoded: int = 0
    unkept: float = 0.0
    unkept_errors: float = 0.0
    unkept_squares: float = 0.0
    latency: np.ndarray = msgspec.field(
        default_factory=lambda: np.zeros(len(LATENCY_EDGES) + 1, dtype=np.int64)
    )

    @property
    def all_requests(self) -> float:
        """The number of requests, including those not kept (Horvitz & Thompson, 1952)."""
        return self.requests + self.unkept

    @property
    def error_rate(self) -> float:
        """The fraction of all requests that failed."""
        return (self.errors + self.unkept_errors) / self.all_requests if self.requests else 0.0

    @property
    def effective_requests(self) -> float:
        """The number of unweighted requests that give an equally exact rate (Kish, 1965)."""
        if not self.requests:
            return 0.0
        return self.all_requests**2 / (self.requests + self.unkept_squares)

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            **{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        )


_NOT_SERVED = (404, 405)
"""Statuses of paths that the app does not have.

Scanners request them; they do not load a model and do not count as traffic.
"""


def is_traffic(exchange: StoredExchange) -> bool:
    """Return whether an exchange counts as traffic: it was timed, and its path exists."""
    return exchange.duration_ms is not None and exchange.status not in _NOT_SERVED


def only_traffic(exchanges: list[StoredExchange]) -> list[StoredExchange]:
    """Return the exchanges that count as traffic, mostly all of them."""
    statuses = set(column_of(exchanges, "status"))
    if None not in column_of(exchanges, "duration_ms") and statuses.isdisjoint(_NOT_SERVED):
        return exchanges
    return list(filter(is_traffic, exchanges))


def count_latency(durations_ms: np.ndarray) -> np.ndarray:
    """Count (n,) milliseconds into logarithmic bins, without NaN."""
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


def slower_than(latency: np.ndarray, limit: float) -> int:
    """Return how many counted requests certainly took longer than `limit` ms.

    >>> slower_than(count_latency(np.array([10.0] * 99 + [1000.0])), 500)
    1
    """
    return int(latency[int(np.searchsorted(LATENCY_EDGES, limit, side="left")) + 1 :].sum())


def count_requests(exchanges: list[StoredExchange], batch: Batch) -> Traffic:
    """Count exchanges, with their rows in `batch`, by status and duration."""
    # Exchanges kept only because they failed are in no rate: they stand for no others.
    members = exchanges
    rates = column_of(members, "sample_rate")
    if 0 in rates:
        members = [exchange for exchange in exchanges if exchange.sample_rate != 0]
        rates = column_of(members, "sample_rate")
    statuses = np.array([status or 0 for status in column_of(members, "status")], dtype=np.int64)
    durations = np.array(column_of(members, "duration_ms"), dtype=np.float64)
    undecoded = [seq for seq, note in batch.notes.items() if not note.rows]
    empty = np.isin(column_of(members, "seq"), undecoded)
    errors = set(column_of(members, "error_type")) - {None}
    failed = statuses >= _LOWEST_FAILURE
    if errors:
        failed = np.array([_failed(member) for member in members], dtype=bool)
    weights = np.ones(len(members))
    if any(rates):
        weights = 1 / np.array([rate or 1.0 for rate in rates], dtype=np.float64)
    return Traffic(
        requests=len(members),
        errors=int(failed.sum()),
        client_errors=int(((statuses >= 400) & (statuses < 500)).sum()),
        aborted=sum(map(bool, column_of(members, "aborted"))),
        not_decoded=int((empty & (statuses < 400) & ~failed).sum()),
        unkept=float((weights - 1).sum()),
        unkept_errors=float((weights - 1)[failed].sum()),
        unkept_squares=float((weights**2 - 1).sum()),
        latency=count_latency(durations),
    )


def _failed(exchange: StoredExchange) -> bool:
    """Return whether the app failed: a status of 500 or more, or an error after it (a stream)."""
    if (exchange.status or 0) >= _LOWEST_FAILURE:
        return True
    return exchange.error_type is not None and exchange.error_type not in _CLIENT_GONE


def record_requests(
    connection: sqlite3.Connection,
    model: str,
    moments: Sequence[str],
    environment: str | None = None,
) -> None:
    """Add the arrival times of requests to their days, inside the caller's transaction."""
    if moments:
        times, series = sorted(moments), (model, environment or "")
        last = request_days.last_request(connection, *series, times[0][:_DAY])
        request_days.add_days(connection, *series, _days(times, last))


def _days(times: Sequence[str], last: str | None) -> Iterator[RequestDay]:
    """Yield the days of sorted times; the first pause began at `last`."""
    seconds = np.nan_to_num(parse_times([last or times[0], *times]))
    # A late record of another worker lies within a period that was counted, so it adds no pause.
    pauses = np.maximum(np.diff(seconds), 0.0)
    start = 0
    while start < len(times):
        day = times[start][:_DAY]
        end = bisect_left(times, day + "\U0010ffff", start)
        yield RequestDay(day, times[start], times[end - 1], float(pauses[start:end].max()))
        start = end


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
    stored = old or StoredTraffic(*key, clock.iso(window.end(start)), 0, 0, 0, 0, 0, b"")
    counts = {name: getattr(total, name) for name in _COUNTS}
    put_traffic(connection, stored._replace(latency=pack(total.latency), **counts))


_COUNTS = tuple(name for name in Traffic.__struct_fields__ if name != "latency")


def traffic_of(stored_traffic: StoredTraffic) -> Traffic:
    """Return a stored traffic window's counts."""
    counts = {name: getattr(stored_traffic, name) for name in _COUNTS}
    return Traffic(latency=unpack(stored_traffic.latency), **counts)
