"""Event times from fields of bodies: in a row, in an object of a row, or next to all rows."""

from __future__ import annotations

from typing import Any

from modeltap.decoding.decoders import plain
from modeltap.payload import Body, parse_json
from modeltap.rows import Row, take
from modeltap.store.stored_exchanges import StoredExchange


class EventTimes:
    """Removes the field with this name from rows; dots separate nested names (`meta.ts`)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path = name.split(".")
        self._outer: tuple[int, object] = (-1, None)

    def take(self, row: Row, exchange: StoredExchange) -> object:
        """Remove the time from a row and return it; None if there is none.

        An import has already moved the time from the row to the exchange.
        """
        time = take(row, self._name, None)
        if time is None and isinstance(row, dict):
            time = _pop_nested(row, self._path)
        if time is None:
            time = exchange.event_time
        return self._shared(exchange) if time is None else time

    def _shared(self, exchange: StoredExchange) -> object:
        """Return the time that all rows of a request share."""
        if self._outer[0] != exchange.seq:
            document = parse_json(bodies(exchange)[0])
            self._outer = (exchange.seq, _nested(document, self._path))
        return self._outer[1]


def _pop_nested(row: dict[str, Any], path: list[str]) -> object:
    *parents, last = path
    holder: Any = row
    for name in parents:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder.pop(last, None) if isinstance(holder, dict) else None


def _nested(document: object, path: list[str]) -> object:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def bodies(exchange: StoredExchange) -> tuple[Body, Body]:
    """Return an exchange's request and response, decompressed."""
    request, response = exchange.request_body, exchange.response_body
    if exchange.request_encoding:
        request = plain(request, exchange.request_encoding)
    if exchange.response_encoding:
        response = plain(response, exchange.response_encoding)
    return request, response
