"""Records that the app sends to the writer process, and the origin that a tap's records share.

The app packs a `CapturedRecord` (`tap.packing`), with its bodies apart, and the writer unpacks it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from modeltap.config.settings import Settings
from modeltap.privacy.headers import Header
from modeltap.writer.protocol import exchange_parts

MAX_TEXT = 2000
"""Longer paths, headers and error messages are truncated, because clients choose them."""


_NOT_SENT = {
    "webhooks": (),  # sent apart, without their secrets
    "labels_token": None,
    "dashboard_token": None,
    "metrics_token": None,
    "store": "",  # the writer has its path, which may not be valid Unicode
}
"""Options that only the app needs."""


class Origin(msgspec.Struct, frozen=True):
    """The tap that recorded exchanges: its settings, process and host, without secrets."""

    settings: Settings
    webhooks: tuple[dict[str, Any], ...]
    pid: int
    host: str


def origin_of(settings: Settings, pid: int, host: str) -> Origin:
    """Return the origin of a tap with `settings` in process `pid` on `host`."""
    webhooks = tuple(map(_without_secrets, settings.webhooks))
    return Origin(msgspec.structs.replace(settings, **_NOT_SENT), webhooks, pid, host)


def _without_secrets(webhook: Any) -> dict[str, Any]:
    """Return a webhook without literal secrets; `env:NAME` is kept, a URL is known by its key."""
    stored = msgspec.to_builtins(webhook)
    stored["key"] = webhook.key
    for name in ("url", "secret", "proxy", "template"):
        if stored[name] and not stored[name].startswith("env:"):
            # Without one of them only the app can send messages, signed and to the right URL.
            # A template may contain a token.
            stored[name] = stored["url"] = None
    return dict(stored)


if TYPE_CHECKING:
    Body = bytes | bytearray
    KeptHeaders = Sequence[Header]
else:
    # msgspec decodes each value to one type; header values are text (WSGI) or bytes (ASGI).
    Body = bytes
    KeptHeaders = tuple[tuple[str, Any], ...]


class CapturedRecord(msgspec.Struct, array_like=True, gc=False):
    """An exchange, not yet masked; packed, it is an array of its fields in this order."""

    source: str
    model: str
    method: str = ""
    path: str = ""
    query: bytes = b""
    request_headers: KeptHeaders = ()
    started_at: float = msgspec.field(default_factory=time.time)
    """Unix seconds."""
    origin: int = 0
    """The number of its tap's `Origin` among those sent to the writer."""
    id: str = ""
    route: str | None = None
    status: int | None = None
    headers_ms: float | None = None
    first_byte_ms: float | None = None
    duration_ms: float | None = None
    response_headers: KeptHeaders = ()
    request_body: Body = b""
    response_body: Body = b""
    request_bytes: int = 0
    response_bytes: int = 0
    request_read: bool = False
    request_truncated: bool = False
    response_truncated: bool = False
    request_note: str | None = None
    response_note: str | None = None
    aborted: bool = False
    sampled: bool = True
    """False if the exchange is recorded only because it failed."""
    error_type: str | None = None
    error_message: str | None = None
    chunks: tuple[int, bytes] | None = None
    """For a response in several chunks: their number, and the times that `chunk_timing` reads."""
    version: str | None = None
    """The version that the app's own function returned; None without such a function."""


_typed = msgspec.msgpack.Decoder(CapturedRecord)


def unpack(packed: bytes) -> CapturedRecord:
    """Return the record in the payload of an exchange's frame."""
    fields, request, response = exchange_parts(packed)
    try:
        record = _typed.decode(fields)
    except msgspec.ValidationError:  # such as a status that an app sent as text
        values = msgspec.msgpack.decode(fields)
        record = CapturedRecord(*map(_hashable, values[: len(CapturedRecord.__struct_fields__)]))
    record.request_body, record.response_body = request, response
    return record


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
