"""Exchanges: written by capture and imports, read to be decoded, and found by their ids."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from modeltap.store import schema

_USUAL = len(schema.USUAL_COLUMNS)
_NOTHING_RARE = (None,) * len(schema.RARE_COLUMNS)

_IDS_PER_QUERY = 500
"""SQLite takes 999 parameters at least."""


class StoredExchange(NamedTuple):
    """The columns of an exchange that decoding and counting need."""

    seq: int
    id: str
    model: str
    version: str
    path: str | None
    query: str | None
    status: int | None
    request_body: str | bytes | None
    response_body: str | bytes | None
    request_type: str | None
    response_type: str | None
    request_encoding: str | None
    response_encoding: str | None
    started_at: str
    event_time: str | None
    duration_ms: float | None
    aborted: int | None
    sample_rate: float | None
    method: str | None
    request_headers: str | None
    """JSON, as are `response_headers` and `stream`."""
    response_headers: str | None
    stream: str | None
    request_truncated: int | None
    response_truncated: int | None


class DecodeNote(NamedTuple):
    """The rows that were found in an exchange, and why there are none or no predictions."""

    rows: int
    reason: str | None


_COLUMNS = ", ".join(StoredExchange._fields)


def _select(
    connection: sqlite3.Connection, where: str, parameters: Sequence[object]
) -> list[StoredExchange]:
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: a `sqlite3.Row` between would be made in vain
    cursor.execute(f"select {_COLUMNS} from exchanges where {where}", parameters)
    return list(map(StoredExchange._make, cursor))


@cache
def _insert(columns: tuple[str, ...]) -> str:
    # An id that is there already (the same file imported twice) is left as it is.
    return (
        f"insert or ignore into exchanges ({','.join(columns)}) "
        f"values ({','.join('?' * len(columns))})"
    )


def insert_exchanges(connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows`, values of `schema.EXCHANGE_COLUMNS`, inside the caller's transaction."""
    if all(row[_USUAL:] == _NOTHING_RARE for row in rows):
        usual = (row[:_USUAL] for row in rows)
        connection.executemany(_insert(schema.USUAL_COLUMNS), usual)
    else:
        connection.executemany(_insert(schema.EXCHANGE_COLUMNS), rows)


def exchanges_after(connection: sqlite3.Connection, seq: int, limit: int) -> list[StoredExchange]:
    """Return the first `limit` exchanges after the one with the number `seq`."""
    return _select(connection, "seq > ? order by seq limit ?", (seq, limit))


def exchanges_of_version(
    connection: sqlite3.Connection, model: str, version: str, after: int, until: int, limit: int
) -> list[StoredExchange]:
    """Return the first `limit` exchanges of a model's version with `after` < seq <= `until`."""
    return _select(
        connection,
        "seq > ? and seq <= ? and model = ? and version = ? order by seq limit ?",
        (after, until, model, version, limit),
    )


def exchanges_by_id(connection: sqlite3.Connection, ids: Iterable[str]) -> list[StoredExchange]:
    """Return the exchanges with these ids, as far as they are still there."""
    wanted = list(ids)
    found: list[StoredExchange] = []
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        part = wanted[start : start + _IDS_PER_QUERY]
        found += _select(connection, f"id in ({','.join('?' * len(part))}) order by seq", part)
    return found


def exchange_by_protocol_id(
    connection: sqlite3.Connection, model: str, protocol_id: str
) -> StoredExchange | None:
    """Return the last exchange of a model whose body has this id; None where there is none."""
    found = _select(
        connection,
        "protocol_id = ? and model = ? order by seq desc limit 1",
        (protocol_id, model),
    )
    return found[0] if found else None


def exchanges_up_to(
    connection: sqlite3.Connection,
    model: str | None,
    after: int,
    until: int,
    *,
    limit: int,
    max_bytes: int,
) -> list[StoredExchange]:
    """Return the first exchanges with `after` < seq <= `until`, of one model or of all.

    Args:
        limit: how many at most.
        max_bytes: no more are read once the bodies have so many bytes.
    """
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(
        f"select {_COLUMNS} from exchanges where seq > ? and seq <= ? "
        "and (? is null or model = ?) order by seq limit ?",
        (after, until, model, model, limit),
    )
    found: list[StoredExchange] = []
    size = 0
    for exchange in map(StoredExchange._make, cursor):
        found.append(exchange)
        size += len(exchange.request_body or "") + len(exchange.response_body or "")
        if size >= max_bytes:
            break
    cursor.close()  # one that stayed open would keep the write-ahead log from being emptied
    return found


def newest_exchange(connection: sqlite3.Connection) -> int:
    """Return the number (`seq`) of the last exchange, 0 if there is none."""
    return connection.execute("select max(seq) from exchanges").fetchone()[0] or 0


def newest_start(connection: sqlite3.Connection) -> str | None:
    """Return when the last request came; None if there is no exchange."""
    started_at: str | None = connection.execute("select max(started_at) from exchanges").fetchone()[
        0
    ]
    return started_at


