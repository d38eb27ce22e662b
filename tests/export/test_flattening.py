"""ColumnTypes of an export: learnt from all rows, each with room for its values."""

from __future__ import annotations

import itertools

import pytest

from modeltap.export.flattening import BOOL, FLOAT, INT, LONG, TEXT, ColumnTypes, flat, wider
from modeltap.export.selection import FIXED, Exported


def row(features, answers=None, **fixed):
    return Exported({**dict.fromkeys(FIXED), **fixed}, features, answers or {})


def test_types_widen_in_any_order():
    """What is wider has room for both, whichever came first; and is no narrower afterwards."""
    for one, other in itertools.product([BOOL, INT, LONG, FLOAT, TEXT, None], repeat=2):
        assert wider(one, other) == wider(other, one)
        assert wider(wider(one, other), one) == wider(one, other)


def test_objects_become_dotted_names_down_to_a_depth():
    assert flat({"a": {"b": {"c": 1}}, "d": [{"e": 2}]}) == {"a.b.c": 1, "d": [{"e": 2}]}
    assert flat({"a": {"b": {"c": 1}}}, 1) == {"a.b": {"c": 1}}


def test_rows_have_the_columns_of_all_rows():
    """Missing ones are None; a column of two types is text."""
    rows = [
        row({"x": 1, "in": {"a": True}}, id="e1", label=None),
        row({"x": 0.5, "mixed": 1}, {"took": 3}, id="e2", label=7),
        row({"mixed": "one", "n": float("nan")}, id="e3"),
    ]
    columns = ColumnTypes()
    for one in rows:
        columns.learn(one)
    types = columns.types()
    assert {name: types[name] for name in ("x", "in.a", "mixed", "took", "label", "n")} == {
        "x": FLOAT,
        "in.a": BOOL,
        "mixed": TEXT,
        "took": INT,
        "label": INT,
        "n": TEXT,
    }
    told = [dict(zip(types, columns.values(one), strict=True)) for one in rows]
    assert [one["x"] for one in told] == [1.0, 0.5, None] and isinstance(told[0]["x"], float)
    assert [one["mixed"] for one in told] == [None, "1", "one"]
    assert [one["n"] for one in told] == [None, None, None]
    assert [one["id"] for one in told] == ["e1", "e2", "e3"]


@pytest.mark.parametrize("name", FIXED)
def test_a_feature_called_as_what_every_row_has_gets_another_name(name):
    columns = ColumnTypes()
    columns.learn(row({name: 1}))
    types = columns.types()
    assert types[f"feature.{name}"] == INT and len(types) == len(FIXED) + 1


def test_text_can_be_written_to_a_file():
    """Half a character is none."""
    columns = ColumnTypes()
    columns.learn(row({"t": "\ud800"}))
    (value,) = [v for v in columns.values(row({"t": "\ud800"})) if v is not None]
    assert value.encode()
