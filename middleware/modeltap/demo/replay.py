"""Replay of real requests in event time, with labels a day later."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import httpx

from modeltap import clock
from modeltap.demo.flights import Flight
from modeltap.errors import ModeltapError
from modeltap.store.connection import writing
from modeltap.store.labels import Label, insert_labels

_AT_ONCE = 16
"""Concurrent requests, each on its own connection."""

DAY = 86_400.0


class Replay:
    """Sends flights to the API, day by day, and labels those that landed a day later.

    Args:
        days_per_second: the replay speed; a slow machine does not reach it.
    """

    def __init__(
        self,
        url: str,
        connection: sqlite3.Connection,
        days_per_second: float,
        on_day: Callable[[float, int], None],
    ) -> None:
        self._url = url
        self._connection = connection
        self._seconds_per_day = 1 / days_per_second
        self._on_day = on_day
        self.requests = 0
        self.failed = 0
        self.labels = 0

    def run(self, flights: Sequence[Flight]) -> None:
        """Replay `flights`, which are ordered by time."""
        asyncio.run(self._run(flights))

    async def _run(self, flights: Sequence[Flight]) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)
        yesterday: list[tuple[str, float]] = []
        limits = httpx.Limits(max_connections=_AT_ONCE)
        async with httpx.AsyncClient(
            base_url=self._url, limits=limits, timeout=30, trust_env=False
        ) as client:
            for day, todays in _by_day(flights):
                start = time.monotonic()
                sent = await asyncio.gather(*(self._send(client, gate, f) for f in todays))
                self._label(yesterday)
                yesterday = [landed for landed in sent if landed is not None]
                self._on_day(day, len(todays))
                await asyncio.sleep(max(0.0, start + self._seconds_per_day - time.monotonic()))
        # The labels of the last day follow once the writer has stored its requests.
        await asyncio.sleep(0.2)
        self._label(yesterday)

    async def _send(
        self, client: httpx.AsyncClient, gate: asyncio.Semaphore, flight: Flight
    ) -> tuple[str, float] | None:
        """Request one prediction; return its id and the true flight time, if it has one."""
        body: dict[str, Any] = {"time": clock.iso(flight.time), **flight.features}
        async with gate:
            self.requests += 1
            response = await self._post(client, body)
        if response.status_code != 200:
            self.failed += 1
            return None
        # A cancelled flight has no flight time, so it never gets a label.
        if flight.air_time is None:
            return None
        return response.headers["x-modeltap-id"], flight.air_time

    async def _post(self, client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
        try:
            return await client.post("/predict", json=body)
        except httpx.HTTPError as error:
            raise ModeltapError(
                f"the demo's API no longer responds ({type(error).__name__})"
            ) from None

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
