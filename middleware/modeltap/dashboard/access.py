"""Access to the dashboard: an ASGI middleware around all of its pages.

Without a token, only loopback addresses answer; with one, it is asked for on every page. The
`Host` header is always checked, because a foreign page could otherwise read a loopback server
through a name of its own (DNS rebinding); writes must also come from the dashboard's own pages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modeltap.tap.endpoints.own_endpoint import OwnRequest
from modeltap.tap.endpoints.page_access import COOKIE, DashboardAccess
from modeltap.tap.endpoints.sign_in import HEADERS, is_browser, sign_in_page

_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}

_FILES = "/static/"
_OF_FILES = {"cache-control": "private, max-age=300"}
"""Files have no data of the store; five minutes are also the longest wait for an upgraded one."""


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
        is_file = refusal is None and _is_file(scope)
        headers = _HEADERS | _OF_FILES if is_file else _HEADERS
        await answer(scope, receive, _with_headers(send, headers))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        asked = _asked(scope, headers)
        refused = self.access.refusal(asked)
        if refused is not None:
            return _refused(*refused, asked)
        if scope["method"] not in ("GET", "HEAD") and not _is_own_origin(headers):
            return _refused(403, "the Origin header names another site")
        if scope["method"] == "GET" and self.access.shows_token_in_address(asked):
            return _with_cookie(Request(scope), self.access.cookie())
        return None


def _is_file(scope: Scope) -> bool:
    root: str = scope.get("root_path") or ""
    path: str = scope["path"]
    return path.removeprefix(root).startswith(_FILES)


def _asked(scope: Scope, headers: Headers) -> OwnRequest:
    return OwnRequest(
        scope["method"],
        "",
        scope["path"],
        scope["query_string"].decode("latin-1"),
        headers,
        (scope.get("client") or ("",))[0],
        http_version=scope["http_version"],
    )


def _is_own_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


def _with_cookie(request: Request, cookie: str) -> Response:
    """Return a redirect to the same page that has a cookie in place of the token in the address."""
    rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
    query = f"?{urlencode(rest)}" if rest else ""
    response = RedirectResponse(f"{request.url.path}{query}", status_code=303)
    response.set_cookie(
        COOKIE,
        cookie,
        httponly=True,
        # "strict" would ask for the token again after a click on a link of an alert's message;
        # what changes something also has the form's own token, and an Origin of its own.
        samesite="lax",
        secure=request.url.scheme == "https",
        path=request.scope.get("root_path") or "/",
    )
    return response


def _refused(status: int, reason: str, asked: OwnRequest | None = None) -> Response:
    if status != 401:
        return PlainTextResponse(f"modeltap: {reason}\n", status)
    challenge = {"www-authenticate": "Bearer"}
    if asked is not None and is_browser(asked):
        return Response(sign_in_page(asked), status, {**dict(HEADERS), **challenge})
    return PlainTextResponse(f"modeltap: {reason}\n", status, challenge)


def _with_headers(send: Send, added: Mapping[str, str]) -> Callable[[Message], Awaitable[None]]:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in added.items():
                headers.setdefault(name, value)
        await send(message)

    return wrapped
