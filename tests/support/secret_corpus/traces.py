"""Traces of secrets in bytes, whatever encoding they were written in."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from secret_corpus.seeds import NUMBER_MARK, OTHER_MARK, TEXT_MARK

_SQUEEZED = (gzip.decompress, zlib.decompress, bz2.decompress, lzma.decompress)


def forms(text: str) -> Iterator[bytes]:
    """Yield the ways in which `text` may be written."""
    raw = text.encode()
    yield raw
    yield text.upper().encode()
    yield text[::-1].encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    # Without the last zero this is in both byte orders.
    yield text.encode("utf-16-le")[:-1]
    yield text.encode("utf-32-le")[:-3]
    yield "".join(chr(ord(letter) + 0xFEE0) for letter in text).encode()
    for escape in (
        "%{:02x}",
        "%{:02X}",
        "\\u{:04x}",
        "\\u{:04X}",
        "\\x{:02x}",
        "&#{};",
        "&#x{:x};",
    ):
        yield "".join(escape.format(byte) for byte in raw).encode()
    yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """Yield the letters that hold `raw` whatever is before it and after it."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        start = (before * 8 + 5) // 6
        end = (before + len(raw)) * 8 // 6
        yield encoded[start:end]


_MARKS = [form for mark in (TEXT_MARK, OTHER_MARK, NUMBER_MARK) for form in forms(mark)]


def has_any(data: bytes) -> bool:
    """Say whether a part of any secret is in `data`."""
    return any(mark in data for mark in _MARKS)


def found(data: bytes, secrets: Iterable[str]) -> list[str]:
    """Return those of `secrets` of which the whole or a half is in `data`."""
    if not has_any(data):
        return []
    return [secret for secret in secrets if _is_in(data, secret)]


def _is_in(data: bytes, secret: str) -> bool:
    if secret.isdecimal():
        # As a float it may have got an exponent.
        return any(form in data for form in (*forms(secret), f"8.{secret[1:]}".encode()))
    return any(form in data for half in (secret[:10], secret[10:]) for form in forms(half))


def pieces(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of each file of a folder, and what was compressed in a store's cells."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            data = file.read_bytes()
            yield file.name, data
            if data.startswith(b"SQLite format 3"):
                yield from _unsqueezed_cells(file)


def _unsqueezed_cells(store: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f'select * from "{table}"'):
                for cell in row:
                    if isinstance(cell, bytes):
                        yield from ((f"{store.name}: {table}", plain) for plain in _plain(cell))


def _plain(cell: bytes) -> Iterator[bytes]:
    for decompress in _SQUEEZED:
        with suppress(OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
            yield decompress(cell)
    with suppress(zlib.error):
        yield zlib.decompress(cell, -15)
    with suppress(ImportError, Exception):
        import brotli

        yield brotli.decompress(cell)
