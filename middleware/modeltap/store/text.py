"""Conversion of text to a form that SQLite can hold, and to SQL."""

from __future__ import annotations

import sqlite3


def storable_text(text: str) -> str:
    """Return text without NUL, where other programs would cut it, and without lone surrogates.

    >>> storable_text("a\\0b\\ud800")
    'ab?'
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def text_literal(text: str) -> str:
    """Return a text as an SQL literal; SQLite accepts no NUL in statements.

    >>> print(text_literal("it's"), text_literal("a\\0b"))
    'it''s' cast(x'610062' as text)
    """
    if "\0" in text:
        return f"cast(x'{text.encode().hex()}' as text)"
    return "'" + text.replace("'", "''") + "'"


def read_broken_text(connection: sqlite3.Connection) -> None:
    """Allow a connection to read text that is not UTF-8, as other programs may have written it.

    Broken bytes become U+FFFD; without this, reading the row would fail.
    """
    connection.text_factory = _replaced


def _replaced(data: bytes) -> str:
    return data.decode("utf-8", "replace")
