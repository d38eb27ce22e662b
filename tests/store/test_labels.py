"""Labels: conversion and storage."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest

from modeltap.errors import InputError
from modeltap.store.connection import connect, writing
from modeltap.store.labels import early_labels, insert_labels, storable_label


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (True, "true"),
        (np.bool_(False), "false"),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (2**63, str(2**63)),
        (-(2**63), -(2**63)),
        ("cat", "cat"),
        (np.str_("cat"), "cat"),
        (np.array(True), "true"),
        (Decimal("1.50"), 1.5),
        ([Decimal("2")], 2.0),
        ("none", "none"),
        ("null", "null"),
        ({"price": 1.5}, '{"price": 1.5}'),
        ([1.5, 2], "[1.5, 2]"),
        ((1, 0), "[1, 0]"),
        ([7], 7),
        (np.array([[2.5]]), 2.5),
        (np.array([1, 0]), "[1, 0]"),
        (["cat"], "cat"),
        (None, None),
        ([], "[]"),
        ((), "[]"),
        ([[]], "[]"),
        (np.array([]), "[]"),
        (["a"], "a"),
        (["a", "b"], '["a", "b"]'),
    ],
)
def test_values_are_converted_for_sqlite(value, kept):
    """Integers beyond 64 bits become text, NumPy types become Python types."""
    stored = storable_label(value)
    assert stored == kept and type(stored) is type(kept)


@pytest.mark.parametrize(
    "value",
    [
        *(float("nan"), float("inf"), [float("nan")], np.array([1.0, np.nan]), np.float64("nan")),
        *(Decimal("NaN"), Decimal("Infinity"), [None], [[None]], np.array([None])),
        *("", "  ", "\u00a0", "nan", "NaN", "-nan", "NaT", "<NA>", ["nan"]),
        *({"a": b"x"}, {"a": float("nan")}, b"x", bytearray(b"x"), object(), {1, 2}, 1j, int),
        *(date(2024, 5, 1), datetime(2024, 5, 1), np.datetime64("2024-05-01"), UUID(int=5)),
    ],
)
def test_invalid_values_are_refused(value):
    with pytest.raises(InputError, match="label"):
        storable_label(value)


def test_labels_that_arrived_before_their_exchange_are_found(store):
    """Only for the given exchanges, and up to the newest label at that time."""
    connection = connect(store)
    with writing(connection):
        assert insert_labels(connection, [("a", 0, 1), ("b", 0, 2), ("a", 0, 3)], source="api") == 3
    newest = connection.execute("select max(seq) from labels").fetchone()[0]
    assert early_labels(connection, ["a", "c"], newest) == ["a"]
    assert early_labels(connection, ["b"], newest - 2) == []
    assert early_labels(connection, ["a"], 0) == []
    connection.close()


def test_a_label_that_repeats_the_last_one_is_not_inserted(store):
    """A correction is, also one back to an earlier value."""
    connection = connect(store)
    for value, new in ((1, 1), (1, 0), (2, 1), (2.0, 0), ("2", 1), (1, 1)):
        with writing(connection):
            assert insert_labels(connection, [("a", 0, value)], source="api") == new
    with writing(connection):
        assert insert_labels(connection, [("b", 0, 1), ("b", 1, 1), ("b", 0, 1)], source="x") == 2
    connection.close()


def test_a_label_for_another_model_is_no_repetition(store):
    """It waits for an exchange of that model."""
    connection = connect(store)
    for model, new in (("m", 1), ("n", 1), ("n", 0), (None, 1), ("n", 0)):
        with writing(connection):
            assert insert_labels(connection, [("a", 0, 1)], source="api", model=model) == new
    connection.close()
