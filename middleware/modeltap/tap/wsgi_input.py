"""The input of a WSGI app, which records what the app reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from modeltap.tap.exchange import Exchange


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
