"""The headers that count: a request keeps these alone, so that no other leaves the app."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modeltap.config.settings import Settings

_REMEMBERED = 1024
"""How many names are remembered; a client may make up any number of them."""

_OF_REQUESTS = ("content-type", "content-encoding", "x-request-id", "traceparent")
_OF_RESPONSES = ("content-type", "content-encoding")

PROTOCOL_HEADERS = frozenset(
    (
        "inference-header-content-length",
        "ce-id",
        "ce-specversion",
        "x-bentoml-request-id",
    )
)
"""Without these a body of the protocol that sends them cannot be decoded, or its id is lost."""

Header = tuple[str, bytes | str]
"""A name in lower case, and its value as the app has it."""


class HeaderFilter:
    """Keeps the headers of `names`; of each name it works out only once whether it is one.

    >>> HeaderFilter(["Content-Type"]).kept([(b"Content-type", b"text/csv"), (b"cookie", b"c")])
    [('content-type', b'text/csv')]
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._known: dict[bytes | str, str | None] = {}

    @classmethod
    def of_requests(cls, settings: Settings) -> HeaderFilter:
        """Return the filter of the request headers that are stored or evaluated."""
        return cls(request_names(settings))

    @classmethod
    def of_responses(cls, settings: Settings) -> HeaderFilter:
        """Return the filter of the response headers that are stored or evaluated."""
        return cls([*_OF_RESPONSES, *PROTOCOL_HEADERS, *settings.capture_response_headers])

    def kept(self, headers: Iterable[tuple[Any, Any]]) -> list[Header]:
        """Return the headers that count, of names as bytes (ASGI) or text (WSGI)."""
        known = self._known
        kept: list[Header] = []
        for raw, value in headers:
            try:
                name = known[raw]
            except (KeyError, TypeError):
                name = self._learn(raw)
            if name is not None:
                kept.append((name, value))
        return kept

    def _learn(self, raw: Any) -> str | None:
        name = text_of(raw if isinstance(raw, str) else bytes(raw)).lower()
        counts = name in self._names
        if isinstance(raw, (bytes, str)) and len(self._known) < _REMEMBERED:
            self._known[raw] = name if counts else None
        return name if counts else None


def request_names(settings: Settings) -> list[str]:
    """Return the names, in lower case, of request headers that are stored or evaluated.

    >>> request_names(Settings(capture_request_headers=("X-Tenant", "CE-Id")))[-3:]
    ['inference-header-content-length', 'x-bentoml-request-id', 'x-tenant']
    """
    names = (
        *_OF_REQUESTS,
        settings.id_header or "",
        *sorted(PROTOCOL_HEADERS),
        *settings.capture_request_headers,
        *map(event_header, (settings, *map(settings.for_model, settings.models))),
    )
    return list(dict.fromkeys(name.lower() for name in names if name))


def event_header(settings: Settings) -> str:
    """Return the header with the event time, in lower case; empty if there is none."""
    kind, _, name = settings.event_time.partition(":")
    return name.lower() if kind == "header" else ""


def text_of(value: bytes | str) -> str:
    """Return a header's name or value as text."""
    return value if isinstance(value, str) else value.decode("latin-1")


def trace_id(traceparent: str) -> str | None:
    """Return the trace id of a W3C ``traceparent`` value, or None when it is none.

    >>> trace_id("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    """
    parts = traceparent.strip().split("-")
    return parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else None
