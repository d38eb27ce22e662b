"""Erasure of a person's exchanges and their labels, and release of their disk space."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.errors import BusyError, InputError
from modeltap.privacy.bodies.compression import inflate
from modeltap.privacy.marks import Marks
from modeltap.store.bodies import StoredBodies, bodies_after, unmatched_bodies
from modeltap.store.connection import writing
from modeltap.store.references import delete_sampled_rows
from modeltap.store.retention import (
    ExchangeKey,
    delete,
    empty_log,
    overwrite_deleted,
    release_free_pages,
)
from modeltap.store.unmatched import delete_unmatched
from modeltap.value_forms import ValueForms

_CHUNK = 500
"""Exchanges per transaction, so that writers do not wait long."""

_MAX_BYTES = 64 * 1024 * 1024
"""The maximum decompressed size that is searched, as a limit for decompression bombs."""

_READERS_SECONDS = 30.0
"""How long to wait for earlier readers, which keep erased pages in SQLite's write-ahead log."""

_ENCODINGS = ("utf-8", "latin-1", "gb18030", "shift_jis", "utf-16-le", "utf-16-be")
"""Encodings that are common in web forms and tabular files."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Subject:
    """The subject of an erasure: `value` in a field whose dotted name ends in `field`.

    >>> subject = Subject.parse("user.id=7")
    >>> subject.is_in({"rows": [{"user": {"id": 7}}]}), subject.is_in({"id": 7})
    (True, False)
    """

    field: str
    value: str
    also: tuple[str, ...] = ()
    """Other representations of the value: its hashes."""

    @classmethod
    def parse(cls, text: str, settings: Settings | None = None) -> Subject:
        """Parse ``FIELD=VALUE``; `settings` define whether stored values may be hashed."""
        field, equals, value = text.partition("=")
        if not (field and equals and value):
            raise InputError(f"invalid --where {text!r}; write FIELD=VALUE")
        return cls(field, value, _hashes(value, settings) if settings else ())

    @cached_property
    def forms(self) -> ValueForms:
        """The forms in which the value may be stored."""
        return ValueForms(self.value, *self.also)

    def is_in(self, document: Any) -> bool:
        """Return True if `document` (lists, dictionaries, values) has the value in the field."""
        return any(map(self.forms.equals, self.values(document)))

    def is_in_query(self, query: str | None) -> bool:
        """Return True if a query parameter with the field's name has the value."""
        pairs = parse_qsl(query or "", keep_blank_values=True)
        return any(self.is_named(name) and self.forms.equals(value) for name, value in pairs)

    def is_named(self, name: str) -> bool:
        """Return True if a dotted name equals the field or ends in it.

        >>> [Subject("user.id", "7").is_named(name) for name in ("user.id", "a.user.id", "id")]
        [True, True, False]
        """
        return f".{name}".endswith(f".{self.field}")

    def is_about(self, column: str) -> bool:
        """Return True if a column is the field; protocols omit the outer names of their rows.

        >>> Subject("instances.user.id", "7").is_about("user.id")
        True
        """
        return self.is_named(column) or self.field.endswith(f".{column}")

    def values(self, document: Any) -> Iterator[Any]:
        """Yield the values of the field in `document`."""
        field_path = self.field.split(".")
        stack: list[tuple[Any, tuple[str, ...]]] = [(document, ())]
        while stack:
            node, path = stack.pop()
            if isinstance(node, dict):
                stack.extend((inner, (*path, str(name))) for name, inner in node.items())
            elif isinstance(node, list):
                stack.extend((inner, path) for inner in node)
            elif list(path[-len(field_path) :]) == field_path:
                yield node

    def is_in_body(self, body: str | bytes | None, encoding: str | None) -> bool:
        """Return True if a stored body has the value; an unreadable body is searched as text."""
        if body is None:
            return False
        raw = _plain(body, encoding)
        try:
            return self.is_in(msgspec.json.decode(raw))
        except _UNREADABLE:
            return any(
                self._is_in_text(raw.decode(encoding, "replace")) for encoding in _encodings(raw)
            )

    def is_named_in_body(self, body: str | bytes | None, encoding: str | None) -> bool:
        """Return True if a stored body has the field, or cannot be read."""
        if body is None:
            return False
        try:
            document = msgspec.json.decode(_plain(body, encoding))
        except _UNREADABLE:
            return True
        return any(True for _ in self.values(document))

    def _is_in_text(self, text: str) -> bool:
        """Return True if unparsed text contains the value; a common value must follow its name."""
        if not self.forms.is_common:
            return self.forms.is_in(text)
        name = re.escape(self.field.split(".")[-1])
        values = re.findall(rf"(?<!\w){name}[\"']?\s*[:=]\s*[\"']?([^\"',;&\s\]}}]+)", text)
        return any(map(self.forms.equals, values))


