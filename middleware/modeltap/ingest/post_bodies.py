"""Reading the bodies of posts with bounds on memory and on the time for slow clients.

The time limit of a body grows with the bytes received, so a stalled or very slow one soon ends.
A small body needs no shared resource. A larger one needs one of a few slots, and must arrive faster
while others wait for a slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import Request

from modeltap.ingest.admission import PostRefused

_SMALL_BYTES = 64 * 1024
"""Bytes of a body that are read without a slot: as many as the server buffers per connection."""

_SLOTS = 32
"""Larger bodies held in memory at once; further ones wait, so that memory stays bounded."""

_BODY_SECONDS = 60.0
"""The time limit of any body, regardless of its rate."""


@dataclass(frozen=True)
class Patience:
    """The time limit of a body: `seconds`, plus the time for its bytes at the least rate."""

    seconds: float
    bytes_per_second: float

    def lasts(self, received: int) -> float:
        """Return the time limit in seconds of a body with `received` bytes so far.

        >>> Patience(5.0, 1000.0).lasts(2000), Patience(5.0, 1000.0).lasts(10**9)
        (7.0, 60.0)
        """
        return min(_BODY_SECONDS, self.seconds + received / self.bytes_per_second)


NORMAL = Patience(5.0, 16 * 1024)
"""An eighth of 1 Mbit/s; five seconds allow for lost packets."""

HURRIED = Patience(2.0, 256 * 1024)
"""The limit while others wait for a slot. Occupying all slots then takes 8 MB per second."""


@dataclass(eq=False)
class _Reading:
    """A body whose reading started at `since`, in the time of the event loop."""

    limit: asyncio.Timeout
    since: float
    received: int = 0

    def allow(self, patience: Patience) -> None:
        if not self.limit.expired():
            self.limit.reschedule(self.since + patience.lasts(self.received))


@dataclass
class PostBodies:
    """Reads the bodies of posts, up to `max_bytes` each."""

    max_bytes: int
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_SLOTS))
    _holders: set[_Reading] = field(default_factory=set)
    _waiting: int = 0

    @asynccontextmanager
    async def whole(self, request: Request) -> AsyncIterator[bytes]:
        """Yield the whole body; a large one keeps its slot until the context ends.

        Raises `PostRefused` if it is too large or too slow.
        """
        body = bytearray()
        chunks = request.stream()
        enough = min(_SMALL_BYTES, self.max_bytes)
        if await self._in_time(chunks, body, enough, set()):
            yield bytes(body)
            return
        async with self._slot():
            await self._in_time(chunks, body, self.max_bytes, self._holders)
            yield bytes(body)

    async def _in_time(
        self, chunks: AsyncIterator[bytes], body: bytearray, enough: int, among: set[_Reading]
    ) -> bool:
        """Read until the body is complete (True) or has more than `enough` bytes (False)."""
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
                raise PostRefused(413, f"the body has more than {self.max_bytes} bytes")
            if len(body) > enough:
                return False
        return True

    def _allow(self, reading: _Reading) -> None:
        reading.allow(HURRIED if self._waiting and reading in self._holders else NORMAL)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        self._waiting += 1
        try:
            for reading in self._holders:
                reading.allow(HURRIED)
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()


def _now() -> float:
    return asyncio.get_running_loop().time()
