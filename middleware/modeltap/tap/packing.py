"""Packing of finished exchanges into bytes for the writer process.

Packed, an exchange is one object of known size that is ready for another process, instead of a
dozen objects that Python's garbage collector would visit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from modeltap.tap.exchange import Exchange, new_id
from modeltap.writer.protocol import exchange_frame
from modeltap.writer.records import CapturedRecord

_encode = msgspec.msgpack.Encoder().encode


def pack(origin: int, exchange: Exchange) -> bytes:
    """Return the frame of `exchange` for the writer; `origin` is the number of its tap.

    Values of subclasses are converted to their built-in base types. The exchange loses its bodies,
    which are copied only once, behind the other fields.
    """
    if exchange.origin != origin:  # a comparison is cheaper than an assignment
        exchange.origin = origin
    if not exchange.id:
        exchange.id = new_id(exchange.started_at)
    if exchange.chunk_times is not None:
        exchange.chunks = (exchange.chunk_count, exchange.chunk_times.tobytes())
        exchange.chunk_times = None
    request, response = exchange.request_body, exchange.response_body
    exchange.request_body = exchange.response_body = b""
    try:
        fields = _encode(exchange)
    except Exception:  # a framework's own kind of text, or text that is not valid Unicode
        fields = _encode(_plain_fields(exchange))
    return exchange_frame(fields, request, response)


def _plain_fields(exchange: Exchange) -> list[Any]:
    return [_plain(getattr(exchange, name)) for name in CapturedRecord.__struct_fields__]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(iter(value)).encode("utf-8", "replace").decode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Iterable):
        return tuple(map(_plain, value))
    return None if value is None else str(value)
