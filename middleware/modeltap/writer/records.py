"""From an exchange to the row that is written of it: names, times, masks and text.

In two steps. `pack` copies what counts of an exchange into bytes, as soon as it is over: one
object to keep instead of a dozen that Python's garbage collector would visit, of a known size,
and ready for another process. `Recording` makes the row of them, where the row is written.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterable
from typing import Any

import msgspec

from modeltap.clock import iso
from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.privacy.headers import PROTOCOL_HEADERS, Header, event_header, text_of, trace_id
from modeltap.privacy.masker import Masker, as_text, cut_at_character
from modeltap.store.text import storable_text
from modeltap.tap.exchange import Exchange, ids
from modeltap.writer.chunk_timing import stream_of

_MAX_TEXT = 2000
"""Longer paths and error messages are cut: they are there to be read."""

_MARSHAL_VERSION = 2
"""The last one that does not look each object up among those already written."""

Row = tuple[Any, ...]


class Origin(msgspec.Struct, frozen=True):
    """What all records of one tap have in common; it holds no secret."""

    settings: Settings
    webhooks: tuple[dict[str, Any], ...]
    pid: int
    host: str


def origin_of(settings: Settings, pid: int, host: str) -> Origin:
    """Return the origin of a tap with `settings` in process `pid` on `host`."""
    said = tuple(map(_without_secrets, settings.webhooks))
    return Origin(msgspec.structs.replace(settings, webhooks=()), said, pid, host)


def _without_secrets(webhook: Any) -> dict[str, Any]:
    """Only what is `env:NAME`, or no secret, may be kept; a literal URL is known by its key."""
    said = msgspec.to_builtins(webhook)
    said["key"] = webhook.key
    for name in ("url", "secret"):
        if said[name] and not said[name].startswith("env:"):
            said[name] = None
    return dict(said)


def pack(origin: int, x: Exchange) -> bytes:
    """Return an exchange that is over as bytes; `origin` numbers what it has in common with others.

    Values of an app's own types become the plain ones that they extend.
    """
    error = x.error
    values: Any = (
        origin,
        x.id or ids.next(x.started_at),
        x.source,
        x.model,
        x.method,
        x.path,
        x.query,
        route_template(x.route),
        x.status,
        x.started_at,
        x.headers_ms,
        x.first_byte_ms,
        x.duration_ms,
        x.request_headers,
        x.response_headers,
        x.request_body,
        x.response_body,
        x.request_bytes,
        x.response_bytes,
        x.request_read,
        x.request_truncated,
        x.response_truncated,
        x.aborted,
        x.response_note,
        None if error is None else type(error).__qualname__,
        None if error is None else _said_by(error),
        x.sampled,
        x.request_note,
        None if x.chunks is None else (x.chunk_count, x.chunks.tobytes()),
    )
    try:
        return marshal.dumps(values, _MARSHAL_VERSION)
    except ValueError:
        return marshal.dumps(_plain(values), _MARSHAL_VERSION)


class Recording:
    """Turns packed exchanges of one origin into rows of `exchanges`, as its settings say."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        settings = origin.settings
        self._masker = Masker(
            settings.mask_headers,
            settings.mask_query_params,
            settings.mask_body_fields,
            settings.mask_values,
            settings.mask_with,
            from_environment(settings.mask_key or "", "mask_key"),
        )
        self._event_by_request = settings.event_time == "request"
        self._event_header = event_header(settings)
        self._sent = PROTOCOL_HEADERS.union(map(str.lower, settings.capture_request_headers))
        self._answered = PROTOCOL_HEADERS.union(map(str.lower, settings.capture_response_headers))

    def row(self, values: tuple[Any, ...]) -> Row:
        """Return the values of `schema.EXCHANGE_COLUMNS`, in their order."""
        (
            _,
            id_,
            source,
            model,
            method,
            path,
            query,
            route,
            status,
            began,
            headers_ms,
            first_byte_ms,
            duration_ms,
            request_headers,
            response_headers,
            request_body,
            response_body,
            request_bytes,
            response_bytes,
            request_read,
            request_truncated,
            response_truncated,
            aborted,
            response_note,
            error_type,
            error_message,
            sampled,
            own_note,
            chunks,
        ) = values
        settings = self.origin.settings
        sent = _facts(request_headers, self._sent, self._event_header)
        answered = _facts(response_headers, self._answered, "")
        as_sent = self._as_sent(response_body, response_bytes)
        stream = stream_of(chunks[0], chunks[1], as_sent, answered.encoding) if chunks else None
        request_body, request_note = self._body(
            request_body, request_truncated, sent.encoding, settings.capture_request_body
        )
        response_body, note = self._body(
            response_body, response_truncated, answered.encoding, settings.capture_response_body
        )
        request_note = own_note or request_note
        if not request_read and not request_bytes:
            request_note = "not read"
        started_at = iso(began)
        path = self._masker.text(_clean(path))
        rate = settings.sample_rate if sampled else 0.0
        return (
            id_,
            model,
            settings.version,
            source,
            method,
            path,
            route,
            status,
            started_at,
            started_at if self._event_by_request else sent.event,
            headers_ms,
            first_byte_ms,
            duration_ms,
            sent.type,
            answered.type,
            request_body,
            response_body,
            request_bytes,
            response_bytes,
            request_read,
            rate,
            self.origin.pid,
            self.origin.host,
            settings.environment,
            self._masker.query(query.decode("latin-1")) if query else None,
            error_type,
            self._message(error_message),
            sent.encoding or None,
            answered.encoding or None,
            request_note,
            response_note or note,
            request_truncated or None,
            response_truncated or None,
            aborted or None,
            self._headers(sent.chosen),
            self._headers(answered.chosen),
            sent.request_id and self._masker.text(sent.request_id),
            sent.trace_id,
            stream,
        )

    def _as_sent(self, body: bytes | bytearray, sent_bytes: int) -> bytes | bytearray:
        """Return `body`; nothing where the app's own mask changed it: its lines are others then."""
        is_whole = len(body) == min(sent_bytes, self.origin.settings.max_body_bytes)
        return body if is_whole else b""

    def _body(
        self, body: bytes | bytearray, truncated: bool, encoding: str, wanted: bool
    ) -> tuple[str | bytes | None, str | None]:
        if not wanted:
            return None, "not captured"
        if not body:
            return None, "empty"
        if truncated and not encoding:
            whole = cut_at_character(body)
            body = whole if as_text(whole) is not None else body
        if not self.origin.settings.mask_bodies:
            plain = bytes(body)
            return plain if encoding or (text := as_text(plain)) is None else text, None
        return self._masker.body(body, encoding)

    def _headers(self, chosen: dict[str, str]) -> str | None:
        if not chosen:
            return None
        kept = ((name, self._masker.header(name, value)) for name, value in chosen.items())
        return json.dumps({name: value for name, value in kept if value is not None})

    def _message(self, text: str | None) -> str | None:
        """An exception's text may quote the request: what holds a sensitive name is left out."""
        if text is None:
            return None
        kept, _ = self._masker.body(_clean(text).encode(), "")
        return kept if isinstance(kept, str) else None


