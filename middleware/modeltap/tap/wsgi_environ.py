"""Facts in the environ of a WSGI request (PEP 3333)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modeltap.config.settings import Settings
from modeltap.privacy.headers import request_names
from modeltap.tap.nesting import Call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def call_of(environ: WSGIEnvironment) -> Call:
    """Return the method, the path with that of the mount, and the query of a request."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "").encode("latin-1", "replace")
    return environ.get("REQUEST_METHOD"), as_utf8(path), query


def route_of(route: Any) -> str | None:
    """Return a route as written in the app (``/flights/{id}``), if the framework provides it.

    `route` is a text, or a rule of Flask.
    """
    template = route if isinstance(route, str) else getattr(route, "rule", None)
    return template if isinstance(template, str) else None


def header_keys(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return pairs of environ key and name for the headers to keep."""
    return tuple((header_key(name), name) for name in request_names(settings))


def header_key(header: str) -> str:
    """Return the environ key of a header.

    >>> header_key("Content-Type"), header_key("x-request-id")
    ('CONTENT_TYPE', 'HTTP_X_REQUEST_ID')
    """
    name = header.upper().replace("-", "_")
    return name if name == "CONTENT_TYPE" else f"HTTP_{name}"


def length_of(environ: WSGIEnvironment) -> int | None:
    """Return the request's Content-Length; None if it is unknown or malformed."""
    text = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    return whole_number(text) if text else 0


def whole_number(text: str) -> int | None:
    """Return a number of fewer than 20 digits, as a size in bytes has; None for other text.

    >>> whole_number("200"), whole_number("-1"), whole_number("9" * 5000)
    (200, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def as_utf8(text: str) -> str:
    """Decode a WSGI string, which holds bytes as Latin-1 text (PEP 3333).

    >>> as_utf8("/caf\u00c3\u00a9")
    '/café'
    """
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")
