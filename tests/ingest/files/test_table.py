"""Tables: columns and their types, found in the file itself."""

from __future__ import annotations

import gzip

import pytest

from modeltap.errors import InputError
from modeltap.ingest.files.table import number, open_table


@pytest.fixture
def table(tmp_path):
    def write(name, text):
        data = text.encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return open_table(tmp_path / name)

    return write


def test_one_word_makes_a_column_one_of_words(table):
    """Missing values are neither; a quoted cell may hold lines."""
    found = table("a.csv", 'n,w,m\n1,1,NA\n2.5,x,\n-3,"a\nb",null\n')
    assert found.numeric == {"n", "m"} and found.columns == ["n", "w", "m"]
    assert [row for _, row in found.rows()] == [
        {"n": 1, "w": "1", "m": None},
        {"n": 2.5, "w": "x", "m": None},
        {"n": -3, "w": "a\nb", "m": None},
    ]


def test_lines_of_another_length_are_named_by_their_number(table):
    found = table("a.csv.gz", "a,b\n1,2\n1\n\n3,4\n")
    assert [line for line, _ in found.rows()] == [2, 5]
    assert found.broken_count == 1 and found.broken[0].startswith("line 3: 1 cells")


def test_json_lines_have_the_columns_of_all_rows(table):
    """In the order in which they came; values keep their types."""
    found = table("a.jsonl", '{"b": 1}\n[1]\nno\n{"a": "1", "b": null}\n')
    assert found.columns == ["b", "a"] and found.numeric == set()
    assert [row for _, row in found.rows()] == [{"b": 1}, {"a": "1", "b": None}]
    assert found.broken == ["line 2: not a JSON object", "line 3: not valid JSON"]


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("a.xlsx", "x", "cannot be read as Excel"),
        ("a.xml", "x", "unknown format"),
        ("a.csv", "", "has no rows"),
        ("a.csv", "a,a\n1,2\n", "two columns named 'a'; rename one"),
        ("a.csv", 'a,b\n1,"' + "x" * 200_000, "cannot be read"),
    ],
)
def test_what_is_no_table_is_one_line(table, name, text, part):
    with pytest.raises(InputError, match=part):
        table(name, text)


def test_what_is_a_number():
    """As Python reads them; separators of thousands are none."""
    assert [number(text) for text in ("12", "-1", "1e3", "1,5", "0x1", "")] == [
        12,
        -1,
        1000.0,
        None,
        None,
        None,
    ]
