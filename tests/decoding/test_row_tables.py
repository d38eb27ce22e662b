"""Compact tables have the columns of the rows that they are made of."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from modeltap.decoding.row_tables import RowTable
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
