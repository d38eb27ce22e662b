"""Chunks: the same rows by column and by row."""

from __future__ import annotations

from modeltap.ingest.files.chunk import ColumnChunk, ObjectChunk


def test_both_kinds_have_the_same_rows_and_columns():
    rows = [{"x": 1, "y": "a"}, {"x": None, "y": "b"}]
    by_column = ColumnChunk([2, 4], {"x": [1, None], "y": ["a", "b"]})
    by_row = ObjectChunk([2, 4], rows)
    assert list(by_column.rows()) == list(by_row.rows()) == [(2, rows[0]), (4, rows[1])]
    for name in ("x", "y", "missing"):
        assert list(by_column.column(name)) == list(by_row.column(name))
    assert list(by_column.names()) == list(by_row.names()) == ["x", "y"]


def test_names_of_objects_are_in_the_order_in_which_they_occur():
    assert list(ObjectChunk([1, 2], [{"b": 1}, {"a": 2, "b": 3, "c": 4}]).names()) == [
        "b",
        "a",
        "c",
    ]
