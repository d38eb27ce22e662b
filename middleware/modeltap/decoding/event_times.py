"""Event times that bodies tell: in the row, inside of an object in it, or beside all rows."""

from __future__ import annotations

from typing import Any

from modeltap.decoding.decoders import plain
from modeltap.payload import Body, parse_json
from modeltap.rows import Row, take
from modeltap.store.stored_exchanges import StoredExchange


class EventTimes:
    """Takes the field of this name out of rows; dots lead into objects (`meta.ts`)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path = name.split(".")
        self._outer: tuple[int, object] = (-1, None)

    def take(self, row: Row, exchange: StoredExchange) -> object:
        """Return what a row tells of its time, and take it out; None where nothing does.

        An import has taken the time out of the row already, and into the exchange.
        """
        found = take(row, self._name, None)
        if found is None and isinstance(row, dict):
            found = _taken(row, self._path)
        if found is None:
            found = exchange.event_time
        return self._beside(exchange) if found is None else found

    def _beside(self, exchange: StoredExchange) -> object:
        """Return the field of the request that is beside its rows: one for all of them."""
        if self._outer[0] != exchange.seq:
            document = parse_json(bodies(exchange)[0])
            self._outer = (exchange.seq, _found(document, self._path))
        return self._outer[1]


def _taken(row: dict[str, Any], path: list[str]) -> object:
    *parents, last = path
    holder: Any = row
    for name in parents:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder.pop(last, None) if isinstance(holder, dict) else None


def _found(document: object, path: list[str]) -> object:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def bodies(exchange: StoredExchange) -> tuple[Body, Body]:
    """Return an exchange's request and response, without their compression."""
    request, response = exchange.request_body, exchange.response_body
    if exchange.request_encoding:
        request = plain(request, exchange.request_encoding)
    if exchange.response_encoding:
        response = plain(response, exchange.response_encoding)
    return request, response
