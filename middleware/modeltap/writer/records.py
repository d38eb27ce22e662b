"""Records as the app hands them to the writer process, and the origin that a tap's records share.

The app packs the fields of `CapturedRecord` (`tap.packing`) and the writer unpacks them; both
know them by name alone.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from typing import Any

import msgspec

from modeltap.config.settings import Settings
from modeltap.privacy.headers import Header

MAX_TEXT = 2000
"""Longer paths, headers and error messages are cut: people read them, and clients write them."""


class Origin(msgspec.Struct, frozen=True):
    """The tap that exchanges come from: its settings, process and host; it holds no secret."""

    settings: Settings
    webhooks: tuple[dict[str, Any], ...]
    pid: int
    host: str


def origin_of(settings: Settings, pid: int, host: str) -> Origin:
    """Return the origin of a tap with `settings` in process `pid` on `host`."""
    webhooks = tuple(map(_without_secrets, settings.webhooks))
    return Origin(msgspec.structs.replace(settings, webhooks=()), webhooks, pid, host)


def _without_secrets(webhook: Any) -> dict[str, Any]:
    """Only what is `env:NAME`, or no secret, may be kept; a literal URL is known by its key."""
    stored = msgspec.to_builtins(webhook)
    stored["key"] = webhook.key
    for name in ("url", "secret", "proxy", "template"):
        if stored[name] and not stored[name].startswith("env:"):
            # Without one of them a message would go unsigned, or nowhere: the app alone sends it.
            # A template may have a token within.
            stored[name] = stored["url"] = None
    return dict(stored)


class CapturedRecord(msgspec.Struct, frozen=True, gc=False):
    """One exchange, over and not yet masked; every field but the headers is a plain value."""

    origin: int
    """The number of its tap's `Origin` among those that its writer was given."""
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
    """Of a response in several chunks: how many, and the times that `chunk_timing` reads."""


def unpack(packed: bytes) -> CapturedRecord:
    """Return the record that `tap.packing.pack` made `packed` of."""
    return CapturedRecord(*marshal.loads(packed))
