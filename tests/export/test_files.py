"""Export files: no two columns of one name, bounded memory."""

from __future__ import annotations

import csv
import json
import os
import tracemalloc
from contextlib import closing

import pyarrow.parquet as pq

from command import modeltap
from modeltap.config.settings import Settings
from modeltap.export import files
from modeltap.export.files import write_file
from modeltap.export.selection import Selection
from modeltap.store.connection import connect_reader
from stores import START, every, put


def test_no_two_columns_have_one_name(store, tmp_path):
    """A name that is free is kept; one that is not is prefixed until it is."""
    row = {"id": 1, "feature.id": 2, "label": 3, "feature.label": 4, "answer.label": 5, "z": 6}
    answer = {"label": "a", "answer.label": "b", "extra": 7}
    put(store, [START], [{"instances": [row]}], responses=[json.dumps({"predictions": [answer]})])
    expected = {
        "feature.feature.id": "1",
        "feature.id": "2",
        "feature.feature.label": "3",
        "feature.label": "4",
        "feature.answer.label": "5",
        "z": "6",
        "prediction": "a",
        "answer.label": "b",
        "extra": "7",
        "id": "r0",
        "label": "",
    }
    modeltap("export", "--store", store, "-o", "rows.csv")
    with (tmp_path / "rows.csv").open(newline="") as file:
        header, values = csv.reader(file)
    assert len(header) == len(set(header)) == len(values)
    found = dict(zip(header, values, strict=True))
    assert {name: found.get(name) for name in expected} == expected
    modeltap("export", "--store", store, "-o", "rows.parquet")
    assert pq.read_table(tmp_path / "rows.parquet").column_names == header


def test_a_file_that_a_killed_process_left_is_no_obstacle(store, tmp_path):
    """In a container each process may have the same id, and so the same name for its file."""
    put(store, [START], [{"x": 1}])
    left = tmp_path / f".rows.jsonl.{os.getpid()}.part"
    left.write_text("half a row")
    with closing(connect_reader(store)) as connection:
        selection = Selection(connection, Settings())
        assert write_file(selection, tmp_path / "rows.jsonl", "jsonl", lambda _: None) == 1
    assert not left.exists() and json.loads((tmp_path / "rows.jsonl").read_text())["id"] == "r0"


def test_memory_is_bounded(store, tmp_path, monkeypatch):
    """Ten times the rows take hardly more of it, in each format."""
    monkeypatch.setattr(files, "_GROUP_BYTES", 1 << 19)
    count = 8000
    put(store, every(1, count), [{"text": "x" * 2000, "n": n} for n in range(count)])
    connection = connect_reader(store)
    all_, few = (Selection(connection, Settings()) for _ in range(2))
    few._last = count // 10
    for kind in ("jsonl", "csv", "parquet"):
        peaks = []
        for selection in (few, all_):
            path = tmp_path / f"rows.{kind}"
            tracemalloc.start()
            written = write_file(selection, path, kind, lambda _: None)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert written == selection._last
        assert peaks[1] - peaks[0] < 2_000_000, (kind, peaks)  # all of them are 16 MB
    connection.close()
