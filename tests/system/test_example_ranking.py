"""The example of ranking metrics: modeltap finds the plugin, and measures each window with it."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sklearn.metrics import ndcg_score

from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import every, put, read

PLUGIN = Path(__file__).parents[2] / "examples/ranking"
ITEMS = [f"i{n}" for n in range(8)]


@pytest.fixture(scope="module")
def ranking():
    spec = importlib.util.spec_from_file_location(
        "modeltap_ranking_example", PLUGIN / "modeltap_ranking.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def installed(folder):
    """Put the module and its entry point where pip puts them."""
    (folder / "modeltap_ranking.py").write_bytes((PLUGIN / "modeltap_ranking.py").read_bytes())
    about = folder / "modeltap_ranking-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: modeltap-ranking\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[modeltap]\nranking = modeltap_ranking\n")
    return folder


def test_rankings_are_measured_in_each_window(tmp_path, store, ranking):
    rng = random.Random(0)
    rankings = [rng.sample(ITEMS, 8) for _ in range(300)]
    chosen = [rng.choice(ITEMS) for _ in rankings]
    put(
        store,
        every(9.6, 300),  # two days
        [{"hour": n % 24} for n in range(300)],
        model="shop",
        responses=[json.dumps({"ranking": own}) for own in rankings],
    )
    with closing(connect(store)) as connection, writing(connection):
        labels = [Label(f"r{n}", 0, item) for n, item in enumerate(chosen)]
        insert_labels(connection, labels, source="test")
    environ = {**os.environ, "PYTHONPATH": str(installed(tmp_path))}
    subprocess.run(
        [sys.executable, "-m", "modeltap", "analyze", "--window", "1d", "--open", "--store", store],
        check=True,
        env=environ,
        cwd=tmp_path,
    )
    sql = "select metric, rows, value, low, high from metrics where metric = ? and segment is null"
    for name, own in (("ndcg", ranking.ndcg), ("reciprocal_rank", ranking.reciprocal_rank)):
        windows = read(store, sql + " order by window_start", name)
        assert [window["rows"] for window in windows] == [150, 150]
        for window, at in zip(windows, (slice(150), slice(150, 300)), strict=True):
            pairs = zip(rankings[at], chosen[at], strict=True)
            mean = sum(own(items, {item: 1.0}) for items, item in pairs) / 150
            assert window["value"] == pytest.approx(mean)
            assert window["low"] < mean < window["high"]


def test_ndcg_is_that_of_scikit_learn(ranking):
    rng = random.Random(1)
    for _ in range(50):
        items, grades = rng.sample(ITEMS, 8), {item: float(rng.randint(0, 3)) for item in ITEMS}
        relevant = ranking.grades_of(grades)
        if relevant:
            truth = [[grades[item] for item in items]]
            assert ranking.ndcg(items, relevant) == pytest.approx(
                ndcg_score(truth, [[-float(place) for place in range(8)]])
            )


@pytest.mark.parametrize(
    ("prediction", "label"),
    [
        ("a", "a"),
        (None, "a"),
        ([], "a"),
        ([1.5, 2.5], "a"),
        ("[not json", "a"),
        (["a", None], "a"),
        ({"a": 1}, "a"),
        (["a"], None),
        (["a"], []),
        (["a"], {"a": 0}),
        (["a"], {"a": "high"}),
        (["a"], {"a": float("nan")}),
        (["a"], 2.5),
    ],
)
def test_rows_of_other_forms_do_not_count(ranking, prediction, label):
    rows = [{"prediction": prediction, "label": label}, {"prediction": ["b", "a"], "label": "a"}]
    measured = ranking.measure("shop", rows)
    assert measured["reciprocal_rank"] == [None, 0.5]
    assert measured["ndcg"] == [None, pytest.approx(0.6309, abs=1e-4)]


def test_a_model_without_rankings_has_no_such_metrics(ranking):
    assert ranking.measure("fares", [{"prediction": 1.5, "label": 2}]) is None
    assert ranking.measure("fares", []) is None