def _encodings(raw: bytes) -> tuple[str, ...]:
    """Return the possible text encodings of a body that cannot be parsed."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return _ENCODINGS
    return ("utf-16-le", "utf-16-be", "utf-8") if b"\0" in raw else ("utf-8",)


def _plain(body: str | bytes, encoding: str | None) -> bytes:
    raw = body.encode() if isinstance(body, str) else body
    if encoding and isinstance(body, bytes):
        raw = inflate(raw, encoding, _MAX_BYTES) or raw
    return raw


def check_field(connection: sqlite3.Connection, model: str, subject: Subject) -> None:
    """Raise `InputError` if no exchange of `model` has the subject's field, as after a typo."""
    unmatched = unmatched_bodies(connection, model)
    for bodies in chain(_all_bodies(connection, model), unmatched):
        if any(subject.is_named_in_body(*body) for body in bodies.with_encodings()):
            return
        if any(subject.is_named(name) for name, _ in parse_qsl(bodies.query or "")):
            return
    raise InputError(
        f"no exchange of model {model!r} has a field {subject.field!r}; nothing was erased; "
        "`modeltap show ID` lists the fields of an exchange"
    )


def matching(
    connection: sqlite3.Connection, model: str, *subjects: Subject
) -> Iterator[ExchangeKey]:
    """Yield each exchange of `model` that contains one of the subjects.

    The `seq` of an unmatched request or response is 0.
    """
    unmatched = unmatched_bodies(connection, model)
    for bodies in chain(unmatched, _all_bodies(connection, model)):
        if any(_contains(bodies, subject) for subject in subjects):
            yield ExchangeKey(bodies.seq, bodies.id)


def _contains(bodies: StoredBodies, subject: Subject) -> bool:
    in_body = (subject.is_in_body(*body) for body in bodies.with_encodings())
    return any(in_body) or subject.is_in_query(bodies.query)


def plain_bodies(connection: sqlite3.Connection, model: str) -> Iterator[list[bytes]]:
    """Yield the bodies of each exchange of `model`, decompressed."""
    for bodies in chain(unmatched_bodies(connection, model), _all_bodies(connection, model)):
        yield [
            _plain(body, encoding) for body, encoding in bodies.with_encodings() if body is not None
        ]


def _all_bodies(connection: sqlite3.Connection, model: str) -> Iterator[StoredBodies]:
    after = 0
    while chunk := bodies_after(connection, model, after, _CHUNK):
        yield from chunk
        after = chunk[-1].seq


def erase(connection: sqlite3.Connection, exchanges: Sequence[ExchangeKey]) -> None:
    """Delete `exchanges`, overwrite their content, and release their disk space.

    Raises `BusyError` if readers keep using the write-ahead log, which may still contain them.
    """
    delete_exchanges(connection, exchanges)
    release_free_pages(connection)
    empty(connection)


def delete_exchanges(connection: sqlite3.Connection, exchanges: Sequence[ExchangeKey]) -> None:
    """Delete `exchanges` and their sampled rows, overwriting them in the file."""
    overwrite_deleted(connection)
    for start in range(0, len(exchanges), _CHUNK):
        with writing(connection):
            part = exchanges[start : start + _CHUNK]
            delete(connection, part)
            delete_unmatched(connection, [key.id for key in part])
            delete_sampled_rows(connection, [key.id for key in part])


def empty(connection: sqlite3.Connection) -> None:
    """Empty the write-ahead log; raises `BusyError` if readers keep using it."""
    deadline = time.monotonic() + _READERS_SECONDS
    while not empty_log(connection):
        if time.monotonic() > deadline:
            raise BusyError(
                "erased, but another process reads the store, so its write-ahead log may still "
                "contain the exchanges; close that process and run the command again"
            )
        time.sleep(0.1)


def _hashes(value: str, settings: Settings) -> tuple[str, ...]:
    """Return the hashes of `value` as text and as a number, if values are hashed."""
    if settings.mask_with != "hash":
        return ()
    marks = Marks("hash", from_environment(settings.mask_key or "", "mask_key"))
    forms: list[Any] = [value]
    for kind in (int, float):
        try:
            forms.append(kind(value))
        except ValueError:
            continue
    return tuple(marks.mark(form) for form in forms)
