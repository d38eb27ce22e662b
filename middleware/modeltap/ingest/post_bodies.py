"""Reading the bodies of posts: bounded in memory, and no slow client keeps others waiting.

A body has a time that grows with what came of it, so one that stands still or drips ends soon.
What is small needs nothing that others have; a larger one needs one of a few places, and while
others wait for a place it has to come faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import Request

from modeltap.ingest.admission import PostRefused

_SMALL_BYTES = 64 * 1024
"""So much of a body is read without a place: as much as the server holds for each connection."""

_PLACES = 32
"""Larger bodies held in memory at once; others wait to be read, so that memory stays bounded."""

_BODY_SECONDS = 60.0
"""No body may take longer than this, however fast it comes."""


@dataclass(frozen=True)
class Patience:
    """How slowly a body may come: `seconds`, and for each byte of it the time at this rate."""

    seconds: float
    bytes_per_second: float

    def lasts(self, received: int) -> float:
        """Return for how many seconds a body of which so many bytes came is waited for.

        >>> Patience(5.0, 1000.0).lasts(2000), Patience(5.0, 1000.0).lasts(10**9)
        (7.0, 60.0)
        """
        return min(_BODY_SECONDS, self.seconds + received / self.bytes_per_second)


USUAL = Patience(5.0, 16 * 1024)
"""An eighth of a line of 1 Mbit/s; five seconds are for a connection that loses packets."""

HURRIED = Patience(2.0, 256 * 1024)
"""While others wait for a place. To keep all places then takes 8 MB in each second."""


@dataclass(eq=False)
class _Reading:
    """A body that is read from `since` (the loop's time) on."""

    limit: asyncio.Timeout
    since: float
    received: int = 0

    def allow(self, patience: Patience) -> None:
        if not self.limit.expired():
            self.limit.reschedule(self.since + patience.lasts(self.received))


@dataclass
class PostBodies:
    """Reads the bodies of posts, of `max_bytes` at most."""

    max_bytes: int
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PLACES))
    _holders: set[_Reading] = field(default_factory=set)
    _waiting: int = 0

    @asynccontextmanager
    async def whole(self, request: Request) -> AsyncIterator[bytes]:
        """Give the whole body; a large one keeps its place until the context ends.

        Raises `PostRefused` for one that is too large, or too slow.
        """
        body = bytearray()
        chunks = request.stream()
        enough = min(_SMALL_BYTES, self.max_bytes)
        if await self._in_time(chunks, body, enough, set()):
            yield bytes(body)
            return
        async with self._place():
            await self._in_time(chunks, body, self.max_bytes, self._holders)
            yield bytes(body)

    async def _in_time(
        self, chunks: AsyncIterator[bytes], body: bytearray, enough: int, among: set[_Reading]
    ) -> bool:
        """Read until the body is whole (True), or has more than `enough` bytes."""
        try:
            async with asyncio.timeout(None) as limit:
                reading = _Reading(limit, _now())
                among.add(reading)
                try:
                    return await self._read(chunks, body, reading, enough)
                finally:
                    among.discard(reading)
        except TimeoutError:
            raise PostRefused(408, "the body arrives too slowly") from None

    async def _read(
        self, chunks: AsyncIterator[bytes], body: bytearray, reading: _Reading, enough: int
    ) -> bool:
        self._allow(reading)
        async for chunk in chunks:
            body += chunk
            reading.received += len(chunk)
            self._allow(reading)
            if len(body) > self.max_bytes:
                raise PostRefused(413, f"more than {self.max_bytes} bytes")
            if len(body) > enough:
                return False
        return True

    def _allow(self, reading: _Reading) -> None:
        reading.allow(HURRIED if self._waiting and reading in self._holders else USUAL)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        self._waiting += 1
        try:
            for reading in self._holders:
                reading.allow(HURRIED)
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()


def _now() -> float:
    return asyncio.get_running_loop().time()
