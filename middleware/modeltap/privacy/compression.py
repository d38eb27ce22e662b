"""Compressed bodies: decompressed within a bound, or not at all."""

from __future__ import annotations

import importlib
import re
import zlib
from collections.abc import Callable
from typing import Any

MAX_INFLATED_BYTES = 1024 * 1024
"""A compressed body is searched up to this size; a bomb stops here."""

_MAX_LAYERS = 4
"""How often a body may be compressed: servers send one layer, proxies add another."""

_GZIP, _ZLIB, _RAW = 31, 15, -15
"""The formats of zlib's `wbits`."""

_GZIP_MARK = b"\x1f\x8b"
_EXTRA, _FILE_NAME, _COMMENT = 4, 8, 16
"""The flags of a gzip header that stand for free text in it."""

_GZIP_HEADER = 10
_PLAIN_FILE_NAME = re.compile(rb"[\w .-]{0,100}\0")

_MARKS = {
    b"\x1f\x8b\x08": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x04\x22\x4d\x18": "lz4",
    b"7z\xbc\xaf\x27\x1c": "7z",
}
_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def layers(encoding: str) -> list[str]:
    """Return the encodings of a Content-Encoding, in the order in which they were applied.

    >>> layers("identity, GZIP"), layers("")
    (['gzip'], [])
    """
    names = (name.strip().lower() for name in encoding.split(","))
    return [name for name in names if name not in ("", "identity")]


def compressed_as(body: bytes) -> str:
    """Return the compression of a body that declares none; empty for none that is known.

    >>> compressed_as(zlib.compress(b"a")), compressed_as(b"a")
    ('deflate', '')
    """
    for mark, name in _MARKS.items():
        if body.startswith(mark):
            return name
    if body.startswith(_ZLIB_HEADERS) and _inflated(body, _ZLIB, MAX_INFLATED_BYTES) is not None:
        return "deflate"
    return ""


def inflate(body: bytes, encoding: str, limit: int) -> bytes | None:
    """Undo a Content-Encoding; None where that cannot be done, or gives more than `limit` bytes.

    Bytes that belong to no member of the compressed body make it unreadable: nobody would look at
    them. Brotli and Zstandard need their packages.
    """
    names = layers(encoding)
    if len(names) > _MAX_LAYERS:
        return None
    plain: bytes | None = body
    for name in reversed(names):
        decompress = _DECOMPRESSORS.get(name)
        if plain is None or decompress is None:
            return None
        plain = decompress(plain, limit)
    return plain


def _deflated(body: bytes, limit: int) -> bytes | None:
    """Undo gzip, zlib or raw deflate by their own marks; None where a body is two of them."""
    if body.startswith(_GZIP_MARK):
        return _members(body, limit)
    results = {_inflated(body, _ZLIB, limit), _inflated(body, _RAW, limit)} - {None}
    return results.pop() if len(results) == 1 else None


def _members(body: bytes, limit: int) -> bytes | None:
    """Return what all members of a gzip file hold; zeros may pad it."""
    plain = bytearray()
    while body := body.lstrip(b"\0"):
        if not _has_plain_header(body):
            return None
        machine = zlib.decompressobj(_GZIP)
        try:
            plain += machine.decompress(body, limit - len(plain) + 1)
        except zlib.error:
            return None
        if len(plain) > limit or machine.unconsumed_tail:
            return None
        body = machine.unused_data
    return bytes(plain)


def _has_plain_header(body: bytes) -> bool:
    """Say whether a gzip header has no text beside a simple file name."""
    flags = body[3] if len(body) > _GZIP_HEADER else 0
    if flags & (_EXTRA | _COMMENT):
        return False
    return not flags & _FILE_NAME or _PLAIN_FILE_NAME.match(body, _GZIP_HEADER) is not None


def _inflated(body: bytes, bits: int, limit: int) -> bytes | None:
    machine = zlib.decompressobj(bits)
    try:
        plain = machine.decompress(body, limit + 1)
    except zlib.error:
        return None
    complete = not (machine.unconsumed_tail or machine.unused_data)
    return plain if complete and len(plain) <= limit else None


def _from_brotli(body: bytes, limit: int) -> bytes | None:
    brotli = _installed("brotli", "brotlicffi")
    if brotli is None:
        return None
    plain = bytearray()
    try:
        machine = brotli.Decompressor()
        plain += machine.process(body, output_buffer_limit=limit + 1)
        # What is left of the output comes without further input.
        while len(plain) <= limit and not machine.is_finished():
            more = machine.process(b"", output_buffer_limit=limit + 1)
            if not more:
                break
            plain += more
        # All that came in has to be part of the stream; only whole streams can show that.
        whole = machine.is_finished() and len(plain) <= limit
        return bytes(plain) if whole and brotli.decompress(body) == plain else None
    except Exception:  # a broken body, or a version without a bound for the output
        return None


def _from_zstandard(body: bytes, limit: int) -> bytes | None:
    zstandard = _installed("zstandard")
    if zstandard is None:
        return None
    try:
        machine = zstandard.ZstdDecompressor(max_window_size=8 * MAX_INFLATED_BYTES)
        with machine.stream_reader(body, read_across_frames=True) as reader:
            plain = reader.read(limit + 1)
    except Exception:  # a broken body
        return None
    return plain if len(plain) <= limit else None


def _installed(*names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


_DECOMPRESSORS: dict[str, Callable[[bytes, int], bytes | None]] = {
    "gzip": _deflated,
    "x-gzip": _deflated,
    "deflate": _deflated,
    "br": _from_brotli,
    "zstd": _from_zstandard,
}
