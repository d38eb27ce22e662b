"""Conversion of text to a form that SQLite can hold."""

from __future__ import annotations


def storable_text(text: str) -> str:
    """Return text without NUL, where other programs would cut it, and without lone surrogates.

    >>> storable_text("a\\0b\\ud800")
    'ab?'
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()
