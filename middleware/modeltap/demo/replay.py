"""Replay of real requests in event time, with labels a day later."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from itertools import groupby
from queue import SimpleQueue

from modeltap import clock
from modeltap.demo.flights import Flight
from modeltap.errors import ModeltapError
from modeltap.store.connection import writing
from modeltap.store.labels import Label, insert_labels

_AT_ONCE = 8
"""Concurrent requests, each in its own thread and on its own connection."""

DAY = 86_400.0


class _Client:
    """Connections to the API. httpx would take more time than the API itself."""

    def __init__(self, port: int) -> None:
        self._connections = [HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(_AT_ONCE)]
        self._idle: SimpleQueue[HTTPConnection] = SimpleQueue()
        for connection in self._connections:
            self._idle.put(connection)

    def post(self, body: bytes) -> str | None:
        """Request a prediction; return the exchange's id, None if the request failed."""
        connection = self._idle.get()
        headers = {"content-type": "application/json"}
        try:
            connection.request("POST", "/predict", body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, HTTPException) as error:
            raise ModeltapError(
                f"the demo's API no longer responds ({type(error).__name__})"
            ) from None
        finally:
            self._idle.put(connection)
        return response.headers["x-modeltap-id"] if response.status == 200 else None

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()


class Replay:
    """Sends flights to the API, day by day, and labels those that landed a day later.

    Args:
        days_per_second: the replay speed; a slow machine does not reach it.
    """

    def __init__(
        self,
        port: int,
        connection: sqlite3.Connection,
        days_per_second: float,
        on_day: Callable[[float, int], None],
    ) -> None:
        self._client = _Client(port)
        self._connection = connection
        self._seconds_per_day = 1 / days_per_second
        self._on_day = on_day
        self.requests = 0
        self.failed = 0
        self.labels = 0

    def run(self, flights: Sequence[Flight]) -> None:
        """Replay `flights`, which are ordered by time."""
        yesterday: list[tuple[str, float]] = []
        with (
            closing(self._client),
            ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="flights") as pool,
        ):
            for day, todays in _by_day(flights):
                start = time.monotonic()
                ids = list(pool.map(self._send, todays))
                self.requests += len(ids)
                self.failed += ids.count(None)
                self._label(yesterday)
                yesterday = list(_landed(ids, todays))
                self._on_day(day, len(todays))
                time.sleep(max(0.0, start + self._seconds_per_day - time.monotonic()))
        # The labels of the last day follow once the writer has stored its requests.
        time.sleep(0.2)
        self._label(yesterday)

    def _send(self, flight: Flight) -> str | None:
        body = {"time": clock.iso(flight.time), **flight.features}
        return self._client.post(json.dumps(body).encode())

    def _label(self, landed: Sequence[tuple[str, float]]) -> None:
        if landed:
            with writing(self._connection):
                insert_labels(
                    self._connection,
                    [Label(id_, 0, minutes) for id_, minutes in landed],
                    source="demo",
                )
            self.labels += len(landed)


def _by_day(flights: Sequence[Flight]) -> Iterator[tuple[float, list[Flight]]]:
    for day, todays in groupby(flights, key=lambda flight: flight.time // DAY):
        yield day * DAY, list(todays)


def _landed(ids: Sequence[str | None], flights: Sequence[Flight]) -> Iterator[tuple[str, float]]:
    """Yield the ids and true flight times of the requests that did not fail.

    A cancelled flight has no flight time, so it never gets a label.
    """
    for id_, flight in zip(ids, flights, strict=True):
        if id_ is not None and flight.air_time is not None:
            yield id_, flight.air_time
