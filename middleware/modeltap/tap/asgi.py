"""The tap for ASGI apps: FastAPI, Starlette, Litestar, Quart, Django and bare callables."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

import msgspec

from modeltap.config.settings import ModelChooser
from modeltap.privacy.headers import has_header
from modeltap.tap.exchange import ROUTE, Exchange
from modeltap.tap.nesting import Place, current_place, set_place
from modeltap.tap.recording.recorder import Ticket
from modeltap.tap.tapping import Tap

if TYPE_CHECKING:
    from modeltap.config.options import Options
    from modeltap.tap.endpoints.asgi_endpoints import ASGIEndpoints

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class ASGIMiddleware:
    """Taps the HTTP exchanges of an ASGI app into the store.

    Messages pass through unchanged, one by one, in the same task; nothing is read on behalf of
    the app. The options are those of `modeltap.watch`; an invalid option raises `ConfigError`, an
    unusable store path `StoreError`.
    """

    yields_to_inner = False
    """True if any inner tap replaces this one, even for requests that the inner tap leaves out."""

    def __init__(
        self, app: ASGIApp, *, model: ModelChooser = None, **options: Unpack[Options]
    ) -> None:
        self.app = app
        self.tap = Tap("asgi", model, options)
        self._endpoints = _endpoints_of(self.tap, app)
        _mark_as_coroutine_function(ASGIResponder.send)
        self._yields = self.yields_to_inner  # an attribute of a class is slower to read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.tap.disabled or scope["type"] != "http":
            await self._run_unwatched(scope, receive, send)
            return
        outer = current_place()
        if self._endpoints is not None and (endpoint := self._endpoints.find(scope)) is not None:
            if outer is not None and outer.is_of_scope(scope.get("asgi")):
                outer.add_inner(True)  # no tap records the request
            await self._endpoints.serve(endpoint, scope, receive, send)
            return
        place, exchange = self._begin(scope, outer)
        if exchange is None:
            await self._run_unrecorded(place, outer, scope, receive, send)
            return
        responder = ASGIResponder(place.tap, place, exchange, scope, receive, send)
        app = self.app
        set_place(place)
        try:
            await app(scope, responder.receive, responder.send)
        except BaseException as error:
            responder.end(error)
            raise
        finally:
            # `reset` would raise if the coroutine ends in another context than it began in.
            set_place(outer)
        if not responder.finished:
            responder.end(None)

    async def _run_unwatched(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app for its lifespan, a websocket, or with a disabled tap."""
        if scope["type"] == "lifespan" and not self.tap.disabled:
            await LifespanResponder(self.app, self.tap)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _run_unrecorded(
        self, place: Place, outer: Place | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Run the app for a request that this tap leaves out; an inner tap may record it."""
        set_place(place)
        try:
            await self.app(scope, receive, send)
        finally:
            set_place(outer)

    def _begin(self, scope: Scope, outer: Place | None) -> tuple[Place, Exchange | None]:
        """Return the place of this tap, and the exchange to fill, or None if it is left out."""
        path = _path(scope) if scope.get("root_path") else scope["path"]
        method, query, asgi = scope["method"], scope.get("query_string", b""), scope.get("asgi")
        tap, outer_id = self.tap, None
        if outer is not None:
            if outer.is_of_scope(asgi):
                tap, outer_id = tap.within(outer.tap), outer.id
                outer.add_inner(tap.claims(method, path))
            else:
                outer = None
        headers = scope["headers"]
        if type(headers) is not list and type(headers) is not tuple:
            scope["headers"] = headers = list(headers)  # reading another iterable may consume it
        exchange = tap.begin(method, path, query, headers, outer_id)
        if exchange is not None:
            outer_id = exchange.id
            if tap.id_header is not None and not has_header(exchange.request_headers, tap.id_name):
                # A gateway's app forwards it to tapped services behind it.
                scope["headers"] = [*headers, (tap.id_names[1], outer_id.encode())]
        call = (method, scope["path"], query)
        return Place(tap, outer_id, self._yields, call, asgi, outer), exchange


class LifespanResponder:
    """Forwards an app's lifespan, and writes queued exchanges before shutdown is complete.

    An app that raises before it receives the first message does not support lifespan. The
    responder then answers for it, because some servers end the process right after the shutdown
    message, without running atexit functions.
    """

    def __init__(self, app: ASGIApp, tap: Tap) -> None:
        self._app = app
        self._tap = tap
        self._received = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        try:
            await self._app(scope, self.receive, self.send)
        except Exception:
            if self._received:
                raise
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.send({"type": "lifespan.shutdown.complete"})

    async def receive(self) -> Message:
        self._received = True
        return await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            self._tap.close()
        await self._send(message)


class ASGIResponder(msgspec.Struct):
    """The state of one request: fills an exchange from the messages between server and app."""

    tap: Tap
    place: Place
    exchange: Exchange
    scope: Scope
    server_receive: Receive
    server_send: Send
    finished: bool = False

    async def receive(self) -> Message:
        receive = self.server_receive  # calling an attribute directly is slower
        message = await receive()
        if message["type"] == "http.request":
            exchange = self.exchange
            if body := message.get("body"):
                exchange.add_request(body, self.tap.request_limit)
            if not message.get("more_body"):
                exchange.request_read = True
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Return the server's own awaitable, but for the last message: a coroutine costs more."""
        kind, send = message["type"], self.server_send
        if kind == "http.response.start":
            return send(self._start(message))
        if kind == "http.response.body":
            if body := message.get("body"):
                self.exchange.add_response(body, self.tap.response_limit)
        elif kind in ("http.response.pathsend", "http.response.zerocopysend"):
            self.exchange.response_note = "not seen"  # a file is the body
        else:
            return send(message)
        return send(message) if message.get("more_body") else self._send_last(message)

    async def _send_last(self, message: Message) -> None:
        """Forward the last message, and record the exchange; durably before, else afterwards."""
        send = self.server_send
        if self.tap.durable:
            await self.tap.wait_async(self._finish())
            await send(message)
        else:
            await send(message)
            self._finish()

    def _start(self, message: Message) -> Message:
        """Note status and headers; return the message to forward, with the id in its headers."""
        exchange, tap = self.exchange, self.tap
        exchange.headers_ms = (perf_counter() - exchange.started) * 1000.0
        exchange.status = message["status"]
        headers = message.get("headers", ())
        if type(headers) is not list and type(headers) is not tuple:
            headers = list(headers)
            message = {**message, "headers": headers}
        try:
            exchange.response_headers = tap.response_filter.kept(headers)
        except Exception as error:  # the server will report them
            tap.log_failure(error)
        if tap.id_header is None or self.finished or self.place.taken:
            return message
        if has_header(exchange.response_headers, tap.id_name):
            # Replace the id that a gateway's app forwards from a tapped service behind it.
            headers = _without(headers, tap.id_names)
        # A copy, because the app may send the same message again.
        return {**message, "headers": [*headers, (tap.id_names[0], exchange.id.encode())]}

    def _finish(self) -> Ticket | None:
        """Record the exchange when the response is complete; later work of the app is not timed.

        Does nothing if it is recorded already, or by an inner tap.
        """
        if self.finished or self.place.taken:
            return None
        self.finished = True
        exchange = self.exchange
        exchange.duration_ms = (perf_counter() - exchange.started) * 1000.0
        try:
            exchange.route = _route(self.scope)
        except Exception as error:  # the app may put anything into the scope
            self.tap.log_failure(error)
        return self.tap.finish(exchange)

    def end(self, error: BaseException | None) -> None:
        """Record the exchange after the app returned or raised without a last body message."""
        exchange = self.exchange
        if self.finished:
            return
        if error is not None:
            exchange.fail(error)
        if exchange.headers_ms is not None or not isinstance(error, Exception):
            exchange.aborted = True
        else:
            exchange.status = 500  # the server's response to an exception of the app
        self._finish()


def _mark_as_coroutine_function(function: Any) -> None:
    """Mark a function that returns an awaitable; asgiref warns of functions without the mark."""
    if sys.version_info >= (3, 12):
        inspect.markcoroutinefunction(function)
    else:
        from asyncio import coroutines  # loaded by servers of ASGI apps, but not by others

        function._is_coroutine = vars(coroutines)["_is_coroutine"]


def _without(headers: Iterable[Any], names: tuple[bytes, ...]) -> list[Any]:
    return [header for header in headers if header[0] not in names]


def _endpoints_of(tap: Tap, app: ASGIApp) -> ASGIEndpoints | None:
    endpoints = tap.own_endpoints()
    if not endpoints:
        return None
    from modeltap.tap.endpoints.asgi_endpoints import ASGIEndpoints  # few apps have one

    return ASGIEndpoints(endpoints, app)


def _route(scope: Scope) -> str | None:
    """Return the template of the request's path, if the framework stores it in the scope."""
    template = None
    if own := scope.get("fastapi"):
        # FastAPI keeps the full path of an included router separately from its route.
        template = getattr(own.get("effective_route_context"), "path", None)
    if not isinstance(template, str):
        template = getattr(scope.get("route"), "path", None)
    if not isinstance(template, str):
        # Litestar keeps the template under another key.
        template = scope.get(ROUTE) or scope.get("path_template")
        if not isinstance(template, str):
            return None
    return template if scope.get("root_path", "") == "" else _mounted(scope, template)


def _mounted(scope: Scope, template: str) -> str:
    """Prefix a route with the path of its mounted app, without the server's own root_path."""
    root: str = scope.get("root_path", "")
    return root.removeprefix(_outer(scope)) + template


def _path(scope: Scope) -> str:
    """Return the path without the server's own root_path, which only some servers include."""
    path: str = scope["path"]
    outer = _outer(scope)
    rest = path.removeprefix(outer.rstrip("/")) if isinstance(outer, str) else path
    return rest if rest.startswith("/") else path


def _outer(scope: Scope) -> str:
    """Return the server's own root_path, without the paths of mounts around this app."""
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    return root
