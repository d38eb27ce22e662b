"""`modeltap dataset`, and a comparison on its file without the store."""

from __future__ import annotations

import json
from contextlib import closing

from command import lines, modeltap
from compared import fill, flipped, shop, write_candidate
from modeltap.store.connection import connect, writing


def test_a_golden_set_is_compared_without_a_store(store, tmp_path):
    """In a folder that has neither a store nor settings."""
    bodies, predictions, labels = shop(600)
    bodies[0]["city"] = "[masked]"
    fill(store, bodies, predictions, [*labels[:-1], None])
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("update exchanges set request_truncated = 1 where id = 'r1'")
        connection.execute("delete from exchanges where id = 'r2'")
    golden = tmp_path / "golden.jsonl"
    words = ("dataset", "--store", store, "--model", "m", "-o", golden)
    (counts,) = lines(modeltap(*words, "--json"))
    assert counts == {
        "rows": 596,
        "left_out": {
            "rows without a label": 1,
            "rows with masked values": 1,
            "rows whose request is truncated": 1,
            "rows whose request is deleted": 1,
        },
    }
    first = json.loads(golden.read_text().splitlines()[0])
    assert first["id"] == "r3" and first["features"] == bodies[3]
    assert first["label"] == labels[3] and first["prediction"] == predictions[3]
    assert json.loads(first["request"]["body"]) == bodies[3]
    clean = tmp_path / "ci"
    clean.mkdir()
    for accuracy, code in ((1.0, 0), (0.5, 1)):
        path = write_candidate(clean / "c.csv", flipped(labels, accuracy))
        words = ("compare", "--dataset", golden, "--candidate", path, "--fail-on", "worse")
        modeltap(*words, cwd=clean, code=code)
    (clean / "my_model.py").write_text("def predict(rows):\n    return rows['hour'] * 0\n")
    words = ("compare", "--dataset", golden, "--candidate", "python:my_model:predict", "--json")
    rows = lines(modeltap(*words, cwd=clean))
    assert rows[0]["metric"] == "accuracy" and rows[0]["rows"] == 596
    assert rows[0]["verdict"] == "worse"
    assert any(row["segment"] == "city = Rome" for row in rows)


def test_a_dataset_may_be_limited_or_impossible(store, tmp_path):
    bodies, predictions, labels = shop(200)
    fill(store, bodies, predictions, labels)
    own = ("dataset", "--store", store, "--model", "m")
    shown = modeltap(*own, "-o", tmp_path / "g.jsonl.gz", "--limit", 50)
    assert "50 rows written" in shown
    for words, code, text in (
        (("-o", tmp_path / "g.csv"), 1, "a golden set is a .jsonl or .jsonl.gz file"),
        (("-o", tmp_path / "no/g.jsonl"), 1, "the folder"),
        (("-o", tmp_path / "g.jsonl", "--since", "2030-01-01"), 1, "no row for a golden set"),
        (("-o", tmp_path / "g.jsonl", "--limit", 0), 2, "--limit"),
    ):
        assert text in modeltap(*own, *words, code=code)
