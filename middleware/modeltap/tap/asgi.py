"""The tap for ASGI apps: FastAPI, Starlette, Litestar, Quart, Django and bare callables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.tap.exchange import ROUTE, Exchange
from modeltap.tap.recorder import Ticket
from modeltap.tap.tapping import Tee

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class ASGIMiddleware:
    """Taps the HTTP exchanges of an ASGI app into the store.

    Messages pass through unchanged, one by one, in the same task; nothing is read on the
    app's behalf. The options are those of `modeltap.watch`; a wrong one raises `ConfigError`
    here, a useless store path `StoreError`.
    """

    gives_way = False
    """Whether a tap further within, which the app's own code put there, records in our place."""

    def __init__(self, app: ASGIApp, *, model: ModelChooser = None, **options: Any) -> None:
        self.app = app
        self.tee = Tee("asgi", model, options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tee = self.tee
        exchange = outer = None
        if scope["type"] == "http":
            outer = _outermost.get()
            if outer is not None:
                outer.give_way(scope)
            path = _path(scope) if scope.get("root_path") else scope["path"]
            exchange = tee.begin(
                scope["method"], path, scope.get("query_string", b""), scope["headers"]
            )
        elif scope["type"] == "lifespan" and not tee.disabled:
            await self._lifespan(scope, receive, send)
            return
        if exchange is None:
            await self.app(scope, receive, send)
            return
        responder = _Responder(tee, exchange, scope, receive, send)
        if self.gives_way:
            responder.place = _Place(scope.get("asgi"))
            _outermost.set(responder.place)
        try:
            await self.app(scope, responder.receive, responder.send)
        except BaseException as error:
            responder.end(error)
            raise
        finally:
            if self.gives_way:
                # `reset` would raise where somebody ends this coroutine in another context.
                _outermost.set(outer)
        responder.end(None)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the app's lifespan on, and write what is queued before the server is told 'done'.

        An app that raises without having looked at the first message does not speak lifespan.
        We do in its place: some servers end the process right after it, without atexit.
        """
        asked = False

        async def asking() -> Message:
            nonlocal asked
            asked = True
            return await receive()

        async def closing(message: Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                self.tee.close()
            await send(message)

        try:
            await self.app(scope, asking, closing)
        except Exception:
            if asked:
                raise
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await closing({"type": "lifespan.shutdown.complete"})


class _Place:
    """Where a tap within may take an exchange over.

    Tasks that the app starts within a request live on with its context: so it holds no more.
    """

    __slots__ = ("_asgi", "taken")

    def __init__(self, asgi: object) -> None:
        self._asgi = asgi
        self.taken = False

    def give_way(self, scope: Scope) -> None:
        """Another tap has this exchange: ours is forgotten, and adds no header.

        Mounts copy the scope, but not what is in it; a call of another app within this
        request (by httpx's ASGI transport, say) has a scope of its own.
        """
        if scope.get("asgi") is self._asgi:
            self.taken = True


class _Responder:
    """One request's state: what passes, and the exchange that it fills."""

    __slots__ = (
        "_exchange",
        "_finished",
        "_receive",
        "_scope",
        "_send",
        "_started",
        "_tee",
        "place",
    )

    def __init__(
        self, tee: Tee, exchange: Exchange, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._tee = tee
        self._exchange = exchange
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = False
        self._finished = False
        self.place: _Place | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            exchange = self._exchange
            body = message.get("body", b"")
            if body:
                exchange.add_request(body, self._tee.request_limit)
            if not message.get("more_body", False):
                exchange.request_read = True
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            exchange = self._exchange
            body = message.get("body", b"")
            if body:
                exchange.add_response(body, self._tee.response_limit)
            if message.get("more_body", False):
                await self._send(message)
            elif self._tee.durable:
                await self._tee.wait_async(self._finish())
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
            if is_last and self._tee.durable:
                await self._tee.wait_async(self._finish())
            await self._send(message)
            if is_last:
                self._finish()

    def _start(self, message: Message) -> Message:
        exchange = self._exchange
        self._started = True
        exchange.headers_ms = exchange.elapsed_ms()
        exchange.status = message["status"]
        # Copies: the app may send the same list again with its next response, and what is further
        # out may change the one that goes on (a GZip middleware says how it encoded the body).
        exchange.response_headers = headers = tuple(message.get("headers", ()))
        if self._tee.id_header is None or exchange.id is None or self._is_over():
            return {**message, "headers": list(headers)} if headers else message
        return {**message, "headers": [*headers, (self._tee.id_header, exchange.id.encode())]}

    def _is_over(self) -> bool:
        """Say whether the exchange is recorded, or another tap's."""
        return self._finished or (self.place is not None and self.place.taken)

    def _finish(self) -> Ticket | None:
        """The response is complete: what the app does afterwards is not the client's time."""
        if self._is_over():
            return None
        self._finished = True
        exchange = self._exchange
        exchange.duration_ms = exchange.elapsed_ms()
        try:
            exchange.route = self._route()
        except Exception as error:  # what stands in the scope is the app's
            self._tee.failed(error)
        return self._tee.finish(exchange)

    def end(self, error: BaseException | None) -> None:
        """The app has returned or raised; without a last body message the client got no end."""
        if self._is_over():
            return
        exchange = self._exchange
        exchange.error = error
        if self._started or not isinstance(error, Exception):
            exchange.aborted = True
        else:
            exchange.status = 500  # what the server answers in the app's place
        self._finish()

    def _route(self) -> Any:
        scope = self._scope
        own = scope.get("fastapi")
        if own:
            # FastAPI keeps an included router's full path beside the route of the router itself.
            context = own.get("effective_route_context")
            template = getattr(context, "path", None)
            if isinstance(template, str):
                return _mounted(scope, template)
        route = scope.get("route")
        template = getattr(route, "path", None)
        if not isinstance(template, str):
            # Litestar keeps the template under a name of its own.
            template = scope.get(ROUTE) or scope.get("path_template")
        return _mounted(scope, template) if isinstance(template, str) else None


# Not in the scope, which some servers (Ray's proxy) pickle and send on.
_outermost: ContextVar[_Place | None] = ContextVar("modeltap_outermost", default=None)


def _mounted(scope: Scope, template: str) -> str:
    """Put the path of a mounted app before its route's; the server's own root_path is not it."""
    root: str = scope.get("root_path", "")
    return root.removeprefix(_outer(scope)) + template


def _path(scope: Scope) -> str:
    """Return the path without the server's own root_path, which not every server puts there."""
    path: str = scope["path"]
    outer = _outer(scope)
    rest = path.removeprefix(outer.rstrip("/")) if isinstance(outer, str) else path
    return rest if rest.startswith("/") else path


def _outer(scope: Scope) -> str:
    """The server's own root_path, without what mounts have added to it on the way to us."""
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    return root
