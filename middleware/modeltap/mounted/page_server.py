"""A server on a socket for the processes of one app; it ends when they have ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from modeltap.mounted.page_maker import plain_reply
from modeltap.tap.endpoints.page_channel import (
    LENGTH,
    MAX_REQUEST_BYTES,
    PageReply,
    PageRequest,
    packed,
    unpacked_request,
)
from modeltap.tap.endpoints.page_folder import hold, remove, socket_path

IDLE_SECONDS = 600.0
"""Time without a request after which the process ends; the next request starts it again."""

_CHECK_SECONDS = 0.5
"""How often the server checks whether the app's processes have ended."""

_REQUEST_SECONDS = 30.0
"""The longest time for reading a request, and for making its page."""

_TAKEOVER_SECONDS = 5.0
"""How long a new process waits for an ending one to release the lock."""


class PageServer:
    """Receives requests, one per connection.

    Args:
        reply: makes a page.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        reply: Callable[[PageRequest], Awaitable[PageReply]],
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._folder = folder
        self._name = name
        self._users: int | None = None  # held when all processes of the app have ended
        self._socket = Path(socket_path(folder, name))
        self._reply = reply
        self._idle_seconds = idle_seconds
        self._last_at = time.monotonic()
        self._running = 0

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until no process uses it; the caller holds the lock of the socket."""
        self._socket.unlink(missing_ok=True)  # of a process that was killed
        server = await asyncio.start_unix_server(self._serve, self._socket, limit=MAX_REQUEST_BYTES)
        self._socket.chmod(0o600)
        on_ready()
        try:
            while not self._is_over():
                await asyncio.sleep(_CHECK_SECONDS)
        finally:
            self._socket.unlink(missing_ok=True)
            if self._users is not None:
                remove(self._folder, self._name)
            server.close()

    def _is_over(self) -> bool:
        if self._running:
            return False
        if time.monotonic() > self._last_at + self._idle_seconds:
            return True
        self._users = hold(self._folder / f"{self._name}.users", shared=False)
        return self._users is not None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._running += 1
        self._last_at = time.monotonic()
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                if length <= MAX_REQUEST_BYTES:
                    request = unpacked_request(await reader.readexactly(length))
                    writer.write(packed(await self._made(request)))
                    await writer.drain()
        except (OSError, EOFError, TimeoutError):
            pass  # the app has left, or has given up
        finally:
            self._running -= 1
            writer.close()

    async def _made(self, request: PageRequest) -> PageReply:
        try:
            return await self._reply(request)
        except Exception as error:
            return plain_reply(500, f"the page {request.path!r} could not be made: {error!r}")


def sole_lock(folder: Path, name: str) -> int | None:
    """Return the held lock of a socket; None if another process serves it.

    Waits a moment for a process that is ending.
    """
    until = time.monotonic() + _TAKEOVER_SECONDS
    while (held := hold(folder / f"{name}.lock", shared=False)) is None:
        if time.monotonic() > until:
            return None
        time.sleep(0.02)
    return held
