"""Packing an exchange that is over into bytes, for the pipe to the writer process.

One object to keep instead of a dozen that Python's garbage collector would visit, of a known
size, and ready for another process.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from modeltap.tap.exchange import Exchange, ids
from modeltap.writer.records import MAX_TEXT, CapturedRecord

_MARSHAL_VERSION = 2
"""The last one that does not look each object up among those already written."""

# An exchange has the record's fields under the same names. marshal takes plain tuples only, and a
# record built by keyword would cost a request 1.2 us more.
_fields_of = attrgetter(*CapturedRecord.__struct_fields__)


def pack(origin: int, exchange: Exchange) -> bytes:
    """Return `exchange` as a packed `CapturedRecord`; `origin` is the number of its tap.

    Values of an app's own types become the plain ones that they extend.
    """
    exchange.origin = origin
    if exchange.id is None:
        exchange.id = ids.next(exchange.started_at)
    if exchange.route is not None:
        exchange.route = route_template(exchange.route)
    if exchange.error is not None:
        exchange.error_type = type(exchange.error).__qualname__
        exchange.error_message = _message_of(exchange.error)
    if exchange.chunk_times is not None:
        exchange.chunks = (exchange.chunk_count, exchange.chunk_times.tobytes())
    values = _fields_of(exchange)
    try:
        return marshal.dumps(values, _MARSHAL_VERSION)
    except ValueError:
        return marshal.dumps(_plain(values), _MARSHAL_VERSION)


def route_template(route: Any) -> str | None:
    """Return the route as the app wrote it (``/flights/{id}``), where the framework names it."""
    if isinstance(route, str) or route is None:
        return route
    template = getattr(route, "path", None) or getattr(route, "rule", None)
    return template if isinstance(template, str) else None


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(iter(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Iterable):
        return tuple(map(_plain, value))
    return None if value is None else str(value)


def _message_of(error: BaseException) -> str | None:
    try:
        return str(error)[:MAX_TEXT]
    except Exception:  # an app's own __str__ may do anything
        return None