class _Facts:
    """What the headers of one side tell."""

    __slots__ = ("chosen", "encoding", "event", "request_id", "trace_id", "type")

    def __init__(self) -> None:
        self.type: str | None = None
        self.encoding = ""
        self.request_id: str | None = None
        self.trace_id: str | None = None
        self.event: str | None = None
        self.chosen: dict[str, str] = {}


def _facts(headers: Iterable[Header], wanted: frozenset[str], event: str) -> _Facts:
    """Read headers that `HeaderFilter` kept; those of `wanted` names are kept as they are."""
    facts = _Facts()
    for name, raw in headers:
        value = text_of(raw)
        if name == "content-type":
            facts.type = _clean(value)
        elif name == "content-encoding":
            facts.encoding = value.strip().lower()
        elif name == "x-request-id":
            facts.request_id = _clean(value)
        elif name == "traceparent":
            facts.trace_id = trace_id(value)
        if name in wanted:
            facts.chosen[name] = value
        if name == event:
            facts.event = value
    return facts


def route_template(route: Any) -> str | None:
    """Return the route as the app wrote it (``/flights/{id}``), where the framework tells."""
    if isinstance(route, str) or route is None:
        return route
    template = getattr(route, "path", None) or getattr(route, "rule", None)
    return template if isinstance(template, str) else None


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(iter(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Iterable):
        return tuple(map(_plain, value))
    return None if value is None else str(value)


def _said_by(error: BaseException) -> str | None:
    try:
        return str(error)[:_MAX_TEXT]
    except Exception:  # an app's own __str__ may do anything
        return None


def _clean(text: str) -> str:
    """Text that SQLite can hold, bounded."""
    return storable_text(text[:_MAX_TEXT])
