"""The tap's own endpoints in an ASGI app: reads a request, and answers it in a thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from modeltap.tap.endpoints.app_routes import AppRoutes
from modeltap.tap.endpoints.own_endpoint import OwnEndpoint, OwnReply, OwnRequest, serves


class ASGIEndpoints:
    """Serves endpoints beside an app.

    Requests are answered in threads of their own: what waits for SQLite or for another process
    must take neither the event loop nor one of the threads of the app's functions.
    """

    def __init__(self, endpoints: Sequence[OwnEndpoint], app: object) -> None:
        self._endpoints = endpoints
        self._routes = AppRoutes(app)
        self._limiters: dict[str, Any] = {}
        self._waiting: Counter[str] = Counter()

    def find(self, scope: Mapping[str, Any]) -> OwnEndpoint | None:
        """Return the endpoint of a request's path, below the path of the app's mount, if any."""
        path = _split(scope)[1]
        for endpoint in self._endpoints:
            if serves(endpoint, path):
                return None if self._routes.has(endpoint, scope.get("app")) else endpoint
        return None

    async def serve(
        self,
        endpoint: OwnEndpoint,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        reply = await self._reply(endpoint, _request(scope), receive)
        if reply is None:  # the client is gone
            return
        start = [(name.encode(), value.encode("latin-1")) for name, value in reply.all_headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": start})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(
        self, endpoint: OwnEndpoint, request: OwnRequest, receive: Callable[[], Awaitable[Any]]
    ) -> OwnReply | None:
        refusal = endpoint.refusal(request)
        if refusal is not None:
            return refusal
        if self._waiting[endpoint.path] >= endpoint.most_at_once:
            return endpoint.busy()
        self._waiting[endpoint.path] += 1
        try:
            body = await _body(receive, endpoint.max_body_bytes)
            if body is None:
                return None
            if len(body) > endpoint.max_body_bytes:
                return endpoint.too_large()
            return await self._answer(endpoint, request, body)
        finally:
            self._waiting[endpoint.path] -= 1

    async def _answer(self, endpoint: OwnEndpoint, request: OwnRequest, body: bytes) -> OwnReply:
        from anyio import CapacityLimiter, to_thread  # a bare app may not have loaded it

        limiter = self._limiters.get(endpoint.path)
        if limiter is None:
            limiter = self._limiters[endpoint.path] = CapacityLimiter(endpoint.threads)
        return await to_thread.run_sync(endpoint.answer, request, body, limiter=limiter)


def _split(scope: Mapping[str, Any]) -> tuple[str, str]:
    """Return the path of the app's mount, and the path below it; not all servers include it."""
    root, path = scope.get("root_path") or "", scope["path"]
    root = root.rstrip("/")
    return root, path[len(root) :] if root and path.startswith(f"{root}/") else path


def _request(scope: Mapping[str, Any]) -> OwnRequest:
    root, path = _split(scope)
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = bytes(raw_name).decode("latin-1").lower(), bytes(raw_value).decode("latin-1")
        joint = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    return OwnRequest(
        scope["method"],
        root,
        path,
        bytes(scope.get("query_string") or b"").decode("latin-1"),
        headers,
        str((scope.get("client") or ("",))[0] or ""),
        scope.get("scheme", "http"),
        scope.get("http_version", "1.1"),
    )


async def _body(receive: Callable[[], Awaitable[Any]], limit: int) -> bytes | None:
    """Return a body, at most a chunk longer than allowed; None if the client disconnects."""
    body = bytearray()
    more = True
    while more and len(body) <= limit:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)
