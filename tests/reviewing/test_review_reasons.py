"""Reasons: small margins, other outputs, the worst slice, and reported unusual rows."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from modeltap.config.settings import Settings
from modeltap.reviewing.review_reasons import (
    DISAGREEMENT,
    UNUSUAL,
    WORST_SLICE,
    disagreeing,
    least_confident,
    reasons_of,
)
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from modeltap.store.reviews import OtherOutput, ReviewableRow, reviewable_rows
from stores import analyze, every, put


def row(name, prediction="yes", score=None, probabilities=None):
    text = None if probabilities is None else json.dumps(probabilities)
    return ReviewableRow(name, 0, "", prediction, score, text, "", False, None)


def test_the_smallest_margin_comes_first():
    """Of the two likeliest classes, else of the score from its threshold."""
    own = [
        row("sure", score=0.99),
        row("close", probabilities={"a": 0.41, "b": 0.4, "c": 0.19}),
        row("near", score=0.62),
        row("none"),
        row("logit", score=7.0),
        row("list", probabilities=[0.9, 0.1]),
    ]
    assert [name for name, _ in least_confident(own, 0.6)] == ["close", "near", "sure", "list"]


def test_rows_with_another_output_disagree():
    """Numbers by their distance; the same value in another form is no disagreement."""
    own = [row("a", 10.0), row("b", 10.0), row("c", 10.0), row("d", "yes"), row("e", "yes")]
    others = [("a", 12.0), ("b", 40.0), ("c", 10), ("d", "YES "), ("e", "no"), ("gone", 3.0)]
    found = disagreeing(own, [OtherOutput(name, 0, value) for name, value in others])
    assert [name for name, _ in found] == ["b", "a", "e"]


@pytest.fixture
def reasons(store):
    """300 rows with labels, of which those of Oslo are wrong, and 300 without."""
    random = np.random.default_rng(7)
    rows = [
        {"city": "Oslo" if random.random() < 0.3 else "Rome", "x": float(random.normal())}
        for _ in range(600)
    ]
    responses = [json.dumps({"prediction": "yes"})] * 600
    put(store, every(1, 600), rows, responses=responses)
    connection = connect(store)
    wrong = [own["city"] == "Oslo" and random.random() < 0.8 for own in rows]
    labels = [Label(f"r{n}", 0, "no" if wrong[n] else "yes") for n in range(300)]
    with writing(connection):
        insert_labels(connection, labels, source="test")
    analyze(store, {})
    with writing(connection):
        connection.execute(
            "insert into metrics (model, window, window_start, window_end, rows, metric, feature, "
            "examples, computed_at) values ('m', '1h', '2024', '2025', 9, 'outlier_rate', 'x', "
            "'[\"r411\", \"r5\"]', '')"
        )
        connection.execute(
            "insert into predictions (exchange_id, row, candidate, model, prediction, seq) "
            "values ('r420', 0, 'new', 'm', 'no', 421), ('r421', 0, 'new', 'm', 'yes', 422)"
        )
        insert_labels(connection, [Label("r430", 0, "no")], source="judge")
    own = reviewable_rows(connection, "m", "", 10_000)
    yield rows, reasons_of(connection, Settings(), "m", [r for r in own if not r.is_labelled], "")
    connection.close()


def test_rows_of_the_worst_slice_and_unusual_ones(reasons):
    """Among the rows without a label."""
    rows, own = reasons
    worst = [int(name[1:]) for name, _ in own[WORST_SLICE]]
    assert len(worst) > 50 and min(worst) >= 300
    assert {rows[number]["city"] for number in worst} == {"Oslo"}
    assert own[UNUSUAL] == [("r411", 0)]


def test_outputs_of_candidates_and_of_a_judge_disagree(reasons):
    """With the prediction of the same row."""
    _, own = reasons
    assert own[DISAGREEMENT] == [("r420", 0), ("r430", 0)]


def test_the_rows_to_review_come_without_sorting(store):
    """Of a million rows of a model, only the newest are read."""
    statements = []
    with closing(connect(store)) as connection:
        connection.set_trace_callback(statements.append)
        reviewable_rows(connection, "m", "", 100)
        plan = connection.execute(f"explain query plan {statements[-1]}").fetchall()
    steps = [row["detail"] for row in plan]
    assert any("predictions_by_time" in step for step in steps), steps
    assert not [s for s in steps if s.startswith("SCAN") or s == "USE TEMP B-TREE FOR ORDER BY"]
