"""A bounded queue of requests that wait for a challenger."""

from __future__ import annotations

import asyncio
from collections import deque

from modeltap.writer.records import CapturedRecord
from modeltap.writer.shadow_outcomes import QUEUE_BYTES, QUEUE_REQUESTS

_OVERHEAD_BYTES = 2048
"""The memory of a record in addition to its bodies."""


class WaitingRequests:
    """A queue of at most `max_requests` records and `max_bytes` bytes, for one event loop.

    >>> waiting = WaitingRequests(1, 10_000)
    >>> record = CapturedRecord("asgi", "flights", request_body=b"{}")
    >>> waiting.add(record), waiting.add(record)
    (None, 'queue full: requests')
    >>> len(waiting.clear()), waiting.add(record)
    (1, None)
    """

    def __init__(self, max_requests: int, max_bytes: int) -> None:
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._records: deque[CapturedRecord] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: CapturedRecord) -> str | None:
        """Append a record; return the reason if there is no space for it."""
        if len(self._records) >= self._max_requests:
            return QUEUE_REQUESTS
        if self._bytes + _size(record) > self._max_bytes:
            return QUEUE_BYTES
        self._records.append(record)
        self._bytes += _size(record)
        self._arrived.set()
        return None

    async def take(self) -> CapturedRecord:
        """Wait for a record, remove it and return it."""
        while not self._records:
            self._arrived.clear()
            await self._arrived.wait()
        record = self._records.popleft()
        self._bytes -= _size(record)
        return record

    def clear(self) -> list[CapturedRecord]:
        """Remove and return all records."""
        records = list(self._records)
        self._records.clear()
        self._bytes = 0
        return records


def _size(record: CapturedRecord) -> int:
    return len(record.request_body) + len(record.response_body) + _OVERHEAD_BYTES
