"""Token counts of exchanges, as responses state them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from modeltap.store.predictions import RowKey, own_rows


class TokenCount(NamedTuple):
    """The tokens of an exchange, None where the response has no count.

    `name` is that of the language model in the response. `sample_rate` is None if every exchange
    was kept.
    """

    name: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    sample_rate: float | None = None


def insert_token_counts(
    connection: sqlite3.Connection, counts: Iterable[tuple[str, TokenCount]]
) -> None:
    """Write the counts of exchanges by their ids, inside the caller's transaction."""
    connection.executemany(
        "insert or replace into token_counts "
        "(exchange_id, name, input_tokens, output_tokens, cached_tokens) values (?, ?, ?, ?, ?)",
        ((exchange_id, *count[:4]) for exchange_id, count in counts),
    )


def token_counts_between(
    connection: sqlite3.Connection, model: str, version: str, start: RowKey, end: RowKey
) -> list[TokenCount]:
    """Return the counts of the exchanges with a row from `start` to `end`, half-open."""
    rows = connection.execute(
        "select t.name, t.input_tokens, t.output_tokens, t.cached_tokens, x.sample_rate "
        "from predictions p cross join token_counts t on t.exchange_id = p.exchange_id "
        "left join exchanges x on x.seq = p.seq "
        f"where {own_rows(version, 'p.')} and p.row = 0 "
        "and p.event_time >= ? and (p.event_time, p.seq, p.row) >= (?, ?, ?) "
        "and (p.event_time, p.seq, p.row) < (?, ?, ?)",
        (model, version, start[0], *start, *end),
    )
    return [TokenCount(*row) for row in rows]


def newest_token_counts(
    connection: sqlite3.Connection, model: str, environment: str, limit: int
) -> list[TokenCount]:
    """Return the counts of a model's newest exchanges with any.

    Args:
        environment: "" for exchanges without one.
        limit: the number of the model's newest exchanges that are searched.
    """
    rows = connection.execute(
        "select t.name, t.input_tokens, t.output_tokens, t.cached_tokens, x.sample_rate from "
        "(select id, sample_rate from exchanges where model = ? and ifnull(environment, '') = ? "
        "order by seq desc limit ?) x join token_counts t on t.exchange_id = x.id",
        (model, environment, limit),
    )
    return [TokenCount(*row) for row in rows]


def token_count_of(connection: sqlite3.Connection, exchange_id: str) -> TokenCount | None:
    """Return the counts of one exchange, None if it has none."""
    row = connection.execute(
        "select name, input_tokens, output_tokens, cached_tokens from token_counts "
        "where exchange_id = ?",
        (exchange_id,),
    ).fetchone()
    return None if row is None else TokenCount(*row)
