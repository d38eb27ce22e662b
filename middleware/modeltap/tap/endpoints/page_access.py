"""Access to the pages: who may see the dashboard and `/metrics`.

Without a token, only loopback clients may; with one, everybody has to show it. A proxy on the same
machine makes each client look like a loopback one, so a request that a proxy has passed on needs a
token. The `Host` header is always checked, because a foreign page could otherwise read a loopback
server through a name of its own (DNS rebinding).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from modeltap.tap.endpoints.own_endpoint import OwnRequest

COOKIE = "modeltap_token"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_OF_PROXIES = (
    "forwarded",
    "via",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
)
"""Headers that proxies add, whatever their value. A client that adds one only locks itself out."""


class Refused(NamedTuple):
    """A refusal: the HTTP status, and the reason with its fix."""

    status: int
    reason: str


@dataclass(frozen=True)
class DashboardAccess:
    """The conditions of access.

    Attributes:
        token: None lets everybody in who reaches a loopback address.
        hosts: names under which the dashboard is reached, besides loopback ones.
        secret: of the forms of the dashboard; it has to outlive the process that makes the pages.
        is_client_checked: True if a server in front has checked the client's address.
        title: the pages, in messages.
        token_option: the option with the token, in messages.
        host_option: the option with the hosts, in messages.
    """

    token: str | None = None
    hosts: frozenset[str] = frozenset()
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    is_client_checked: bool = False
    title: str = "the dashboard"
    token_option: str = "--token"
    host_option: str = "--allow-host"

    def refusal(self, request: OwnRequest) -> Refused | None:
        """Return why a request may not see pages; None if it may.

        >>> local = OwnRequest("GET", "", "/", headers={"host": "localhost"}, client="127.0.0.1")
        >>> DashboardAccess().refusal(local)
        >>> DashboardAccess("t0ken").refusal(local).status
        401
        >>> DashboardAccess().refusal(local._replace(client="10.0.0.7")).status
        403
        """
        if self.token is None and not (self.is_client_checked or _is_loopback(request)):
            return Refused(
                403,
                f"without a token, {self.title} answers only loopback addresses, without a proxy; "
                f"set {self.token_option}",
            )
        if not self.knows_host(request.headers.get("host", "")):
            return Refused(
                403, f"the Host header names another server; add its name to {self.host_option}"
            )
        if not self.shows_token(request):
            return Refused(
                401, f"open {self.title} with ?token=..., or send Authorization: Bearer ..."
            )
        return None

    def form_token(self) -> str:
        """Return the value that forms of the dashboard send along."""
        return hmac.new(self.secret, b"form", hashlib.sha256).hexdigest()

    def is_form_token(self, sent: str) -> bool:
        """Return whether a form is one of the dashboard's own."""
        return is_same_token(sent, self.form_token())

    def knows_host(self, host: str) -> bool:
        """Return whether a `Host` header names this dashboard.

        Behind a token any address will do: a foreign page has only names for a server, and no
        token for it.

        >>> hosts = ("127.0.0.1:8400", "[::1]:8400", "evil.example", "10.0.0.7", "")
        >>> [DashboardAccess().knows_host(host) for host in hosts]
        [True, True, False, False, False]
        >>> [DashboardAccess("t0ken").knows_host(host) for host in hosts]
        [True, True, False, True, False]
        """
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name in _LOOPBACK or name in self.hosts:
            return True
        return self.token is not None and _is_address(name)

    def shows_token(self, request: OwnRequest) -> bool:
        """Return whether a request has shown the token; without one, any request has."""
        if self.token is None:
            return True
        sent = _token_of(request)
        if sent is not None:
            return is_same_token(sent, self.token)
        cookie = _cookie_of(request.headers)
        return cookie is not None and is_same_token(cookie, self.cookie())

    def shows_token_in_address(self, request: OwnRequest) -> bool:
        """Return whether a request has the right token in its address, where it must not stay."""
        sent = _token_in_address(request)
        return self.token is not None and sent is not None and is_same_token(sent, self.token)

    def cookie(self) -> str:
        """Return the value of the cookie, which does not reveal the token.

        >>> len(DashboardAccess("t0ken").cookie())
        64
        """
        return hmac.new((self.token or "").encode(), b"cookie", hashlib.sha256).hexdigest()


def _token_of(request: OwnRequest) -> str | None:
    """Return the token in a request's address, or in its header."""
    asked = _token_in_address(request)
    if asked is not None:
        return asked
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def _token_in_address(request: OwnRequest) -> str | None:
    asked = parse_qs(request.query).get("token") if "token=" in request.query else None
    return asked[0] if asked else None


def _cookie_of(headers: Mapping[str, str]) -> str | None:
    """Return the dashboard's cookie.

    The app's cookies stand beside it, and `http.cookies` stops at the first that it cannot read.
    """
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return None


def _is_loopback(request: OwnRequest) -> bool:
    """Return whether the client is on this machine, and speaks to the app itself.

    nginx, as it is installed, adds no header and speaks HTTP/1.0, which browsers do not.
    """
    is_direct = request.http_version != "1.0" and not any(
        name in _OF_PROXIES or name.startswith("x-forwarded") for name in request.headers
    )
    return is_direct and _is_address(request.client, loopback=True)


def _is_address(text: str, *, loopback: bool = False) -> bool:
    """Return whether a text is an IP address.

    >>> _is_address("127.0.0.2", loopback=True), _is_address("::ffff:127.0.0.1", loopback=True)
    (True, True)
    >>> _is_address("10.0.0.7", loopback=True), _is_address("127.evil.example")
    (False, False)
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return not loopback or (mapped or address).is_loopback


def is_same_token(sent: str, expected: str) -> bool:
    """Return whether two tokens are equal, in the same time for any text.

    >>> is_same_token("t0ken", "t0ken"), is_same_token("t0ke", "t0ken")
    (True, False)
    """
    # Digests have one length.
    return hmac.compare_digest(_digest(sent), _digest(expected))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
