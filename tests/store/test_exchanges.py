"""Exchanges: found by their ids, and read in bounded parts."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import asdict

from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import (
    EXCHANGE_COLUMNS,
    ExchangeRow,
    columns_of,
    count_exchanges,
    find_full_exchanges,
    has_exchange,
    insert_exchange_columns,
    insert_exchanges,
    known_exchanges,
    newest_exchange,
)
from modeltap.store.stored_exchanges import (
    exchanges_by_id,
    exchanges_up_to,
)


@pytest.fixture
def connection(store):
    """Return a store with ten exchanges of 100 bytes, `id0` to `id9`, of two models in turn."""
    opened = connect(store)
    rows = [
        ExchangeRow(
            id=f"id{n}",
            model="ab"[n % 2],
            source="asgi",
            started_at="2024-01-01T00:00:00.000Z",
            request_body="x" * 100,
            request_id=f"caller{n}",
        )
        for n in range(10)
    ]
    with writing(opened):
        insert_exchanges(opened, rows)
        insert_exchanges(opened, rows[:3])
    yield opened
    opened.close()


def test_the_same_exchange_again_adds_nothing(connection):
    assert (count_exchanges(connection), newest_exchange(connection)) == (10, 10)
    assert count_exchanges(connection, "a", until=5) == 3
    assert has_exchange(connection, "id9") and not has_exchange(connection, "id10")


def insert_by_column(connection, rows):
    insert_exchange_columns(connection, columns_of(rows))


def test_chosen_rows_of_columns_are_stored(store):
    rows = [
        ExchangeRow(id=f"id{n}", model="m", source="s", started_at=f"2024-01-0{n}")
        for n in range(1, 5)
    ]
    connection = connect(store)
    insert_exchange_columns(connection, columns_of(rows).chosen([True, False, True, False]))
    stored = connection.execute("select id, started_at from exchanges").fetchall()
    assert list(map(tuple, stored)) == [("id1", "2024-01-01"), ("id3", "2024-01-03")]


@pytest.mark.parametrize("count", [1, 7, 8, 31, 32, 75])
@pytest.mark.parametrize("endpoints", [1, 3])
@pytest.mark.parametrize("insert", [insert_exchanges, insert_by_column])
def test_rows_of_any_columns_are_stored_as_they_are(store, count, endpoints, insert):
    """Rows of one endpoint share columns, those of several do not; values may be empty or zero."""
    rng = random.Random(count * endpoints)
    texts, numbers = ("", "a", "é\U0001f600"), (0, 1, 2**40)
    shared = [
        {"model": "m", "version": "1", "source": "asgi", "status": 200 + n, "host": "h", "pid": 0}
        for n in range(endpoints)
    ]
    rows = [
        ExchangeRow(
            id=f"id{n}",
            started_at="2024-01-01T00:00:00.000Z",
            query=rng.choice((*texts, None)),
            request_body=rng.choice((*texts, b"", b"\0\xff", None)),
            headers_ms=rng.choice((0.0, 1.5, None)),
            request_bytes=rng.choice((*numbers, None)),
            trace_id=rng.choice((None, None, "t")) if count > 8 else None,
            **rng.choice(shared),
        )
        for n in range(count)
    ]
    connection = connect(store)
    with writing(connection):
        insert(connection, rows)
    stored = connection.execute(f"select {','.join(EXCHANGE_COLUMNS)} from exchanges order by seq")
    assert [dict(row) for row in stored] == [asdict(row) for row in rows]
    connection.close()


@pytest.mark.parametrize(
    "ids",
    [
        [],
        ["id3"],
        ["id0", "id9", "idx"],
        ["a", "z"],
        ["id30", "id31"],
        ["b", "a"],
        ["z\U0010ffff", "id5", "\uffff"],
    ],
)
def test_known_ids_are_those_of_stored_exchanges(connection, ids):
    stored = {f"id{number}" for number in range(10)}
    assert known_exchanges(connection, ids) == stored & set(ids)


def test_an_exchange_is_found_by_id_prefix_or_request_id(connection):
    assert [row["id"] for row in find_full_exchanges(connection, "id")] == ["id0", "id1"]
    assert [row["id"] for row in find_full_exchanges(connection, "caller7")] == ["id7"]
    assert find_full_exchanges(connection, "other") == []


def test_a_part_ends_at_its_count_or_its_bytes(connection):
    def part(model, after, until, limit, max_bytes):
        page = exchanges_up_to(connection, model, after, until, limit=limit, max_bytes=max_bytes)
        return [exchange.seq for exchange in page]

    assert part(None, 2, 9, 4, 10**6) == [3, 4, 5, 6]
    assert part("a", 2, 9, 4, 10**6) == [3, 5, 7, 9]
    assert part(None, 0, 10, 10, 250) == [1, 2, 3]
    assert part(None, 10, 10, 10, 250) == []


def test_many_ids_are_read_in_several_queries(connection):
    ids = [f"id{n}" for n in range(1500)]
    assert [exchange.id for exchange in exchanges_by_id(connection, ids)] == ids[:10]
