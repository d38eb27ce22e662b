"""A selection: the rows that were there when it was made, of what is asked for, in order."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.config.settings import Settings
from modeltap.export.selection import ABOUT, Selection, free_names
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import START, every, put

NAMES = st.lists(st.sampled_from(["id", "f.id", "f.f.id", "x"]), max_size=4, unique=True)


@given(NAMES, NAMES)
def test_no_two_names_are_equal(names, taken):
    found = free_names(names, "f.", set(taken))
    assert list(found) == names and len(set(found.values())) == len(names)
    assert not set(found.values()) & set(taken)
    assert all(found[name] == name for name in names if name not in taken)


@pytest.fixture
def connection(store):
    put(store, every(1, 6), [{"x": n} for n in range(6)])
    put(store, every(1, 2), [{"y": n} for n in range(2)], model="n", prefix="n")
    with closing(connect(store)) as opened:
        yield opened


def chosen(connection, **only):
    selection = Selection(connection, Settings(), **only)
    return [row.features.get("x") for row in selection.rows()], selection


def test_rows_are_of_one_model_in_a_half_open_time(connection):
    since = START.timestamp() + 60
    assert chosen(connection, model="m")[0] == [0, 1, 2, 3, 4, 5]
    assert chosen(connection, model="m", since=since, until=since + 120)[0] == [1, 2]
    everything, selection = chosen(connection)
    assert len(everything) == selection.count() == 8 and selection.undecoded == 0
    assert tuple(next(selection.rows()).document())[: len(ABOUT)] == ABOUT


def test_what_comes_later_is_left_out(connection, store):
    with writing(connection):
        insert_labels(connection, [("r1", 0, 7)], source="t")
    _, selection = chosen(connection, model="m", labelled=True)
    put(store, every(1, 1), [{"x": 9}], prefix="later")
    with writing(connection):
        insert_labels(connection, [("r2", 0, 8), ("r1", 0, 9)], source="t")
    assert [(row.features["x"], row.fixed["label"]) for row in selection.rows()] == [(1, 7)]


def test_exchanges_without_rows_are_counted_and_reading_is_told(connection):
    connection.execute("update exchanges set request_body = '?' where id = 'r3'")
    selection, told = Selection(connection, Settings(), model="m"), []
    assert len(list(selection.rows(told.append))) == 5
    assert selection.undecoded == 1 and sum(told) == selection.count() == 6
