"""A comparison from the store to its verdict, for each kind of candidate."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

import modeltap
from compared import ROWS, fill, flipped, shop, write_candidate
from modeltap.errors import InputError
from modeltap.store.candidates import (
    CandidatePrediction,
    CandidateRequest,
    insert_candidate_predictions,
    insert_requests,
)
from modeltap.store.connection import connect, writing


@pytest.fixture
def labelled(store):
    """A store of 1,200 labelled rows that the model predicts with an accuracy of .8."""
    bodies, predictions, labels = shop()
    fill(store, bodies, predictions, labels)
    return store, labels


def compare(store, candidate, **options):
    return modeltap.compare(candidate, store=store, model="m", **options)


def test_a_file_is_better_or_worse_or_a_tie(labelled, tmp_path):
    store, labels = labelled
    verdicts = {}
    for accuracy in (0.95, 0.8, 0.6):
        path = write_candidate(tmp_path / f"{accuracy}.csv", flipped(labels, accuracy))
        verdicts[accuracy] = compare(store, path)
    assert [own.verdict for own in verdicts.values()] == ["better", "not_shown", "worse"]
    better = verdicts[0.95]
    assert (better.compared, better.labelled, better.left_out) == (ROWS, ROWS, {})
    main = better.rows[0]
    assert (main.metric, main.segment, main.rows) == ("accuracy", None, ROWS)
    assert main.low < main.difference < main.high
    named = {row.segment for row in better.rows if row.segment}
    assert {"city = Rome", "city = Oslo", "hour < 6"} <= named
    assert any(own.startswith("hour >= 1") for own in named)


def test_the_same_predictions_are_never_better(labelled, tmp_path):
    store, _ = labelled
    _, predictions, _ = shop()
    tie = compare(store, write_candidate(tmp_path / "same.csv", predictions))
    assert tie.verdict == "not_shown" and {row.verdict for row in tie.rows} == {"not_shown"}
    agreement = next(row for row in tie.rows if row.metric == "agreement")
    assert agreement.candidate == 1.0 and agreement.low > 0.98


def test_without_labels_nothing_has_a_verdict(store, tmp_path):
    bodies, predictions, labels = shop()
    fill(store, bodies, predictions, [None] * len(bodies))
    own = compare(store, write_candidate(tmp_path / "c.csv", labels))
    assert own.verdict == "not_shown" and own.labelled == 0
    assert any("no labelled rows" in note for note in own.notes)
    assert {row.metric for row in own.rows} == {"agreement", "prediction_rate", "prediction_js"}


def test_few_labels_have_no_verdict(store, tmp_path):
    bodies, predictions, labels = shop(400)
    fill(store, bodies, predictions, labels[:50] + [None] * 350)
    own = compare(store, write_candidate(tmp_path / "c.csv", labels))
    assert own.verdict == "not_shown" and own.labelled == 50
    assert "50 labelled rows: a verdict needs 100" in own.notes


def test_a_slice_in_which_the_candidate_is_worse_is_found(labelled, tmp_path):
    """It is right everywhere but in one city, and better over all rows."""
    store, labels = labelled
    bodies, _, _ = shop()
    values = [
        1 - label if body["city"] == "Oslo" and n % 2 else label
        for n, (body, label) in enumerate(zip(bodies, labels, strict=True))
    ]
    own = compare(store, write_candidate(tmp_path / "c.csv", values))
    verdicts = {row.segment: row.verdict for row in own.rows if row.metric == "accuracy"}
    assert verdicts["city = Oslo"] == "worse" and verdicts["city = Rome"] == "better"
    assert "city = Oslo" in own.places("worse")


def test_groups_of_the_settings_are_compared(store, tmp_path, monkeypatch):
    bodies, predictions, labels = shop()
    fill(store, bodies, predictions, labels)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "modeltap.toml").write_text("[models.m]\ngroups = ['city']\n")
    own = compare(store, write_candidate(tmp_path / "c.csv", labels))
    groups = {row.segment: row for row in own.rows if row.segment in ("city=Rome", "city=Oslo")}
    assert [row.verdict for row in groups.values()] == ["better", "better"]
    assert sum(row.rows for row in groups.values()) == ROWS


def test_a_callable_gets_arrays(labelled):
    store, labels = labelled
    received = {}

    def predict(features):
        received.update(features)
        return np.array(labels)

    own = compare(store, predict)
    assert own.verdict == "better" and own.candidate == "predict"
    assert set(received) == {"city", "hour"} and received["hour"].dtype == np.int64


def test_a_stored_candidate_has_response_times(labelled):
    store, labels = labelled
    with closing(connect(store)) as connection, writing(connection):
        insert_requests(
            connection,
            "m",
            "next",
            [
                CandidateRequest(f"r{n}", 200, 5.0, 1, None, "2024-01-02T00:00:00.000Z")
                for n in range(ROWS)
            ],
            source="replay",
        )
        own = [CandidatePrediction(f"r{n}", 0, label) for n, label in enumerate(labels)]
        insert_candidate_predictions(connection, "m", "next", own)
    result = compare(store, "next")
    assert result.verdict == "better" and result.compared == ROWS
    latency = next(row for row in result.rows if row.metric == "latency_p50_ms")
    assert (latency.current, latency.candidate, latency.verdict) == (1.0, 5.0, "not_shown")
    with pytest.raises(InputError, match="did you mean 'next'"):
        compare(store, "nextt")


def test_rows_before_since_are_left_out(labelled, tmp_path):
    store, labels = labelled
    path = write_candidate(tmp_path / "c.csv", labels)
    own = compare(store, path, since="2024-01-01T10:00")
    assert own.compared == ROWS - 600
    assert own.left_out == {"candidate rows that the model does not have": 600}
    with pytest.raises(InputError, match="'soon' is not a valid time"):
        compare(store, path, since="soon")


def test_ids_of_requests_are_ids_too(labelled, tmp_path):
    """An imported row has the id of its file, which is not the exchange's."""
    store, labels = labelled
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("update exchanges set request_id = 'order-' || substr(id, 2)")
    ids = [f"order-{n}" for n in range(ROWS)]
    own = compare(store, write_candidate(tmp_path / "c.csv", labels, ids))
    assert (own.compared, own.left_out) == (ROWS, {})


