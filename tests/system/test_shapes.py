"""Shapes of requests and responses from end to end: features, drift, several outputs."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import analyze, every, put, read

SAID = {"reference": "first 1000 rows", "window": "1000 rows", "multivariate": False}


PAGE = (Path(__file__).parents[2] / "docs/shapes.md").read_text()


def table(heading):
    """Return the cells of a section's table, as they are in code."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [re.findall(r"\| `(.*?)` (?=\|)", line) for line in lines]


def decoded(request, response):
    return Decoders().decode(Payload("/score", None, 200, request, response, "application/json"))


@pytest.mark.parametrize(("request_", "rows"), table("Requests"))
def test_a_request_of_the_page_has_its_rows(request_, rows):
    """Answered by one value for each."""
    expected = json.loads(rows)
    found = decoded(request_, json.dumps([7.5] * len(expected)))
    assert (found.rows, found.note) == (expected, None)


@pytest.mark.parametrize(("response", "prediction", "score"), table("Responses to one row"))
def test_a_response_of_the_page_to_one_row(response, prediction, score):
    """Prediction and score are those that the page says."""
    found = decoded('{"x": 1}', response)
    scores = found.scores or [None]
    expected = ([json.loads(prediction)], [json.loads(score)], None)
    assert (found.predictions, scores, found.note) == expected


@pytest.mark.parametrize(("response", "predictions", "scores"), table("Responses to two rows"))
def test_a_response_of_the_page_to_two_rows(response, predictions, scores):
    """In their order."""
    found = decoded('[{"x": 1}, {"x": 2}]', response)
    expected = (json.loads(predictions), json.loads(scores), None)
    assert (found.predictions, found.scores, found.note) == expected


def wine(count, seed, shift=0.0):
    """13 numbers as the tutorials' wine has them; the third moves by `shift` deviations."""
    chance = random.Random(seed)
    centers = [13.0, 2.3, 2.4, 19.5, 100, 2.3, 2.0, 0.4, 1.6, 5.0, 1.0, 2.6, 747]
    rows = []
    for _ in range(count):
        row = [round(chance.gauss(center, center * 0.1), 3) for center in centers]
        row[2] += shift * 0.24
        rows.append(row)
    return rows


def drifting(store):
    sql = "select distinct feature from metrics where metric = 'drift' and verdict = 'alert'"
    return {row["feature"] for row in read(store, sql)}


def columns_of(store):
    payload = read(store, "select payload from \"references\" where state = 'active'")[-1][
        "payload"
    ]
    return {f["name"]: f["kind"] for f in json.loads(payload)["features"] if "of" not in f}


@pytest.mark.parametrize("wrap", ["features", "data"])
def test_one_number_of_a_list_that_moves_is_found(store, wrap):
    """By two deviations, of 13; the others are still, and each is a feature."""
    lists = wine(1000, 1) + wine(1000, 2, shift=2.0)
    answers = [json.dumps({"class": n % 3, "confidence": 0.9 - n % 7 / 50}) for n in range(2000)]
    put(store, every(1, 2000), [{wrap: row} for row in lists], responses=answers)
    analyze(store, SAID)
    found = columns_of(store)
    assert [name for name in found if name.startswith(wrap)] == [f"{wrap}.{n}" for n in range(13)]
    assert {found[f"{wrap}.{n}"] for n in range(13)} == {"numeric"}
    assert drifting(store) == {f"{wrap}.2"}


def test_prices_in_lists_of_objects_that_are_ten_times_as_high_are_found(store):
    """By the mean of each row's."""
    chance = random.Random(3)
    rows = [
        {
            "customer": chance.choice("abc"),
            "items": [
                {"price": chance.gauss(9, 2) * (10 if n >= 1000 else 1)}
                for _ in range(1 + chance.randrange(4))
            ],
        }
        for n in range(2000)
    ]
    put(store, every(1, 2000), rows)
    analyze(store, SAID)
    assert drifting(store) == {"items.price.mean"}


def test_each_of_several_outputs_is_watched_and_stored_as_json(store):
    """In columns for two rows a request; one of them moves."""
    chance = random.Random(4)
    answers, rows = [], []
    for n in range(1000):
        rows.append([{"x": chance.gauss(0, 1)}, {"x": chance.gauss(0, 1)}])
        price = [chance.gauss(5 if n < 500 else 9, 1) for _ in range(2)]
        risk = [chance.gauss(1, 1) for _ in range(2)]
        answers.append(json.dumps({"predictions": {"price": price, "risk": risk}}))
    put(store, every(1, 1000), rows, responses=answers)
    analyze(store, SAID)
    first = read(store, "select prediction from predictions where exchange_id = 'r0' order by row")
    assert [sorted(json.loads(row["prediction"])) for row in first] == [["price", "risk"]] * 2
    assert drifting(store) == {"prediction.price"}
    rules = read(store, "select rule, feature from alerts")
    assert {(row["rule"], row["feature"]) for row in rules} == {
        ("prediction_drift", "prediction.price")
    }


def test_a_list_of_another_length_is_of_another_type(store):
    """A client that leaves a number out is found at once."""
    lists = [row if n < 1500 else row[:-1] for n, row in enumerate(wine(2000, 5))]
    put(store, every(1, 2000), [{"features": row} for row in lists])
    analyze(store, SAID)
    sql = "select value from metrics where metric = 'type_mismatch_rate' and verdict = 'alert'"
    assert len(read(store, sql)) >= 13


def test_each_of_several_outputs_has_its_own_performance(store):
    """Labels are objects of the outputs' names; the price's error grows, the risk's does not."""
    chance = random.Random(6)
    rows = [{"x": chance.gauss(0, 1)} for _ in range(2000)]
    outputs = [{"price": 9 + row["x"], "risk": chance.choice(["low", "high"])} for row in rows]
    put(store, every(1, 2000), rows, responses=[json.dumps({"prediction": o}) for o in outputs])
    analyze(store, SAID)
    connection = connect(store)
    labels = [
        Label(f"r{n}", 0, {"price": one["price"] + chance.gauss(0, 1 if n < 1000 else 4), **risk})
        for n, one in enumerate(outputs)
        for risk in ({"risk": one["risk"] if n % 10 else "low"},)
    ]
    with writing(connection):
        insert_labels(connection, labels, source="test")
    connection.close()
    analyze(store, SAID)
    sql = "select segment, metric, verdict, value from metrics where segment like 'output=%'"
    found = read(store, sql)
    alerts = {(row["segment"], row["metric"]) for row in found if row["verdict"] == "alert"}
    assert alerts == {("output=price", "mae")}
    accuracies = [row["value"] for row in found if row["metric"] == "accuracy"]
    assert accuracies and all(0.9 < value < 1 for value in accuracies)
    classes = ("low", "high")
    assert {row["segment"] for row in found} == {
        "output=price",
        "output=risk",
        *(f"output=risk,class={name}" for name in classes),
        *(f"output=risk,label={own},predicted={other}" for own in classes for other in classes),
    }
