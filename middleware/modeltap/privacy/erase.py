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
from modeltap.privacy.body_text import inflate
from modeltap.privacy.marks import Marks
from modeltap.store.connection import writing
from modeltap.store.references import forget_rows
from modeltap.store.retention import delete, give_back

_CHUNK = 500
_MAX_BYTES = 64 * 1024 * 1024
_READERS_SECONDS = 30.0
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Subject:
    """Whose exchanges: those with `value` in a field whose dotted name ends in `field`.

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
    rows = connection.execute(
        "select request_body, request_encoding, response_body, response_encoding from exchanges "
        "where model = ?",
        (model,),
    )
    waiting = connection.execute(
        "select body, null, null, null from unmatched where model = ?", (model,)
    )
    for row in chain(rows, waiting):
        if subject.is_named_in_body(row[0], row[1]) or subject.is_named_in_body(row[2], row[3]):
            return
    raise InputError(
        f"no exchange of {model!r} has a field {subject.field!r}: nobody was looked for; "
        "`modeltap show ID` shows the fields of one"
    )


def matching(
    connection: sqlite3.Connection, model: str, subject: Subject
) -> Iterator[tuple[int, str]]:
    """Yield `seq` and `id` of each exchange of `model` that holds the subject.

    Of a request or response that waits for the other half it is 0 and the id.
    """
    waiting = connection.execute("select id, body from unmatched where model = ?", (model,))
    for id_, body in waiting:
        if subject.is_in_body(body, None):
            yield 0, id_
    after = 0
    while True:
        rows = connection.execute(
            "select seq, id, request_body, response_body, request_encoding, response_encoding "
            "from exchanges where model = ? and seq > ? order by seq limit ?",
            (model, after, _CHUNK),
        ).fetchall()
        if not rows:
            return
        for row in rows:
            if subject.is_in_body(row[2], row[4]) or subject.is_in_body(row[3], row[5]):
                yield row[0], row[1]
        after = rows[-1][0]


def erase(
    connection: sqlite3.Connection,
    exchanges: list[tuple[int, str]],
    model: str = "",
    subject: Subject | None = None,
) -> None:
    """Delete `exchanges`, overwrite what they were, and give their space back.

    With a `subject`, its value is also taken out of what was said of `model` in words.

    Raises `BusyError` when readers keep the write-ahead log, which may still hold them, in use.
    """
    connection.execute("pragma secure_delete = on")
    if subject is not None:
        _unname(connection, model, subject)
    for start in range(0, len(exchanges), _CHUNK):
        with writing(connection):
            part = exchanges[start : start + _CHUNK]
            delete(connection, part)
            connection.executemany(
                "delete from unmatched where id = ?", [(id_,) for _, id_ in part]
            )
            forget_rows(connection, [id_ for _, id_ in part])
    give_back(connection)
    deadline = time.monotonic() + _READERS_SECONDS
    while connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
        if time.monotonic() > deadline:
            raise BusyError(
                "erased, but a reader keeps the write-ahead log in use, which may still hold the "
                "exchanges; close it and run the command again"
            )
        time.sleep(0.1)


def _unname(connection: sqlite3.Connection, model: str, subject: Subject) -> None:
    """Take the value out of what was said in words: of metrics, in alerts and in messages.

    A digest speaks of all models; of other messages the alerts tell whose they are.
    """
    quoted = repr(subject.value)  # as explanations quote
    inside = msgspec.json.encode(quoted).decode()[1:-1]
    with writing(connection):
        for table, column, text, is_about in (
            ("metrics", "explanation", quoted, "model = ?"),
            ("alerts", "summary", quoted, "model = ?"),
            (
                "deliveries",
                "body",
                inside,
                "alert_ids = '[]' or exists (select 1 from alerts, "
                "json_each(alert_ids) where alerts.id = json_each.value and alerts.model = ?)",
            ),
        ):
            connection.execute(
                f"update {table} set {column} = replace({column}, ?, ?) "
                f"where instr({column}, ?) and ({is_about})",
                (text, "'[erased]'", text, model),
            )


def still_named(connection: sqlite3.Connection, model: str, subject: Subject) -> list[str]:
    """Return the references of `model` that name the value."""
    references = connection.execute(
        'select id, payload from "references" where model = ?', (model,)
    ).fetchall()
    quoted = msgspec.json.encode(subject.value).decode()
    return [f"reference {row[0]}" for row in references if quoted in row[1]]


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
