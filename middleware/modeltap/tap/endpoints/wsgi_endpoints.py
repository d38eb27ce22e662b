"""The tap's own endpoints in a WSGI app: answers a request in its own thread."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from modeltap.tap.endpoints.app_routes import AppRoutes
from modeltap.tap.endpoints.own_endpoint import OwnEndpoint, OwnReply, OwnRequest, serves
from modeltap.tap.wsgi_environ import as_utf8

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class WSGIEndpoints:
    """Serves endpoints beside an app."""

    def __init__(self, endpoints: Sequence[OwnEndpoint], app: object) -> None:
        self._endpoints = endpoints
        self._routes = AppRoutes(app)
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()

    def find(self, environ: WSGIEnvironment) -> OwnEndpoint | None:
        """Return the endpoint of a request's path, below the path of the app's mount, if any."""
        path = as_utf8(environ.get("PATH_INFO", ""))
        for endpoint in self._endpoints:
            if serves(endpoint, path):
                return None if self._routes.has(endpoint) else endpoint
        return None

    def serve(
        self, endpoint: OwnEndpoint, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        reply = self._reply(endpoint, environ)
        start_response(f"{reply.status} {_phrase(reply.status)}", reply.all_headers)
        return [reply.body]

    def _reply(self, endpoint: OwnEndpoint, environ: WSGIEnvironment) -> OwnReply:
        request = _request(environ)
        refusal = endpoint.refusal(request)
        if refusal is not None:
            return refusal
        with self._lock:
            if self._waiting[endpoint.path] >= endpoint.most_at_once:
                return endpoint.busy()
            self._waiting[endpoint.path] += 1
        try:
            body = _body(environ, request.length, endpoint.max_body_bytes)
            if len(body) > endpoint.max_body_bytes:
                return endpoint.too_large()
            return endpoint.answer(request, body)
        finally:
            with self._lock:
                self._waiting[endpoint.path] -= 1


def _request(environ: WSGIEnvironment) -> OwnRequest:
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return OwnRequest(
        environ.get("REQUEST_METHOD", ""),
        as_utf8(environ.get("SCRIPT_NAME", "")).rstrip("/"),
        as_utf8(environ.get("PATH_INFO", "")),
        environ.get("QUERY_STRING", ""),
        headers,
        environ.get("REMOTE_ADDR") or "",
        environ.get("wsgi.url_scheme", "http"),
        environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
        may_wait=bool(environ.get("wsgi.multithread", True)),
    )


def _body(environ: WSGIEnvironment, length: int | None, limit: int) -> bytes:
    """Return a body, at most a byte longer than allowed.

    A body of unknown length has an end only if the server marks its input as terminated.
    """
    source: Any = environ.get("wsgi.input")
    if source is None:
        return b""
    if length is not None:
        return bytes(source.read(min(length, limit + 1)))
    is_chunked = "HTTP_TRANSFER_ENCODING" in environ or environ.get("wsgi.input_terminated")
    return bytes(source.read(limit + 1)) if is_chunked else b""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
