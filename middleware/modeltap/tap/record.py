"""From an exchange to the row that is written of it: names, times, masks and text.

This runs on the writer thread, after the response has left.
"""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, Any

from modeltap.clock import iso
from modeltap.tap.exchange import Exchange, IdSource
from modeltap.tap.mask import Masker, cut_at_character

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modeltap.config import Settings

_MAX_TEXT = 2000
"""Longer paths and error messages are cut: they are there to be read."""

Row = tuple[Any, ...]


class Recording:
    """Turns exchanges into rows of `exchanges`, as one app's settings say."""

    def __init__(self, settings: Settings, ids: IdSource) -> None:
        self.settings = settings
        self._ids = ids
        self._masker = Masker(
            settings.mask_headers, settings.mask_query_params, settings.mask_body_fields
        )
        self._wanted_request = frozenset(n.lower() for n in settings.capture_request_headers)
        self._wanted_response = frozenset(n.lower() for n in settings.capture_response_headers)
        self._host = socket.gethostname()
        kind, _, self._event_header = settings.event_time.partition(":")
        self._event_by_header = kind == "header"
        self._event_by_request = kind == "request"

    def row(self, x: Exchange) -> Row:
        """Return the values of `schema.EXCHANGE_COLUMNS`, in their order."""
        settings = self.settings
        sent = _read_headers(x.request_headers, self._wanted_request, self._event_header)
        answered = _read_headers(x.response_headers, self._wanted_response)
        request_body, request_note = self._body(
            x.request_body, x.request_truncated, sent.encoding, settings.capture_request_body
        )
        response_body, response_note = self._body(
            x.response_body, x.response_truncated, answered.encoding,
            settings.capture_response_body,
        )  # fmt: skip
        if not x.request_read and not x.request_bytes:
            request_note = "not read"
        started_at = iso(x.started_at)
        event_time = started_at if self._event_by_request else None
        if self._event_by_header:
            event_time = sent.event
        error = x.error
        return (
            x.id or self._ids.next(x.started_at), x.model, settings.version, x.source, x.method,
            _clean(x.path), route_template(x), x.status, started_at, event_time, x.headers_ms,
            x.first_byte_ms, x.duration_ms, sent.type, answered.type, request_body, response_body,
            x.request_bytes, x.response_bytes, x.request_read, settings.sample_rate, os.getpid(),
            self._host,
            settings.environment,
            self._masker.query(x.query.decode("latin-1")) if x.query else None,
            type(error).__qualname__ if error is not None else None,
            self._message(error) if error is not None else None,
            sent.encoding or None, answered.encoding or None,
            request_note, x.response_note or response_note,
            x.request_truncated or None, x.response_truncated or None, x.aborted or None,
            self._headers(sent.chosen), self._headers(answered.chosen),
            sent.request_id, sent.trace_id,
        )  # fmt: skip

    def _body(
        self, body: bytes | bytearray, truncated: bool, encoding: str, wanted: bool
    ) -> tuple[str | bytes | None, str | None]:
        if not wanted:
            return None, "not captured"
        if not body:
            return None, "empty"
        if truncated and not encoding:
            body = cut_at_character(body)
        return self._masker.body(body, encoding)

    def _headers(self, chosen: dict[str, str]) -> str | None:
        if not chosen:
            return None
        return json.dumps({name: self._masker.header(name, v) for name, v in chosen.items()})

    def _message(self, error: BaseException) -> str | None:
        """An exception's text may quote the request: what holds a sensitive name is left out."""
        try:
            text = _clean(str(error))
        except Exception:  # an app's own __str__ may do anything
            return None
        kept, _ = self._masker.body(text.encode(), "")
        return kept if isinstance(kept, str) else None


class _HeaderFacts:
    __slots__ = ("chosen", "encoding", "event", "request_id", "trace_id", "type")

    def __init__(self) -> None:
        self.type: str | None = None
        self.encoding = ""
        self.request_id: str | None = None
        self.trace_id: str | None = None
        self.event: str | None = None
        self.chosen: dict[str, str] = {}


def _read_headers(
    headers: Iterable[tuple[bytes, bytes]], wanted: frozenset[str], event_header: str = ""
) -> _HeaderFacts:
    facts = _HeaderFacts()
    for raw_name, raw_value in headers:
        name = raw_name.lower()
        if name == b"content-type":
            facts.type = _clean(raw_value.decode("latin-1"))
        elif name == b"content-encoding":
            facts.encoding = raw_value.decode("latin-1").strip().lower()
        elif name == b"x-request-id":
            facts.request_id = _clean(raw_value.decode("latin-1"))
        elif name == b"traceparent":
            facts.trace_id = trace_id(raw_value)
        if wanted or event_header:
            text = name.decode("latin-1")
            if text in wanted:
                facts.chosen[text] = raw_value.decode("latin-1")
            if text == event_header.lower():
                facts.event = raw_value.decode("latin-1")
    return facts


def trace_id(traceparent: bytes) -> str | None:
    """Return the trace id of a W3C ``traceparent`` value, or None when it is none.

    >>> trace_id(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    """
    parts = traceparent.decode("latin-1").strip().split("-")
    return parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else None


def route_template(x: Exchange) -> str | None:
    """Return the route as the app wrote it (``/flights/{id}``), where the framework tells."""
    route = x.route
    if isinstance(route, str) or route is None:
        return route
    template = getattr(route, "path", None) or getattr(route, "rule", None)
    return template if isinstance(template, str) else None


def _clean(text: str) -> str:
    """Text that SQLite can hold: bounded, without NUL or lone surrogates."""
    if len(text) <= _MAX_TEXT and text.isascii() and "\0" not in text:
        return text
    return text[:_MAX_TEXT].replace("\0", "").encode("utf-8", "replace").decode()
