"""The labels endpoint in a WSGI app: stores a post in the thread of its request."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from modeltap.tap.labelling.labels_endpoint import (
    MAX_BODY_BYTES,
    LabelReply,
    LabelsEndpoint,
    too_large,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class WSGILabels:
    """Serves the endpoint beside an app."""

    def __init__(self, endpoint: LabelsEndpoint) -> None:
        self._endpoint = endpoint

    def serves(self, environ: WSGIEnvironment) -> bool:
        """Return True for a request of the endpoint's path, below the path of the app's mount."""
        path = environ.get("PATH_INFO", "")
        return bool(path.encode("latin-1", "replace").decode("utf-8", "replace") == self._path)

    @property
    def _path(self) -> str | None:
        return self._endpoint.path

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        reply = self._reply(environ)
        status = f"{reply.status} {HTTPStatus(reply.status).phrase}"
        start_response(status, reply.all_headers)
        return [reply.body]

    def _reply(self, environ: WSGIEnvironment) -> LabelReply:
        length = environ.get("CONTENT_LENGTH") or ""
        refusal = self._endpoint.refusal(
            environ.get("REQUEST_METHOD", ""), environ.get("HTTP_AUTHORIZATION", ""), length
        )
        if refusal is not None:
            return refusal
        body = _body(environ, length)
        if len(body) > MAX_BODY_BYTES:
            return too_large()
        return self._endpoint.store(body, environ.get("CONTENT_TYPE", ""))


def _body(environ: WSGIEnvironment, length: str) -> bytes:
    """Return a body, at most a byte longer than allowed.

    A body of unknown length has an end only if the server marks its input as terminated.
    """
    source: Any = environ.get("wsgi.input")
    if source is None:
        return b""
    most = MAX_BODY_BYTES + 1
    if length.isascii() and length.isdigit():
        return bytes(source.read(min(int(length), most)))
    is_chunked = "HTTP_TRANSFER_ENCODING" in environ or environ.get("wsgi.input_terminated")
    return bytes(source.read(most)) if is_chunked else b""
