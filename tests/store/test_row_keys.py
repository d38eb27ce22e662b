"""Rows by the values of features, and labels that name rows by them."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.retention import ExchangeKey, delete
from modeltap.store.row_keys import (
    FeatureLabel,
    KeyedRow,
    KeyFeature,
    add_row_keys,
    insert_by_feature,
    join_by_features,
    key_text,
    known_feature,
    newest_waiting,
    rows_with,
    waiting_features,
)

ORDER = KeyFeature("m", "order", 0)


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def put(connection, *labels, model="m"):
    with writing(connection):
        insert_by_feature(connection, labels, model=model, feature="order", source="test")


def join(connection):
    with writing(connection):
        return join_by_features(connection)


def stored(connection):
    rows = connection.execute("select exchange_id, row, key, value from labels order by seq")
    return list(map(tuple, rows))


@pytest.mark.parametrize("value", [None, float("nan"), [1], {"a": 1}, "", " ", "x" * 1001])
def test_values_that_name_no_row(value):
    assert key_text(value) is None


def test_labels_are_assigned_to_the_only_row_with_their_value(connection):
    put(connection, FeatureLabel("41", 5), FeatureLabel("42", 6), FeatureLabel("43", 7))
    assert waiting_features(connection) == [ORDER] and newest_waiting(connection) == 3
    keys = [("41", "a", 0), ("41", "b", 0), ("42", "b", 1)]
    with writing(connection):
        assert add_row_keys(connection, ORDER, [KeyedRow(*key) for key in keys], 9) == 3
    assert known_feature(connection, "m", "order").read_to == 9
    assert known_feature(connection, "n", "order").read_to == 0
    assert rows_with(connection, "m", "order", ["41", "42", "43"]) == {"41": 2, "42": 1, "43": 0}
    assert join(connection) == 1
    assert stored(connection) == [("", 0, "41", 5), ("", 0, "43", 7), ("b", 1, "42", 6)]


def test_repeated_labels_are_stored_once_and_corrections_kept(connection):
    put(connection, FeatureLabel("42", 6), FeatureLabel("42", 6))
    with writing(connection):
        add_row_keys(connection, ORDER, [KeyedRow("42", "a", 0)], 1)
    join(connection)
    put(connection, FeatureLabel("42", 6), FeatureLabel("42", 7))
    assert join(connection) == 1
    assert stored(connection) == [("a", 0, "42", 6), ("a", 0, "42", 7)]
    put(connection, FeatureLabel("42", 6), model="n")
    assert join(connection) == 0


def test_rows_are_deleted_with_their_exchange(connection):
    with writing(connection):
        add_row_keys(connection, ORDER, [KeyedRow("42", "a", 0), KeyedRow("43", "b", 0)], 1)
        delete(connection, [ExchangeKey(0, "a")])
    assert rows_with(connection, "m", "order", ["42", "43"]) == {"42": 0, "43": 1}
