"""SQL of the views of single models: their rows, and the places of features in bodies."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modeltap.store.predictions import own_rows
from modeltap.store.text import text_literal
from modeltap.store.views import ROWS, quoted

ROW = None
"""A step of a place: the number of the row."""

BodyPlace = tuple[str | int | None, ...]
"""Keys of objects, positions in lists, and `ROW`, from the body's root."""

_PLAIN = re.compile(r"[ !#-\[\]-~]+")
"""Keys that a JSON path can name: SQLite compares others in their escaped form, and has no escape
for a quotation mark."""

_MAX_VERSIONS = 100
"""Versions whose rows are sampled: SQLite joins at most 500 statements."""

NEXT = ",\n  "
"""Between the columns of features."""


def place_sql(place: BodyPlace, body: str = "r.request", row: str = "r.row") -> str:
    """Return the SQL of the value at a place of a body that is valid JSON, or null.

    >>> print(place_sql(("instances", ROW, "a")))
    json_extract(r.request, '$."instances"[' || r.row || ']."a"')
    >>> print(place_sql(("größe",)))
    (select j.value from json_each(r.request, '$') j where j.key = 'größe')
    """
    *parents, last = place
    if type(last) is str and not _PLAIN.fullmatch(last):
        within = _path(parents, row)
        key = text_literal(last)
        return f"(select j.value from json_each({body}, {within}) j where j.key = {key})"
    return f"json_extract({body}, {_path(place, row)})"


def has_sql(place: BodyPlace) -> bool:
    """Return whether `place_sql` can express a place: only its last key may be any text."""
    keys = [step for step in place[:-1] if type(step) is str]
    return bool(place) and all(map(_PLAIN.fullmatch, keys)) and "\0" not in str(place[-1])


def _path(place: Sequence[str | int | None], row: str) -> str:
    path = "$" + "".join(map(_step, place))
    literals = map(text_literal, path.split("\0"))
    return f" || {row} || ".join(literals)


def _step(step: str | int | None) -> str:
    if step is ROW:
        return "[\0]"  # the row's number goes between the brackets
    return f"[{step}]" if type(step) is int else f'."{step}"'


def rows_of_model(model: str) -> str:
    """Return the select statement of `v_rows` for the rows of one model."""
    return f"{ROWS} and p.model = {text_literal(model)}"


def with_columns(of_rows: str, expressions: Mapping[str, str]) -> str:
    """Return a select statement of rows with more columns, given by their names."""
    columns = (f"{sql} as {quoted(name)}" for name, sql in expressions.items())
    return f"{NEXT.join(['select r.*', *columns])}\nfrom ({of_rows}) r"


def values_of_rows(
    connection: sqlite3.Connection, of_rows: str, expressions: Iterable[str], ids: Iterable[str]
) -> dict[tuple[str, int], tuple[Any, ...]]:
    """Return the values of expressions in the rows of some exchanges, by exchange and row.

    Raises `sqlite3.OperationalError` if there are more expressions than SQLite allows.
    """
    factory = connection.text_factory
    connection.text_factory = _text_of  # JSON may have half a character: "\\ud800"
    try:
        rows = connection.execute(
            f"select r.id, r.row, {', '.join(expressions)} from ({of_rows}) r "
            "where r.id in (select value from json_each(?))",
            (json.dumps(list(ids)),),
        ).fetchall()
    finally:
        connection.text_factory = factory
    return {(row[0], row[1]): tuple(row)[2:] for row in rows}


def _text_of(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def newest_counted(
    connection: sqlite3.Connection, model: str, versions: Iterable[str], limit: int
) -> list[str]:
    """Return ids of the newest exchanges with predictions, `limit` of all versions together.

    Exchanges that are not counted yet have no rows in the views.
    """
    own = list(versions)[-_MAX_VERSIONS:]
    newest = [
        "select * from (select exchange_id, event_time from predictions "
        f"where {own_rows(version)} order by event_time desc limit ?)"
        for version in own
    ]
    rows = connection.execute(
        " union all ".join(newest) + " order by event_time desc",
        [value for version in own for value in (model, version, limit)],
    )
    return list(dict.fromkeys(id_ for id_, _ in rows))[:limit]
