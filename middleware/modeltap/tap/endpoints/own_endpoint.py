"""An endpoint that the tap serves itself: its requests, its replies, and what it has to offer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from modeltap.errors import ModeltapError
from modeltap.tap.wsgi_environ import whole_number


class OwnRequest(NamedTuple):
    """A request without its body.

    Attributes:
        root: the path at which the app is mounted, "" for none.
        path: the path below `root`.
        headers: by lower-case names; repeated ones are joined.
        client: the address of the client, "" if it is unknown.
        http_version: such as "1.1".
        may_wait: False if the app serves nothing else meanwhile.
    """

    method: str
    root: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    client: str = ""
    scheme: str = "http"
    http_version: str = "1.1"
    may_wait: bool = True

    @property
    def length(self) -> int | None:
        """The length of the body in bytes, if the request has a valid header for it."""
        return whole_number(self.headers.get("content-length", ""))


class OwnReply(NamedTuple):
    """A response: its status, its body, and its headers without the length of the body."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def all_headers(self) -> list[tuple[str, str]]:
        """The headers of the response, with the length of the body."""
        if any(name == "content-length" for name, _ in self.headers):
            return list(self.headers)
        return [*self.headers, ("content-length", str(len(self.body)))]


LATER = ("retry-after", "1")
"""The header that asks a client to repeat its request."""


class OwnEndpoint(Protocol):
    """An endpoint. `refusal` and `answer` never raise."""

    option: str
    """The option with its path."""
    path: str
    """Its path, without a slash at its end."""
    has_pages_below: bool
    """True if it serves all paths below its own, too."""
    max_body_bytes: int
    """A longer body is refused."""
    threads: int
    """Requests that are answered at once in an ASGI app."""
    most_at_once: int
    """Requests that are read, wait or are answered at once; more are refused."""

    def refusal(self, request: OwnRequest) -> OwnReply | None:
        """Return the response to a request that is refused before its body is read; else None."""
        ...

    def answer(self, request: OwnRequest, body: bytes) -> OwnReply:
        """Return the response; blocks the calling thread."""
        ...

    def too_large(self) -> OwnReply:
        """Return the response to a body that is too long."""
        ...

    def busy(self) -> OwnReply:
        """Return the response while too many other requests wait."""
        ...


def serves(endpoint: OwnEndpoint, path: str) -> bool:
    """Return whether a path below the app's mount is the endpoint's."""
    own = endpoint.path
    return path == own or (endpoint.has_pages_below and path.startswith(f"{own}/"))


def json_reply(status: int, content: Mapping[str, object], *headers: tuple[str, str]) -> OwnReply:
    """Return a reply with JSON.

    >>> json_reply(405, {"error": "no"}, ("allow", "POST")).headers
    (('content-type', 'application/json'), ('allow', 'POST'))
    """
    body = json.dumps(content).encode()
    return OwnReply(status, body, (("content-type", "application/json"), *headers))


def text_reply(status: int, text: str, *headers: tuple[str, str]) -> OwnReply:
    """Return a reply with a line of plain text, which is neither cached nor taken for a page.

    >>> text_reply(403, "not you").body
    b'modeltap: not you\\n'
    """
    safe = (
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    )
    return OwnReply(status, f"modeltap: {text}\n".encode(), (*safe, *headers))


class PagesUnavailable(ModeltapError):
    """The pages cannot be made now; the message has the reason and the fix."""
