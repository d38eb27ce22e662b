"""Facts in the headers of captured requests and responses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modeltap.privacy.headers import PROTOCOL_HEADERS, Header, text_of, trace_id
from modeltap.store.text import storable_text
from modeltap.writer.records import MAX_TEXT

_MAX_CACHED = 256
"""The size of the cache. Clients send few different header lists, apart from headers that differ
in each request."""

_MAX_HEADERS = 8
_MAX_VALUE_LENGTH = 200
"""Longer lists and values are not cached, because clients choose them."""


class HeaderReader:
    """Extracts facts from headers, with a cache for equal lists of headers.

    `captured` names the headers to store, `event_name` the header with the event time, and
    `id_name` the header in which a tapped gateway sends its id.

    >>> reader = HeaderReader(["X-Tenant"])
    >>> facts = reader.read([("content-type", b"text/csv"), ("x-tenant", b"a")])
    >>> facts.type, facts.stored
    ('text/csv', {'x-tenant': 'a'})
    """

    def __init__(self, captured: Iterable[str], event_name: str = "", id_name: str = "") -> None:
        self._wanted = PROTOCOL_HEADERS.union(map(str.lower, captured))
        self._event_name = event_name
        self._id_name = id_name
        self._known: dict[tuple[Header, ...], HeaderFacts] = {}

    def read(self, headers: Sequence[Header]) -> HeaderFacts:
        """Return the facts in `headers`; callers must not change them."""
        key = tuple(headers)
        facts = self._known.get(key)
        if facts is None:
            facts = HeaderFacts(headers, self._wanted, self._event_name, self._id_name)
            if _is_short(key) and not facts.differ_by_request:
                if len(self._known) >= _MAX_CACHED:
                    self._known.clear()
                self._known[key] = facts
                facts.recur = True
        return facts


def _is_short(headers: Sequence[Header]) -> bool:
    return len(headers) <= _MAX_HEADERS and all(
        len(value) <= _MAX_VALUE_LENGTH for _, value in headers
    )


class HeaderFacts:
    """The facts in the headers of a request or a response.

    `stored` has the headers to store, named in `wanted`. `event` is the value of the header
    `event_name`, and `outer_id` that of `id_name`, which a tapped gateway sends. `recur` is True
    if the headers are short and have no value that differs in each request.
    """

    __slots__ = (
        "encoding",
        "event",
        "outer_id",
        "recur",
        "request_id",
        "stored",
        "trace_id",
        "type",
    )

    def __init__(
        self,
        headers: Iterable[Header],
        wanted: frozenset[str],
        event_name: str = "",
        id_name: str = "",
    ) -> None:
        self.type: str | None = None
        self.encoding = ""
        self.request_id: str | None = None
        self.outer_id: str | None = None
        self.trace_id: str | None = None
        self.event: str | None = None
        self.stored: dict[str, str] = {}
        self.recur = False
        for name, raw in headers:
            value = text_of(raw)
            if name == "content-type":
                self.type = bounded_text(value)
            else:
                self._note(name, value)
            if name in wanted:
                self.stored[name] = value
            if name == event_name:
                self.event = value
            if name == id_name:
                self.outer_id = bounded_text(value)

    def _note(self, name: str, value: str) -> None:
        if name == "content-encoding":
            self.encoding = value.strip().lower()
        elif name == "x-request-id":
            self.request_id = bounded_text(value)
        elif name == "traceparent":
            self.trace_id = trace_id(value)

    @property
    def differ_by_request(self) -> bool:
        """True if the headers contain values that differ in each request."""
        ids = (self.request_id, self.trace_id, self.event, self.outer_id)
        return any(value is not None for value in ids)


def bounded_text(text: str) -> str:
    """Return the first `MAX_TEXT` characters of `text` in a form that SQLite can hold."""
    return storable_text(text[:MAX_TEXT])