def values_of(kind, labels):
    words = {0: "no", 1: "yes"}
    return {
        "texts": [str(label) for label in labels],
        "floats": [float(label) for label in labels],
        "booleans": [bool(label) for label in labels],
        "words": [words[label] for label in labels],
        "scores": [0.1 + 0.8 * label for label in labels],
    }[kind]


@pytest.mark.parametrize("kind", ["texts", "floats", "booleans", "words", "scores"])
def test_another_type_of_the_same_prediction_is_the_same(labelled, tmp_path, kind):
    """Labels are 0 and 1; each of these forms is right in all rows."""
    store, labels = labelled
    path = tmp_path / "c.jsonl"
    rows = [{"id": f"r{n}", "prediction": own} for n, own in enumerate(values_of(kind, labels))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    own = compare(store, path)
    assert own.rows[0].candidate == 1.0 and own.verdict == "better"


@pytest.mark.parametrize("value", ["cat", 93.5, "2024-01-01"])
def test_predictions_of_another_kind_are_one_clear_line(labelled, tmp_path, value):
    store, labels = labelled
    values = [value if n % 2 else "other" for n in range(len(labels))]
    with pytest.raises(InputError, match=r"candidate such as .* and labels such as .* cannot be"):
        compare(store, write_candidate(tmp_path / "c.csv", values))


def test_unknown_models_candidates_and_ids_are_one_clear_line(labelled, tmp_path):
    store, labels = labelled
    path = write_candidate(tmp_path / "c.csv", labels, [f"x{n}" for n in range(ROWS)])
    for candidate, match in (
        (path, "no id of .*c.csv' is an id of the model's requests: it has 'x0'"),
        ("missing.csv", "there is no file 'missing.csv'"),
        ("nothing", "neither a file nor a stored candidate"),
    ):
        with pytest.raises(InputError, match=match):
            compare(store, candidate)
    with pytest.raises(InputError, match="no model 'n'"):
        modeltap.compare(path, store=store, model="n")
    with pytest.raises(InputError, match="needs model"):
        modeltap.compare(path, store=store)
    with pytest.raises(InputError, match="no version '9'"):
        compare(store, path, version="9")


def test_several_outputs_are_one_clear_line(store, tmp_path):
    bodies, _, labels = shop(200)
    responses = [{"price": 1.0, "risk": 2.0}] * 200
    fill(store, bodies, responses, [None] * 200)
    with pytest.raises(InputError, match="several outputs"):
        compare(store, write_candidate(tmp_path / "c.csv", labels))
