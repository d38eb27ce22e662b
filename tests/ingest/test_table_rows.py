"""Rows of a table as exchanges: known by their id, or by their file and line."""

from __future__ import annotations

import json

import pytest

from modeltap import clock
from modeltap.ingest.files.table import open_table
from modeltap.ingest.roles import choose_roles
from modeltap.ingest.table_rows import read_blocks


@pytest.fixture
def block(tmp_path):
    def read(text, **roles):
        path = tmp_path / "rows.csv"
        path.write_text(text)
        table = open_table(path)
        (rows,) = read_blocks(table, choose_roles(table, **roles))
        return rows

    return read


TEXT = "id,when,x,prediction,label\na,2024-01-01,1,2,3\nb,,4,5,\n"


def test_columns_are_request_response_label_and_time(block):
    rows = block(TEXT, timestamp="when", id="id")
    assert json.loads(rows.requests[0]) == {"x": 1}
    assert json.loads(rows.responses[0]) == {"prediction": 2}
    assert list(rows.labels) == [3, None] and rows.times == [1_704_067_200.0, None]
    assert rows.request_ids == ["a", "b"]


@pytest.mark.parametrize(
    ("cells", "times"),
    [
        (["45291.5", "45292"], ["2023-12-31T12:00:00.000Z", "2024-01-01T00:00:00.000Z"]),
        (["45291,25", "45291,75"], ["2023-12-31T06:00:00.000Z", "2023-12-31T18:00:00.000Z"]),
        (["45.291,50", "45.292,50"], ["2023-12-31T12:00:00.000Z", "2024-01-01T12:00:00.000Z"]),
    ],
)
def test_days_as_excel_counts_them_are_times(block, cells, times):
    text = "when;x\n" + "".join(f"{cell};1\n" for cell in cells)
    assert [clock.iso(time) for time in block(text, timestamp="when").times] == times


def test_rows_are_known_by_their_id_or_by_file_and_line(block):
    with_id = block(TEXT, id="id")
    assert with_id.keys == block(TEXT.replace("1,2,3", "9,9,9"), id="id").keys
    assert len(set(with_id.keys)) == 2 and not with_id.table
    without = block(TEXT)
    assert without.lines == [2, 3] and not without.keys
    assert without.table == block(TEXT).table != block(TEXT + "c,,1,1,1\n").table


@pytest.mark.parametrize("text", ["a,b\nr1,1,2\nr2,3,4\n", ",a,b\nr1,1,2\nr2,3,4\n"])
def test_names_of_rows_are_ids_of_their_callers(block, text):
    rows = block(text)
    assert rows.request_ids == ["r1", "r2"] and rows.table and not rows.keys
    assert json.loads(rows.requests[0]) == {"a": 1, "b": 2}
    assert block(text, id="a").request_ids == ["1", "3"]


def test_a_table_without_answers_has_no_response(block):
    rows = block("x\n1\n")
    assert not rows.responses and not rows.labels and rows.times[0] > 1e9
