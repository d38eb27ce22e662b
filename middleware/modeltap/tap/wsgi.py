"""The tap for WSGI apps: Flask, Django and bare callables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from modeltap.config.settings import ModelChooser, Settings
from modeltap.privacy.headers import has_header, request_names
from modeltap.tap.exchange import ROUTE, Exchange
from modeltap.tap.nesting import Call, Place, current_place
from modeltap.tap.tapping import Tap

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
        self._keys = _header_keys(self.tap.settings)
        self._id_key = _key(self.tap.settings.id_header or "")

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
        place = Place(tap, id_, self.yields_to_inner, _call_of(environ), outer=outer)
        environ[_PLACE] = place
        if exchange is None:
            return self.app(environ, start_response)
        if tap.id_header is not None:
            # A gateway's app forwards it to tapped services behind it.
            environ.setdefault(self._id_key, exchange.id)
        return WSGIResponder(self.app, tap, exchange, place)(environ, start_response)

    def _begin(self, tap: Tap, environ: WSGIEnvironment, outer: Place | None) -> Exchange | None:
        """Return the exchange to fill, or None if the request is not tapped."""
        method, path = environ.get("REQUEST_METHOD", ""), _as_utf8(environ.get("PATH_INFO", ""))
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
        exchange.status = _number(status[:3])
        exchange.response_headers = self._tap.response_filter.kept(headers)
        # Flask removes its request from the environ before it returns, so its rule is read now.
        flask = self._environ.get("werkzeug.request")
        exchange.route = _template(getattr(flask, "url_rule", None) or self._environ.get(ROUTE))
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
            exchange.request_read = _length(self._environ) in (0, exchange.request_bytes)
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


class TappedInput:
    """A wrapper of the app's `wsgi.input` that records what the app reads, by any method.

    It has the methods of the server's input, of which PEP 3333 requires the first four.
    """

    __slots__ = ("_exchange", "_iterator", "_limit", "_source")

    def __init__(self, source: Any, exchange: Exchange, limit: int) -> None:
        self._source = source
        self._exchange = exchange
        self._limit = limit
        self._iterator: Iterator[bytes] | None = None

    def _add(self, chunk: bytes, may_end: bool = True) -> bytes:
        if chunk:
            self._exchange.add_request(chunk, self._limit)
        elif may_end:
            self._exchange.request_read = True
        return chunk

    # Arguments are passed on as they are, because some servers' methods take them by name.

    def read(self, *size: int | None, **named: int | None) -> bytes:
        chunk: bytes = self._source.read(*size, **named)
        wanted = _wanted(size, named)
        if wanted is None or wanted < 0:
            self._exchange.request_read = True
        return self._add(chunk, may_end=wanted != 0)

    def readline(self, *size: int | None, **named: int | None) -> bytes:
        line: bytes = self._source.readline(*size, **named)
        return self._add(line, may_end=_wanted(size, named) != 0)

    def readlines(self, *hint: int | None, **named: int | None) -> list[bytes]:
        return [self._add(line) for line in self._source.readlines(*hint, **named)]

    def __iter__(self) -> TappedInput:
        return self

    def __next__(self) -> bytes:
        try:
            return self._add(next(self._lines()))
        except StopIteration:
            self._exchange.request_read = True
            raise

    def _lines(self) -> Iterator[bytes]:
        if self._iterator is None:
            self._iterator = iter(self._source)
        return self._iterator

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._source, name)
        tapped = _OTHER_READERS.get(name)
        return method if tapped is None else partial(tapped, self, method)

    def _read_some(
        self, method: Callable[..., bytes], *size: int | None, **named: int | None
    ) -> bytes:
        return self._add(method(*size, **named), may_end=_wanted(size, named) != 0)

    def _read_into(self, method: Callable[[Any], int | None], buffer: Any) -> int | None:
        count = method(buffer)
        if count is not None:  # as of an input that would have to wait
            view = memoryview(buffer).cast("B")
            self._add(bytes(view[:count]), may_end=view.nbytes > 0)
        return count

    def _seek(self, method: Callable[..., int | None], *place: int, **named: int) -> int | None:
        """Forget the recorded body if the app begins to read it again."""
        position = method(*place, **named)
        if position == 0 or (position is None and place[:2] in ((0,), (0, 0))):
            self._exchange.forget_request()
        return position


def _wanted(size: tuple[int | None, ...], named: dict[str, int | None]) -> int | None:
    """Return the number of bytes that the app asks for; None for all of them."""
    return size[0] if size else next(iter(named.values()), None)


_OTHER_READERS: dict[str, Callable[..., Any]] = {
    "read1": TappedInput._read_some,
    "readall": TappedInput._read_some,
    "readinto": TappedInput._read_into,
    "readinto1": TappedInput._read_into,
    "seek": TappedInput._seek,
}
"""Methods that the inputs of some servers have, such as files and `io.BytesIO`."""


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
        place = around if around is not None and around.is_of_call(_call_of(environ)) else None
    return place


def _call_of(environ: WSGIEnvironment) -> Call:
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "").encode("latin-1", "replace")
    return environ.get("REQUEST_METHOD"), _as_utf8(path), query


def _template(route: Any) -> str | None:
    """Return a route as written in the app (``/flights/{id}``), if the framework provides it."""
    template = route if isinstance(route, str) else getattr(route, "rule", None)
    return template if isinstance(template, str) else None


def _header_keys(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return pairs of environ key and name for the headers to keep."""
    return tuple((_key(name), name) for name in request_names(settings))


def _key(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name == "CONTENT_TYPE" else f"HTTP_{name}"


def _length(environ: WSGIEnvironment) -> int | None:
    """Return the request's Content-Length; None if it is unknown or malformed."""
    text = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    return _number(text) if text else 0


def _number(text: str) -> int | None:
    """Parse a number of fewer than 20 digits, as a size in bytes has; None for other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _as_utf8(text: str) -> str:
    """Decode a WSGI string, which holds bytes as Latin-1 text (PEP 3333)."""
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")
