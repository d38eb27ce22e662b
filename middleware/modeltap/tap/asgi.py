"""The tap for ASGI apps: FastAPI, Starlette, Litestar, Quart, Django and bare callables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Unpack

from modeltap.config.options import Options
from modeltap.config.settings import ModelChooser
from modeltap.tap.exchange import ROUTE, Exchange
from modeltap.tap.nesting import PLACE, Place
from modeltap.tap.recording.recorder import Ticket
from modeltap.tap.tapping import Tap

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.tap.disabled:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            exchange, place = self._begin(scope)
            if exchange is None:
                await self._run_unrecorded(place, scope, receive, send)
            else:
                if exchange.id is not None:
                    self._announce(exchange.id.encode(), scope)
                await ASGIResponder(self.app, place.tap, exchange, place)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await LifespanResponder(self.app, self.tap)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _begin(self, scope: Scope) -> tuple[Exchange | None, Place]:
        """Return the exchange to fill, or None if it is not tapped, and its place."""
        path = _path(scope) if scope.get("root_path") else scope["path"]
        method, query = scope["method"], scope.get("query_string", b"")
        tap, outer, outer_id = self.tap, PLACE.get(), None
        if outer is not None and outer.is_of_scope(scope.get("asgi")):
            tap, outer_id = tap.within(outer.tap), outer.id
            outer.add_inner(tap.claims(method, path))
        else:
            outer = None
        exchange = tap.begin(method, path, query, scope["headers"], outer_id)
        id_ = outer_id if exchange is None else exchange.id
        call = (method, scope["path"], query)
        return exchange, Place(tap, id_, self.yields_to_inner, call, scope.get("asgi"), outer)

    async def _run_unrecorded(
        self, place: Place, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Run the app for a request that this tap leaves out; an inner tap may record it."""
        outer = PLACE.get()
        PLACE.set(place)
        try:
            await self.app(scope, receive, send)
        finally:
            PLACE.set(outer)

    def _announce(self, exchange_id: bytes, scope: Scope) -> None:
        """Add the id to the request headers, so that a gateway forwards it to tapped services."""
        headers = scope["headers"]
        if not isinstance(headers, (list, tuple)):
            return  # another iterable may be consumed by reading it
        names = self.tap.id_names
        for name, _ in headers:
            if name in names:
                return
        scope["headers"] = [*headers, (names[1], exchange_id)]


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


class ASGIResponder:
    """The state of one request: runs the app and fills an exchange from its messages."""

    __slots__ = (
        "_app",
        "_exchange",
        "_finished",
        "_place",
        "_receive",
        "_scope",
        "_send",
        "_started",
        "_tap",
    )

    _scope: Scope
    _receive: Receive
    _send: Send

    def __init__(self, app: ASGIApp, tap: Tap, exchange: Exchange, place: Place) -> None:
        self._app = app
        self._tap = tap
        self._exchange = exchange
        self._place = place
        self._started = False
        self._finished = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        outer = PLACE.get()
        PLACE.set(self._place)
        try:
            await self._app(scope, self.receive, self.send)
        except BaseException as error:
            self.end(error)
            raise
        finally:
            # `reset` would raise if the coroutine ends in another context than it began in.
            PLACE.set(outer)
        if not self._finished:
            self.end(None)

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            exchange = self._exchange
            body = message.get("body", b"")
            if body:
                exchange.add_request(body, self._tap.request_limit)
            if not message.get("more_body", False):
                exchange.request_read = True
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            exchange = self._exchange
            body = message.get("body", b"")
            if body:
                exchange.add_response(body, self._tap.response_limit)
            if message.get("more_body", False):
                await self._send(message)
            elif self._tap.durable:
                await self._tap.wait_async(self._finish())
                await self._send(message)
            else:
                await self._send(message)
                self._finish()
        elif kind == "http.response.start":
            await self._send(self._start(message))
        else:
            is_file = kind in ("http.response.pathsend", "http.response.zerocopysend")
            is_last = is_file and not message.get("more_body", False)
            if is_file:
                self._exchange.response_note = "not seen"
            if is_last and self._tap.durable:
                await self._tap.wait_async(self._finish())
            await self._send(message)
            if is_last:
                self._finish()

    def _start(self, message: Message) -> Message:
        exchange = self._exchange
        self._started = True
        exchange.headers_ms = exchange.elapsed_ms()
        exchange.status = message["status"]
        # Copies, because the app may reuse the list for its next response, and an outer middleware
        # may change the forwarded list (GZip adds the encoding of the body).
        exchange.response_headers = headers = tuple(message.get("headers", ()))
        if self._tap.id_header is None or exchange.id is None or self._is_over():
            return {**message, "headers": list(headers)} if headers else message
        # Replace the id that a gateway's app may forward from a tapped service behind it.
        names = self._tap.id_names
        kept = [header for header in headers if header[0] not in names]
        return {**message, "headers": [*kept, (names[0], exchange.id.encode())]}

    def _is_over(self) -> bool:
        """Return True if the exchange is already recorded, or belongs to an inner tap."""
        return self._finished or self._place.taken

    def _finish(self) -> Ticket | None:
        """Record the exchange when the response is complete; later work of the app is not timed."""
        if self._is_over():
            return None
        self._finished = True
        exchange = self._exchange
        exchange.duration_ms = exchange.elapsed_ms()
        try:
            exchange.route = self._route()
        except Exception as error:  # the app may put anything into the scope
            self._tap.log_failure(error)
        return self._tap.finish(exchange)

    def end(self, error: BaseException | None) -> None:
        """Record the exchange after the app returned or raised without a last body message."""
        if self._is_over():
            return
        exchange = self._exchange
        exchange.error = error
        if self._started or not isinstance(error, Exception):
            exchange.aborted = True
        else:
            exchange.status = 500  # the server's response to an exception of the app
        self._finish()

    def _route(self) -> Any:
        scope = self._scope
        own = scope.get("fastapi")
        if own:
            # FastAPI keeps the full path of an included router separately from its route.
            context = own.get("effective_route_context")
            template = getattr(context, "path", None)
            if isinstance(template, str):
                return _mounted(scope, template)
        route = scope.get("route")
        template = getattr(route, "path", None)
        if not isinstance(template, str):
            # Litestar keeps the template under another key.
            template = scope.get(ROUTE) or scope.get("path_template")
        return _mounted(scope, template) if isinstance(template, str) else None


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
