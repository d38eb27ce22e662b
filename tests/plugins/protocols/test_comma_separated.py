"""CSV bodies: tables by any name, their answers, and what is no table."""

from __future__ import annotations

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload


def decoded(request, response=None, kind="text/csv", path="/score", **more):
    return Decoders().decode(Payload(path, None, 200, request, response, kind, **more))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\r\n1,x\r\n\r\n2,y\r\n", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ("\ufeffa,b\n1,2", [{"a": 1, "b": 2}]),
        ("a;b\n1;2,5\n3;x", [{"a": 1, "b": "2,5"}, {"a": 3, "b": "x"}]),
        ("a\tb\n1\t2", [{"a": 1, "b": 2}]),
        ('a,b\n"1","x, ""y"""', [{"a": 1, "b": 'x, "y"'}]),
        ('a,b\n1,"two\nlines"', [{"a": 1, "b": "two\nlines"}]),
        ("a,b\n1,NA\n,null", [{"a": 1, "b": None}, {"a": None, "b": None}]),
        ("a,b\n1,007\n2,x7", [{"a": 1, "b": "007"}, {"a": 2, "b": "x7"}]),
        ("zip\n01234\n12345", [{"zip": "01234"}, {"zip": "12345"}]),
        ("id\n12e45\n99", [{"id": "12e45"}, {"id": "99"}]),
        ("x\n1e5\n2.5", [{"x": 1e5}, {"x": 2.5}]),
        ("id\n1_000\n2", [{"id": "1_000"}, {"id": "2"}]),
        ("größe,ü\n1,é", [{"größe": 1, "ü": "é"}]),
        (",a\n0,1\n1,2", [{"f0": 0, "a": 1}, {"f0": 1, "a": 2}]),
        ("a\n1e+400\n2", [{"a": float("inf")}, {"a": 2}]),
    ],
)
def test_tables_are_read_by_column(text, rows):
    """One word makes a column one of words."""
    assert decoded(text).rows == rows


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a,b\n1", "request: line 2 has 1 cells, but the first line has 2"),
        ('a,"b\n1,2', "request: line 1"),
        ("x" * 200_000 + ",1", "request: not CSV (field larger than field limit (131072))"),
    ],
)
def test_what_is_no_table_is_told(text, note):
    """Rather than rows in the wrong columns."""
    found = decoded(text)
    assert (found.rows == [] and found.note.startswith(note)) or found.note is None


@pytest.mark.parametrize(
    "text",
    [
        "Hello, world",
        "Dear Ann,\nthanks, bye",
        "a,b",
        "word",
        "a=1&b=2",
        '{"a": 1',
        "<a>1,2</a>",
        "data: 1,2\n\n",
        "--x\r\n1,2",
        "no comma\n12",
    ],
)
@pytest.mark.parametrize("kind", ["text/plain", "application/json", None])
def test_text_is_no_table_because_of_its_commas(text, kind):
    """Without a declaration, columns of numbers decide."""
    assert decoded(text, kind=kind).rows == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/octet-stream", "application/json", None]
)
def test_a_table_is_one_by_any_name(kind):
    """With numbers in each line it is none else."""
    assert decoded("1.5,2\n3,4", "1\n0", kind).predictions == [1, 0]
    assert decoded("1.5,2", "0.5", kind).predictions == [0.5]


def test_columns_of_one_name_are_told_apart():
    """However many there are, each goes by a name of its own."""
    found = decoded("a,a.1,a,a\n1,2,3,4", kind="text/csv; header=present")
    assert found.rows == [{"a": 1, "a.1": 2, "a.2": 3, "a.3": 4}]
    wide = "\n".join([",".join(["a"] * 10_000), ",".join(["1"] * 10_000)])
    (row,) = decoded(wide, kind="text/csv; header=present").rows
    assert len(row) == 10_000


def test_a_table_that_is_too_wide_is_refused_at_once():
    """Work that is quadratic in its width would not end."""
    wide = "\n".join([",".join(["a"] * 200_000), ",".join(["1"] * 200_000)])
    found = decoded(wide, kind="text/csv; header=present")
    assert (found.rows, found.note) == ([], "request: more than 10000 columns")


def test_latin_1_is_read_where_it_is_said():
    """Otherwise bytes are nobody's text."""
    raw = "a,b\n1,é".encode("latin-1")
    assert decoded(raw, kind="text/csv; charset=latin-1").rows == [{"a": 1, "b": "é"}]
    assert decoded(raw).rows == decoded(raw, kind="text/csv; charset=nonsense").rows == []


@pytest.mark.parametrize(
    ("response", "kind", "predictions"),
    [
        ("0.9\n0.1\n", "text/csv", [0.9, 0.1]),
        ("0.9,0.1", "text/csv", [0.9, 0.1]),
        ("cat\ndog", "text/csv", ["cat", "dog"]),
        ("0.25,0.75\n0.75,0.25", "text/csv", [1, 0]),
        ("prediction\n1\n0", "text/csv", [1, 0]),
        ("[0.9, 0.1]", "application/json", [0.9, 0.1]),
        ("1\n0", None, [1, 0]),
        ('"a"\n"b"', "application/jsonlines", ["a", "b"]),
        ("label,score\ncat,0.5\ndog,0.75", "text/csv", ["cat", "dog"]),
    ],
)
def test_answers_come_as_csv_or_json(response, kind, predictions):
    """One value a line, all in one line, or with a header of their own."""
    found = decoded("1,2\n3,4", response, response_type=kind)
    assert (found.predictions, found.note) == (predictions, None)


def test_counts_that_differ_are_told():
    """The rows stay."""
    found = decoded("1,2\n3,4", "1\n0\n1")
    assert (len(found.rows), found.note) == (2, "unpaired: 2 rows, 3 predictions")
