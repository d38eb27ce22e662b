"""Exchanges: writing, counting and finding their rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain, compress
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import astuple

from modeltap.store.decode_notes import FULL_EXCHANGE


class OwnColumns(msgspec.Struct, gc=False):
    """The columns that mostly differ from one exchange to the next."""

    id: str
    started_at: str
    event_time: str | None = None
    path: str | None = None
    query: str | None = None
    headers_ms: float | None = None
    first_byte_ms: float | None = None
    duration_ms: float | None = None
    request_body: str | bytes | None = None
    response_body: str | bytes | None = None
    request_bytes: int | None = None
    response_bytes: int | None = None
    request_id: str | None = None
    trace_id: str | None = None
    error_message: str | None = None
    stream: str | None = None


class ExchangeRow(OwnColumns, kw_only=True, gc=False):
    """A row of `exchanges` as the capture path writes it; fields are named after columns.

    Its own fields are mostly equal in consecutive exchanges. The analyzer fills `protocol_id`.
    """

    model: str
    source: str
    version: str = ""
    environment: str | None = None
    method: str | None = None
    route: str | None = None
    status: int | None = None
    error_type: str | None = None
    request_type: str | None = None
    response_type: str | None = None
    request_encoding: str | None = None
    response_encoding: str | None = None
    request_headers: str | None = None
    response_headers: str | None = None
    request_note: str | None = None
    response_note: str | None = None
    request_read: bool | None = None
    request_truncated: bool | None = None
    response_truncated: bool | None = None
    aborted: bool | None = None
    sample_rate: float | None = None
    pid: int | None = None
    host: str | None = None


class CapturedRow(OwnColumns, kw_only=True, gc=False):
    """A row whose other columns recur: `rest` has their values, in the order of `ExchangeRow`.

    Consecutive rows mostly have the same object as `rest`.
    """

    rest: tuple[Any, ...]

    def whole(self) -> ExchangeRow:
        """Return the same row with all columns by name."""
        *own, rest = astuple(self)
        return ExchangeRow(**dict(zip(EXCHANGE_COLUMNS, (*own, *rest), strict=True)))


EXCHANGE_COLUMNS = ExchangeRow.__struct_fields__
_OWN = len(OwnColumns.__struct_fields__)  # fields of the base class come first
_RECURRING = EXCHANGE_COLUMNS[_OWN:]

_ROWS_PER_STATEMENT = (32, 8, 1)
"""SQLite needs a third less time per row if a statement inserts 32 rows; 64 save no more."""


def rest_of(row: ExchangeRow) -> tuple[Any, ...]:
    """Return the values of the columns of `row` that recur: `CapturedRow.rest`."""
    return astuple(row)[_OWN:]


def insert_exchanges(connection: sqlite3.Connection, rows: Sequence[ExchangeRow]) -> None:
    """Insert `rows` inside the caller's transaction, except those with an existing id."""
    _insert_rows(connection, [(*row[:_OWN], row[_OWN:]) for row in map(astuple, rows)])


def insert_captured(connection: sqlite3.Connection, rows: Sequence[CapturedRow]) -> None:
    """Insert `rows` inside the caller's transaction, except those with an existing id."""
    _insert_rows(connection, list(map(astuple, rows)))


