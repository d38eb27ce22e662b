"""Selection of the headers to keep; all other headers never leave the app."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from modeltap.config.improving.shadow_settings import MARK_HEADER
from modeltap.config.settings import Settings

_MAX_CACHED = 1024
"""The maximum number of cached names, because clients can send any number of them."""

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
"""Headers that protocols need to decode a body or to identify it."""

Header = tuple[str, bytes | str]
"""A lower-case name, and its value as the app received it."""


class HeaderFilter:
    """Keeps the headers in `names`, and caches the decision for each name.

    >>> HeaderFilter(["Content-Type"]).kept([(b"Content-type", b"text/csv"), (b"cookie", b"c")])
    [('content-type', b'text/csv')]
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._known: dict[bytes | str, str] = {}  # in lower case if they are kept, else empty

    @classmethod
    def of_requests(cls, settings: Settings) -> HeaderFilter:
        """Return the filter for request headers that are stored or evaluated."""
        return cls(request_names(settings))

    @classmethod
    def of_responses(cls, settings: Settings) -> HeaderFilter:
        """Return the filter for response headers that are stored or evaluated."""
        id_name = settings.id_header or ""  # a tapped service behind this one may have sent it
        captured = settings.capture_response_headers
        return cls([*_OF_RESPONSES, *PROTOCOL_HEADERS, id_name, *captured, *_versions(settings)])

    def kept(self, headers: Collection[tuple[Any, Any]]) -> list[Header]:
        """Return the headers to keep; names may be bytes (ASGI) or text (WSGI)."""
        known, kept = self._known, []
        try:
            for raw, value in headers:
                if name := known[raw]:
                    kept.append((name, value))
        except (KeyError, TypeError):  # a new name, or an unhashable one, such as a bytearray
            return self._kept_and_learnt(headers)
        return kept

    def _kept_and_learnt(self, headers: Collection[tuple[Any, Any]]) -> list[Header]:
        # Apart from `kept`, which would be slower with variables that a comprehension shares.
        return [(name, value) for raw, value in headers if (name := self._name_of(raw))]

    def _name_of(self, raw: Any) -> str:
        """Return the name of a header to keep in lower case, else an empty text."""
        if not isinstance(raw, str):
            raw = bytes(raw)
        name = self._known.get(raw)
        if name is None:
            name = text_of(raw).lower()
            name = name if name in self._names else ""
            if len(self._known) < _MAX_CACHED:
                self._known[raw] = name
        return name


def has_header(headers: Iterable[Header], name: str) -> bool:
    """Return True if one of the kept `headers` has the lower-case `name`.

    >>> has_header([("content-type", b"text/csv")], "content-type"), has_header([], "x-id")
    (True, False)
    """
    for own, _ in headers:  # noqa: SIM110 - a generator would take twice as long
        if own == name:
            return True
    return False


def request_names(settings: Settings) -> list[str]:
    """Return the lower-case names of request headers that are stored or evaluated.

    >>> request_names(Settings(capture_request_headers=("X-Tenant", "CE-Id")))[-3:]
    ['inference-header-content-length', 'x-bentoml-request-id', 'x-tenant']
    """
    names = (
        *_OF_REQUESTS,
        settings.id_header or "",
        *sorted(PROTOCOL_HEADERS),
        *settings.capture_request_headers,
        *map(event_header, (settings, *map(settings.for_model, settings.models))),
        *_versions(settings),
        *((MARK_HEADER,) if settings.challengers else ()),
    )
    return list(dict.fromkeys(name.lower() for name in names if name))


def event_header(settings: Settings) -> str:
    """Return the lower-case name of the header with the event time; empty if there is none."""
    kind, _, name = settings.event_time.partition(":")
    return name.lower() if kind == "header" else ""


def version_header(settings: Settings) -> str:
    """Return the lower-case name of the header with the version; empty if there is none."""
    kind, _, name = settings.version.partition(":")
    return name.lower() if kind == "header" else ""


def _versions(settings: Settings) -> list[str]:
    return [version_header(own) for own in (settings, *map(settings.for_model, settings.models))]


def text_of(value: bytes | str) -> str:
    """Return a header's name or value as text."""
    return value if isinstance(value, str) else value.decode("latin-1")


def trace_id(traceparent: str) -> str | None:
    """Return the trace id of a W3C ``traceparent`` value, or None if the value is invalid.

    >>> trace_id("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    """
    parts = traceparent.strip().split("-")
    return parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else None
