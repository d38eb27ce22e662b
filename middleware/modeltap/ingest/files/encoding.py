"""Detection of a text file's encoding by its byte order mark, zero bytes or letters."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from modeltap.errors import InputError, nearest
from modeltap.ingest.files.alphabets import cyrillic_encoding, latin_encoding
from modeltap.ingest.files.source import Source

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_READ_BYTES = 1 << 18
_FEWEST_ZEROS = 0.1
"""The least fraction of zero bytes in UTF-16: each separator and digit of a table has one."""

_FEWEST_BYTES = 8
"""Fewer bytes cannot be a table in UTF-16 or UTF-32."""

_SAMPLE_BYTES = 1 << 16
"""Bytes of lines with non-ASCII letters that are enough to show the encoding."""

_FEWEST_LETTERS = 12
"""Fewer non-ASCII bytes are valid words in too many encodings."""

_COMMON = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii", "latin-1", "cp1250"),
    *("cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932", "shift_jis"),
    *("euc_jp", "gb18030", "gbk", "big5", "cp949", "euc_kr", "koi8-r", "iso8859-2", "iso8859-15"),
)
"""Names to suggest for an unknown name."""


class Encoding(NamedTuple):
    """The encoding of a file.

    Attributes:
        broken: the number of characters that it cannot decode.
        is_guess: whether it was chosen only because it fits the letters.
    """

    name: str
    broken: int = 0
    is_guess: bool = False


def encoding_of(source: Source, declared: str | None = None) -> Encoding:
    """Read a file once or twice and return its encoding.

    A file with more valid than invalid UTF-8 characters is UTF-8 with errors. Otherwise the
    encoding is the single-byte encoding that makes its letters one language's, else the one that
    charset-normalizer detects, else Windows-1252 or Latin-1.

    Args:
        declared: the encoding that the user named.

    Raises `InputError` if the declared encoding is unknown.
    """
    if declared is not None:
        name = known_encoding(declared)
        return Encoding(name, _broken(source, name))
    with source.opened() as file:
        start = file.read(_READ_BYTES)
        if (marked := _by_mark(start)) is not None:
            # A file that UTF-16 cannot decode is truncated, or not text.
            return Encoding(marked, _broken(source, marked) if marked == "utf-8-sig" else 0)
        valid = broken = 0
        reader = codecs.getincrementaldecoder("utf-8")("replace")
        while start:
            text = reader.decode(start)
            if not text.isascii():
                lost = text.count("\ufffd")
                broken += lost
                valid += len(text) - len(text.encode("ascii", "ignore")) - lost
            start = file.read(_READ_BYTES)
        broken += len(reader.decode(b"", final=True))
    if broken <= valid:
        return Encoding("utf-8", broken)
    return _by_letters(source)


def known_encoding(name: str) -> str:
    """Return the codec with this name; raise `InputError` with the nearest name if it is unknown.

    >>> known_encoding("Windows-1251"), known_encoding("SJIS")
    ('cp1251', 'shift_jis')
    """
    try:
        codec = codecs.lookup(name.strip())
        "a".encode(codec.name)  # some codecs, such as base64, encode bytes only
    except (LookupError, UnicodeError, ValueError):
        raise InputError(
            f"--encoding {name!r} is not a text encoding{nearest(name, _COMMON)}"
        ) from None
    return codec.name


def text_of(start: bytes) -> str:
    """Return the text at the beginning of a file.

    >>> text_of("a;b".encode("utf-16")), text_of(b"a;b")
    ('a;b', 'a;b')
    """
    return start.decode(_by_mark(start) or "utf-8", "replace")


def _by_mark(start: bytes) -> str | None:
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if len(start) < _FEWEST_BYTES or 0 not in start:
        return None
    zeros = [start[place::4].count(0) * 4 / len(start) for place in range(4)]
    few = _FEWEST_ZEROS
    if min(zeros[2:]) > 1 - few or min(zeros[:2]) > 1 - few:
        return "utf-32-le" if zeros[3] > 1 - few else "utf-32-be"
    if min(zeros[1], zeros[3]) > few > max(zeros[0], zeros[2]):
        return "utf-16-le"
    return "utf-16-be" if min(zeros[0], zeros[2]) > few > max(zeros[1], zeros[3]) else None


def _by_letters(source: Source) -> Encoding:
    """Return the encoding of a file that is not UTF-8."""
    sample = _sample(source)
    known = latin_encoding(sample)
    if known == "cp1252" and not _broken(source, known):
        return Encoding(known)
    name = known or cyrillic_encoding(sample) or _likeliest(sample) or "cp1252"
    broken = _broken(source, name)
    if broken and name == "cp1252":
        return Encoding("latin-1", is_guess=True)
    return Encoding(name, broken, is_guess=True)


def _likeliest(sample: bytes) -> str | None:
    if len(sample) - len(sample.decode("ascii", "ignore")) < _FEWEST_LETTERS:
        return None
    from charset_normalizer import from_bytes  # needed only for files that are not UTF-8

    best = from_bytes(sample).best()
    return None if best is None else best.encoding


def _sample(source: Source) -> bytes:
    """Return the first lines of a file that have non-ASCII letters."""
    sample = b""
    for _, line in source.lines():
        if not line.isascii():
            sample += line.rstrip(b"\r\n") + b"\n"
        if len(sample) >= _SAMPLE_BYTES:
            break
    return sample


def _broken(source: Source, name: str) -> int:
    """Return the number of characters in a file that an encoding cannot decode."""
    reader = codecs.getincrementaldecoder(name)("replace")
    count = 0
    with source.opened() as file:
        while part := file.read(_READ_BYTES):
            count += reader.decode(part).count("\ufffd")
        return count + reader.decode(b"", final=True).count("\ufffd")
