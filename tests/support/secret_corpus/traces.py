"""Traces of secrets in bytes, in any encoding."""

from __future__ import annotations

import base64
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import brotli

from secret_corpus.seeds import NUMBER_MARK, OTHER_MARK, TEXT_MARK

_MAGIC = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_WINDOWS = (31, 15, -15)
"""zlib's words for gzip, for its own format, and for none."""

MOST_INFLATED = 8_000_000


def forms(text: str) -> Iterator[bytes]:
    """Yield the encoded forms of `text`."""
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
    """Yield the base64 characters of `raw` at each alignment, without adjacent bytes."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        start = (before * 8 + 5) // 6
        end = (before + len(raw)) * 8 // 6
        yield encoded[start:end]


def _halves(secret: str) -> tuple[str, ...]:
    """Return the parts by which a secret is found; a number may be written with an exponent."""
    return (secret,) if secret.isdecimal() else (secret[:10], secret[10:])


_MARKS = [list(forms(mark)) for mark in (TEXT_MARK, OTHER_MARK, NUMBER_MARK)]
_EXPONENT = f"{NUMBER_MARK[0]}.{NUMBER_MARK[1:]}".encode()


class Traces:
    """Finds which of many secrets are in bytes, completely or by half."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known = {
            form: secret for secret in secrets for half in _halves(secret) for form in forms(half)
        }
        self._lengths = sorted({len(form) for form in self._known}, reverse=True)

    def found(self, data: bytes) -> set[str]:
        """Return the secrets in `data`, or the part itself if it is ambiguous."""
        secrets = {"a number with an exponent"} if _EXPONENT in data else set()
        for marks in _MARKS:
            for mark in marks:
                secrets |= {self._secret(data, start, mark) for start in _starts(data, mark)}
        return secrets

    def _secret(self, data: bytes, start: int, mark: bytes) -> str:
        end = start + len(mark)
        for length in self._lengths:
            # A text that is written backwards ends in its mark; one that is cut in its second
            # half has its first before the mark.
            for first, last in (
                (start, start + length),
                (end - length, end),
                (start - length, start),
            ):
                if first >= 0 and (secret := self._known.get(data[first:last])):
                    return secret
        return f"a part: {data[max(0, start - 40) : start + 40]!r}"


def _starts(data: bytes, mark: bytes) -> Iterator[int]:
    start = data.find(mark)
    while start >= 0:
        yield start
        start = data.find(mark, start + 1)


def pieces(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of each file in a folder, and the decompressed cells of a store."""
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


def _plain(cell: bytes, depth: int = 2) -> Iterator[bytes]:
    """Yield the decompressed data of a cell, possibly truncated, from each magic number on."""
    starts = {0, *(match.start() for match in _MAGIC.finditer(cell))}
    for start in sorted(starts):
        for bits in _WINDOWS:
            yield from _inflated(cell[start:], bits, depth)
            # Without a checksum that may be wrong.
            yield from _inflated(cell[start:-8], bits, depth)
    with suppress(brotli.error):
        yield brotli.decompress(cell)


def _inflated(data: bytes, bits: int, depth: int) -> Iterator[bytes]:
    while data:
        inflater = zlib.decompressobj(bits)
        try:
            plain = inflater.decompress(data, MOST_INFLATED)
        except zlib.error:
            return
        if plain:
            yield plain
            if depth:
                yield from _plain(plain, depth - 1)
        data = inflater.unused_data
