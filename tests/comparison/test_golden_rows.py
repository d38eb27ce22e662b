"""Golden sets that people write by hand: what is read, counted, and refused."""

from __future__ import annotations

import json

import pytest

from modeltap.comparison.golden_rows import GoldenRows
from modeltap.errors import InputError


def write(tmp_path, *lines):
    path = tmp_path / "golden.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts))
    return path


ROW = {"id": "a", "prediction": 1, "label": 0, "features": {"x": 1}}


def test_a_row_needs_only_an_id_a_prediction_and_a_label(tmp_path):
    golden = GoldenRows(write(tmp_path, {"id": 7, "prediction": 1, "label": 0}, ROW))
    first, second = golden.rows
    assert (first.exchange_id, first.row, first.prediction, first.label) == ("7", 0, 1, 0)
    assert golden.features(golden.rows).keys == [("a", 0)]
    assert (golden.model, golden.notes, second.score) == ("", (), None)


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[1]",
        "3",
        {"prediction": 1},
        {**ROW, "id": None},
        {**ROW, "id": {"a": 1}},
        {**ROW, "id": "b", "row": -1},
        {**ROW, "id": "b", "row": "x"},
        {**ROW, "id": "b", "label": {"a": 1}},
    ],
)
def test_a_line_that_is_no_row_is_counted(tmp_path, line):
    golden = GoldenRows(write(tmp_path, ROW, line))
    assert len(golden.rows) == 1
    assert golden.notes == ("1 line of 'golden.jsonl' left out",)


@pytest.mark.parametrize(
    ("lines", "model", "match"),
    [
        ([], None, "no rows of a golden set; `modeltap dataset` writes one"),
        (["x"], None, "no rows of a golden set: line 1: not valid JSON|not a JSON object"),
        ([ROW, {**ROW, "label": 1}], None, "line 2: row 0 of 'a' occurs twice with different"),
        ([{**ROW, "model": "m"}], "n", "a golden set of 'm', not of 'n'"),
        ([{**ROW, "model": "m"}, {**ROW, "id": "b", "model": "n"}], None, "several models: m, n"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_line(tmp_path, lines, model, match):
    with pytest.raises(InputError, match=match):
        GoldenRows(write(tmp_path, *lines), model)


def test_a_missing_file_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        GoldenRows(tmp_path / "none.jsonl")


def test_task_and_positive_class_come_with_the_file(tmp_path):
    line = {**ROW, "task": "regression", "positive": "yes", "decision_threshold": 0.3}
    form = GoldenRows(write(tmp_path, line)).form
    assert (form.task, form.form.positive, form.form.decision_threshold) == (
        "regression",
        "yes",
        0.3,
    )
    odd = GoldenRows(write(tmp_path, {**line, "task": "x", "decision_threshold": "y"})).form
    assert odd.task is None and odd.form.decision_threshold == 0.5


def test_groups_are_those_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "modeltap.toml").write_text("[models.m]\ngroups = ['sex']\n")
    lines = [{**ROW, "id": n, "model": "m", "features": {"sex": "FM"[n % 2]}} for n in range(6)]
    golden = GoldenRows(write(tmp_path, *lines))
    (grouping,) = golden.groups(golden.rows).groupings
    assert grouping.segments == ("sex=F", "sex=M") and grouping.sizes.tolist() == [3, 3]
