"""Rows of a table as exchanges: known by their id, or by their file and line."""

from __future__ import annotations

import json

import pytest

from modeltap import clock
from modeltap.ingest.files.table import open_table
from modeltap.ingest.roles import choose_roles
from modeltap.ingest.table_rows import read_rows


@pytest.fixture
def entries(tmp_path):
    def read(text, **roles):
        path = tmp_path / "rows.csv"
        path.write_text(text)
        table = open_table(path)
        return list(read_rows(table, choose_roles(table, **roles))), table

    return read


TEXT = "id,when,x,prediction,label\na,2024-01-01,1,2,3\nb,,4,5,\n"


def test_columns_are_request_response_label_and_time(entries):
    (first, second), _ = entries(TEXT, timestamp="when", id="id")
    assert json.loads(first.request) == {"x": 1} and json.loads(first.response) == {"prediction": 2}
    assert (first.label, second.label) == (3, None) and first.time == 1_704_067_200.0
    assert (first.request_id, second.time) == ("a", None)


@pytest.mark.parametrize(
    ("cells", "times"),
    [
        (["45291.5", "45292"], ["2023-12-31T12:00:00.000Z", "2024-01-01T00:00:00.000Z"]),
        (["45291,25", "45291,75"], ["2023-12-31T06:00:00.000Z", "2023-12-31T18:00:00.000Z"]),
        (["45.291,50", "45.292,50"], ["2023-12-31T12:00:00.000Z", "2024-01-01T12:00:00.000Z"]),
    ],
)
def test_days_as_excel_counts_them_are_times(entries, cells, times):
    text = "when;x\n" + "".join(f"{cell};1\n" for cell in cells)
    assert [clock.iso(one.time) for one in entries(text, timestamp="when")[0]] == times


def test_rows_are_known_by_their_id_or_by_file_and_line(entries):
    with_id = [one.key for one in entries(TEXT, id="id")[0]]
    assert with_id == [one.key for one in entries(TEXT.replace("1,2,3", "9,9,9"), id="id")[0]]
    without = [(one.key, one.line) for one in entries(TEXT)[0]]
    assert len(set(without)) == 2 and without == [(one.key, one.line) for one in entries(TEXT)[0]]
    assert not set(without) & {(one.key, one.line) for one in entries(TEXT + "c,,1,1,1\n")[0]}


def test_a_table_without_answers_has_no_response(entries):
    (one,), _ = entries("x\n1\n")
    assert one.response is one.response_type is one.label is None and one.time > 1e9
