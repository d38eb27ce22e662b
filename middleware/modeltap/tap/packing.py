"""Packing of finished exchanges into bytes for the pipe to the writer process.

Packed, an exchange is one object of known size that is ready for another process, instead of a
dozen objects that Python's garbage collector would visit.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from modeltap.tap.exchange import Exchange, ids
from modeltap.writer.records import MAX_TEXT, CapturedRecord

_MARSHAL_VERSION = 2
"""The last version that does not look up each object among those already written."""

# An exchange has the same attribute names as the record. marshal supports only plain tuples, and
# building the record by keyword would cost 1.2 us per request.
_fields_of = attrgetter(*CapturedRecord.__struct_fields__)


def pack(origin: int, exchange: Exchange) -> bytes:
    """Return `exchange` as a packed `CapturedRecord`; `origin` is the number of its tap.

    Values of subclasses are converted to their built-in base types.
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
    """Return the route as written in the app (``/flights/{id}``), if the framework provides it."""
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
    except Exception:  # `__str__` of an app's exception may raise
        return None
