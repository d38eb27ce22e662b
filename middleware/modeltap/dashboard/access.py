"""Access to the dashboard: an ASGI middleware around all of its pages.

Without a token, only loopback addresses answer; with one, it is asked for on every page. The
`Host` header is always checked, because a foreign page could otherwise read a loopback server
through a name of its own (DNS rebinding); writes must also come from the dashboard's own pages.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "modeltap_token"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class DashboardAccess:
    """The conditions of access.

    Attributes:
        token: None lets everybody in who reaches a loopback address.
        hosts: names under which the dashboard is reached, besides loopback ones.
    """

    token: str | None = None
    hosts: frozenset[str] = frozenset()
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def form_token(self) -> str:
        """Return the value that forms of the dashboard send along."""
        return hmac.new(self._secret, b"form", hashlib.sha256).hexdigest()

    def is_form_token(self, sent: str) -> bool:
        """Return whether a form is one of the dashboard's own."""
        return _same(sent, self.form_token())

    def knows_host(self, host: str) -> bool:
        """Return whether a `Host` header names this dashboard.

        >>> hosts = ("127.0.0.1:8400", "[::1]:8400", "evil.example")
        >>> [DashboardAccess().knows_host(host) for host in hosts]
        [True, True, False]
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in _LOOPBACK or name in self.hosts

    def is_token(self, sent: str | None) -> bool:
        """Return whether a request has shown the token; without one, any request has."""
        return self.token is None or (sent is not None and _same(sent, self.token))


def _same(sent: str, expected: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), expected.encode())


class AccessMiddleware:
    """Answers 401 and 403 to requests that may not pass, and adds security headers."""

    def __init__(self, app: ASGIApp, access: DashboardAccess) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        answer: ASGIApp = self.app if refusal is None else refusal
        await answer(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if self.access.token is None and not _is_loopback(scope):
            return _refused(403, "without a token, the dashboard answers loopback addresses only")
        if not self.access.knows_host(headers.get("host", "")):
            return _refused(403, "the Host header names another server; see --allow-host")
        request = Request(scope)
        token, is_in_address = _token_of(request)
        if not self.access.is_token(token):
            return _refused(
                401, "open the dashboard with ?token=..., or send Authorization: Bearer ..."
            )
        if scope["method"] not in ("GET", "HEAD") and not _is_own_origin(headers):
            return _refused(403, "the Origin header names another site")
        if is_in_address and self.access.token is not None and scope["method"] == "GET":
            return _with_cookie(request, self.access.token)
        return None


def _is_loopback(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and (client[0].startswith("127.") or client[0] == "::1")


def _token_of(request: Request) -> tuple[str | None, bool]:
    """Return the token that a request shows, and whether it is in the address."""
    asked = parse_qs(request.url.query).get("token")
    if asked:
        return asked[0], True
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip(), False
    try:
        cookie = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        cookie = None
    return (None if cookie is None else cookie.value), False


def _is_own_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


def _with_cookie(request: Request, token: str) -> Response:
    """Return a redirect to the same page that keeps the token in a cookie, not in the address."""
    rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
    query = f"?{urlencode(rest)}" if rest else ""
    response = RedirectResponse(f"{request.url.path}{query}", status_code=303)
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path=request.scope.get("root_path") or "/",
    )
    return response


def _refused(status: int, reason: str) -> Response:
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return PlainTextResponse(f"modeltap: {reason}\n", status, headers)


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return wrapped
