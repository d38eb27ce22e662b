"""Removing a person's exchanges from the store, with their labels and the space they took."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.errors import BusyError, InputError
from modeltap.privacy.bodies.compression import inflate
from modeltap.privacy.marks import Marks
from modeltap.store.bodies import StoredBodies, bodies_after, unmatched_bodies
from modeltap.store.connection import writing
from modeltap.store.erasure import (
    replace_in_explanations,
    replace_in_messages,
    replace_in_summaries,
)
from modeltap.store.references import all_references, forget_rows
from modeltap.store.retention import (
    ExchangeKey,
    delete,
    empty_log,
    give_back,
    overwrite_deleted,
)
from modeltap.store.unmatched import delete_unmatched

_CHUNK = 500
"""Exchanges a transaction, so that no writer waits for long."""

_MAX_BYTES = 64 * 1024 * 1024
"""A compressed body is searched up to this size: a bomb stops here."""

_READERS_SECONDS = 30.0
"""A reader that began earlier keeps erased pages in SQLite's log; it is waited for this long."""

_ERASED = "'[erased]'"
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
            raise InputError(f"--where {text!r} is not understood; write FIELD=VALUE")
        return cls(field, value, _hashes(value, settings) if settings else ())

    def is_in(self, document: Any) -> bool:
        """Say whether `document` (lists, dictionaries, values) holds the value in the field."""
        return any(map(self._equals, self.values(document)))

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
            return any(text.encode() in raw for text in (self.value, *self.also))

    def is_named_in_body(self, body: str | bytes | None, encoding: str | None) -> bool:
        """Say whether a stored body has the field at all; an unreadable one may."""
        if body is None:
            return False
        try:
            document = msgspec.json.decode(_plain(body, encoding))
        except _UNREADABLE:
            return True
        return any(True for _ in self.values(document))

    def _equals(self, found: object) -> bool:
        if isinstance(found, bool) or found is None:
            return {True: "true", False: "false", None: "null"}[found] == self.value
        if isinstance(found, str):
            return found == self.value or found in self.also
        try:
            return float(found) == float(self.value)  # type: ignore[arg-type]
        except ValueError:
            return False


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
    raise InputError(
        f"no exchange of {model!r} has a field {subject.field!r}; nothing was erased. "
        "`modeltap show ID` shows the fields of one"
    )


def matching(connection: sqlite3.Connection, model: str, subject: Subject) -> Iterator[ExchangeKey]:
    """Yield each exchange of `model` that holds the subject.

    The `seq` of a request or response that waits for the other is 0.
    """
    waiting = unmatched_bodies(connection, model)
    for bodies in chain(waiting, _all_bodies(connection, model)):
        if any(subject.is_in_body(*body) for body in bodies.with_encodings()):
            yield ExchangeKey(bodies.seq, bodies.id)


def _all_bodies(connection: sqlite3.Connection, model: str) -> Iterator[StoredBodies]:
    after = 0
    while chunk := bodies_after(connection, model, after, _CHUNK):
        yield from chunk
        after = chunk[-1].seq


def erase(
    connection: sqlite3.Connection,
    exchanges: list[ExchangeKey],
    model: str = "",
    subject: Subject | None = None,
) -> None:
    """Delete `exchanges`, overwrite what they were, and give their space back.

    With a `subject`, its value is also erased from texts about `model`.

    Raises `BusyError` when readers keep the write-ahead log, which may still hold them, in use.
    """
    overwrite_deleted(connection)
    if subject is not None:
        _unname(connection, model, subject)
    for start in range(0, len(exchanges), _CHUNK):
        with writing(connection):
            part = exchanges[start : start + _CHUNK]
            delete(connection, part)
            delete_unmatched(connection, [key.id for key in part])
            forget_rows(connection, [key.id for key in part])
    give_back(connection)
    deadline = time.monotonic() + _READERS_SECONDS
    while not empty_log(connection):
        if time.monotonic() > deadline:
            raise BusyError(
                "erased, but a reader keeps the write-ahead log in use, which may still hold the "
                "exchanges; close it and run the command again"
            )
        time.sleep(0.1)


def _unname(connection: sqlite3.Connection, model: str, subject: Subject) -> None:
    """Erase the value from texts: explanations of metrics, alerts and messages.

    A digest speaks of all models; of other messages the alerts tell whose they are.
    """
    quoted = repr(subject.value)  # as explanations quote
    inside = msgspec.json.encode(quoted).decode()[1:-1]
    with writing(connection):
        replace_in_explanations(connection, model, quoted, _ERASED)
        replace_in_summaries(connection, model, quoted, _ERASED)
        replace_in_messages(connection, model, inside, _ERASED)


def still_named(connection: sqlite3.Connection, model: str, subject: Subject) -> list[str]:
    """Return the references of `model` that name the value."""
    quoted = msgspec.json.encode(subject.value).decode()
    references = all_references(connection, model)
    return [f"reference {one.id}" for one in references if quoted in one.payload]


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
