"""Removing a person's exchanges from the store, with their labels and the space they took."""

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
"""Exchanges a transaction, so that no writer waits for long."""

_MAX_BYTES = 64 * 1024 * 1024
"""A compressed body is searched up to this size: a bomb stops here."""

_READERS_SECONDS = 30.0
"""A reader that began earlier keeps erased pages in SQLite's log; it is waited for this long."""

_ENCODINGS = ("utf-8", "latin-1", "gb18030", "shift_jis", "utf-16-le", "utf-16-be")
"""Encodings in which web forms and files of tables come."""

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
    """How else the value may stand there: its hashes."""

    @classmethod
    def parse(cls, text: str, settings: Settings | None = None) -> Subject:
        """Read ``FIELD=VALUE``; `settings` tell whether values may be hashed."""
        field, equals, value = text.partition("=")
        if not (field and equals and value):
            raise InputError(f"invalid --where {text!r}; write FIELD=VALUE")
        return cls(field, value, _hashes(value, settings) if settings else ())

    @cached_property
    def forms(self) -> ValueForms:
        """The forms in which the value may stand."""
        return ValueForms(self.value, *self.also)

    def is_in(self, document: Any) -> bool:
        """Say whether `document` (lists, dictionaries, values) holds the value in the field."""
        return any(map(self.forms.equals, self.values(document)))

    def is_in_query(self, query: str | None) -> bool:
        """Say whether a query's parameter of the field's name has the value."""
        pairs = parse_qsl(query or "", keep_blank_values=True)
        return any(self.is_named(name) and self.forms.equals(value) for name, value in pairs)

    def is_named(self, name: str) -> bool:
        """Say whether a dotted name, or its end, is the field.

        >>> [Subject("user.id", "7").is_named(name) for name in ("user.id", "a.user.id", "id")]
        [True, True, False]
        """
        return f".{name}".endswith(f".{self.field}")

    def is_about(self, column: str) -> bool:
        """Say whether a column is the field: protocols leave out the names around their rows.

        >>> Subject("instances.user.id", "7").is_about("user.id")
        True
        """
        return self.is_named(column) or self.field.endswith(f".{column}")

    def values(self, document: Any) -> Iterator[Any]:
        """Yield what `document` has in the field."""
        wanted = self.field.split(".")
        stack: list[tuple[Any, tuple[str, ...]]] = [(document, ())]
        while stack:
            found, path = stack.pop()
            if isinstance(found, dict):
                stack.extend((inner, (*path, str(name))) for name, inner in found.items())
            elif isinstance(found, list):
                stack.extend((inner, path) for inner in found)
            elif list(path[-len(wanted) :]) == wanted:
                yield found

    def is_in_body(self, body: str | bytes | None, encoding: str | None) -> bool:
        """Say whether a stored body holds it; an unreadable one does where the text occurs."""
        if body is None:
            return False
        raw = _plain(body, encoding)
        try:
            return self.is_in(msgspec.json.decode(raw))
        except _UNREADABLE:
            return any(self._is_in_text(raw.decode(one, "replace")) for one in _encodings(raw))

    def is_named_in_body(self, body: str | bytes | None, encoding: str | None) -> bool:
        """Say whether a stored body has the field at all; an unreadable one may."""
        if body is None:
            return False
        try:
            document = msgspec.json.decode(_plain(body, encoding))
        except _UNREADABLE:
            return True
        return any(True for _ in self.values(document))

    def _is_in_text(self, text: str) -> bool:
        """Say whether a text that cannot be read holds the value; a common one behind its name."""
        if not self.forms.is_common:
            return self.forms.is_in(text)
        name = re.escape(self.field.split(".")[-1])
        values = re.findall(rf"(?<!\w){name}[\"']?\s*[:=]\s*[\"']?([^\"',;&\s\]}}]+)", text)
        return any(map(self.forms.equals, values))


def _encodings(raw: bytes) -> tuple[str, ...]:
    """Return the encodings that a body which cannot be read may be a text in."""
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
    """Raise `InputError` where no exchange of `model` has the subject's field: it is misspelt."""
    waiting = unmatched_bodies(connection, model)
    for bodies in chain(_all_bodies(connection, model), waiting):
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
    """Yield each exchange of `model` that holds one of the subjects.

    The `seq` of a request or response that waits for the other is 0.
    """
    waiting = unmatched_bodies(connection, model)
    for bodies in chain(waiting, _all_bodies(connection, model)):
        if any(_holds(bodies, subject) for subject in subjects):
            yield ExchangeKey(bodies.seq, bodies.id)


def _holds(bodies: StoredBodies, subject: Subject) -> bool:
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
    """Delete `exchanges`, overwrite what they were, and give their space back.

    Raises `BusyError` when readers keep the write-ahead log, which may still hold them, in use.
    """
    delete_exchanges(connection, exchanges)
    release_free_pages(connection)
    empty(connection)


def delete_exchanges(connection: sqlite3.Connection, exchanges: Sequence[ExchangeKey]) -> None:
    """Delete `exchanges` with their rows in samples, overwriting them in the file."""
    overwrite_deleted(connection)
    for start in range(0, len(exchanges), _CHUNK):
        with writing(connection):
            part = exchanges[start : start + _CHUNK]
            delete(connection, part)
            delete_unmatched(connection, [key.id for key in part])
            delete_sampled_rows(connection, [key.id for key in part])


def empty(connection: sqlite3.Connection) -> None:
    """Empty the write-ahead log; raises `BusyError` when readers keep it in use."""
    deadline = time.monotonic() + _READERS_SECONDS
    while not empty_log(connection):
        if time.monotonic() > deadline:
            raise BusyError(
                "erased, but another process reads the store, so its write-ahead log may still "
                "contain the exchanges; close that process and run the command again"
            )
        time.sleep(0.1)


def _hashes(value: str, settings: Settings) -> tuple[str, ...]:
    """Return how `value` stands in the store where it was hashed, as a text and as a number."""
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
