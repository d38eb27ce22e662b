"""A selection: the rows that were there when it was made, of what is asked for, in order."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.config.settings import Settings
from modeltap.export.json_text import json_lines
from modeltap.export.selection import ABOUT, ANSWER, FIXED, ExportedRows, Selection, free_names
from modeltap.rows import as_dict
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
    return [as_dict(row).get("x") for row in features(selection)], selection


def features(selection):
    return [row for rows in selection.read() for row in rows.features]


def test_rows_are_of_one_model_in_a_half_open_time(connection):
    since = START.timestamp() + 60
    assert chosen(connection, model="m")[0] == [0, 1, 2, 3, 4, 5]
    assert chosen(connection, model="m", since=since, until=since + 120)[0] == [1, 2]
    everything, selection = chosen(connection)
    assert len(everything) == selection.count() == 8 and selection.undecoded == 0
    (first, *_), *_ = (json_lines(rows.documents()).splitlines() for rows in selection.read())
    assert tuple(json.loads(first))[: len(ABOUT)] == ABOUT


def test_what_comes_later_is_left_out(connection, store):
    with writing(connection):
        insert_labels(connection, [("r1", 0, 7)], source="t")
    _, selection = chosen(connection, model="m", labelled=True)
    put(store, every(1, 1), [{"x": 9}], prefix="later")
    with writing(connection):
        insert_labels(connection, [("r2", 0, 8), ("r1", 0, 9)], source="t")
    (rows,) = selection.read()
    assert (rows.features, rows.fixed["label"]) == ([{"x": 1}], [7])


def test_exchanges_without_rows_are_counted(connection):
    connection.execute("update exchanges set request_body = '?' where id = 'r3'")
    selection = Selection(connection, Settings(), model="m")
    assert len(features(selection)) == 5
    assert selection.undecoded == 1
    assert sum(rows.exchanges for rows in selection.read()) == selection.count() == 6


def test_rows_of_several_models_are_in_order_of_arrival(store):
    """Also those of a batch, in the order of the batch."""
    for n in range(6):
        put(store, [START], [[{"x": n}, {"x": -n}]], model="mno"[n % 3], prefix=f"e{n}-")
    with closing(connect(store)) as connection:
        (rows,) = Selection(connection, Settings()).read()
    assert rows.fixed["id"] == [f"e{n}-0" for n in range(6) for _ in range(2)]
    assert rows.fixed["row"] == [0, 1] * 6 and rows.fixed["model"] == list("mmnnoo") * 2
    assert [row["x"] for row in rows.features] == [x for n in range(6) for x in (n, -n)]


def test_a_row_with_other_fields_has_them_after_the_others():
    """With a prefix if their name is taken."""
    fixed = {name: [None, None] for name in FIXED}
    rows = ExportedRows(fixed, [{"x": 1}, {"x": 2}], [{}, {"label": 3, "took": 4}], 2)
    plain, further = map(json.loads, json_lines(rows.documents()).splitlines())
    assert list(plain) == [*ABOUT, "features", *ANSWER]
    assert list(further) == [*plain, "answer.label", "took"] and further["features"] == {"x": 2}


def test_rows_of_one_environment(store):
    for name in (None, "staging", "production"):
        put(store, every(1, 3), [{"x": 1}] * 3, environment=name, prefix=name or "none")
    with closing(connect(store)) as connection:
        for name, prefix in (("", "none"), ("staging", "staging")):
            chosen = Selection(connection, Settings(), environment=name)
            ids = [id_ for rows in chosen.read() for id_ in rows.fixed["id"]]
            assert ids == [f"{prefix}{n}" for n in range(3)]
        assert list(Selection(connection, Settings(), environment="test").read()) == []
