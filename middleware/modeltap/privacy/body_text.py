"""Bodies as text: UTF-8, cut at a character, inflated."""

from __future__ import annotations

import zlib

MAX_INFLATED_BYTES = 1024 * 1024
"""A compressed body is searched up to this size; a bomb stops here."""


def as_text(body: bytes) -> str | None:
    """Return `body` as text if it is valid UTF-8 without NUL, else None."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def cut_at_character(body: bytes | bytearray) -> bytes:
    """Drop the first bytes of a last UTF-8 character whose end was cut off."""
    for back in range(1, min(4, len(body)) + 1):
        byte = body[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return bytes(body[:-back]) if back < needed else bytes(body)
        if byte < 0x80:
            break
    return bytes(body)


def inflate(body: bytes, encoding: str, limit: int) -> bytes | None:
    """Undo gzip or deflate; None where that cannot be done, or gives more than `limit` bytes."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return None
    for bits in (47, -15):  # gzip or zlib by their own marks; else raw deflate
        machine = zlib.decompressobj(bits)
        try:
            plain = machine.decompress(body, limit)
        except zlib.error:
            continue
        return None if machine.unconsumed_tail else plain
    return None
