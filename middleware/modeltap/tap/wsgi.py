"""The tap for WSGI apps: Flask, Django and bare callables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Unpack

from modeltap.config.settings import ModelChooser
from modeltap.privacy.headers import has_header
from modeltap.tap.exchange import ROUTE, Exchange
from modeltap.tap.nesting import Place, current_place
from modeltap.tap.tapping import Tap
from modeltap.tap.wsgi_environ import (
    as_utf8,
    call_of,
    header_key,
    header_keys,
    length_of,
    route_of,
    whole_number,
)
from modeltap.tap.wsgi_input import TappedInput

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from modeltap.config.options import Options
    from modeltap.tap.endpoints.wsgi_endpoints import WSGIEndpoints

_PLACE = "modeltap.place"
"""The environ key of the outer tap's place."""

Write = Callable[[bytes], object]


class WSGIMiddleware:
    """Taps the exchanges of a WSGI app into the store.

    The app reads its input and the server its output through thin wrappers, chunk by chunk;
    nothing is read ahead or buffered. The options are those of `modeltap.watch`.
    """

    yields_to_inner = False
    """True if any inner tap replaces this one, even for requests that the inner tap leaves out."""

    def __init__(
        self, app: WSGIApplication, *, model: ModelChooser = None, **options: Unpack[Options]
    ) -> None:
        self.app = app
        self.tap = Tap("wsgi", model, options)
        self._endpoints = _endpoints_of(self.tap, app)
        self._keys = header_keys(self.tap.settings)
        self._id_key = header_key(self.tap.settings.id_header or "")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self.tap.disabled:
            return self.app(environ, start_response)
        outer = _place_around(environ)
        if self._endpoints is not None and (endpoint := self._endpoints.find(environ)) is not None:
            if outer is not None:
                outer.add_inner(True)  # no tap records the request
            return self._endpoints.serve(endpoint, environ, start_response)
        tap = self.tap if outer is None else self.tap.within(outer.tap)
        exchange = self._begin(tap, environ, outer)
        outer_id = outer.id if outer is not None else None
        id_ = exchange.id if exchange is not None else outer_id
        place = Place(tap, id_, self.yields_to_inner, call_of(environ), outer=outer)
        environ[_PLACE] = place
        if exchange is None:
            return self.app(environ, start_response)
        if tap.id_header is not None:
            # A gateway's app forwards it to tapped services behind it.
            environ.setdefault(self._id_key, exchange.id)
        return WSGIResponder(self.app, tap, exchange, place)(environ, start_response)

    def _begin(self, tap: Tap, environ: WSGIEnvironment, outer: Place | None) -> Exchange | None:
        """Return the exchange to fill, or None if the request is not tapped."""
        method, path = environ.get("REQUEST_METHOD", ""), as_utf8(environ.get("PATH_INFO", ""))
        if outer is not None:
            outer.add_inner(tap.claims(method, path))
        query = environ.get("QUERY_STRING", "").encode("latin-1", "replace")
        headers = [(name, environ[key]) for key, name in self._keys if key in environ]
        outer_id = outer.id if outer is not None else None
        return tap.begin(method, path, query, headers, outer_id)


