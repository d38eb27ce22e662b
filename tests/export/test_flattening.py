"""ColumnTypes of an export: learnt from all rows, each with room for its values."""

from __future__ import annotations

import itertools
import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.export.flattening import (
    BOOL,
    FLOAT,
    INT,
    LONG,
    TEXT,
    ColumnTypes,
    cells,
    flat,
    flattened,
    kind_of,
    wider,
)
from modeltap.export.json_text import json_text
from modeltap.export.selection import FIXED, ExportedRows
from modeltap.rows import as_dict, row_type


def rows_of(features, answers=None, **fixed):
    """Rows with these features, and with columns of None where none are given."""
    columns = {name: fixed.get(name, [None] * len(features)) for name in FIXED}
    return flattened(ExportedRows(columns, features, answers or [{} for _ in features], 1))


def learned(*parts):
    columns = ColumnTypes()
    for rows in parts:
        columns.learn(rows)
    return columns


def table(columns, *parts):
    """The values of all parts, by column."""
    values = [columns.values(rows) for rows in parts]
    joined = [[value for part in each for value in part] for each in zip(*values, strict=True)]
    return dict(zip(columns.types(), joined, strict=True))


def test_types_widen_in_any_order():
    """The wider type has room for both, whichever came first, and is no narrower afterwards."""
    for one, other in itertools.product([BOOL, INT, LONG, FLOAT, TEXT, None], repeat=2):
        assert wider(one, other) == wider(other, one)
        assert wider(wider(one, other), one) == wider(one, other)


def test_objects_become_dotted_names_down_to_a_depth():
    assert flat({"a": {"b": {"c": 1}}, "d": [{"e": 2}]}) == {"a.b.c": 1, "d": [{"e": 2}]}
    assert flat({"a": {"b": {"c": 1}}}, 1) == {"a.b": {"c": 1}}


def test_rows_have_the_columns_of_all_rows():
    """Missing ones are None; a column of two types is text."""
    parts = [
        rows_of([{"x": 1, "in": {"a": True}}], id=["e1"]),
        rows_of(
            [{"x": 0.5, "mixed": 1}, {"mixed": "one", "n": math.nan}],
            [{"took": 3}, {}],
            id=["e2", "e3"],
            label=[7, None],
        ),
    ]
    columns = learned(*parts)
    types = columns.types()
    assert {name: types[name] for name in ("x", "in.a", "mixed", "took", "label", "n")} == {
        "x": FLOAT,
        "in.a": BOOL,
        "mixed": TEXT,
        "took": INT,
        "label": INT,
        "n": TEXT,
    }
    values = table(columns, *parts)
    assert values["x"] == [1.0, 0.5, None] and isinstance(values["x"][0], float)
    assert values["mixed"] == [None, "1", "one"] and values["took"] == [None, 3, None]
    assert values["n"] == [None, None, None] and values["id"] == ["e1", "e2", "e3"]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from([2**53 + 1, 2**63, "\ud800", [1, None], {"a": {"b": 1}}, {"b": 2.5}]),
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(["a", "a.b", "b", "label", "\u00e9"]), VALUES, max_size=4),
    max_size=6,
)


def value_in(kind, value):
    """A value in the type of its column, by itself."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if kind == FLOAT:
        return float(value)
    if kind == TEXT:
        text = value if isinstance(value, str) else json_text(value)
        return text.encode("utf-8", "replace").decode()
    return value


@given(ROWS, ROWS)
def test_columns_are_those_of_single_rows(first, second):
    """Their order, types and values, as when each value of each row is taken by itself."""
    kinds = {}
    for row in map(flat, first + second):
        for name, value in row.items():
            kinds[name] = wider(kinds.get(name), kind_of(value))
    parts = [rows_of(first), rows_of(second)]
    columns = learned(*parts)
    values = table(columns, *parts)
    names = [name for name in columns.types() if name not in FIXED]
    assert [name.removeprefix("feature.") for name in names] == list(kinds)
    for name, (original, kind) in zip(names, kinds.items(), strict=True):
        expected = [value_in(kind or TEXT, flat(row).get(original)) for row in first + second]
        assert repr(values[name]) == repr(expected)


def test_structs_are_rows_like_dictionaries():
    """A field that a row lacks is missing, and columns are in the order of appearance."""
    documents = [{"a": 1, "c": 2}, {"a": 3, "b": 4.5, "c": 5}]
    kind = row_type([{"a": 1, "b": 2, "c": 3}, {"a": 1}])
    structs = [msgspec.json.decode(json.dumps(row).encode(), type=kind) for row in documents]
    assert list(map(as_dict, structs)) == documents
    assert rows_of(structs).features == rows_of(documents).features
    assert list(rows_of(structs).features) == ["a", "c", "b"]


@pytest.mark.parametrize("name", FIXED)
def test_a_feature_called_as_what_every_row_has_gets_another_name(name):
    types = learned(rows_of([{name: 1}])).types()
    assert types[f"feature.{name}"] == INT and len(types) == len(FIXED) + 1


def test_booleans_are_cells_as_in_json():
    assert cells([True, None, False], BOOL) == ["true", None, "false"]
    assert cells([1, None], INT) == [1, None]
