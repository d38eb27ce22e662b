"""`modeltap import`: its output, masking, and rejected input."""

from __future__ import annotations

import csv
import datetime
import gzip
import importlib
import json
import re
import sqlite3

import pytest

from command import completed, lines, modeltap
from logs import REQUEST, captured, record, write
from terminal import on_a_terminal


@pytest.fixture
def table(tmp_path):
    """Rows, one of which is unreadable."""
    path = tmp_path / "rows.csv"
    path.write_text(
        "when,x,token,prediction\n2026-01-01,1,secret-one,0\n2026-01-02,2\n"
        "2026-01-03,3,secret-two,1\n"
    )
    return path


def test_columns_with_sensitive_names_are_masked(table, store, read_rows, tmp_path):
    """Before anything is written to disk."""
    modeltap("import", table, "--model", "m", "--store", store, "--timestamp", "when")
    bodies = [json.loads(row["request_body"]) for row in read_rows(store)]
    assert bodies == [{"x": 1, "token": "[masked]"}, {"x": 3, "token": "[masked]"}]
    for file in tmp_path.glob("taps.db*"):
        assert b"secret" not in file.read_bytes()


def test_masking_settings_of_the_file_apply_to_imports(table, store, read_rows, tmp_path):
    """Names to mask, values to mask, and the replacement."""
    (tmp_path / "modeltap.toml").write_text(
        'mask_body_fields = ["^x$"]\nmask_with = "hash"\nmask_key = "k"\n'
    )
    modeltap("import", table, "--model", "m", "--store", store)
    first, second = (json.loads(row["request_body"]) for row in read_rows(store))
    assert first["x"].startswith("[hash:") and first["x"] != second["x"]


def test_imported_bodies_are_not_truncated(tmp_path, store, read_rows):
    """`max_body_bytes` applies to apps only."""
    (tmp_path / "modeltap.toml").write_text("max_body_bytes = 10\n")
    body = json.dumps({"text": "x" * 300_000})
    log = write(tmp_path / "log.jsonl", captured("e1", body, "{}"))
    modeltap("import", log, "--model", "m", "--store", store)
    (row,) = read_rows(store)
    assert row["request_body"] == body and row["request_truncated"] is None


def test_unreadable_lines_are_reported_and_fail_only_with_strict(table, store):
    """Exit 0 if rows were imported; 1 with --strict or without any row."""
    shown = lines(modeltap("import", table, "--model", "m", "--store", store, "--json"))[0]
    assert (shown["rows"], shown["broken"]) == (2, 1)
    options = ["--timestamp", "when", "--strict"]
    error = modeltap("import", table, "--model", "m", "--store", store, *options, code=1)
    assert error.splitlines() == [
        "line 3: 2 cells, but the header has 4",
        "modeltap: 1 unreadable line in 'rows.csv'",
    ]
    table.with_name("none.jsonl").write_text('{"captureData": {}}\n')
    error = modeltap(
        "import", table.with_name("none.jsonl"), "--model", "m", "--store", store, code=1
    )
    assert error.splitlines() == [
        "line 1: no eventMetadata",
        "modeltap: no row of 'none.jsonl' could be read",
    ]


def test_a_row_with_an_invalid_label_is_imported_without_it(tmp_path, store, read_rows):
    """The label is reported. Numbers beyond 64 bits become text, and text is masked."""
    (tmp_path / "modeltap.toml").write_text('mask_values = ["email"]\n')
    labels = [
        "NaN",
        "1e999",
        "[1, NaN]",
        str(2**70),
        '"joe@example.com"',
        '"\\ud800"',
        "true",
        "2.5",
    ]
    log = write(tmp_path / "log.jsonl", *(f'{{"x": 1, "label": {one}}}' for one in labels))
    modeltap("import", log, "--model", "m", "--store", store)
    error = modeltap("import", log, "--model", "m", "--store", store, "--strict", code=1)
    assert error.splitlines()[:4] == [
        "all rows have the time of the import as their event time; name the column that has their "
        "times with --timestamp",
        "line 1: label nan is not a finite number; the row is imported without a label",
        "line 2: label inf is not a finite number; the row is imported without a label",
        "line 3: label [1, nan] cannot be written as JSON (Out of range float values are not JSON "
        "compliant); give numbers or strings; the row is imported without a label",
    ]
    assert len(read_rows(store)) == len(labels)
    stored = [row["value"] for row in read_rows(store, "select value from labels order by seq")]
    assert stored == [str(2**70), "[masked]", "?", "true", 2.5]


def test_several_files_are_imported_together(tmp_path, store, read_rows):
    """Unreadable lines name their file. Unmatched entries are stored with --unpaired."""
    write(tmp_path / "1.jsonl", record("k1", REQUEST, "{}"), "nonsense")
    write(tmp_path / "2.jsonl", record("k2", REQUEST, "{}"))
    words = ("import", tmp_path / "1.jsonl", tmp_path / "2.jsonl", "--model", "m", "--store", store)
    shown = modeltap(*words)
    assert (
        "0 rows imported for m" in shown
        and "2 requests or responses waiting for a counterpart" in shown
    )
    assert read_rows(store) == []
    shown = modeltap(*words, "--unpaired")
    assert "2 rows imported for m, 2 already stored" in shown
    assert "2 requests or responses stored without a counterpart" in shown
    assert {row["response_note"] for row in read_rows(store)} == {"not seen"}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["csv", "sagemaker"])
