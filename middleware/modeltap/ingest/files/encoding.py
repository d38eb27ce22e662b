"""The encoding of a text file: by its mark, its zero bytes, or by which one fits its letters."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from modeltap.ingest.files.source import Source

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_READ_BYTES = 1 << 18
_MOST_ZEROS = 0.3
"""UTF-16 has a zero in each letter of ASCII, and a table is separators and digits for the most."""

_FEWEST_BYTES = 8
"""Fewer bytes are no table, whatever they are."""


class Encoding(NamedTuple):
    """A codec, and how many of the file's characters it does not know."""

    name: str
    broken: int = 0


def encoding_of(source: Source) -> Encoding:
    """Read a file once and return its encoding.

    What is not UTF-8 is Windows' Western European one, as Excel writes it, or Latin-1. A file with
    more characters of UTF-8 than broken ones is UTF-8 with faults.
    """
    with source.opened() as file:
        start = file.read(_READ_BYTES)
        if (marked := _by_mark(start)) is not None:
            return Encoding(marked)
        valid = broken = 0
        reader = codecs.getincrementaldecoder("utf-8")("replace")
        western = True
        while start:
            if not start.isascii():
                western = western and _is_western(start)
            text = reader.decode(start)
            if not text.isascii():
                lost = text.count("\ufffd")
                broken += lost
                valid += len(text) - len(text.encode("ascii", "ignore")) - lost
            start = file.read(_READ_BYTES)
        broken += len(reader.decode(b"", final=True))
    if broken <= valid:
        return Encoding("utf-8", broken)
    return Encoding("cp1252" if western else "latin-1")


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
    if len(start) >= _FEWEST_BYTES and start.count(0) > _MOST_ZEROS * len(start):
        return "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
    return None


def _is_western(part: bytes) -> bool:
    try:
        part.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True
