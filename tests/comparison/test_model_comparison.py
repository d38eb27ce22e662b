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
    with pytest.raises(InputError, match=r"did you mean 'next'\?$"):
        compare(store, "nextt")
    with pytest.raises(InputError, match=r"; available: next; give a file, a URL, python:"):
        compare(store, "zzz")


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


@pytest.fixture
def priced(store):
    """A store of 1,200 rows with two outputs: `price` is right by 1.5, `risk` in .8 of the rows."""
    bodies, risk, labels = shop()
    prices = np.random.default_rng(4).normal(100, 20, ROWS)
    off = prices + np.random.default_rng(5).choice([-1.5, 1.5], ROWS)
    outputs = [{"price": own, "risk": other} for own, other in zip(off, risk, strict=True)]
    truth = [
        json.dumps({"price": own, "risk": other})
        for own, other in zip(prices.tolist(), labels, strict=True)
    ]
    fill(store, bodies, outputs, truth, task=None)
    return store, prices, labels


def both(prices, risks):
    return [{"price": float(p), "risk": r} for p, r in zip(prices, risks, strict=True)]


def written(path, outputs):
    """Write outputs as a file by its name: a column each, or an object."""
    if path.suffix == ".jsonl":
        lines = [json.dumps({"id": f"r{n}", "prediction": own}) for n, own in enumerate(outputs)]
        path.write_text("\n".join(lines))
        return path
    columns = {f"prediction.{name}": [own[name] for own in outputs] for name in outputs[0]}
    lines = zip(*columns.values(), strict=True)
    rows = [f"r{n}," + ",".join(map(str, line)) for n, line in enumerate(lines)]
    path.write_text("\n".join([",".join(["id", *columns]), *rows]))
    return path


@pytest.mark.parametrize("name", ["c.csv", "c.jsonl"])
def test_several_outputs_are_compared_each(priced, tmp_path, name):
    store, prices, labels = priced
    outputs = both(prices + 1.0, flipped(labels, 0.8, 9))
    own = compare(store, written(tmp_path / name, outputs))
    main = {(row.metric, row.segment): row for row in own.rows}
    price, risk = main["mae", "output=price"], main["accuracy", "output=risk"]
    assert (price.current, price.candidate) == (pytest.approx(1.5), pytest.approx(1.0))
    assert (price.verdict, risk.verdict, own.verdict) == ("better", "not_shown", "better")
    assert own.labelled == own.compared == ROWS and own.left_out == {}
    assert all(row.segment.startswith("output=") for row in own.rows)
    assert any("slices and groups" in note for note in own.notes)


def test_one_worse_output_is_worse(priced):
    store, prices, labels = priced
    outputs = iter(both(prices + 1.0, flipped(labels, 0.5, 9)))
    own = compare(store, lambda features: [next(outputs) for _ in features["hour"]])
    assert own.verdict == "worse" and "accuracy of output=risk" in own.places("worse")
    assert "mae of output=price" in own.places("better")


def test_a_missing_output_is_counted(priced):
    store, prices, labels = priced
    outputs = iter(
        [
            {"price": price} if n % 2 else {"price": price, "risk": label}
            for n, (price, label) in enumerate(zip(prices.tolist(), labels, strict=True))
        ]
    )
    own = compare(store, lambda features: [next(outputs) for _ in features["hour"]])
    assert own.left_out == {"rows without the candidate's output 'risk'": ROWS // 2}


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (lambda rows: [1.0] * rows, "the model has the outputs 'price', 'risk' and the candidate"),
        (lambda rows: np.ones((rows, 2)), "and the candidate the outputs '0', '1'"),
        (lambda rows: [{"cost": 1}] * rows, "and the candidate the outputs 'cost'"),
    ],
)
def test_other_outputs_are_one_clear_line(priced, answer, match):
    store, _, _ = priced
    with pytest.raises(InputError, match=match):
        compare(store, lambda features: answer(len(features["hour"])))


def test_several_outputs_for_a_single_one(labelled):
    """A matrix of probabilities is no prediction; single rows of it are left out."""
    store, labels = labelled
    with pytest.raises(InputError, match="the model has one output and the candidate"):
        compare(store, lambda features: np.ones((len(features["hour"]), 2)))
    answers = [[0.5, 0.5], *labels[1:]]
    own = compare(store, lambda _: answers)
    assert own.left_out == {"candidate rows with several outputs": 1}
    assert own.compared == ROWS - 1


def test_a_golden_set_keeps_several_outputs(priced, tmp_path):
    store, prices, labels = priced
    path = tmp_path / "golden.jsonl"
    assert modeltap.dataset(path, store=store, model="m").rows == ROWS
    own = modeltap.compare(written(tmp_path / "c.jsonl", both(prices, labels)), dataset=path)
    assert own.verdict == "better"
    assert {"mae", "accuracy"} <= {row.metric for row in own.rows}
