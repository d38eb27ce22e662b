"""Facts in the headers of captured requests and responses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from modeltap.privacy.headers import PROTOCOL_HEADERS, Header, text_of, trace_id
from modeltap.store.text import storable_text
from modeltap.writer.records import MAX_TEXT

_MAX_HEADERS = 8
_MAX_VALUE_LENGTH = 200
"""Longer lists and values are not cached, because clients choose them."""


class RequestIds(NamedTuple):
    """The facts in headers that differ in each request."""

    request_id: str | None = None
    outer_id: str | None = None
    """The id that a tapped gateway sends."""
    trace_id: str | None = None
    event: str | None = None
    """The event time."""


class HeaderFacts(NamedTuple):
    """The facts in headers that are equal in many requests or responses."""

    type: str | None
    encoding: str
    stored: dict[str, str]
    """The headers to store."""
    recur: bool
    """True if the headers are short, and none of them differs in each request."""


class HeaderReader:
    """Extracts facts from headers.

    `captured` names the headers to store, `event_name` the header with the event time, and
    `id_name` the header in which a tapped gateway sends its id. The header `version_name` is part
    of the recurring headers.

    >>> reader = HeaderReader(["X-Tenant"])
    >>> headers = [("content-type", b"text/csv"), ("x-tenant", b"a"), ("x-request-id", b"r-1")]
    >>> recurring, ids = reader.split(headers)
    >>> reader.read(recurring)
    HeaderFacts(type='text/csv', encoding='', stored={'x-tenant': 'a'}, recur=True)
    >>> ids.request_id
    'r-1'
    """

    def __init__(
        self,
        captured: Iterable[str],
        event_name: str = "",
        id_name: str = "",
        version_name: str = "",
    ) -> None:
        self._wanted = PROTOCOL_HEADERS.union(map(str.lower, captured))
        self._event_name = event_name
        self._id_name = id_name
        self._of_ids = {"x-request-id", "traceparent", event_name, id_name} - {""}
        read = {"content-type", "content-encoding", version_name}
        self._only_ids = self._of_ids - self._wanted - read

    def split(self, headers: Sequence[Header]) -> tuple[tuple[Header, ...], RequestIds]:
        """Return the headers that `read` needs, and the facts that differ in each request."""
        values: dict[str, str] = {}
        recurring: list[Header] = []
        for header in headers:
            name = header[0]
            if name in self._of_ids:
                values[name] = text_of(header[1])
                if name in self._only_ids:
                    continue
            recurring.append(header)
        return tuple(recurring), self._ids_in(values) if values else NO_IDS

    def _ids_in(self, values: dict[str, str]) -> RequestIds:
        request_id, outer_id = values.get("x-request-id"), values.get(self._id_name)
        return RequestIds(
            request_id and bounded_text(request_id),
            outer_id and bounded_text(outer_id),
            trace_id(values["traceparent"]) if "traceparent" in values else None,
            values.get(self._event_name),
        )

    def read(self, headers: Sequence[Header]) -> HeaderFacts:
        """Return the facts in headers, which `split` returned."""
        kind, encoding = None, ""
        stored = {}
        for name, raw in headers:
            value = text_of(raw)
            if name == "content-type":
                kind = bounded_text(value)
            elif name == "content-encoding":
                encoding = value.strip().lower()
            if name in self._wanted:
                stored[name] = value
        return HeaderFacts(kind, encoding, stored, self._recur(headers))

    def _recur(self, headers: Sequence[Header]) -> bool:
        return len(headers) <= _MAX_HEADERS and all(
            len(value) <= _MAX_VALUE_LENGTH and name not in self._of_ids for name, value in headers
        )


NO_IDS = RequestIds()


def bounded_text(text: str) -> str:
    """Return the first `MAX_TEXT` characters of `text` in a form that SQLite can hold."""
    return storable_text(text[:MAX_TEXT])
