"""Files of candidates: formats, and each kind of row that cannot be used."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modeltap.comparison.candidates.candidate_file import read_candidate_file
from modeltap.errors import InputError

KEPT = {("a", 0): (1, 0.9), ("a", 1): (0, 0.2), ("b", 0): (1, None)}


def test_csv_json_lines_and_parquet_are_read_alike(tmp_path):
    (tmp_path / "c.csv").write_text("id,row,prediction,score\na,0,1,.9\na,1,0,.2\nb,,1,\n")
    rows = [
        {"id": "a", "row": 0, "prediction": 1, "score": 0.9},
        {"id": "a", "row": 1, "prediction": 0, "score": 0.2},
        {"id": "b", "prediction": 1},
    ]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    pq.write_table(pa.table(columns), tmp_path / "c.parquet")
    for name in ("c.csv", "c.jsonl", "c.parquet"):
        assert dict(read_candidate_file(tmp_path / name).by_row) == KEPT, name


def test_codes_stay_texts_and_whole_floats_are_ids(tmp_path):
    (tmp_path / "c.csv").write_text("id,prediction\n007,1\n12,0\n")
    assert [key for key, _ in read_candidate_file(tmp_path / "c.csv").by_row] == ["007", "12"]
    rows = pa.table({"id": [12, None], "prediction": [1, 0]})
    pq.write_table(rows, tmp_path / "c.parquet")
    outputs = read_candidate_file(tmp_path / "c.parquet")
    assert list(outputs.by_row) == [("12", 0)]
    assert outputs.left_out == {"candidate rows without an id": 1}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"id": None, "prediction": 1}, "without an id"),
        ({"id": "  ", "prediction": 1}, "without an id"),
        ({"prediction": 1}, "without an id"),
        ({"id": "b"}, "without a prediction"),
        ({"id": "b", "prediction": None}, "without a prediction"),
        ({"id": "b", "prediction": ""}, "without a prediction"),
        ({"id": "b", "prediction": 1, "row": -1}, "invalid row number"),
        ({"id": "b", "prediction": 1, "row": 0.5}, "invalid row number"),
        ({"id": "b", "prediction": 1, "row": "first"}, "invalid row number"),
        ({"id": "b", "prediction": 1, "row": True}, "invalid row number"),
        ({"id": "a", "prediction": 1}, "repeated"),
    ],
)
def test_a_row_that_cannot_be_used_is_counted(tmp_path, line, reason):
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps({"id": "a", "prediction": 1}) + "\n" + json.dumps(line) + "\n")
    outputs = read_candidate_file(path)
    assert list(outputs.by_row) == [("a", 0)]
    ((found, count),) = outputs.left_out.items()
    assert reason in found and count == 1


def test_broken_lines_are_counted(tmp_path):
    path = tmp_path / "c.jsonl"
    path.write_text('{"id": "a", "prediction": 1}\nnot json\n[1]\n')
    assert read_candidate_file(path).left_out == {"unreadable lines of the candidate file": 2}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("id,prediction\n", "no rows"),
        ("", "no rows|empty"),
        (
            "identifier,prediction\na,1\n",
            "column 'id'.*no such column.*did you mean 'identifier'|id",
        ),
        ("id,predicted\na,1\n", "column 'prediction'.*did you mean 'predicted'"),
        ("id,prediction\na,1\na,0\n", "line 3: id 'a' occurs twice .*add the column `row`"),
        ("id,row,prediction\na,1,1\na,1,0\n", "row 1 of id 'a' occurs twice .*keep one"),
        ("id,prediction\na,\nb,\n", "can be compared: 2 candidate rows without a prediction"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_line(tmp_path, text, match):
    path = tmp_path / "c.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=match) as error:
        read_candidate_file(path)
    assert "\n" not in str(error.value)


def test_a_file_of_another_format_is_one_clear_line(tmp_path):
    (tmp_path / "c.parquet").write_bytes(b"not parquet")
    (tmp_path / "c.json").write_text("[]")
    for name, match in (("c.parquet", "cannot be read"), ("c.json", "unknown format")):
        with pytest.raises(InputError, match=match):
            read_candidate_file(tmp_path / name)
