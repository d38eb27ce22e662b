"""Rows as functions receive them: those with a label that are still stored, with their inputs."""

from __future__ import annotations

from modeltap.analysis.row_metrics.labelled_documents import labelled_documents
from modeltap.config import sources
from modeltap.store.connection import connect
from modeltap.store.labelled_rows import LabelledPrediction
from stores import every, put


def test_rows_have_inputs_outputs_and_labels(store):
    put(store, every(1, 200), [{"x": n, "c": "ab"[n % 2]} for n in range(200)])
    pairs = [
        LabelledPrediction(1.0, None if n % 2 else n, "2024", 0.5, f"r{n}", 0) for n in range(300)
    ]
    connection = connect(store)
    rows = list(labelled_documents(connection, sources.load(environ={}), pairs))
    connection.close()
    assert [row["label"] for row in rows] == list(range(0, 200, 2))
    assert rows[1] == {
        "id": "r2",
        "row": 0,
        "event_time": "2024",
        "features": {"x": 2, "c": "a"},
        "prediction": 1.0,
        "score": 0.5,
        "label": 2,
    }
