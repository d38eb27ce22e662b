"""`modeltap.read`: rows as arrays."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import modeltap
from modeltap.store.connection import connect
from modeltap.store.labels import insert_labels
from stores import every, put

ROWS = [
    {"n": 1, "x": 1.5, "some": 1, "color": "red", "on": True},
    {"n": 2, "x": 2.5, "on": False},
    {"n": 3, "x": 3.5, "some": 2, "color": "blue", "on": True},
]


@pytest.fixture
def filled(store):
    """Three rows, two of them labelled."""
    put(store, every(60, 3), ROWS, model="flights", responses=['{"prediction": 2.0}'] * 3)
    connection = connect(store)
    insert_labels(connection, [("r0", 0, 1.0), ("r2", 0, 4.0)], source="test")
    connection.close()
    return store


def test_columns_have_the_types_of_their_values(filled):
    """Missing values are NaN, NaT or None."""
    rows = modeltap.read(filled)
    assert {name: column.dtype.kind for name, column in rows.items()} == {
        "id": "O",
        "row": "i",
        "started_at": "M",
        "event_time": "M",
        "model": "O",
        "version": "O",
        "n": "i",
        "x": "f",
        "some": "f",
        "color": "O",
        "on": "b",
        "prediction": "f",
        "score": "O",
        "probabilities": "O",
        "label": "f",
    }
    assert rows["event_time"].tolist() == [moment.replace(tzinfo=None) for moment in every(60, 3)]
    assert np.isnan(rows["label"][1]) and rows["color"].tolist() == ["red", None, "blue"]
    assert {len(column) for column in rows.values()} == {3}


def test_rows_can_be_chosen(filled):
    """By model and by label; a wrong name is an error with the nearest."""
    assert modeltap.read(filled, model="flights", labelled=True)["n"].tolist() == [1, 3]
    with pytest.raises(modeltap.InputError, match="did you mean 'flights'"):
        modeltap.read(filled, model="flihgts")
    with pytest.raises(modeltap.StoreError, match="there is no store"):
        modeltap.read("none.db")


def test_nothing_is_no_rows(store):
    """An empty store has the columns that all have."""
    connect(store).close()
    assert {len(column) for column in modeltap.read(store).values()} == {0}


def test_the_example_in_the_docs(filled, tmp_path):
    """But for its last line, which needs pandas."""
    text = (Path(__file__).parents[2] / "docs/importing.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    filled.rename(tmp_path / "modeltap.db")
    told = {"modeltap": modeltap}
    exec(code.replace("frame = rows.to_pandas()", ""), told)
    assert told["wrong_by"] == 1.5


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(filled, library):
    """Run with the libraries that are installed."""
    pytest.importorskip(library)
    rows = modeltap.read(filled)
    frame = getattr(rows, f"to_{library}")()
    assert list(frame.columns) == list(rows) and frame["n"].to_list() == [1, 2, 3]
