"""The dashboard and `/metrics` in the watched app: checks a request, and has the page made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.logs import logger
from modeltap.tap.endpoints.own_endpoint import (
    LATER,
    OwnReply,
    OwnRequest,
    PagesUnavailable,
    text_reply,
)
from modeltap.tap.endpoints.page_access import DashboardAccess
from modeltap.tap.endpoints.page_channel import DASHBOARD, PROMETHEUS, PageRequest
from modeltap.tap.endpoints.page_child import PageChild
from modeltap.tap.endpoints.sign_in import HEADERS, is_browser, sign_in_page

_SECONDS = 30.0
"""The longest wait for a page, with the start of the process that makes it."""

_SECONDS_OF_ONE_THREAD = 3.0
"""The same in an app that serves nothing else meanwhile; a page takes a fifth of a second."""

_MAX_HEADER_BYTES = 16 * 1024
_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "if-modified-since",
        "if-none-match",
        "origin",
        "referer",
        "sec-fetch-site",
        "user-agent",
    }
)
"""The headers that pages use."""

_METHODS = ("GET", "HEAD", "POST")


class PageEndpoint:
    """A page, or all pages below a path, made by another process.

    Args:
        page: `DASHBOARD` or `PROMETHEUS`.
        path: its path in the app.
    """

    max_body_bytes = 64 * 1024  # forms, of which a note is the longest part
    threads = 8
    most_at_once = 16

    def __init__(self, page: str, path: str, access: DashboardAccess, child: PageChild) -> None:
        self.path = path
        self.has_pages_below = page == DASHBOARD
        self.option = "dashboard" if page == DASHBOARD else "metrics_endpoint"
        self._page = page
        self._access = access
        self._child = child
        self._logged = ""

    def refusal(self, request: OwnRequest) -> OwnReply | None:
        """Return the response to a request that may not pass, or needs no page; else None."""
        refused = self._access.refusal(request)
        if refused is not None:
            more = (("www-authenticate", "Bearer"),) if refused.status == 401 else ()
            if more and self.has_pages_below and is_browser(request):
                return OwnReply(refused.status, sign_in_page(request), (*HEADERS, *more))
            return text_reply(refused.status, refused.reason, *more)
        if request.method not in (_METHODS if self.has_pages_below else _METHODS[:2]):
            allowed = ", ".join(_METHODS if self.has_pages_below else _METHODS[:2])
            return text_reply(405, f"send {allowed}", ("allow", allowed))
        if sum(len(name) + len(value) for name, value in request.headers.items()) > (
            _MAX_HEADER_BYTES
        ):
            return text_reply(431, f"the headers have more than {_MAX_HEADER_BYTES:,} bytes")
        if (request.length or 0) > self.max_body_bytes:
            return self.too_large()
        if self.has_pages_below and request.path == self.path:
            query = f"?{request.query}" if request.query else ""
            where = f"{request.root}{self.path}/{query}"
            return text_reply(307, "see below", ("location", where))
        return None

    def answer(self, request: OwnRequest, body: bytes) -> OwnReply:
        """Return the page; a reason and its fix if it cannot be made."""
        try:
            reply = self._child.ask(
                self._asked(request, body), _SECONDS if request.may_wait else _SECONDS_OF_ONE_THREAD
            )
        except PagesUnavailable as error:
            self._log(str(error))
            return text_reply(503, str(error), LATER)
        except Exception as error:
            self._log(repr(error))
            return text_reply(500, "the page could not be made; the app's log has the reason")
        if reply.error:
            self._log(reply.error)
        body = b"" if request.method == "HEAD" else reply.body
        return OwnReply(reply.status, body, tuple((name, text) for name, text in reply.headers))

    def _asked(self, request: OwnRequest, body: bytes) -> PageRequest:
        headers = {name: text for name, text in request.headers.items() if name in _HEADERS}
        return PageRequest(
            self._page,
            request.method,
            f"{request.root}{self.path}",
            request.path.removeprefix(self.path),
            request.query,
            # A chunked form has no length yet.
            list((headers | {"content-length": str(len(body))}).items()),
            request.client,
            request.scheme,
            body,
        )

    def too_large(self) -> OwnReply:
        """Return the response to a form that is too long."""
        return text_reply(413, f"the body has more than {self.max_body_bytes:,} bytes")

    def busy(self) -> OwnReply:
        """Return the response while too many other pages are made."""
        return text_reply(503, "too many pages at once; try again", LATER)

    def report_queue(self, stats: Callable[[], Mapping[str, Any]]) -> None:
        """Add this process's queue to the metrics; `stats` returns the recorder's counters."""
        if self._page == PROMETHEUS:
            self._child.report_queue(stats)

    def _log(self, message: str) -> None:
        """Log a message unless it is the last one again."""
        if message != self._logged:
            self._logged = message
            logger.error("modeltap: %s", message)


def page_endpoints(settings: Settings) -> list[PageEndpoint]:
    """Return the endpoints for pages that are configured.

    Raises `ConfigError` if the variable of a token is not set.
    """
    if settings.dashboard is None and settings.metrics_endpoint is None:
        return []
    token = _token(settings.dashboard_token, "dashboard_token")
    own_token = _token(settings.metrics_token, "metrics_token")
    hosts = frozenset(host.lower() for host in settings.dashboard_hosts)
    child = PageChild({"store": settings.store, "token": token, "hosts": sorted(hosts)})
    endpoints = []
    if settings.metrics_endpoint is not None:
        access = DashboardAccess(
            own_token or token,
            hosts,
            title=settings.metrics_endpoint,
            token_option='metrics_token="env:NAME"',
            host_option="dashboard_hosts",
        )
        endpoints.append(PageEndpoint(PROMETHEUS, settings.metrics_endpoint, access, child))
    if settings.dashboard is not None:
        access = DashboardAccess(
            token, hosts, token_option='dashboard_token="env:NAME"', host_option="dashboard_hosts"
        )
        endpoints.append(PageEndpoint(DASHBOARD, settings.dashboard, access, child))
    return endpoints


def _token(text: str | None, option: str) -> str | None:
    return from_environment(text or "", option).strip() or None
