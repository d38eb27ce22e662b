"""Masking by the app's own function, the option `mask_body`.

The function runs in the app, after the response, because the writer process could not use it
without importing the app and its model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from modeltap.errors import ConfigError
from modeltap.privacy.headers import Header, text_of
from modeltap.tap.exchange import Exchange

if TYPE_CHECKING:
    from modeltap.config.options import MaskBody


def mask_body_option(options: Mapping[str, object]) -> MaskBody | None:
    """Return the option `mask_body`; raises `ConfigError` if it is not callable."""
    function = options.get("mask_body")
    if function is not None and not callable(function):
        raise ConfigError(
            f"option mask_body = {function!r} is not callable; give a function that takes a body "
            "(bytes) and its content type, and returns the bytes to store or None"
        )
    return cast("MaskBody | None", function)


def mask_bodies(exchange: Exchange, mask: MaskBody) -> None:
    """Mask both bodies with the app's own function; headers must come from `HeaderFilter`."""
    exchange.request_body, exchange.request_headers, note = _masked(
        mask, exchange.request_body, exchange.request_headers
    )
    exchange.request_note = note
    exchange.response_body, exchange.response_headers, note = _masked(
        mask, exchange.response_body, exchange.response_headers
    )
    exchange.response_note = exchange.response_note or note


def _masked(
    mask: MaskBody, body: bytes | bytearray, headers: Sequence[Header]
) -> tuple[bytes, Sequence[Header], str | None]:
    """Return the masked body, its headers, and a note if the body changed."""
    if not body:
        return b"", headers, None
    # Imported here, because few apps have their own mask, and the writer's masks load much.
    from modeltap.privacy.bodies.compression import MAX_INFLATED_BYTES, inflate
    from modeltap.privacy.body_masker import MASKED, UNMASKABLE

    plain: bytes | None = bytes(body)
    encoding = _header(headers, "content-encoding").lower()
    if encoding not in ("", "identity"):
        plain = inflate(bytes(body), encoding, MAX_INFLATED_BYTES)
        headers = [pair for pair in headers if pair[0] != "content-encoding"]
    try:
        kept = None if plain is None else _bytes_of(mask(plain, _header(headers, "content-type")))
    except Exception:  # drop a body that cannot be masked, but keep the record
        kept = None
    if kept is None:
        return b"", headers, UNMASKABLE
    return kept, headers, None if kept == plain else MASKED


def _bytes_of(masked: bytes | str | None) -> bytes | None:
    """Return the result of an app's mask, which may be text, as bytes."""
    if masked is None or type(masked) is bytes:
        return masked
    return masked.encode() if isinstance(masked, str) else bytes(memoryview(masked))


def _header(headers: Sequence[Header], name: str) -> str:
    return next((text_of(value) for key, value in headers if key == name), "")
