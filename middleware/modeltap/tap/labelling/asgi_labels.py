"""The labels endpoint in an ASGI app: reads the post, and stores it in a thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from modeltap.tap.labelling.labels_endpoint import (
    MAX_BODY_BYTES,
    LabelReply,
    LabelsEndpoint,
    busy,
    too_large,
)

_MOST_POSTS = 32
"""Posts that are read or stored at once, so that their memory is bounded."""


class ASGILabels:
    """Serves the endpoint beside an app.

    Labels are stored in one thread of its own: SQLite allows a single writer, and a post that waits
    for it must take neither the event loop nor one of the threads of the app's functions.
    """

    def __init__(self, endpoint: LabelsEndpoint) -> None:
        self._endpoint = endpoint
        self._limiter: Any = None
        self._posts = 0

    def serves(self, scope: Mapping[str, Any]) -> bool:
        """Return True for a request of the endpoint's path, below the path of the app's mount."""
        root, path = scope.get("root_path") or "", scope["path"]
        own = path[len(root) :] if root and path.startswith(f"{root}/") else path
        return bool(own == self._endpoint.path)

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
        reply = await self._reply(scope["method"], headers, receive)
        if reply is None:  # the client is gone
            return
        start = [(name.encode(), value.encode()) for name, value in reply.all_headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": start})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(
        self,
        method: str,
        headers: Mapping[bytes, bytes],
        receive: Callable[[], Awaitable[Any]],
    ) -> LabelReply | None:
        authorization, length, media = (
            headers.get(name, b"").decode("latin-1")
            for name in (b"authorization", b"content-length", b"content-type")
        )
        refusal = self._endpoint.refusal(method, authorization, length)
        if refusal is not None:
            return refusal
        if self._posts >= _MOST_POSTS:
            return busy()
        self._posts += 1
        try:
            body = await _body(receive)
            if body is None:
                return None
            return too_large() if len(body) > MAX_BODY_BYTES else await self._stored(body, media)
        finally:
            self._posts -= 1

    async def _stored(self, body: bytes, media: str) -> LabelReply:
        from anyio import CapacityLimiter, to_thread  # a bare app may not have loaded it

        if self._limiter is None:
            self._limiter = CapacityLimiter(1)
        return await to_thread.run_sync(self._endpoint.store, body, media, limiter=self._limiter)


async def _body(receive: Callable[[], Awaitable[Any]]) -> bytes | None:
    """Return a body, at most a chunk longer than allowed; None if the client disconnects."""
    body = bytearray()
    more = True
    while more and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)
