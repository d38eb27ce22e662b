"""Labels that name rows by a feature, before and after the rows are analysed."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

import modeltap
from modeltap.config.settings import Settings
from modeltap.decoding.key_columns import join_labels_by_features
from modeltap.store.connection import connect
from stores import analyze, every, put, read

SETTINGS = {"min_rows": 2, "window": "1d"}
LABELS = "select exchange_id, row, key, value from labels order by key"


def rows(store, first, count):
    """Store rows with the feature `order.id` from `first` on, and a failed request for each."""
    orders = [{"order": {"id": first + n}, "x": 1.5} for n in range(count)]
    put(store, every(1, count, first=first), orders, prefix=f"r{first}-")
    put(
        store,
        every(1, count, first=first),
        orders,
        prefix=f"failed{first}-",
        responses=[json.dumps({"error": "try again"})] * count,
    )


@pytest.mark.parametrize("size", [None, 1])
def test_labels_are_assigned_whether_they_come_before_or_after_their_rows(store, monkeypatch, size):
    """Also if bodies are so large that each is read by itself."""
    if size is not None:
        monkeypatch.setattr("modeltap.store.bodies.MAX_BYTES", size)
        monkeypatch.setattr("modeltap.store.bodies._ROWS_AT_ONCE", size)
    rows(store, 40, 3)
    analyze(store, SETTINGS)
    for order in (41, "42", 44.0, 99):
        modeltap.label(order, 2.5, key="order.id", model="m", store=store)
    analyze(store, SETTINGS)
    rows(store, 43, 2)
    analyze(store, SETTINGS, include_open=True)
    assert [tuple(row.values()) for row in read(store, LABELS)] == [
        ("r40-1", 0, "41", 2.5),
        ("r40-2", 0, "42", 2.5),
        ("r43-1", 0, "44", 2.5),
        ("", 0, "99", 2.5),
    ]
    (metric,) = read(store, "select rows, value from metrics where metric = 'mae'")
    assert metric == {"rows": 3, "value": 1.5}
    with closing(connect(store)) as connection:
        assert join_labels_by_features(connection, Settings()) == 0


@pytest.mark.parametrize(
    "options",
    [{"key": "x"}, {"key": "x", "model": "m", "row": 1}],
)
def test_a_feature_needs_its_model_and_no_row(store, options):
    connect(store).close()
    with pytest.raises(modeltap.InputError, match="needs the value of a feature, its model"):
        modeltap.label("7", 1, store=store, **options)
