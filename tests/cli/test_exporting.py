"""Export of decoded rows as JSON Lines, CSV and Parquet, and their import."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from command import completed, lines, modeltap
from modeltap.export.selection import FIXED
from stores import START, every, put
from terminal import on_a_terminal

HOURS = every(60, 6)
ROWS = [
    {"x": 1, "color": "red", "inner": {"a": 0.5, "b": [1, 2]}, "label": "mine"},
    {"x": 2.5, "color": None, "inner": {"a": 1}, "new": True},
    {"x": 3, "color": "5", "inner": {"a": 2}, "big": 2**60},
    {"x": 4, "color": 'a,"b"\nc', "inner": {"a": 3}, "big": 2**80},
    {"x": 5, "color": "grün", "inner": {"a": 4}, "mixed": 1},
    {"x": 6, "color": "", "inner": {"a": 5}, "mixed": "one"},
]


@pytest.fixture
def filled(store):
    """Six hours with one row each. Three rows are labelled, one of them twice."""
    answers = [json.dumps({"prediction": n, "score": n / 10}) for n in range(6)]
    put(store, HOURS, ROWS, responses=answers)
    connection = sqlite3.connect(store)
    stored = [("r0", 1.0), ("r1", 2.0), ("r1", 7.0), ("r2", 3.0)]
    connection.executemany(
        "insert into labels (exchange_id, value, received_at) values (?, ?, '2024')", stored
    )
    connection.commit()
    connection.close()
    return store


def test_json_lines_go_to_standard_output(filled):
    """A row has ids, times, features, the prediction and the latest label."""
    first, second, *rest = lines(modeltap("export", "--store", filled))
    assert first == {
        "id": "r0",
        "row": 0,
        "started_at": "2024-01-01T00:00:00.000Z",
        "event_time": "2024-01-01T00:00:00.000Z",
        "model": "m",
        "version": "",
        "features": ROWS[0],
        "prediction": 0,
        "score": 0.0,
        "probabilities": None,
        "label": 1.0,
    }
    assert list(first) == [*FIXED[:6], "features", *FIXED[6:]]
    assert second["label"] == 7.0 and len(rest) == 4


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--labelled"], ["r0", "r1", "r2"]),
        (["--from", "2024-01-01T04:00"], ["r4", "r5"]),
        (["--to", "2024-01-01T02:00Z"], ["r0", "r1"]),
        (
            ["--from", "2024-01-01T02:00+01:00", "--to", "2024-01-01T03:00", "--labelled"],
            ["r1", "r2"],
        ),
        (["--model", "m", "--from", "2023-01-01"], ["r0", "r1", "r2", "r3", "r4", "r5"]),
    ],
)
def test_rows_are_selected_by_label_and_event_time(filled, words, ids):
    """The time range is half-open."""
    assert [row["id"] for row in lines(modeltap("export", "--store", filled, *words))] == ids


def test_csv_has_flat_columns(filled, tmp_path):
    """Nested names are dotted. Features named like a standard column get the prefix `feature.`."""
    modeltap("export", "--store", filled, "-o", "rows.csv")
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *FIXED[:6],
        "x",
        "color",
        "inner.a",
        "inner.b",
        "feature.label",
        "new",
        "big",
        "mixed",
        *FIXED[6:],
    ]
    assert [row["color"] for row in rows] == ["red", "", "5", 'a,"b"\nc', "grün", ""]
    assert (rows[0]["inner.b"], rows[1]["new"], rows[0]["feature.label"]) == (
        "[1,2]",
        "true",
        "mine",
    )
    assert [row["x"] for row in rows][:2] == ["1.0", "2.5"]
    assert [row["big"] for row in rows][2:4] == [str(2**60), str(2**80)]
    assert (tmp_path / "rows.csv").stat().st_mode & 0o777 == 0o600


def test_parquet_columns_have_types(filled, tmp_path):
    """Columns with values of several types are text."""
    modeltap("export", "--store", filled, "-o", "rows.parquet")
    table = pq.read_table(tmp_path / "rows.parquet")
    kinds = {field.name: str(field.type) for field in table.schema}
    assert {
        name: kinds[name]
        for name in (
            "row",
            "x",
            "inner.a",
            "inner.b",
            "new",
            "big",
            "mixed",
            "prediction",
            "label",
            "probabilities",
        )
    } == {
        "row": "int64",
        "x": "double",
        "inner.a": "double",
        "inner.b": "string",
        "new": "bool",
        "big": "string",
        "mixed": "string",
        "prediction": "int64",
        "label": "double",
        "probabilities": "string",
    }
    assert table["mixed"].to_pylist() == [None, None, None, None, "1", "one"]


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.parquet"])
def test_exported_files_can_be_imported(store, tmp_path, name):
    """Features, predictions, scores, labels and times are the same."""
    rows = [
        {"x": n + 0.5, "n": n, "color": "red" if n % 3 else "blue", "gap": n or None, "token": "t"}
        for n in range(50)
    ]
    put(
        store,
        every(1, 50),
        rows,
        responses=[f'{{"prediction": {n}, "score": 0.25}}' for n in range(50)],
    )
    modeltap("label", "set", "r3", "1.5", "--store", store)
    modeltap("export", "--store", store, "-o", name)
    modeltap(
        "import",
        name,
        "--store",
        "again.db",
        "--model",
        "m",
        "--timestamp",
        "event_time",
        "--ignore",
        "id,row,started_at,model,version,probabilities",
    )
    before = lines(modeltap("export", "--store", store))
    after = lines(modeltap("export", "--store", "again.db"))
    for row in before + after:
        del row["id"]
        row["features"].pop("token")  # the store that was put together here is not masked
    assert after == before


def test_the_file_extension_selects_the_format(filled, tmp_path):
    """Unless --format is given. Compressed files have the same content."""
    plain = modeltap("export", "--store", filled)
    modeltap("export", "--store", filled, "-o", "rows.jsonl.gz")
    assert gzip.decompress((tmp_path / "rows.jsonl.gz").read_bytes()).decode() == plain
    modeltap("export", "--store", filled, "-o", "rows.txt", "--format", "jsonl")
    assert (tmp_path / "rows.txt").read_text() == plain
    assert modeltap("export", "--store", filled, "--format", "csv").startswith("id,row,started_at")


@pytest.mark.parametrize(
    ("words", "code", "shown"),
    [
        (["-o", "rows.xls"], 1, "-o 'rows.xls' has no known suffix: use .csv"),
        (["-o", "none/rows.csv"], 1, "the folder 'none' does not exist"),
        (["-o", ".", "--format", "csv"], 1, "-o '.' is not a regular file"),
        (["--format", "parquet"], 2, "Parquet cannot be written to standard output; add -o FILE"),
        (["--from", "soon"], 2, "--from 'soon' is not a valid time"),
        (["--model", "n"], 1, "no model 'n' in this store"),
        (["--from", "2030-01-01"], 1, "no rows match the given options"),
    ],
)
def test_invalid_options_are_one_line_errors(filled, words, code, shown):
    """With the fix."""
    assert shown in modeltap("export", "--store", filled, *words, code=code).splitlines()[-1]


def test_undecodable_exchanges_are_counted(filled):
    """The rows of the others are exported."""
    put(filled, [START], [[1, [2]]], prefix="odd")
    done = completed("export", "--store", filled)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 6
    assert done.stderr == "6 rows written, 1 exchange without rows\n"


def test_a_closed_pipe_is_not_an_error(store):
    """As with `head`."""
    put(store, every(1, 3000), [{"text": "x" * 200}] * 3000)
    command = f"{sys.executable} -m modeltap export --store {store} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["id"] == "r0" and done.stderr == ""


def test_a_progress_bar_is_shown_unless_rows_go_to_the_terminal(filled, tmp_path):
    """It counts the exchanges of all passes."""
    code, text = on_a_terminal("export", "--store", filled, "-o", tmp_path / "rows.csv")
    assert code == 0 and "exporting" in text and "100%" in text
    code, text = on_a_terminal("export", "--store", filled)
    assert code == 0 and "exporting" not in text


def test_a_file_is_replaced_only_by_a_complete_one(filled, tmp_path):
    """A failed export leaves the old file and no other file."""
    put(filled, every(1, 1000), [{"text": "x" * 500}] * 1000, prefix="more")
    target = tmp_path / "rows.csv"
    target.write_text("old")
    code = (
        "import resource, sys; from modeltap.__main__ import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); main()"
    )
    failed = subprocess.run(
        [sys.executable, "-c", code, "export", "--store", filled, "-o", target],
        capture_output=True,
        text=True,
    )
    assert failed.returncode == 1 and "File too large" in failed.stderr
    assert target.read_text() == "old"
    assert not list(tmp_path.glob(".rows*"))
    modeltap("export", "--store", filled, "-o", target)
    assert target.read_text().startswith("id,row")
