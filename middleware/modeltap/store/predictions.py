"""Predictions: one row for each decoded row, ordered by event time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from modeltap.store.label_delays import DELAY, PREDICTED_AT
from modeltap.store.label_sources import OF_TRUTH
from modeltap.store.labelled_rows import LabelledPrediction, LabelledRows, with_last_labels
from modeltap.store.models import ModelVersion
from modeltap.store.text import text_literal

RowKey = tuple[str, int, int]
"""The sort key of a row within its model: event time, the exchange's `seq`, and row."""

LAST: RowKey = ("9999", 0, 0)


class StoredRow(NamedTuple):
    """A stored decoded row and its sort key in event order."""

    exchange_id: str
    row: int
    event_time: str
    seq: int


class StoredColumns(NamedTuple):
    """Stored rows in event order, each column as a tuple; see `StoredRow`."""

    exchange_ids: tuple[str, ...]
    rows: tuple[int, ...]
    event_times: tuple[str, ...]
    seqs: tuple[int, ...]

    def row_at(self, place: int) -> StoredRow:
        """Return one of the rows."""
        return _stored_row(column[place] for column in self)


_COLUMNS = ", ".join(StoredRow._fields)

_stored_row: Callable[[Iterable[Any]], StoredRow] = partial(tuple.__new__, StoredRow)
"""`StoredRow._make` without its checks, which take as long as reading a row."""


def own_rows(version: str, p: str = "") -> str:
    """Return the SQL condition of a model's own rows; its parameters are model and version.

    SQLite uses an index that excludes rows only for a condition that excludes them, too: that of
    versions leaves rows without a version out.

    Args:
        p: the table's alias with a dot, if it has one.

    >>> own_rows("2")
    "model = ? and version = ? and version <> '' and candidate = ''"
    """
    of_version = f" and {p}version <> ''" if version else ""
    return f"{p}model = ? and {p}version = ?{of_version} and {p}candidate = ''"


def key_of(row: StoredRow) -> RowKey:
    """Return the sort key of a row.

    >>> key_of(StoredRow("a", 2, "2024-01-01T00:00:00.000Z", 7))
    ('2024-01-01T00:00:00.000Z', 7, 2)
    """
    return row.event_time, row.seq, row.row


def insert_predictions(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    *,
    exchange_ids: Sequence[str],
    rows: Sequence[int],
    predictions: Iterable[Any],
    scores: Sequence[float | None],
    probabilities: Sequence[str | None],
    event_times: Iterable[str | None],
    seqs: Iterable[int],
) -> None:
    """Write columns of length n as rows of one model's version, inside the transaction.

    Args:
        rows: (n,) the row's number in its exchange, from 0.
        probabilities: (n,) JSON; empty if no row has any.
        seqs: (n,) the `seq` of each row's exchange.
    """
    # A column with one value is faster as a literal than as a parameter: a quarter of the time.
    literals = {"model": text_literal(model), "version": text_literal(version)}
    columns: dict[str, Iterable[Any]] = {
        "exchange_id": exchange_ids,
        "prediction": predictions,
        "event_time": event_times,
        "seq": seqs,
    }
    if any(rows):
        columns["row"] = rows
    else:
        literals["row"] = "0"
    optional: dict[str, Sequence[Any]] = {"score": scores, "probabilities": probabilities}
    columns |= {name: own for name, own in optional.items() if own.count(None) < len(own)}
    connection.executemany(
        f"insert or replace into predictions ({', '.join([*literals, *columns])}) "
        f"values ({', '.join([*literals.values(), *'?' * len(columns)])})",
        zip(*columns.values(), strict=True),
    )


def outputs_between(
    connection: sqlite3.Connection, model: str, version: str, start: RowKey, end: RowKey
) -> tuple[list[Any], list[float | None]]:
    """Return the predictions and the scores of the rows from `start` to `end`, half-open."""
    predictions: list[Any] = []
    scores: list[float | None] = []
    rows = connection.execute(
        f"select prediction, score from predictions where {own_rows(version)} "
        "and event_time >= ? and (event_time, seq, row) >= (?, ?, ?) "
        "and (event_time, seq, row) < (?, ?, ?)",
        (model, version, start[0], *start, *end),
    )
    for prediction, score in rows:  # a list of a million pairs would take 100 MB
        predictions.append(prediction)
        scores.append(score)
    return predictions, scores


def rows_between(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    start: RowKey,
    end: RowKey,
    limit: int = -1,
    after: bool = False,
    skip: int = 0,
) -> list[StoredRow]:
    """Return the stored rows from `start` to `end`, half-open, in event order.

    Args:
        limit: the maximum number of rows; negative for all.
        after: start after the row at `start` instead of with it.
        skip: the number of rows to leave out before the first one.
    """
    cursor = _rows_between(connection, (model, version), start, end, limit, after, skip)
    return list(map(_stored_row, cursor))


def columns_between(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    start: RowKey,
    end: RowKey,
    at_once: int,
) -> Iterator[StoredColumns]:
    """Yield the columns of all rows that `rows_between` returns, of `at_once` rows at a time."""
    cursor = _rows_between(connection, (model, version), start, end, -1, False, 0)
    while part := cursor.fetchmany(at_once):
        yield StoredColumns(*zip(*part, strict=True))


def _rows_between(
    connection: sqlite3.Connection,
    of: tuple[str, str],
    start: RowKey,
    end: RowKey,
    limit: int,
    after: bool,
    skip: int,
) -> sqlite3.Cursor:
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples, because each row is converted anyway
    return cursor.execute(
        f"select {_COLUMNS} from predictions where {own_rows(of[1])} and event_time >= ? "
        f"and (event_time, seq, row) {'>' if after else '>='} (?, ?, ?) "
        "and (event_time, seq, row) < (?, ?, ?) order by event_time, seq, row "
        "limit ? offset ?",
        (*of, start[0], *start, *end, limit, skip),
    )


