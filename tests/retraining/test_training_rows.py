"""The exported rows: a window of labelled rows, without masked values."""

from __future__ import annotations

import csv
import json
from contextlib import closing

import pytest

from modeltap.config.improving.retrain_settings import parse_retrain
from modeltap.errors import InputError
from modeltap.retraining.training_rows import (
    TrainingRows,
    environment_of_rows,
    period_of,
    write_training_rows,
)
from modeltap.store.connection import connect
from modeltap.store.labels import Label
from modeltap.store.settings import SettingsReader
from retraining_cases import add_labels, fill
from stores import every, put


@pytest.fixture
def written(store, tmp_path):
    def write(**options):
        policy = parse_retrain({"command": "train", "holdout": 0, **options})
        with closing(connect(store)) as connection:
            rows = TrainingRows(connection, SettingsReader(connection), "flights", labelled=True)
            rows.environment = environment_of_rows(connection, "flights", policy)
            period = period_of(rows, "flights", policy)
            rows.since, rows.until = period.since, period.until
            path = tmp_path / f"rows.{policy.format}"
            return write_training_rows(rows, path, policy), path, rows.left_out

    return write


def test_labelled_rows_are_written_without_masked_columns(store, written):
    fill(store, rows=30, labelled=20)
    count, path, left_out = written()
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert (count, len(rows), left_out) == (20, 20, {"email"})
    assert "email" not in rows[0] and rows[3]["x"] == "3" and rows[3]["label"] == "7.0"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_window_ends_with_the_last_row(store, written):
    """Not now: rows of a replay are years old."""
    fill(store, rows=100)
    assert written(window="30m")[0] == 31
    assert written(window="all")[0] == 100


def test_rows_of_one_environment_are_written(store, written):
    """By default those of the one with the most labels, even if another has more rows."""
    fill(store, rows=30, environment="production", prefix="p")
    fill(store, rows=60, labelled=20, environment="staging", prefix="s")
    fill(store, rows=5)
    for options, count, first in (
        ({}, 30, "p0"),
        ({"environment": "staging"}, 20, "s0"),
        ({"environment": ""}, 5, "r0"),
    ):
        written_rows, path, _ = written(window="all", **options)
        assert written_rows == count
        assert next(csv.DictReader(path.read_text().splitlines()))["id"] == first
    with pytest.raises(InputError, match="'stagin'; did you mean 'staging'"):
        written(environment="stagin")


def test_the_newest_labelled_rows_are_held_out(store, written):
    """A fifth of those with labels; of rows with one time none is."""
    fill(store, rows=100, labelled=50)
    assert written(holdout=0.2)[0] == 40
    put(store, every(0, 10), [{"x": 1}] * 10, model="flights", prefix="same")
    assert written(holdout=0.9, window="1s")[0] == 0


def test_masked_parts_of_values_labels_and_predictions_are_left_out(store, written):
    """In lists and objects, too, and as keyed hashes; a row with a masked label is no row."""
    rows = [
        {"x": 1, "who": "[hash:0123456789abcdef]", "tags": ["a", "[masked]"], "n": {"to": "b"}},
        {"x": 2, "who": "Ann", "tags": ["a"], "n": {"to": "[masked]"}},
        {"x": 3, "who": "Bob"},
    ]
    responses = [json.dumps({"prediction": text}) for text in ("[masked]", "yes", "no")]
    put(store, every(1, 3), rows, model="flights", responses=responses)
    add_labels(store, [Label("r0", 0, "yes"), Label("r1", 0, "no"), Label("r2", 0, "[masked]")])
    count, path, left_out = written(format="jsonl", window="all")
    first, second = map(json.loads, path.read_text().splitlines())
    assert (count, left_out) == (2, {"who", "tags", "n", "label"})
    assert first["features"] == {"x": 1, "n": {"to": "b"}} and first["prediction"] is None
    assert second["features"] == {"x": 2, "who": "Ann", "tags": ["a"]}
    assert "[masked]" not in path.read_text() and "[hash" not in path.read_text()


def test_parquet(store, written):
    parquet = pytest.importorskip("pyarrow.parquet")
    fill(store, rows=30)
    _, path, _ = written(format="parquet")
    assert parquet.read_table(path).column("label").to_pylist()[3] == 7.0
