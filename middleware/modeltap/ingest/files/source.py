"""A file read as a stream, with its progress and its invalid parts."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from modeltap.errors import InputError, nearest

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""The longest line or document that is read: four times the limit of SageMaker and KServe."""

_MAX_BROKEN_LISTED = 20
"""The most invalid lines listed in reports; further ones are only counted."""

_HEAD_BYTES = 64 * 1024
"""Bytes read to guess a file's format."""

UNREADABLE = (OSError, EOFError, zlib.error)
"""Errors from reading a file that is truncated, or does not have the format in its name."""

OnRead = Callable[[int], None]
"""A function that receives the total number of bytes read."""


@dataclass
class Source:
    """A file, plain or compressed by gzip; invalid parts are counted and skipped."""

    path: Path
    broken_count: int = 0
    position: int = 0
    """The number of the file's own (compressed) bytes that have been read."""
    on_read: OnRead = lambda _: None
    unit: str = "line"
    """The noun for its parts in messages."""
    notices: list[str] = field(default_factory=list)
    """Remarks about the whole file for the user, such as a guessed encoding."""
    replaced: int = 0
    """The number of characters that could not be decoded and were replaced."""
    _first_broken: list[tuple[int, str]] = field(default_factory=list)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the file for reading from its beginning, decompressed."""
        self._first_broken, self.broken_count, self.position = [], 0, 0
        with self.path.open("rb", buffering=0) as raw:
            self._raw = raw
            buffered = io.BufferedReader(raw)
            yield gzip.GzipFile(fileobj=buffered) if self.is_compressed else buffered  # type: ignore[misc]
            self.read_to(raw.tell())

    @property
    def is_compressed(self) -> bool:
        """True if the name ends in `.gz`."""
        return self.path.suffix.lower() == ".gz"

    @property
    def suffix(self) -> str:
        """The name's suffix in lower case, without `.gz`."""
        return Path(self.path.name.lower().removesuffix(".gz")).suffix

    def note(self, line: int, reason: str) -> None:
        """Count an invalid part; keep the first few for reports.

        A part of a chunk may be noted after a later part.
        """
        self.broken_count += 1
        insort(self._first_broken, (line, reason), key=itemgetter(0))
        del self._first_broken[_MAX_BROKEN_LISTED:]

    @property
    def broken(self) -> list[str]:
        """The first invalid parts, each with the reason."""
        return [f"{self.unit} {line}: {reason}" for line, reason in self._first_broken]

    def step(self) -> None:
        """Report how far the file has been read."""
        self.read_to(self._raw.tell())

    def read_to(self, position: int) -> None:
        """Report that `position` bytes of the file have been read."""
        self.position = position
        self.on_read(position)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the numbers and contents of lines that are not blank; note lines that are too long.

        Raises `InputError` if the file cannot be read completely.
        """
        with self.opened() as file:
            number = 0
            for number, line in enumerate(_bounded_lines(file), 1):
                if line is None:
                    self.note(number, f"longer than {MAX_DOCUMENT_BYTES >> 20} MB")
                elif line.strip():
                    yield number, line
                if number % 256 == 0:
                    self.step()


def open_source(path: str | Path) -> Source:
    """Return a file as a source; raise `InputError` with the nearest name if there is no file."""
    file = Path(path)
    if not file.is_file():
        near = [p.name for p in file.parent.glob("*")] if file.parent.is_dir() else []
        raise InputError(f"there is no file {str(path)!r}{nearest(file.name, near[:50])}")
    return Source(file)


def head(source: Source) -> bytes:
    """Return the beginning of a file, decompressed, without a byte order mark."""
    try:
        with source.opened() as file:
            return file.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf")
    except UNREADABLE as error:
        raise unreadable(source, error) from None


def json_of(text: bytes) -> Any:
    """Return the JSON document in `text`, None if it is not JSON; no number is rounded.

    >>> json_of(b'\\xef\\xbb\\xbf{"id": 12345678901234567890}'), json_of(b"a,b")
    ({'id': 12345678901234567890}, None)
    """
    text = text.removeprefix(b"\xef\xbb\xbf")
    for read in (msgspec.json.decode, json.loads):  # the second reads NaN and lone surrogates, too
        try:
            return read(text)
        except (ValueError, RecursionError):
            continue
    return None


def unreadable(source: Source, error: BaseException) -> InputError:
    """Return an error that explains why a file cannot be read."""
    return InputError(f"file {source.path.name!r} cannot be read: {error}")


def _bounded_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield lines; None for a line that is too long to hold in memory."""
    while line := file.readline(MAX_DOCUMENT_BYTES):
        if len(line) < MAX_DOCUMENT_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_DOCUMENT_BYTES)
        yield None
