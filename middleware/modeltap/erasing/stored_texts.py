"""Removal of values from texts: explanations, summaries, messages, paths, ids, notes and logs."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec

from modeltap.erasing.erased_rows import OwnValues
from modeltap.erasing.learnt_values import ErasedValues, segment_without
from modeltap.store.connection import writing
from modeltap.store.erasure import (
    EXAMPLES,
    MESSAGES,
    SEGMENTS,
    SENTENCES,
    TEXTS,
    TextColumn,
    delete_labels,
    labels_without_exchange,
    put_text,
    texts_in,
)
from modeltap.value_forms import ERASED, as_number, rounded, with_numbers_erased

_OURS = frozenset(
    ("id", "fingerprint", "type", "timestamp", "model", "version", "rule", "metric", "severity")
)
"""Parts of a message that contain no values from payloads."""

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`")

NO_ENDS: Mapping[str, Collection[float]] = {}


class Wording:
    """Replaces erased values in texts.

    Args:
        fields: the columns that have a subject's name.
        ids: the ids of the erased exchanges, including those that callers gave.
        ends: by column, the smallest and largest values of references, which sentences quote.
    """

    def __init__(
        self,
        erased: ErasedValues,
        fields: Collection[str],
        ids: Collection[str] = (),
        ends: Mapping[str, Collection[float]] = NO_ENDS,
    ) -> None:
        self._subjects, self._ids = erased.subjects, frozenset(ids)
        self._fields = {*fields, *(subject.field for subject in erased.subjects)}
        self._own = {
            name: _WrittenValues(own, ends.get(name, ())) for name, own in erased.own.items()
        }

    def text(self, text: str) -> str:
        """Return a text of an app, a client or a user without the named values."""
        for subject in self._subjects:
            text = subject.forms.replaced(text)
        return text

    def sentence(self, text: str) -> str:
        """Return a sentence that modeltap wrote without erased values."""
        about = any(field in text for field in self._fields)
        for subject in self._subjects:
            text = subject.forms.replaced(text, about=about, sentence=True)
        for name, own in self._own.items():
            if name in text:
                text = own.erased_from(text)
        return text

    def segment(self, text: str) -> str:
        """Return the segment of a metric without the groups that are an erased value."""
        return segment_without(text, self._subjects)

    def message(self, text: str) -> str:
        """Return the JSON of a message without erased values and ids of erased exchanges."""
        document = json.loads(text)
        cleaned = self._inside(document)
        return text if cleaned == document else msgspec.json.encode(cleaned).decode()

    def examples(self, text: str) -> str:
        """Return a JSON list of ids without those of erased exchanges."""
        ids = json.loads(text)
        kept = [id_ for id_ in ids if id_ not in self._ids]
        return text if kept == ids else json.dumps(kept)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.sentence(value)
        if isinstance(value, dict):
            return {
                name: inner if name in _OURS else self._inside(inner)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self._inside(item) for item in value if not _is_in(item, self._ids)]
        return value


def _is_in(value: Any, ids: frozenset[str]) -> bool:
    return isinstance(value, str) and value in ids


class _WrittenValues:
    """The values of one column that only erased rows had, in the forms that sentences use.

    A number of few digits stays, unless it is the end of a range: medians and counts are as
    short, and it does not identify a person.
    """

    def __init__(self, values: OwnValues, ends: Collection[float]) -> None:
        words = [word for word in values.words if as_number(word) is None]
        self._words = {form for word in words for form in _quoted(word)}
        self._numbers = {form for value in values.numbers for form in rounded(value)}
        self._ends = {form for end in ends if end in values.numbers for form in rounded(end)}

    def erased_from(self, text: str) -> str:
        text = _QUOTED.sub(
            lambda match: _blank(match[0]) if match[0][1:-1] in self._words else match[0], text
        )
        text = with_numbers_erased(text, self._ends.__contains__, about=True)
        return with_numbers_erased(text, self._numbers.__contains__, about=False)


def _quoted(word: str) -> Iterable[str]:
    plain = repr(word)[1:-1]
    return plain, plain.replace("`", "\\`")


def _blank(quoted: str) -> str:
    return f"{quoted[0]}{ERASED}{quoted[0]}"


def erase_sentences(connection: sqlite3.Connection, model: str, wording: Wording) -> None:
    """Replace erased values in explanations, alerts and messages about `model`."""
    for column in SENTENCES:
        _replace(connection, model, column, wording.sentence)
    for column in SEGMENTS:
        _replace(connection, model, column, wording.segment)
    for column in EXAMPLES:
        _replace(connection, model, column, wording.examples)
    for column in MESSAGES:
        _replace(connection, model, column, wording.message)


def erase_texts(connection: sqlite3.Connection, model: str, wording: Wording) -> None:
    """Replace the named values in texts about `model` that modeltap did not write."""
    for column in TEXTS:
        _replace(connection, model, column, wording.text)


def _replace(
    connection: sqlite3.Connection, model: str, column: TextColumn, changed: Callable[[str], str]
) -> None:
    """Write the texts of a column that change.

    The new texts are computed first, so that the transaction blocks other writers briefly.
    """
    texts = ((stored, changed(stored.text)) for stored in texts_in(connection, column, model))
    new = [(old, text) for old, text in texts if text != old.text]
    with writing(connection):
        for old, text in new:
            put_text(connection, column, old, text)


def erase_labels(
    connection: sqlite3.Connection, erased: ErasedValues, ids: Collection[str]
) -> None:
    """Delete the person's labels that belong to no stored exchange, in an open transaction.

    A label is the person's if its id or key has the value, or if the label itself is the value
    and the value is not a common one.
    """
    subject_forms = [subject.forms for subject in erased.subjects]
    own = []
    for seq, exchange_id, key, value in labels_without_exchange(connection):
        named = exchange_id in ids or any(
            forms.equals(exchange_id)
            or forms.equals(key)
            or (not forms.is_common and forms.equals(value))
            for forms in subject_forms
        )
        if named:
            own.append(seq)
    delete_labels(connection, own)
