"""Selection of the stored requests that can be sent again, and of their headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

from modeltap.decoding.shortfalls import general
from modeltap.payload import parse_json
from modeltap.privacy.marks import MASK
from modeltap.store.stored_exchanges import StoredExchange
from modeltap.store.stored_requests import StoredRequest

_NOT_HTTP = ("IMPORT", "EVENT")
"""Methods of imported rows and received events."""

_HASHED = re.compile(r"\[hash:[0-9a-f]{16}\]")
"""The mark of a masked value with `mask_with = "hash"`."""

_WITHOUT_BODY = ("GET", "HEAD", "DELETE", "OPTIONS")
"""Methods whose request is complete without a body."""

_OF_CONNECTION = frozenset(
    (
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "accept-encoding",
    )
)
"""Headers that describe the connection, or that are set from other columns."""

MASKED = "request masked"
CUT = "request cut"
MISSING = "request not stored"


def omission(request: StoredRequest) -> str | None:
    """Return why a request cannot be sent again; None if it can."""
    exchange, note = request.exchange, request.note
    if exchange.method is None or exchange.method in _NOT_HTTP or exchange.path is None:
        return "not an HTTP request"
    if exchange.error_type is not None or (exchange.status or 0) >= 400:
        return "failed at the model"
    if exchange.request_truncated:
        return CUT
    if note in ("masked", "unmaskable") or _is_masked(exchange.path, exchange.query):
        return MASKED
    if exchange.request_body is None and _needs_body(request):
        return MISSING
    if request.rows == 0:
        return f"not decoded: {general(request.decode_note or 'no rows')}"
    return None


def _is_masked(*texts: str | None) -> bool:
    plain = [unquote_plus(text) for text in texts if text]  # a query's marks are escaped
    return any(MASK in text or _HASHED.search(text) for text in plain)


def _needs_body(request: StoredRequest) -> bool:
    """Return True if the app received a body that the store does not have."""
    if request.bytes is not None:
        return request.bytes > 0
    return request.note != "empty" and request.exchange.method not in _WITHOUT_BODY


def body_of(exchange: StoredExchange) -> bytes:
    """Return a request's body as the app received it."""
    body = exchange.request_body
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def headers_of(exchange: StoredExchange) -> Iterator[tuple[str, str]]:
    """Yield content type, encoding and the stored headers, without masked ones."""
    if exchange.request_type:
        yield "content-type", exchange.request_type
    if exchange.request_encoding:
        yield "content-encoding", exchange.request_encoding
    stored = parse_json(exchange.request_headers) if exchange.request_headers else {}
    for name, value in (stored if isinstance(stored, dict) else {}).items():
        if isinstance(value, str) and name.lower() not in _OF_CONNECTION and not _is_masked(value):
            yield name.lower(), value
