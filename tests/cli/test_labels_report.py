"""`modeltap labels`: counts, corrections, sources, arrival and unknown ids."""

from __future__ import annotations

import datetime
import time
from contextlib import closing

import pytest

from command import lines, modeltap
from modeltap.clock import iso
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import analyze, put

NOW = time.time()


@pytest.fixture
def labelled(store):
    """A hundred rows of two days ago, of which sixty have labels, and labels without a row."""
    start = NOW - 2 * 86_400
    moments = [datetime.datetime.fromtimestamp(start + n, datetime.UTC) for n in range(100)]
    put(store, moments, [{"x": n % 7} for n in range(100)], prefix="r")
    analyze(store, {})
    with closing(connect(store)) as connection, writing(connection):
        fast = [Label(f"r{n}", 0, 1, labelled_at=iso(start + n + 60)) for n in range(20)]
        slow = [Label(f"r{n}", 0, 1, labelled_at=iso(start + n + 50_000)) for n in range(20, 60)]
        insert_labels(connection, fast, source="endpoint", model="m")
        insert_labels(connection, slow, source="labels.csv", model="m")
        insert_labels(connection, [Label("r0", 0, 2), Label("r1", 0, 1)], source="cli", model="m")
        insert_labels(connection, [Label("nobody", 0, 1)], source="cli", model="m")
        insert_labels(connection, [Label("else", 0, 1)], source="label()")
    return store


def test_labels_are_counted_for_programs(labelled):
    first, unnamed = lines(modeltap("labels", "--store", labelled, "--json"))
    assert unnamed == {"model": None, "unknown": 1, "expired": 0}
    assert (first["model"], first["rows"], first["labelled"], first["pending"]) == (
        "m",
        100,
        60,
        40,
    )
    assert (first["label_coverage"], first["corrected"], first["unknown"]) == (0.6, 1, 1)
    assert first["sources"] == {"labels.csv": 40, "endpoint": 20, "cli": 1}
    curve = {point["within"]: point for point in first["arrival"]}
    assert curve["1h"] == {"within": "1h", "rows": 100, "fraction": 0.2}
    assert curve["1d"]["fraction"] == 0.6
    assert curve["7d"] == {"within": "7d", "rows": 0, "fraction": None}
    assert first["label_delay_p50_seconds"] == pytest.approx(50_000, abs=1)


def test_labels_are_described_for_people(labelled):
    shown = modeltap("labels", "--store", labelled, "--model", "m")
    assert "m: 60 of 100 rows labelled (60 %), 40 pending" in shown
    assert "40 by labels.csv, 20 by endpoint, 1 by cli; 1 row corrected" in shown
    assert "half of the labels arrived within 13.9 h; 20 % within 1h; 60 % within 1d" in shown
    assert "1 label with an unknown id; see `modeltap doctor`" in shown
    assert "no model 'n'" in modeltap("labels", "--store", labelled, "--model", "n", code=1)


def test_imported_labels_and_stores_without_rows(at, files, tmp_path):
    assert "they were imported with their rows" in modeltap("labels", *at)
    connect(tmp_path / "empty.db").close()
    assert "no rows yet" in modeltap("labels", "--store", tmp_path / "empty.db")