def newest_is_imported(connection: sqlite3.Connection, model: str) -> bool | None:
    """Return whether a model's last exchange was imported; None if it has none."""
    row = connection.execute(
        "select source = 'import' or method is 'IMPORT' from exchanges where model = ? "
        "order by seq desc limit 1",
        (model,),
    ).fetchone()
    return None if row is None else bool(row[0])


def count_exchanges(
    connection: sqlite3.Connection, model: str | None = None, until: int | None = None
) -> int:
    """Return how many exchanges there are, of one model or of all, up to the number `until`."""
    if model is None and until is None:
        return int(connection.execute("select count(*) from exchanges").fetchone()[0])
    found = connection.execute(
        "select count(*) from exchanges where (? is null or seq <= ?) and (? is null or model = ?)",
        (until, until, model, model),
    ).fetchone()
    return int(found[0])


def save_decode_notes(
    connection: sqlite3.Connection, before: int, after: int, notes: Mapping[int, DecodeNote]
) -> None:
    """Write what was found in all exchanges with `before` < seq <= `after`, in the transaction.

    Args:
        notes: by `seq`.
    """
    # Most have the same, and one statement writes it twice as fast as one for each.
    usual = Counter(notes.values()).most_common(1)[0][0]
    connection.execute(
        "update exchanges set decoded = ?, decode_note = ? where seq > ? and seq <= ?",
        (*usual, before, after),
    )
    connection.executemany(
        "update exchanges set decoded = ?, decode_note = ? where seq = ?",
        ((*note, seq) for seq, note in notes.items() if note != usual),
    )


def save_protocol_ids(connection: sqlite3.Connection, ids: Iterable[tuple[int, str]]) -> None:
    """Write the protocol's own ids of exchanges, given by `seq`, inside the transaction."""
    connection.executemany(
        "update exchanges set protocol_id = ? where seq = ?", ((id_, seq) for seq, id_ in ids)
    )


class DecodeProblem(NamedTuple):
    """A reason why exchanges could not be decoded in full."""

    reason: str
    unread: int
    """Exchanges in which no rows were found for this reason."""
    times: int
    """Exchanges that have this note."""


def decode_problems(connection: sqlite3.Connection, except_for: str) -> list[DecodeProblem]:
    """Return why exchanges could not be decoded, the commonest reason first.

    Args:
        except_for: a note that is no problem.
    """
    rows = connection.execute(
        "select decode_note, sum(decoded = 0), count(*) as times from exchanges "
        "where decode_note is not null and decode_note <> ? and (status is null or status < 400) "
        "group by 1 order by times desc",
        (except_for,),
    )
    return [DecodeProblem(*row) for row in rows]


def newest_with_note(connection: sqlite3.Connection, note: str) -> StoredExchange:
    """Return the last exchange that has this note, of which there is one at least."""
    return _select(connection, "decode_note = ? order by seq desc limit 1", (note,))[0]


def has_exchange(connection: sqlite3.Connection, id_: str) -> bool:
    """Return whether the store has an exchange with this id."""
    row = connection.execute("select 1 from exchanges where id = ?", (id_,)).fetchone()
    return row is not None


def find_exchange_id(
    connection: sqlite3.Connection,
    id_: str,
    model: str | None,
    *,
    request_id: str,
    protocol_id: str | None = None,
) -> str | None:
    """Return the id of the exchange called `id_`, else by its caller, else by its protocol.

    Args:
        model: whose exchanges are looked through for the others' ids; None for all.
        protocol_id: None where those ids are not looked for.
    """
    found = connection.execute(
        "select id from exchanges where id = ? union all "
        "select id from exchanges where request_id = ? and (? is null or model = ?) union all "
        "select id from exchanges where protocol_id = ? and (? is null or model = ?) limit 1",
        (id_, request_id, model, model, protocol_id, model, model),
    ).fetchone()
    return found[0] if found else None


def find_whole_exchanges(connection: sqlite3.Connection, id_: str) -> list[sqlite3.Row]:
    """Return the exchange with this id, or up to two whose id begins so, or whose caller's it is.

    Rows have all columns, by their names.
    """
    for where, parameters in (
        ("id = ?", (id_,)),
        ("id >= ? and id < ? limit 2", (id_, id_ + "\U0010ffff")),
        ("request_id = ? limit 2", (id_,)),
    ):
        found = connection.execute(f"select * from exchanges where {where}", parameters).fetchall()
        if found:
            return found
    return []


def last_whole_exchanges(
    connection: sqlite3.Connection, model: str | None, limit: int
) -> list[sqlite3.Row]:
    """Return the last `limit` exchanges of one model, or of all, with all columns, in order."""
    return connection.execute(
        "select * from (select * from exchanges where (? is null or model = ?) "
        "order by seq desc limit ?) order by seq",
        (model, model, limit),
    ).fetchall()


def whole_exchanges_after(
    connection: sqlite3.Connection, model: str | None, seq: int
) -> list[sqlite3.Row]:
    """Return the exchanges after the number `seq`, of one model or of all, with all columns."""
    return connection.execute(
        "select * from exchanges where seq > ? and (? is null or model = ?) order by seq",
        (seq, model, model),
    ).fetchall()