class WSGIResponder:
    """The state of one request: runs the app and fills an exchange from its input and output."""

    __slots__ = ("_app", "_environ", "_exchange", "_finished", "_place", "_start_response", "_tap")

    _environ: WSGIEnvironment
    _start_response: StartResponse

    def __init__(self, app: WSGIApplication, tap: Tap, exchange: Exchange, place: Place) -> None:
        self._app = app
        self._tap = tap
        self._exchange = exchange
        self._place = place
        self._finished = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._environ = environ
        self._start_response = start_response
        try:
            source = environ.get("wsgi.input")
            if source is not None:
                limit = self._tap.request_limit
                environ["wsgi.input"] = TappedInput(source, self._exchange, limit)
            body = self._app(environ, self.start)
        except BaseException as error:
            self.end(error)
            raise
        return self.wrapped(body)

    def start(self, status: str, headers: Any, exc_info: Any = None) -> Write:
        """Implement `start_response` of PEP 3333, which may be called again with `exc_info`."""
        try:
            if type(headers) is not list and type(headers) is not tuple:
                headers = list(headers)  # reading another iterable may consume it
            self._note_start(status, headers, exc_info)
            headers = self._with_id(headers)
        except Exception as error:  # the server will report them
            self._tap.log_failure(error)
        if exc_info is None:
            write = self._start_response(status, headers)
        else:
            write = self._start_response(status, headers, exc_info)

        def tapped_write(chunk: bytes) -> object:
            self.add(chunk)
            return write(chunk)

        return tapped_write

    def _note_start(self, status: str, headers: list[tuple[str, str]], exc_info: Any) -> None:
        exchange = self._exchange
        exchange.headers_ms = exchange.elapsed_ms()
        exchange.status = whole_number(status[:3])
        exchange.response_headers = self._tap.response_filter.kept(headers)
        # Flask removes its request from the environ before it returns, so its rule is read now.
        flask = self._environ.get("werkzeug.request")
        exchange.route = route_of(getattr(flask, "url_rule", None) or self._environ.get(ROUTE))
        if exc_info is not None and exc_info[1] is not None:
            exchange.fail(exc_info[1])

    def _with_id(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the headers to forward, with the exchange's id."""
        tap, exchange = self._tap, self._exchange
        if tap.id_header is None or self._is_over():
            return headers
        if has_header(exchange.response_headers, tap.id_name):
            # Replace the id that a gateway's app forwards from a tapped service behind it.
            headers = [header for header in headers if header[0].lower() != tap.id_name]
        return [*headers, (tap.id_header.decode(), exchange.id)]

    def _is_over(self) -> bool:
        """Return True if the exchange is already recorded, or belongs to an inner tap."""
        return self._finished or self._place.taken

    def add(self, chunk: bytes) -> None:
        """Note a part of the body; one that is not made of bytes is for the server to report."""
        if chunk:
            try:
                self._exchange.add_response(chunk, self._tap.response_limit)
            except TypeError as error:
                self._tap.log_failure(error)

    def wrapped(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """Return the body for the server to iterate; file wrappers are kept for sendfile."""
        file_wrapper = self._environ.get("wsgi.file_wrapper")
        if isinstance(file_wrapper, type) and isinstance(body, file_wrapper):
            self._exchange.response_note = "not seen"
            self.end(None, complete=True)
            return body
        if type(body) is list or type(body) is tuple:
            # The body is complete, so it cannot fail later, and the server may use its length.
            for chunk in body:
                self.add(chunk)
            self.end(None, complete=True)
            return body
        return TappedOutput(body, self)

    def end(self, error: BaseException | None, complete: bool = False) -> None:
        """Record the exchange after an error, a `complete` body, or an early close."""
        if self._is_over():
            return
        self._finished = True
        exchange = self._exchange
        exchange.duration_ms = exchange.elapsed_ms()
        if error is not None:
            exchange.fail(error)
            exchange.aborted = exchange.headers_ms is not None
            if not exchange.aborted:
                exchange.status = 500  # the server's response to an exception of the app
        else:
            exchange.aborted = not complete
        if not exchange.request_read:
            exchange.request_read = length_of(self._environ) in (0, exchange.request_bytes)
        self._tap.wait(self._tap.finish(exchange))


class TappedOutput:
    """A lazy wrapper of the app's iterable that forwards `close` exactly once."""

    __slots__ = ("_body", "_closed", "_iterator", "_responder")

    def __init__(self, body: Iterable[bytes], responder: WSGIResponder) -> None:
        self._body = body
        self._iterator: Iterator[bytes] | None = None
        self._responder = responder
        self._closed = False

    def __iter__(self) -> TappedOutput:
        return self

    def __next__(self) -> bytes:
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            chunk = next(self._iterator)
        except StopIteration:
            self._responder.end(None, complete=True)
            raise
        except BaseException as error:
            self._responder.end(error)
            raise
        self._responder.add(chunk)
        return chunk

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._responder.end(None)


def _endpoints_of(tap: Tap, app: WSGIApplication) -> WSGIEndpoints | None:
    endpoints = tap.own_endpoints()
    if not endpoints:
        return None
    from modeltap.tap.endpoints.wsgi_endpoints import WSGIEndpoints  # few apps have one

    return WSGIEndpoints(endpoints, app)


def _place_around(environ: WSGIEnvironment) -> Place | None:
    """Return the place of the outer tap, in WSGI or in the ASGI app that mounts this app."""
    place: Place | None = environ.get(_PLACE)
    if place is None:
        around = current_place()
        place = around if around is not None and around.is_of_call(call_of(environ)) else None
    return place
