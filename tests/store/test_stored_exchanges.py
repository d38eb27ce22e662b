"""Exchanges as decoding reads them: in parts, by version, and by protocol id."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store import stored_exchanges
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges


@pytest.fixture
def connection(store):
    rows = [
        ExchangeRow(
            id=f"id{n}", model="m", version="ab"[n % 2], source="asgi", started_at="2024-01-01"
        )
        for n in range(1, 9)
    ]
    with closing(connect(store)) as opened:
        with writing(opened):
            insert_exchanges(opened, rows)
        yield opened


def test_parts_are_consecutive_and_contain_one_version(connection):
    def ids(stored):
        return [exchange.seq for exchange in stored]

    assert ids(stored_exchanges.exchanges_after(connection, 5, 2)) == [6, 7]
    of_version = stored_exchanges.exchanges_of_version
    assert ids(of_version(connection, "m", "a", None, 2, 8, 2)) == [4, 6]
    assert ids(of_version(connection, "m", "a", "", 6, 8, 9)) == [8]
    assert of_version(connection, "m", "c", None, 0, 8, 9) == []
    assert of_version(connection, "m", "a", "staging", 0, 8, 9) == []


@pytest.mark.parametrize("size", [1, 200, 10**9])
def test_a_chunk_of_large_bodies_is_not_the_last(store, monkeypatch, size):
    """Its reader goes on until no exchange is left, however few a chunk has."""
    monkeypatch.setattr("modeltap.store.bodies.MAX_BYTES", size)
    rows = [
        ExchangeRow(
            id=f"id{n}", model="m", source="asgi", started_at="2024-01-01", response_body="x" * 10
        )
        for n in range(60)
    ]
    with closing(connect(store)) as connection:
        with writing(connection):
            insert_exchanges(connection, rows)
        for read in (
            lambda after: stored_exchanges.exchanges_after(connection, after, 40),
            lambda after: stored_exchanges.exchanges_of_version(
                connection, "m", None, None, after, 10**9, 40
            ),
        ):
            ids, chunk = [], read(0)
            while True:
                ids += [exchange.id for exchange in chunk]
                if chunk.is_last:
                    break
                chunk = read(chunk[-1].seq)
            assert ids == [row.id for row in rows]


def test_the_last_exchange_with_a_protocol_id_is_found(connection):
    with writing(connection):
        stored_exchanges.save_protocol_ids(connection, [(2, "x"), (5, "x"), (6, "y")])
    assert stored_exchanges.exchange_by_protocol_id(connection, "m", "x").seq == 5
    assert stored_exchanges.exchange_by_protocol_id(connection, "other", "x") is None
    assert stored_exchanges.exchange_by_protocol_id(connection, "m", "z") is None


def test_the_newest_successful_exchanges_are_returned(connection):
    with writing(connection):
        connection.execute("update exchanges set status = 500 where seq in (1, 7)")
        connection.execute("update exchanges set error_type = 'ValueError' where seq = 6")
    stored = stored_exchanges.newest_successful(connection, "m", 3)
    assert [exchange.seq for exchange in stored] == [4, 5, 8]
    assert stored_exchanges.newest_successful(connection, "other", 3) == []


def test_a_chunk_has_its_exchanges_by_column(connection):
    """Also a part of it, and a plain list of exchanges, also without any."""
    chunk = stored_exchanges.exchanges_after(connection, 0, 9)
    for part in (chunk, chunk.after(3), list(chunk), [], chunk.after(8), chunk.after(9)):
        for name in ("seq", "id", "status"):
            column = stored_exchanges.column_of(part, name)
            assert list(column) == [getattr(exchange, name) for exchange in part]
