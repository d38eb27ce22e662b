"""JSON documents of a file: one per line, in an array, or concatenated."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from modeltap.errors import InputError
from modeltap.ingest.files.source import (
    MAX_DOCUMENT_BYTES,
    UNREADABLE,
    Source,
    head,
    json_of,
    unreadable,
)

_READ_BYTES = 1 << 18
"""Bytes read at a time: a bound on memory for small documents."""

_BETWEEN = " \t\r\n,"


def documents(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the position and content of each JSON object in a file; note anything else.

    Positions are line numbers, or document numbers if documents are not on separate lines. Raises
    `InputError` if the file cannot be read completely.
    """
    try:
        yield from _on_lines(source) if _has_lines(head(source)) else _concatenated(source)
    except UNREADABLE as error:
        raise unreadable(source, error) from None


def _has_lines(start: bytes) -> bool:
    """Return True if a file has one document per line; a line longer than `start` counts as one."""
    first, newline, _ = start.lstrip().partition(b"\n")
    return not first.startswith(b"[") and (not newline or json_of(first) is not None)


def _on_lines(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in source.lines():
        document = json_of(text)
        if isinstance(document, dict):
            yield line, document
        else:
            source.note(line, "not valid JSON" if document is None else "not a JSON object")


def _concatenated(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    source.unit = "document"
    with source.opened() as file:
        for number, document in enumerate(_Stream(source, file), 1):
            if isinstance(document, dict):
                yield number, document
            else:
                source.note(number, "not a JSON object")
            if number % 256 == 0:
                source.step()


class _Stream:
    """Parses documents from a file of any size; holds one document and a buffer in memory."""

    def __init__(self, source: Source, file: BinaryIO) -> None:
        self._source = source
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._text = ""
        self._at = 0
        self._read_bytes = _READ_BYTES
        self._ended = False

    def __iter__(self) -> Iterator[Any]:
        read = json.JSONDecoder().raw_decode
        number = 0
        while self._skip_between():
            try:
                document, end = read(self._text, self._at)
            except (ValueError, RecursionError):
                if self._more():
                    continue
                self._source.note(number + 1, "not valid JSON; the rest of the file is not read")
                return
            # A number at the end of the buffer may continue in the next one.
            if end == len(self._text) and self._more():
                continue
            number, self._at, self._read_bytes = number + 1, end, _READ_BYTES
            yield document

    def _skip_between(self) -> bool:
        """Skip to the next document; return False at the end."""
        between = _BETWEEN + "["
        while True:
            while self._at < len(self._text) and self._text[self._at] in between:
                between = _BETWEEN if self._text[self._at] == "[" else between
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at] != "]"
            if not self._more():
                return False

    def _more(self) -> bool:
        """Read more, twice as much each time, so that a long document is not parsed too often."""
        if self._ended:
            return False
        self._text, self._at = self._text[self._at :], 0
        if len(self._text) > MAX_DOCUMENT_BYTES:
            raise InputError(
                f"file {self._source.path.name!r} has a document of more than "
                f"{MAX_DOCUMENT_BYTES >> 20} MB; split it"
            )
        data = self._file.read(self._read_bytes)
        self._read_bytes *= 2
        self._ended = not data
        self._text += self._decode(data, final=self._ended)
        return True
