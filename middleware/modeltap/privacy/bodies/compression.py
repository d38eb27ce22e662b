"""Content encodings: gzip and deflate, and brotli and Zstandard where their packages are."""

from __future__ import annotations

import importlib
import io
import re
import zlib
from collections.abc import Callable
from typing import Any

MAX_INFLATED_BYTES = 1024 * 1024
"""A compressed body is searched up to this size; a bomb stops here."""

_MOST_ENCODINGS = 4
_PIECE = 64
"""Bytes that are handed to brotli at once: few, for its decoder has no limit for what comes out."""

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x04\x22\x4d\x18": "lz4",
    b"7z\xbc\xaf\x27\x1c": "7z",
}
"""The first bytes of compressed files that are sent as such, without a content encoding."""

_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

_FIRST_BYTES = 4096
"""So many bytes of other binary are no zlib stream by chance."""

_EXTRA, _FILE_NAME, _COMMENT = 4, 8, 16
"""The flags of a gzip header for free text in it."""

_GZIP_HEADER = 10
_PLAIN_FILE_NAME = re.compile(rb"[\w .-]{0,100}\0")

Undo = Callable[[bytes, int], bytes | None]


def inflate(body: bytes, encoding: str, limit: int) -> bytes | None:
    """Undo a Content-Encoding, or several; None where that cannot be done for all of `body`.

    So it is where more than `limit` bytes come out, where anything but another member follows, and
    where the package for an encoding is not installed.

    >>> import gzip
    >>> inflate(gzip.compress(b"a") + gzip.compress(b"b"), "gzip", 10)
    b'ab'
    >>> inflate(gzip.compress(b"a") + b"password=x", "gzip", 100) is None
    True
    """
    names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    if len(names) > _MOST_ENCODINGS:
        return None
    plain: bytes | None = body
    for name in reversed(names):
        undo = _UNDO.get(name)
        plain = undo(plain, limit) if undo and plain is not None else None
    return plain


def encoding_by_magic(body: bytes) -> str:
    """Return the encoding that a body's first bytes tell; empty if they tell none."""
    name = next((name for magic, name in _MAGIC.items() if body.startswith(magic)), "")
    is_zlib = not name and body.startswith(_ZLIB_HEADERS)
    return "deflate" if is_zlib and _begins_as_zlib(body) else name


def _begins_as_zlib(body: bytes) -> bool:
    """Say whether a body with zlib's two bytes has more of it: other binary does not."""
    try:
        return bool(zlib.decompressobj().decompress(body[:_FIRST_BYTES], _FIRST_BYTES))
    except zlib.error:
        return False


def _gunzip(body: bytes, limit: int) -> bytes | None:
    plain = b""
    while body:
        if not _has_plain_header(body):
            return None
        machine = zlib.decompressobj(31)
        try:
            plain += machine.decompress(body, limit - len(plain) + 1)
        except zlib.error:
            return None
        if len(plain) > limit or machine.unconsumed_tail:
            return None
        body = machine.unused_data.lstrip(b"\0")  # files may be padded
    return plain


def _has_plain_header(body: bytes) -> bool:
    """Say whether a gzip header has no text but a simple file name: nobody looks at other text."""
    flags = body[3] if len(body) > _GZIP_HEADER else 0
    if flags & (_EXTRA | _COMMENT):
        return False
    return not flags & _FILE_NAME or _PLAIN_FILE_NAME.match(body, _GZIP_HEADER) is not None


def _deflated(body: bytes, limit: int) -> bytes | None:
    """A zlib stream, as the standard has it; or a raw one, as some send it; not what is both."""
    results = {_stream(body, 15, limit), _stream(body, -15, limit)} - {None}
    return results.pop() if len(results) == 1 else None


def _stream(body: bytes, bits: int, limit: int) -> bytes | None:
    machine = zlib.decompressobj(bits)
    try:
        plain = machine.decompress(body, limit + 1)
    except zlib.error:
        return None
    is_whole = len(plain) <= limit and not machine.unconsumed_tail
    return plain if is_whole and not machine.unused_data else None


def _unbrotli(body: bytes, limit: int) -> bytes | None:
    brotli = _installed("brotli") or _installed("brotlicffi")
    if brotli is None:
        return None
    machine, plain = brotli.Decompressor(), bytearray()
    try:
        for start in range(0, len(body), _PIECE):
            plain += machine.process(body[start : start + _PIECE])
            if len(plain) > limit:
                return None
    except brotli.error:
        return None
    return bytes(plain) if machine.is_finished() else None


def _unzstd(body: bytes, limit: int) -> bytes | None:
    zstandard = _installed("zstandard")
    if zstandard is None:
        return None
    try:
        reader = zstandard.ZstdDecompressor().stream_reader(
            io.BytesIO(body), read_across_frames=True
        )
        plain: bytes = reader.read(limit + 1)
    except zstandard.ZstdError:
        return None
    return plain if len(plain) <= limit else None


def _as_it_is(body: bytes, _limit: int) -> bytes:
    return body


def _installed(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError:
        return None


_UNDO: dict[str, Undo] = {
    "identity": _as_it_is,
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflated,
    "br": _unbrotli,
    "zstd": _unzstd,
}
