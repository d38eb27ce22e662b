"""Requests and responses that arrive separately are matched in either order, or stored alone."""

from __future__ import annotations

import copy
import random
import time
from contextlib import closing

import pytest

from modeltap import clock
from modeltap.store import unmatched
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, has_exchange


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def half(side, id_="a", time_=None):
    other = "response" if side == "request" else "request"
    return ExchangeRow(
        id=id_,
        model="m",
        source="kserve",
        started_at="2024-01-01",
        event_time=time_,
        **{f"{side}_body": f"the {side}", f"{side}_bytes": 5, f"{other}_note": unmatched.NOT_SEEN},
    )


def match(connection, row, side, ago=0.0):
    with writing(connection):
        arrival = unmatched.SideRow(row, side)
        (outcome,) = unmatched.match(connection, [arrival], clock.iso(time.time() - ago))
    return outcome


@pytest.mark.parametrize("first", ["request", "response"])
def test_both_make_one_exchange_in_either_order(connection, read_rows, store, first):
    second = "response" if first == "request" else "request"
    assert match(connection, half(first), first) == "waits"
    assert match(connection, half(first), first) == "repeated"
    assert unmatched.count(connection, "m") == 1
    assert match(connection, half(second, time_="2024-01-02"), second) == "paired"
    assert match(connection, half(second), second) == "repeated"
    (row,) = read_rows(store)
    assert (row["request_body"], row["response_body"]) == ("the request", "the response")
    assert row["request_note"] is row["response_note"] is None
    assert row["event_time"] == "2024-01-02" and unmatched.count(connection, "m") == 0


def test_a_side_that_waited_too_long_is_stored_alone_and_completed_later(
    connection, read_rows, store
):
    match(connection, half("request"), "request", ago=unmatched.WAIT_SECONDS + 60)
    match(connection, half("request", "b"), "request")
    assert [unmatched.settle(connection) for _ in range(2)] == [1, 0]
    (row,) = read_rows(store)
    assert (row["id"], row["response_note"]) == ("a", unmatched.NOT_SEEN)
    assert match(connection, half("response"), "response") == "filled"
    assert match(connection, half("response"), "response") == "repeated"
    (row,) = read_rows(store)
    assert (row["response_body"], row["response_note"]) == ("the response", None)


@pytest.mark.parametrize("size", [1, 10**9])
def test_all_sides_are_settled_in_several_transactions(connection, monkeypatch, size):
    """Fewer at once if their bodies are large, because a log may have bodies of any size."""
    monkeypatch.setattr("modeltap.store.bodies.MAX_BYTES", size)
    for number in range(1203):
        connection.execute(
            "insert into unmatched (id, side, model, source, started_at, received_at, body) "
            "values (?, 'request', 'm', 'x', '', ?, 'a body')",
            (str(number), clock.now()),
        )
    assert unmatched.settle(connection) == 0
    assert unmatched.settle(connection, all_of_them=True) == 1203
    assert has_exchange(connection, "1202") and unmatched.count(connection, "m") == 0


def test_a_deleted_side_leaves_no_trace(connection):
    match(connection, half("request"), "request")
    with writing(connection):
        unmatched.delete_unmatched(connection, ["a", "unknown"])
    assert match(connection, half("response"), "response") == "waits"


def test_sides_that_arrive_together_are_matched_as_one_by_one(tmp_path):
    """In any order, with repeated ones, and with sides that are stored already."""
    letters = random.Random(5)
    arrivals = [
        half(letters.choice(["request", "response"]), letters.choice("abcdef")) for _ in range(60)
    ]
    sides = [
        unmatched.SideRow(row, "request" if row.request_note is None else "response")
        for row in arrivals
    ]
    results = []
    for size in (1, 7, 60):
        with closing(connect(tmp_path / f"{size}.db")) as connection:
            outcomes = []
            for start in range(0, len(sides), size):
                with writing(connection):
                    batch = copy.deepcopy(sides[start : start + size])
                    outcomes += unmatched.match(connection, batch, "2024")
            tables = ("exchanges", "unmatched")
            stored = [connection.execute(f"select * from {name}").fetchall() for name in tables]
            results.append((outcomes, [list(map(tuple, table)) for table in stored]))
    assert results[0] == results[1] == results[2]
    assert {"waits", "paired", "repeated"} <= set(results[0][0])
