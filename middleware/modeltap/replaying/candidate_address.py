"""The checked URL of a candidate: where requests with a given path are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from modeltap.errors import InputError
from modeltap.notify.addresses import AddressError, resolve

_PATH_CHARACTERS = "/:@!$&'()*+,;=~-._"
"""Characters of a path that need no escape."""

_LOOKUP_SECONDS = 10.0

MAX_NAME = 200
"""The longest name of a candidate."""


class CandidateAddress(NamedTuple):
    """A candidate's URL in parts, with the checked IP addresses of its host.

    Args:
        netloc: the host as it is written in the header Host, with the port.
        path: the path before that of a request, without a final slash.
        user: user name and password of the URL; None without.
        addresses: the addresses to connect to, in order.
    """

    scheme: str
    host: str
    port: int
    netloc: str
    path: str
    user: tuple[str, str] | None
    addresses: Sequence[str]

    @property
    def name(self) -> str:
        """The default name of the candidate.

        >>> parse_address("http://127.0.0.1:8001/v2/").name
        '127.0.0.1:8001/v2'
        """
        return (self.netloc + self.path)[:MAX_NAME]

    def target(self, path: str, query: str | None) -> bytes:
        """Return the target of a request: its own path after that of the URL.

        A URL that already ends with the request's path is the complete URL of the endpoint.

        >>> parse_address("http://127.0.0.1:8001/v2").target("/predict", "a=1")
        b'/v2/predict?a=1'
        >>> parse_address("http://127.0.0.1:8001/v2/predict").target("/predict", None)
        b'/v2/predict'
        """
        own = quote(path if path.startswith("/") else f"/{path}", safe=_PATH_CHARACTERS)
        joined = self.path if own != "/" and self.path.endswith(own) else self.path + own
        return joined.encode("ascii") + (f"?{query}".encode("latin-1", "replace") if query else b"")


def parse_address(url: str) -> CandidateAddress:
    """Check a candidate's URL and resolve its host, once for a run.

    The user names the URL, so that private addresses are allowed; those of metadata services and
    others that are never valid are not. Raises `InputError`.

    >>> parse_address("localhost:8001")
    Traceback (most recent call last):
    modeltap.errors.InputError: candidate URL 'localhost:8001' has no scheme; write http://localhost:8001
    """
    shown = _without_secret(url)
    if "://" not in url:
        raise InputError(f"candidate URL {shown!r} has no scheme; write http://{shown}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"candidate URL {shown!r} is not valid: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise InputError(
            f"candidate URL {shown!r} has the scheme {parts.scheme!r}; write http:// or https://"
        )
    if not host:
        raise InputError(f"candidate URL {shown!r} has no host; write http://HOST:PORT")
    if parts.query or parts.fragment:
        raise InputError(
            f"candidate URL {shown!r} has a query or a fragment; requests have their own query"
        )
    port = port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = resolve(host, port, allow_private=True, timeout_seconds=_LOOKUP_SECONDS)
    except AddressError as error:
        raise InputError(f"candidate URL {shown!r} cannot be used: {error}") from None
    user = None if parts.username is None else (parts.username, parts.password or "")
    netloc = parts.netloc.rpartition("@")[2]
    path = quote(parts.path.rstrip("/"), safe=_PATH_CHARACTERS + "%")
    return CandidateAddress(parts.scheme, host, port, netloc, path, user, addresses)


def _without_secret(url: str) -> str:
    """Return a URL without user name and password, for messages.

    >>> _without_secret("http://user:secret@host/path")
    'http://host/path'
    """
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return scheme + separator + authority.rpartition("@")[2] + slash + path
