"""Records that the app sends to the writer process, and the origin that a tap's records share.

The app packs the fields of `CapturedRecord` (`tap.packing`) and the writer unpacks them.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from typing import Any

import msgspec

from modeltap.config.settings import Settings
from modeltap.privacy.headers import Header

MAX_TEXT = 2000
"""Longer paths, headers and error messages are truncated, because clients choose them."""


class Origin(msgspec.Struct, frozen=True):
    """The tap that recorded exchanges: its settings, process and host, without secrets."""

    settings: Settings
    webhooks: tuple[dict[str, Any], ...]
    pid: int
    host: str


def origin_of(settings: Settings, pid: int, host: str) -> Origin:
    """Return the origin of a tap with `settings` in process `pid` on `host`."""
    webhooks = tuple(map(_without_secrets, settings.webhooks))
    return Origin(msgspec.structs.replace(settings, webhooks=()), webhooks, pid, host)


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


class CapturedRecord(msgspec.Struct, frozen=True, gc=False):
    """A finished exchange, not yet masked; all fields except headers are plain values."""

    origin: int
    """The number of its tap's `Origin` among those sent to the writer."""
    id: str
    source: str
    model: str
    started_at: float
    """Unix seconds."""
    method: str = ""
    path: str = ""
    query: bytes = b""
    route: str | None = None
    status: int | None = None
    headers_ms: float | None = None
    first_byte_ms: float | None = None
    duration_ms: float | None = None
    request_headers: Sequence[Header] = ()
    response_headers: Sequence[Header] = ()
    request_body: bytes | bytearray = b""
    response_body: bytes | bytearray = b""
    request_bytes: int = 0
    response_bytes: int = 0
    request_read: bool = False
    request_truncated: bool = False
    response_truncated: bool = False
    request_note: str | None = None
    response_note: str | None = None
    aborted: bool = False
    sampled: bool = True
    error_type: str | None = None
    error_message: str | None = None
    chunks: tuple[int, bytes] | None = None
    """For a response in several chunks: their number, and the times that `chunk_timing` reads."""


def unpack(packed: bytes) -> CapturedRecord:
    """Return the record that `tap.packing.pack` packed."""
    return CapturedRecord(*marshal.loads(packed))
