"""Recording of calls that are not HTTP: their taps and their encoded bodies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from modeltap.errors import InputError
from modeltap.tap.exchange import Exchange
from modeltap.tap.recording.recorder import Ticket
from modeltap.tap.recording.recorders import recorders
from modeltap.tap.tapping import Tap

_JSON = (("content-type", "application/json"),)
_TEXT = (("content-type", "text/plain; charset=utf-8"),)


class Absent:
    """The type of `ABSENT`, which marks an argument that was not given, unlike None."""

    def __repr__(self) -> str:
        return "..."


ABSENT = Absent()


class CallTaps:
    """The taps for calls of this process, one for each set of options."""

    def __init__(self) -> None:
        self._by_options: dict[str, Tap] = {}

    def of(self, options: Mapping[str, object]) -> Tap:
        """Return the tap for `options`; raises `ConfigError`, and `InputError` as `with_store`."""
        complete = with_store(options)
        key = repr(sorted(complete.items()))
        if key not in self._by_options:
            self._by_options[key] = Tap("call", None, complete)
        return self._by_options[key]

    def clear(self) -> None:
        """Remove all taps."""
        self._by_options.clear()


call_taps = CallTaps()


def with_store(options: Mapping[str, object]) -> dict[str, object]:
    """Return `options`, with the store of this process if they contain none.

    Raises `InputError` if the process records to several stores.
    """
    store = options.get("store")
    if store is not None:
        return {**options, "store": str(store)}
    unnamed = {name: value for name, value in options.items() if name != "store"}
    known = [str(recorder.store) for recorder in recorders.all()]
    if len(known) > 1:
        raise InputError(
            f"the store is ambiguous: this process records to {', '.join(known)}; pass store=..."
        )
    return {**unnamed, "store": known[0]} if known else unnamed


def add_request(tap: Tap, exchange: Exchange, request: object) -> None:
    """Add the request of a call to the exchange; a request that is not JSON gets a note."""
    exchange.request_read = True
    body, exchange.request_headers = _encoded(request)
    if body is None:
        exchange.request_note = "not JSON"
    else:
        exchange.add_request(body, tap.request_limit)


def end_call(
    tap: Tap, exchange: Exchange, response: object, error: BaseException | None
) -> Ticket | None:
    """Add the response of a call and record it; return a ticket to wait for if it is durable."""
    if isinstance(response, YieldedItems):
        response.add_to(exchange)
    elif not isinstance(response, Absent):
        first_byte_ms = exchange.first_byte_ms
        body, exchange.response_headers = _encoded(response)
        if body is None:
            exchange.response_note = "not JSON"
        else:
            exchange.add_response(body, tap.response_limit)
        exchange.first_byte_ms = first_byte_ms
    if error is not None:
        exchange.fail(error)
        exchange.status = 500  # a call has no status, but must count as failed
    return tap.finish(exchange)


class YieldedItems:
    """The response of a generator: one text if it yields only texts, else a JSON list.

    Items are encoded at once, because the generator may change them afterwards; more than `limit`
    bytes are only counted, because it may yield without end.
    """

    def __init__(self, limit: int) -> None:
        self._text: _CutBody | None = _CutBody(limit)
        """None after an item that is not a text."""
        self._list: _CutBody | None = _CutBody(limit)
        """None after an item that has no JSON form."""
        self._separator = b"["

    def add(self, item: object) -> None:
        """Add an item."""
        if self._text is not None and isinstance(item, str):
            self._text.add(item.encode("utf-8", "surrogatepass"))
        else:
            self._text = None
        if self._list is not None:
            encoded = _json_of(item)
            if encoded is None:
                self._list = None
            else:
                self._list.add(self._separator + encoded)
        self._separator = b","

    def add_to(self, exchange: Exchange) -> None:
        """Set the response of `exchange`."""
        body, exchange.response_headers = self._text, _TEXT
        if body is None or self._separator == b"[":
            body, exchange.response_headers = self._list, _JSON
            if body is None:
                exchange.response_note = "not JSON"
                return
            body.add(b"[]" if self._separator == b"[" else b"]")
        exchange.response_body, exchange.response_bytes = bytes(body.kept), body.size
        exchange.response_truncated = body.is_truncated


class _CutBody:
    """A body of which only the first `limit` bytes are kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.kept = bytearray()
        self.size = 0

    @property
    def is_truncated(self) -> bool:
        """True if bytes are missing from a body that is to be kept."""
        return 0 < self._limit < self.size

    def add(self, part: bytes) -> None:
        """Append `part`, up to the limit."""
        self.kept += part[: max(0, self._limit - self.size)]
        self.size += len(part)


def _encoded(value: Any) -> tuple[bytes | None, tuple[tuple[str, str], ...]]:
    """Return `value` as a body and its headers; the body is None if it cannot be encoded."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), ()
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass"), _TEXT
    return _json_of(value), _JSON


def _json_of(value: Any) -> bytes | None:
    """Return `value` as JSON; None if it has no such form."""
    try:
        return msgspec.json.encode(value, enc_hook=_simplified)
    except Exception:  # an unsupported type, or an error in the type's own code
        return None


def _simplified(value: Any) -> Any:
    """Convert arrays, data frames, NumPy numbers and models to types that JSON supports."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict("records") if hasattr(value, "iloc") else value.to_dicts()
    for method in ("tolist", "model_dump", "to_list", "dict"):
        function = getattr(value, method, None)
        if callable(function):
            return function()
    if isinstance(value, (date, Path)):
        return str(value)
    raise NotImplementedError(type(value).__name__)
