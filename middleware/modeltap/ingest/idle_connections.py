"""Closing idle connections, because each one holds a file descriptor of the process."""

from __future__ import annotations

import asyncio
from typing import Any

HEAD_SECONDS = 10.0
"""The head of a request takes a few packets; uvicorn itself has no time limit for it."""


def closing_idle(protocol: Any, seconds: float = HEAD_SECONDS) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP `protocol` with a limit of `seconds` for idle connections.

    An incomplete head does not count as a request, nor does the rest of a request that already has
    a response.
    """

    class ClosingIdle(protocol):  # type: ignore[misc]
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._timer is not None:
                self._timer.cancel()
            super().connection_lost(exc)

        def _watch(self) -> None:
            if self._timer is None and self._is_idle():
                self._timer = self.loop.call_later(seconds, self._close_unless_used, self.cycle)

        def _is_idle(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _close_unless_used(self, last: object) -> None:
            self._timer = None
            if self.cycle is last and self._is_idle():
                self.transport.close()

    return ClosingIdle
