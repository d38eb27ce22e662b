"""Content encodings: gzip and deflate, and brotli and Zstandard if their packages are installed."""

from __future__ import annotations

import importlib
import io
import re
import zlib
from collections.abc import Callable
from typing import Any

MAX_INFLATED_BYTES = 1024 * 1024
"""The maximum decompressed size of a body, as a limit for decompression bombs."""

_MAX_ENCODINGS = 4
_CHUNK_BYTES = 64
"""Input bytes per call of brotli's decoder, which has no limit for its output."""

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x04\x22\x4d\x18": "lz4",
    b"7z\xbc\xaf\x27\x1c": "7z",
}
"""The first bytes of compressed files that are sent without a content encoding."""

_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

_FIRST_BYTES = 4096
"""Bytes to decompress as a test: other binary data does not form a zlib stream this long."""

_EXTRA, _FILE_NAME, _COMMENT = 4, 8, 16
"""Flags of a gzip header that announce free text in it."""

_GZIP_HEADER = 10
_PLAIN_FILE_NAME = re.compile(rb"[\w .-]{0,100}\0")

Decompress = Callable[[bytes, int], bytes | None]


def inflate(body: bytes, encoding: str, limit: int) -> bytes | None:
    """Decode one or several Content-Encodings; None if `body` cannot be decoded completely.

    Decoding fails if the result exceeds `limit` bytes, if the stream is followed by other data
    than another member, or if the package for an encoding is not installed.

    >>> import gzip
    >>> inflate(gzip.compress(b"a") + gzip.compress(b"b"), "gzip", 10)
    b'ab'
    >>> inflate(gzip.compress(b"a") + b"password=x", "gzip", 100) is None
    True
    """
    names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    if len(names) > _MAX_ENCODINGS:
        return None
    plain: bytes | None = body
    for name in reversed(names):
        decode = _DECOMPRESS.get(name)
        plain = decode(plain, limit) if decode and plain is not None else None
    return plain


def encoding_by_magic(body: bytes) -> str:
    """Return the encoding that a body's first bytes indicate; empty if they indicate none."""
    name = next((name for magic, name in _MAGIC.items() if body.startswith(magic)), "")
    is_zlib = not name and body.startswith(_ZLIB_HEADERS)
    return "deflate" if is_zlib and _begins_as_zlib(body) else name


def _begins_as_zlib(body: bytes) -> bool:
    """Return True if a body that starts with zlib's two header bytes is a zlib stream."""
    try:
        return bool(zlib.decompressobj().decompress(body[:_FIRST_BYTES], _FIRST_BYTES))
    except zlib.error:
        return False


def _gunzip(body: bytes, limit: int) -> bytes | None:
    plain = b""
    while body:
        if not _has_plain_header(body):
            return None
        decoder = zlib.decompressobj(31)
        try:
            plain += decoder.decompress(body, limit - len(plain) + 1)
        except zlib.error:
            return None
        if len(plain) > limit or decoder.unconsumed_tail:
            return None
        body = decoder.unused_data.lstrip(b"\0")  # files may be padded
    return plain


def _has_plain_header(body: bytes) -> bool:
    """Return True if a gzip header has no text except a simple file name; text is not masked."""
    flags = body[3] if len(body) > _GZIP_HEADER else 0
    if flags & (_EXTRA | _COMMENT):
        return False
    return not flags & _FILE_NAME or _PLAIN_FILE_NAME.match(body, _GZIP_HEADER) is not None


def _deflated(body: bytes, limit: int) -> bytes | None:
    """Decode a zlib stream, or the raw stream that some clients send; None if it is ambiguous."""
    results = {_stream(body, 15, limit), _stream(body, -15, limit)} - {None}
    return results.pop() if len(results) == 1 else None


def _stream(body: bytes, bits: int, limit: int) -> bytes | None:
    decoder = zlib.decompressobj(bits)
    try:
        plain = decoder.decompress(body, limit + 1)
    except zlib.error:
        return None
    is_complete = len(plain) <= limit and not decoder.unconsumed_tail
    return plain if is_complete and not decoder.unused_data else None


def _unbrotli(body: bytes, limit: int) -> bytes | None:
    brotli = _installed("brotli") or _installed("brotlicffi")
    if brotli is None:
        return None
    decoder, plain = brotli.Decompressor(), bytearray()
    try:
        for start in range(0, len(body), _CHUNK_BYTES):
            plain += decoder.process(body[start : start + _CHUNK_BYTES])
            if len(plain) > limit:
                return None
    except brotli.error:
        return None
    return bytes(plain) if decoder.is_finished() else None


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


def _identity(body: bytes, _limit: int) -> bytes:
    return body


def _installed(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError:
        return None


_DECOMPRESS: dict[str, Decompress] = {
    "identity": _identity,
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflated,
    "br": _unbrotli,
    "zstd": _unzstd,
}
