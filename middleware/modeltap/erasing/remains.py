"""Values that an erasure must not or cannot remove, one line each."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from modeltap.erasing.learnt_values import stored_references
from modeltap.privacy.erase import Subject, plain_bodies
from modeltap.store.erasure import damaged_files, settings_of
from modeltap.value_forms import ValueForms
from modeltap.wording import plural

_NAMED = 3
"""Maximum number of fields that a line names."""


def remaining(connection: sqlite3.Connection, model: str, subjects: Sequence[Subject]) -> list[str]:
    """Return a line for each place that still has a value, with the fix."""
    lines: list[str] = []
    for subject in subjects:
        lines += _in_references(connection, model, subject.forms)
        lines += _in_settings(connection, model, subject.forms)
        lines += _in_exchanges(connection, model, subject)
    for file in damaged_files(connection):
        if not file.name.endswith(("-wal", "-shm")):
            lines.append(f"{file.name} is a damaged store that cannot be searched; delete it")
    return lines


def _in_references(connection: sqlite3.Connection, model: str, forms: ValueForms) -> Iterator[str]:
    for reference in stored_references(connection, model):
        for feature in reference.columns:
            if forms.is_in(feature.name):
                yield (
                    f"reference {reference.id}, its metrics and its alerts have a field named "
                    "after the value; set a new reference with `modeltap reference set`"
                )
                break


def _in_settings(connection: sqlite3.Connection, model: str, forms: ValueForms) -> Iterator[str]:
    for key, value in settings_of(connection, model):
        if not forms.is_common and _has(json.loads(value), forms):
            yield f"the setting {key!r} contains the value; remove it from the app's options"


def _in_exchanges(connection: sqlite3.Connection, model: str, subject: Subject) -> Iterator[str]:
    """Report exchanges that have the value in other fields, unless it is a common value."""
    if subject.forms.is_common:
        return
    count, names = 0, Counter[str]()
    for raws in plain_bodies(connection, model):
        fields = {field for raw in raws for field in _fields(raw, subject.forms)}
        count += bool(fields)
        names.update(fields)
    if count:
        listed = ", ".join(repr(name) for name, _ in names.most_common(_NAMED))
        yield (
            f"{plural(count, 'other exchange')} {'has' if count == 1 else 'have'} the value in "
            f"{listed}; if they are the person's, erase them with another --where"
        )


def _fields(raw: bytes, forms: ValueForms) -> Iterator[str]:
    text = raw.decode("utf-8", "replace")
    if not forms.is_in(text):
        return
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        yield "a body that is not JSON"
        return
    fields = {path for path, value in _leaves(document) if _holds(value, forms)}
    yield from fields or {"a field's name"}


def _leaves(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield the dotted names and values of a document."""
    stack: list[tuple[str, Any]] = [("", document)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            stack.extend(
                (f"{path}.{name}" if path else str(name), inner) for name, inner in value.items()
            )
        elif isinstance(value, list):
            stack.extend((path, item) for item in value)
        else:
            yield path, value


def _has(document: Any, forms: ValueForms) -> bool:
    return any(_holds(value, forms) for _, value in _leaves(document))


def _holds(value: Any, forms: ValueForms) -> bool:
    return forms.equals(value) or (isinstance(value, str) and forms.is_in(value))
