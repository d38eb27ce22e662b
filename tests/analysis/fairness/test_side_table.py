"""Groups in a file: keys, duplicates, changes of the file, and errors."""

from __future__ import annotations

import os

import pytest

from modeltap.analysis.fairness import side_table
from modeltap.analysis.fairness.side_table import read_side_table
from modeltap.errors import InputError


def test_keys_are_texts_and_repeated_lines_are_harmless(tmp_path):
    """1, "1" and 1.0 are one key, 007 is another one than 7; only lines that differ are unclear."""
    path = tmp_path / "people.csv"
    path.write_text("id,sex\n1,F\n1,F\n2,M\n2,F\n007,M\n,M\n3,\n")
    table = read_side_table(str(path), "id", "sex")
    assert table.values["1"] == "F" and table.values["007"] == "M" and "7" not in table.values
    assert table.ambiguous == {"2"} and table.values["3"] is None
    lines = tmp_path / "people.jsonl"
    lines.write_text('{"id": 1, "sex": "F"}\n{"id": "2", "sex": "M"}\n{"id": 4.0, "sex": "F"}\n')
    assert set(read_side_table(str(lines), "id", "sex").values) == {"1", "2", "4"}


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,sex\n1,F\n")
    first = read_side_table(str(path), "id", "sex")
    assert read_side_table(str(path), "id", "sex") is first
    path.write_text("id,sex\n1,M\n")
    os.utime(path, (1, 1))
    assert read_side_table(str(path), "id", "sex").values == {"1": "M"}


def test_a_file_that_cannot_be_read_is_an_error_with_the_reason(tmp_path, monkeypatch):
    path = tmp_path / "people.csv"
    with pytest.raises(InputError, match="No such file"):
        read_side_table(str(path), "id", "sex")
    path.write_text("id,gender\n1,F\n2,M\n")
    with pytest.raises(InputError, match="no such column"):
        read_side_table(str(path), "id", "sex")
    monkeypatch.setattr(side_table, "_MOST_LINES", 1)
    with pytest.raises(InputError, match="more than 1 lines"):
        read_side_table(str(path), "id", "gender")
