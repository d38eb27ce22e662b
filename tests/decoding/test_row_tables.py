"""Compact tables have the columns of the rows that they are made of."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from msgspec import UNSET

from modeltap.decoding.row_tables import RowTable, indexed, packed_floats
from modeltap.rows import as_dict, columns, row_type

FLAT = [{"a": 1.5, "b": n, "c": "xyz"[n % 3], "d": n % 2 == 0, "e": None} for n in range(9)]
PARTIAL = [{name: row[name] for name in row if name != "c" or row["b"] % 2} for row in FLAT]
NESTED = [{"a": n, "b": {"c": {"d": str(n)}, "e": [n]}} for n in range(9)]


def structs(rows):
    kind = row_type(rows)
    return [msgspec.json.decode(msgspec.json.encode(row), type=kind) for row in rows]


def plain(table):
    listed = {n: c.tolist() if isinstance(c, np.ndarray) else list(c) for n, c in table.items()}
    return {name: [(type(v), v) for v in column] for name, column in listed.items()}


@pytest.mark.parametrize(
    "rows",
    [
        structs(FLAT),
        structs(PARTIAL),
        FLAT,
        NESTED,
        [*structs(PARTIAL), PARTIAL[0]],
        [*FLAT[:2], *structs(FLAT)],
        [FLAT[0], *structs(FLAT), *FLAT[1:3]],
        [{"a": 2**70}, {"a": 1}],
        [{"a": 1, "b": True}, {"a": True, "b": 1.0}],
    ],
)
@pytest.mark.parametrize("positions", [range(9), [3], [8, 0, 2], [0, 2, 4]])
def test_a_table_has_the_columns_of_its_rows(rows, positions):
    """Also of some of the rows: a name that none of them has is not a column."""
    positions = [position % len(rows) for position in positions]
    table, some = RowTable.of(rows).picked(positions), [rows[position] for position in positions]
    expected = plain(columns(some))
    assert plain(table.columns()) == expected
    assert plain(table.plain().columns()) == expected
    assert len(table) == len(some) and table.size > 0
    joined = RowTable.joined([table.plain(), table.plain()])
    assert plain(joined.columns()) == plain(columns(some * 2))


def test_a_row_of_a_table_is_a_dictionary():
    table = RowTable.of(structs(PARTIAL))
    assert [table[place] for place in range(len(table))] == list(map(as_dict, PARTIAL))
    assert not table.is_complete and RowTable.of(structs(FLAT)).is_complete


def test_long_texts_and_lists_count_as_large():
    """Equal texts count once."""
    small = RowTable.of([{"a": "x"}, {"a": "y"}]).size
    assert RowTable.of([{"a": "x" * 10_000}] * 9).size in range(small + 9_000, small + 11_000)
    assert RowTable.of([{"a": [0.5] * 1_000}, {"a": []}]).size > small + 30_000


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": 1}, {"b": 1}],
        [{"a": {"b": 1}}, {"a": {"c": 1}}],
        [{"a": {"b": 1}}, {"a": 1}],
        [{"a": {"b": 1}, "a.b": 2}],
        [{"a": {}}],
        [{}],
        [*structs(FLAT), {"other": 1}],
        [*structs(FLAT), *structs(PARTIAL)],
    ],
)
def test_rows_of_different_types_are_no_table(rows):
    assert RowTable.of(rows) is None


def test_tables_with_different_names_are_not_joined():
    assert RowTable.joined([RowTable.of([{"a": 1}]), RowTable.of([{"b": 1}])]) is None


TAG = "\u02cb" * 9  # each letter ends with the byte that marks a float


@pytest.mark.parametrize("count", [1, 2, 15, 16, 2**16 - 1, 2**16])
def test_columns_of_floats_are_packed(count):
    floats = ([0.5, -0.0, float("inf"), 1e-320, 2.0] * count)[:count]
    assert packed_floats(floats).tobytes() == np.array(floats).tobytes()
    assert packed_floats((*floats, 1)) is None and packed_floats([*floats[1:], TAG]) is None


@pytest.mark.parametrize(
    "other",
    [1, True, None, "", "x" * 8, TAG, TAG[:4], 2**63, 2**64, -(2**70), [], [0.5], {"a": 0.5}, b""],
)
@pytest.mark.parametrize("place", [0, 1, 20])
def test_columns_with_other_values_are_not(other, place):
    assert packed_floats([*[0.5] * place, other, *[0.5] * (20 - place)]) is None


def test_columns_that_cannot_be_packed_keep_their_values():
    """Also beside floats: lone surrogates, unhashable values, objects and missing fields."""
    for others in (["\ud800"], [[1]], [object()], [UNSET], ["a", 1], [1, "a"], [None, "a"]):
        rows = [{"a": value} for value in (*others, 0.5, *others)]
        table = RowTable.of(rows)
        assert [row.get("a", UNSET) for row in table] == [row["a"] for row in rows]
        assert table.is_complete == (UNSET not in others)


@pytest.mark.parametrize("different", [1, 3, 50])
@pytest.mark.parametrize("positions", [range(50), [], [7], [49, 0, 7, 7], range(0, 50, 5)])
def test_texts_are_shared_and_counted_as_others(different, positions):
    texts = [None if n % 7 == 0 else f"text {n % different}" for n in range(50)]
    table = RowTable.of([{"a": text} for text in texts]).picked(positions)
    (column,) = table.columns().values()
    assert column == [texts[position] for position in positions]
    assert len(set(map(id, column))) == len(set(column))
    categories, places = indexed(column)
    assert [categories[place] for place in places] == column
    assert len(categories) <= max(different + 1, len(column))
