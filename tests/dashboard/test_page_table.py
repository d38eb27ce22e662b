"""Tables as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest

from modeltap.dashboard.page_table import PageTable, data_response


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\tx", "\r=1"])
def test_a_spreadsheet_runs_nothing(text):
    table = PageTable("t", ("a",), [{"a": text}])
    (_, (value,)) = csv.reader(io.StringIO(table.as_csv().body.decode()))
    assert value == f"'{text}"


def test_numbers_and_commas_come_back():
    table = PageTable("t", ("a", "b"), [{"a": -1.5, "b": 'x,"y"\nz', "c": 0}])
    (_, values) = csv.reader(io.StringIO(table.as_csv().body.decode()))
    assert values == ["-1.5", 'x,"y"\nz']
    assert json.loads(table.as_json().body) == [{"a": -1.5, "b": 'x,"y"\nz'}]


def test_a_table_is_chosen_by_name():
    tables = [PageTable("a", ("x",), [{"x": 1}]), PageTable("b", ("x",), [{"x": 2}])]
    assert json.loads(data_response(tables, "b", "json").body) == [{"x": 2}]
    assert json.loads(data_response(tables, None, "json").body) == [{"x": 1}]
    assert data_response(tables, "c", "json") is None
    assert data_response(tables, "a", "html") is None