def test_a_progress_bar_reaches_the_end(tmp_path, store, packed, kind):
    """It counts the bytes read, also of compressed files, and never goes backwards."""
    path = tmp_path / ("a.csv" if kind == "csv" else "a.jsonl")
    if kind == "csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("x", "y"), *((n, n * 7919 % 1013) for n in range(30_000))])
    else:
        write(path, *(captured(f"e{n}", f"{n},{n * 7919 % 1013}", "0") for n in range(4000)))
    if packed:
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / f"{path.name}.gz"
    code, text = on_a_terminal("import", path, "--model", "m", "--store", store)
    shown = [int(percent) for percent in re.findall(r"(\d+)%", text)]
    assert code == 0 and f"importing {path.name}" in text
    assert shown == sorted(shown) and shown[-1] == 100 and any(0 < one < 100 for one in shown)


def test_retention_by_age_skips_imported_exchanges(tmp_path, store):
    """Old logs are imported on purpose."""
    from modeltap.config.validation import Retention
    from modeltap.store.retention import prune

    log = write(tmp_path / "log.jsonl", captured("e1", "{}", "{}", inferenceTime="2020-01-01"))
    modeltap("import", log, "--model", "m", "--store", store)
    connection = sqlite3.connect(store, isolation_level=None)
    connection.row_factory = sqlite3.Row
    assert prune(connection, Retention(seconds=3600), seen=10, now=2e9) == 0
    connection.close()


def test_importing_a_file_twice_adds_nothing(files, at):
    """Rows are identified by their id."""
    roles = ("--timestamp", "time", "--prediction", "guess", "--label", "truth", "--id", "id")
    shown = modeltap("import", files / "rows.csv", *at, "--model", "m", *roles, "--json")
    assert lines(shown)[0]["rows"] == 0 and lines(shown)[0]["repeated"] == 3600


@pytest.mark.parametrize(
    ("name", "text", "words", "shown"),
    [
        ("rows.csv", "a,time\n1,2\n", ["--timestamp", "tmie"], "did you mean 'time'?"),
        (
            "rows.csv",
            "a,b\n1,2\n",
            ["--features", "c"],
            "--features 'c': rows.csv has no such column",
        ),
        ("rows.csv", "", [], "has no rows"),
        ("rows.csv", "a,a\n1,2\n", [], "two columns named 'a'; rename one"),
        ("rows.xlsx", "x", [], "cannot be read as Excel"),
        ("rows.xml", "x", [], "has an unknown format"),
        ("rows.jsonl", '{"a": 1}', ["--sheet", "x"], "--sheet is for Excel; 'rows.jsonl' is jsonl"),
        ("rows.csv.gz", "no gzip", [], "cannot be read"),
        ("rows.csv", b"\xff\xfe" + "a\n1".encode("utf-16-le") + b"\0", [], "cannot be read"),
        ("rows.jsonl", "no json\n", [], "has no rows"),
        ("rows.parquet", "no parquet", [], "cannot be read as Parquet"),
    ],
)
def test_an_invalid_file_is_a_one_line_error(tmp_path, name, text, words, shown):
    """With the value, the reason and the nearest valid name."""
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / name).write_bytes(data)
    error = modeltap("import", name, "--store", "x.db", "--model", "m", *words, code=1)
    assert shown in error


def test_unreadable_lines_are_reported_and_the_rest_is_imported(tmp_path):
    """CSV and JSON Lines; --strict makes them a failure."""
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n1,2,3\n4,5\n")
    done = completed("import", "rows.csv", "--store", "x.db", "--model", "m")
    assert done.returncode == 0
    assert (
        "line 3: 3 cells, but the header has 2" in done.stderr and "2 rows imported" in done.stdout
    )
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\nbroken\n[1]\n{"a": 2}\n')
    modeltap("import", "rows.jsonl", "--store", "x.db", "--model", "m", "--strict", code=1)


def test_parquet_with_times_and_lists_is_imported(tmp_path):
    """Values are the same as in JSON. The file can also be a reference."""
    pa, pq = (
        pytest.importorskip("pyarrow", reason="pip install pyarrow"),
        importlib.import_module("pyarrow.parquet"),
    )
    start = datetime.datetime(2024, 5, 1, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "at": [start + datetime.timedelta(minutes=n) for n in range(300)],
            "x": [float(n % 17) if n % 5 else float("nan") for n in range(300)],
            "parts": [[n, n + 1] for n in range(300)],
            "prediction": [n % 2 for n in range(300)],
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    where = {"cwd": tmp_path}
    shown = modeltap("import", "rows.parquet", "--model", "m", "--timestamp", "at", **where)
    assert "300 rows imported" in shown
    (row,) = lines(modeltap("tail", "--json", "-n", "1", "--no-follow", **where))
    assert row["event_time"] == "2024-05-01T04:59:00.000Z"
    shown = json.loads(modeltap("show", row["id"], "--json", **where))
    assert json.loads(shown["request_body"]) == {"x": 10.0, "parts": [299, 300]}
    modeltap(
        "reference", "set", "--file", "rows.parquet", "--model", "m", "--ignore", "at", **where
    )
    assert "300 rows" in modeltap("reference", "show", **where)


@pytest.mark.parametrize(
    ("header", "options", "hint"),
    [
        ("Timestamp,x,prediction", [], "--timestamp Timestamp uses their own"),
        ("when,x,prediction", [], "name the column that has their times with --timestamp"),
        ("when,x,prediction", ["--timestamp", "when"], None),
    ],
)
def test_rows_without_times_of_their_own_are_noticed(tmp_path, header, options, hint):
    """Otherwise all windows of a history would be the one of the import, without a word."""
    path = tmp_path / "rows.csv"
    path.write_text(f"{header}\n2024-01-01T00:00:00Z,1,2\n")
    command = ["import", path, "--model", "m", "--store", tmp_path / "t.db", *options]
    done = completed(*command)
    assert done.returncode == 0
    notice = "all rows have the time of the import as their event time; "
    assert done.stderr == ("" if hint is None else f"{notice}{hint}\n")
