"""Columns that number rows, told from those that hold data."""

from __future__ import annotations

import pytest

from modeltap.ingest.files.index_columns import (
    RowNumbers,
    first_duplicate,
    is_index_name,
    may_number_rows,
)


@pytest.mark.parametrize(
    ("cells", "hold"),
    [("012", True), ("201", True), ("011", False), (["1.5"], False), (["-1"], False), ("", True)],
)
def test_row_numbers_are_whole_and_no_two_alike(cells, hold):
    """In any order."""
    numbers = RowNumbers()
    for cell in cells:
        numbers.add(cell)
    assert numbers.hold == hold


def test_names_of_indexes_are_known():
    assert all(map(is_index_name, ("", "Unnamed: 0", "Unnamed: 0.1", "__index_level_1__")))
    assert not any(map(is_index_name, ("Unnamed: 3", "id", "index", "x")))
    assert may_number_rows("index") and not may_number_rows("id")
    assert first_duplicate(["", "", "a"]) is None
    assert first_duplicate(["", "a", "b", "a"]) == "a"