def first_rows(
    connection: sqlite3.Connection, model: str, version: str, limit: int
) -> list[StoredRow]:
    """Return the first `limit` stored rows that have an event time, in event order."""
    rows = connection.execute(
        f"select {_COLUMNS} from predictions where {own_rows(version)} "
        "and event_time is not null order by event_time, seq, row limit ?",
        (model, version, limit),
    )
    return list(map(_stored_row, rows))


class EventPeriod(NamedTuple):
    """The first and last event time of some rows; both None if there are no rows."""

    first: str | None
    last: str | None


def event_period(connection: sqlite3.Connection, model: str, version: str) -> EventPeriod:
    """Return the first and last event time of a model's version."""
    row = connection.execute(
        "select (select min(event_time) {0}), (select max(event_time) {0})".format(
            f"from predictions where {own_rows(version)}"
        ),
        (model, version) * 2,
    ).fetchone()
    return EventPeriod(*row)


def newest_event_time(connection: sqlite3.Connection, model: str, version: str) -> str | None:
    """Return the last event time of a model's version, None if it has no rows."""
    newest: str | None = connection.execute(
        f"select max(event_time) from predictions where {own_rows(version)}",
        (model, version),
    ).fetchone()[0]
    return newest


def newest_version(
    connection: sqlite3.Connection, versions: Iterable[ModelVersion]
) -> ModelVersion | None:
    """Return the version whose rows have the last event time; None of none.

    Of versions without rows, or with the same time, it is the last one by name.
    """
    return max(
        versions,
        key=lambda of: (newest_event_time(connection, *of) or "", of.version),
        default=None,
    )


def predictions_of(connection: sqlite3.Connection, exchange_id: str) -> list[dict[str, Any]]:
    """Return the predictions of one exchange in row order, with all columns."""
    rows = connection.execute(
        "select * from predictions where exchange_id = ? and candidate = '' order by row",
        (exchange_id,),
    )
    return list(map(dict, rows))


def labelled_predictions(
    connection: sqlite3.Connection, model: str, version: str, start: RowKey, end: RowKey
) -> LabelledRows:
    """Return the rows from `start` to `end`, half-open, with their last labels."""
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples, because each row is converted anyway
    # One row for each label, in the order of the index: the last one of a row counts.
    cursor.execute(
        "select p.prediction, l.value, p.event_time, p.score, p.exchange_id, p.row, "
        f"nullif({PREDICTED_AT}, p.event_time), {DELAY} "
        "from predictions p left join exchanges x on x.seq = p.seq "
        f"left join labels l on l.exchange_id = p.exchange_id and l.row = p.row and {OF_TRUTH} "
        f"where {own_rows(version, 'p.')} and p.event_time >= ? "
        "and (p.event_time, p.seq, p.row) >= (?, ?, ?) "
        "and (p.event_time, p.seq, p.row) < (?, ?, ?)",
        (model, version, start[0], *start, *end),
    )
    rows = LabelledRows(map(_labelled, cursor))
    if len(set(rows.exchange_ids)) == len(rows):
        return rows  # one row in each exchange, with one label at most
    return with_last_labels(rows)


_labelled: Callable[[Iterable[Any]], LabelledPrediction] = partial(
    tuple.__new__, LabelledPrediction
)
"""`LabelledPrediction._make` without its checks, which take a fifth of the time to read a row."""


def newest_labelled(
    connection: sqlite3.Connection, model: str, version: str, limit: int, within: int
) -> list[LabelledPrediction]:
    """Return the last `limit` rows that have a label, the newest first.

    Args:
        within: search only this many of the newest rows.
    """
    rows = connection.execute(
        "select prediction, label, event_time, score, exchange_id, row from "
        "(select p.*, (select l.value from labels l where l.exchange_id = p.exchange_id "
        f"and l.row = p.row and {OF_TRUTH} order by l.seq desc limit 1) as label "
        "from (select * from predictions "
        f"where {own_rows(version)} and event_time is not null "
        "order by event_time desc, seq desc, row desc limit ?) p) where label is not null limit ?",
        (model, version, within, limit),
    )
    return [LabelledPrediction(*row) for row in rows]


def newest_labelled_time(connection: sqlite3.Connection, model: str, version: str) -> str | None:
    """Return the event time of the last row that has a label; None if none has one."""
    row = connection.execute(
        f"select event_time from predictions p where {own_rows(version)} "
        "and event_time is not null and exists (select 1 from labels l "
        f"where l.exchange_id = p.exchange_id and l.row = p.row and {OF_TRUTH}) "
        "order by event_time desc limit 1",
        (model, version),
    ).fetchone()
    return None if row is None else row[0]


class MonthOfErrors(NamedTuple):
    """A month of numeric predictions and their errors against the labels."""

    month: str
    rows: int
    labelled: int
    mae: float | None
    bias: float | None


def errors_by_month(connection: sqlite3.Connection) -> list[MonthOfErrors]:
    """Return mean absolute error and bias of all predictions, by the month of the event time."""
    rows = connection.execute(
        "select substr(p.event_time, 1, 7), count(*), count(l.value), "
        "avg(abs(p.prediction - l.value)), avg(p.prediction - l.value) "
        "from predictions p left join labels l on l.exchange_id = p.exchange_id and l.row = p.row "
        f"and {OF_TRUTH} where p.candidate = '' group by 1 order by 1"
    )
    return [MonthOfErrors(*row) for row in rows]
