"""Makes the pages of a watched app: the dashboard, and the page for Prometheus."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from anyio import sleep_forever, to_thread
from starlette.types import ASGIApp

from modeltap.errors import ModeltapError
from modeltap.store.connection import connect_reader
from modeltap.tap.endpoints.page_access import DashboardAccess
from modeltap.tap.endpoints.page_channel import (
    MAX_REPLY_BYTES,
    PROMETHEUS,
    PageReply,
    PageRequest,
)

_ROOM_FOR_HEADERS = 64 * 1024


class PageMaker:
    """Makes pages about one store.

    Args:
        access: of the dashboard; the app has checked the rest.
        queues: returns the length of the queue of each process of the app.
    """

    def __init__(
        self, store: Path, access: DashboardAccess, queues: Callable[[], list[int]] = list
    ) -> None:
        self._queues = queues
        self._store = store
        self._access = access
        self._app: ASGIApp | None = None

    async def reply(self, request: PageRequest) -> PageReply:
        """Return the response; an error is in the reply, for the app's log."""
        try:
            if request.page == PROMETHEUS:
                return await self._metrics()
            return await _response(self._dashboard(), request)
        except ModuleNotFoundError as error:
            return plain_reply(
                503,
                f"the dashboard needs {error.name}; install it with: pip install "
                '"modeltap[dashboard]"',
            )

    def _dashboard(self) -> ASGIApp:
        if self._app is None:
            from modeltap.dashboard.dashboard_app import dashboard_app  # its extra may be missing

            self._app = dashboard_app(self._store, self._access)
        return self._app

    async def _metrics(self) -> PageReply:
        return await to_thread.run_sync(self._read_metrics)

    def _read_metrics(self) -> PageReply:
        from modeltap.dashboard.prometheus_page import prometheus_text

        try:
            with closing(connect_reader(self._store)) as connection:
                text = prometheus_text(connection)
        except (ModeltapError, sqlite3.Error) as error:
            return plain_reply(503, str(error), is_logged=False)
        headers = [
            ("content-type", "text/plain; version=0.0.4; charset=utf-8"),
            ("cache-control", "no-store"),
        ]
        return PageReply(200, headers, (text + _queued(self._queues())).encode())


def _queued(lengths: list[int]) -> str:
    """Return the metrics that the store does not have.

    >>> print(_queued([2, 0]).splitlines()[2])
    modeltap_queued_exchanges 2
    """
    lines = []
    for name, help_text, value in (
        ("queued_exchanges", "Exchanges that the app has not yet passed on.", sum(lengths)),
        ("reporting_processes", "Processes of the app that have reported.", len(lengths)),
    ):
        lines += [f"# HELP modeltap_{name} {help_text}", f"# TYPE modeltap_{name} gauge"]
        lines.append(f"modeltap_{name} {value}")
    return "\n".join(lines) + "\n"


def plain_reply(status: int, text: str, *, is_logged: bool = True) -> PageReply:
    """Return a reply with one line, which the app logs, too.

    >>> plain_reply(503, "no store").body
    b'modeltap: no store\\n'
    """
    headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
    return PageReply(status, headers, f"modeltap: {text}\n".encode(), text if is_logged else "")


async def _response(app: ASGIApp, request: PageRequest) -> PageReply:
    """Call an ASGI app, and return its whole response."""
    received = False

    async def receive() -> dict[str, Any]:
        nonlocal received
        if received:
            await sleep_forever()  # a disconnect would end the response
        received = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    response = _Response()
    await app(_scope(request), receive, response.add)
    if len(response.body) > MAX_REPLY_BYTES - _ROOM_FOR_HEADERS:
        return plain_reply(500, f"the page is too large: {len(response.body):,} bytes")
    return PageReply(response.status, response.headers, bytes(response.body))


class _Response:
    """The messages of a response, put together."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()

    async def add(self, message: Mapping[str, Any]) -> None:
        """Add a message; more than the largest reply is not kept."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
        elif len(self.body) <= MAX_REPLY_BYTES:
            self.body += message.get("body", b"")


def _scope(request: PageRequest) -> dict[str, Any]:
    path = f"{request.root}{request.path}"
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "root_path": request.root,
        "query_string": request.query.encode("latin-1", "replace"),
        "headers": [
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in request.headers
        ],
        "client": (request.client, 0) if request.client else None,
        "server": None,
    }
