"""Decoding of bodies as UTF-8 text."""

from __future__ import annotations


def as_text(body: bytes) -> str | None:
    """Return `body` as text if it is valid UTF-8 without NUL, else None."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def cut_at_character(body: bytes | bytearray) -> bytes:
    """Remove an incomplete UTF-8 character from the end of a truncated body."""
    for back in range(1, min(4, len(body)) + 1):
        byte = body[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return bytes(body[:-back]) if back < needed else bytes(body)
        if byte < 0x80:
            break
    return bytes(body)