def _insert_rows(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    start = 0
    for size in _ROWS_PER_STATEMENT:
        while len(rows) - start >= size:
            connection.execute(*_insert_of(rows[start : start + size]))
            start += size


def _insert_of(rows: list[tuple[Any, ...]]) -> tuple[str, list[Any]]:
    """Return the statement that inserts `rows`, and its parameters.

    Each row has the values of its own columns, and then a tuple of all others. SQLite's time
    depends mostly on the number of parameters. Thus columns without values are left out, and those
    of the tuple that are equal in all rows have one parameter in common; so has the path.
    """
    *columns, rests = zip(*rows, strict=True)
    nothing = (None,) * len(rows)  # unlike `count`, `!=` compares by identity first
    own: dict[str, Sequence[Any]] = {
        name: column
        for name, column in zip(EXCHANGE_COLUMNS, columns, strict=False)
        if column != nothing
    }
    common: dict[str, Any] = {}
    distinct = {id(rest): rest for rest in rests}.values()
    for place, values in enumerate(zip(*distinct, strict=True)):
        if values.count(values[0]) < len(values):
            own[_RECURRING[place]] = [rest[place] for rest in rests]
        elif values[0] is not None:
            common[_RECURRING[place]] = values[0]
    if "path" in own and own["path"].count(own["path"][0]) == len(rows):
        common["path"] = own.pop("path")[0]
    statement = _insert(tuple(own), tuple(common), len(rows))
    return statement, [*chain.from_iterable(own.values()), *common.values()]


class ExchangeColumns(NamedTuple):
    """Rows of `exchanges` by column.

    Attributes:
        own: columns of length n, among them `id`.
        shared: a row with the values of all other columns.
    """

    own: Mapping[str, Sequence[Any]]
    shared: ExchangeRow

    @property
    def ids(self) -> Sequence[str]:
        """The ids of the rows, (n,)."""
        return self.own["id"]

    def chosen(self, chosen: Sequence[bool]) -> ExchangeColumns:
        """Return the rows for which `chosen`, (n,), is True."""
        own = {name: list(compress(values, chosen)) for name, values in self.own.items()}
        return ExchangeColumns(own, self.shared)


def columns_of(rows: Sequence[ExchangeRow]) -> ExchangeColumns:
    """Return at least one row by column."""
    columns = dict(zip(EXCHANGE_COLUMNS, zip(*map(astuple, rows), strict=True), strict=True))
    own = {
        name: values
        for name, values in columns.items()
        if name == "id" or values.count(values[0]) < len(rows)
    }
    return ExchangeColumns(own, rows[0])


def insert_exchange_columns(connection: sqlite3.Connection, rows: ExchangeColumns) -> None:
    """Insert `rows` inside the caller's transaction, except those with an existing id."""
    count = len(rows.ids)
    own = {name: values for name, values in rows.own.items() if values.count(None) < count}
    shared = {
        name: value
        for name, value in zip(EXCHANGE_COLUMNS, astuple(rows.shared), strict=True)
        if value is not None and name not in rows.own
    }
    # A column may have two names, such as `started_at` and `event_time`.
    columns = {id(values): values for values in own.values()}
    places = tuple(list(columns).index(id(values)) for values in own.values())
    start = 0
    for size in _ROWS_PER_STATEMENT:
        while count - start >= size:
            statement = _insert(tuple(own), tuple(shared), size, places)
            parts = [values[start : start + size] for values in columns.values()]
            connection.execute(statement, [*chain.from_iterable(parts), *shared.values()])
            start += size


@lru_cache(maxsize=256)
def _insert(
    own: tuple[str, ...], shared: tuple[str, ...], rows: int, places: Sequence[int] = ()
) -> str:
    """Return a statement with parameters for the columns in `own`, row by row, then for `shared`.

    An existing id (the same file imported twice) is left unchanged.

    Args:
        places: the place of each own column among the parameters; () if each has its own.
    """
    places = places or range(len(own))
    before = (max(places) + 1) * rows
    common = [f"?{before + place}" for place in range(1, len(shared) + 1)]
    values = (
        ",".join([*(f"?{place * rows + row}" for place in places), *common])
        for row in range(1, rows + 1)
    )
    return (
        f"insert or ignore into exchanges ({','.join(own + shared)}) values ({'),('.join(values)})"
    )


def newest_exchange(connection: sqlite3.Connection) -> int:
    """Return the `seq` of the last exchange, 0 if there is none."""
    return connection.execute("select max(seq) from exchanges").fetchone()[0] or 0


def newest_start(connection: sqlite3.Connection) -> str | None:
    """Return the start time of the last request; None if there is no exchange."""
    started_at: str | None = connection.execute("select max(started_at) from exchanges").fetchone()[
        0
    ]
    return started_at


def is_imported(alias: str) -> str:
    """Return the condition of a row that a file or log had, for a table alias.

    >>> is_imported("x")
    "(x.source = 'import' or x.method is 'IMPORT')"
    """
    return f"({alias}.source = 'import' or {alias}.method is 'IMPORT')"


def newest_is_imported(connection: sqlite3.Connection, model: str) -> bool | None:
    """Return True if a model's last exchange was imported; None if it has no exchange."""
    row = connection.execute(
        f"select {is_imported('exchanges')} from exchanges where model = ? "
        "order by seq desc limit 1",
        (model,),
    ).fetchone()
    return None if row is None else bool(row[0])


def count_exchanges(
    connection: sqlite3.Connection, model: str | None = None, until: int | None = None
) -> int:
    """Return the number of exchanges of `model`, or of all models, up to the `seq` `until`."""
    if model is None and until is None:
        return int(connection.execute("select count(*) from exchanges").fetchone()[0])
    row = connection.execute(
        "select count(*) from exchanges where (? is null or seq <= ?) and (? is null or model = ?)",
        (until, until, model, model),
    ).fetchone()
    return int(row[0])


def has_exchange(connection: sqlite3.Connection, id_: str) -> bool:
    """Return True if the store has an exchange with this id."""
    row = connection.execute("select 1 from exchanges where id = ?", (id_,)).fetchone()
    return row is not None


def known_exchanges(connection: sqlite3.Connection, ids: Sequence[str]) -> set[str]:
    """Return those of these ids that the store has exchanges of."""
    # The ids of a table's rows are next to each other, so one search shows that all are new.
    between = "select 1 from exchanges where id between ? and ? limit 1"
    ends = (min(ids, default=""), max(ids, default=""))
    if connection.execute(between, ends).fetchone() is None:
        return set()
    rows = connection.execute(
        "select e.id from json_each(?) n cross join exchanges e on e.id = n.value",
        (json.dumps(ids),),
    )
    return {row[0] for row in rows}


def find_full_exchanges(connection: sqlite3.Connection, id_: str) -> list[sqlite3.Row]:
    """Return the exchange with this id, or up to two matches by id prefix or by request id.

    Rows contain all columns.
    """
    for where, parameters in (
        ("id = ?", (id_,)),
        ("id >= ? and id < ? limit 2", (id_, id_ + "\U0010ffff")),
        ("request_id = ? limit 2", (id_,)),
    ):
        sql = f"select {FULL_EXCHANGE} from exchanges where {where}"
        rows = connection.execute(sql, parameters).fetchall()
        if rows:
            return rows
    return []


def last_full_exchanges(
    connection: sqlite3.Connection, model: str | None, limit: int
) -> list[sqlite3.Row]:
    """Return the last `limit` exchanges of `model`, or of all models, with all columns."""
    return connection.execute(
        f"select * from (select {FULL_EXCHANGE} from exchanges where (? is null or model = ?) "
        "order by seq desc limit ?) order by seq",
        (model, model, limit),
    ).fetchall()


def full_exchanges_after(
    connection: sqlite3.Connection, model: str | None, seq: int, limit: int
) -> list[sqlite3.Row]:
    """Return the first exchanges of `model`, or of all models, after `seq`, with all columns."""
    return connection.execute(
        f"select {FULL_EXCHANGE} from exchanges where seq > ? and (? is null or model = ?) "
        "order by seq limit ?",
        (seq, model, model, limit),
    ).fetchall()
