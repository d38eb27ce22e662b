"""Labels in another form than the predictions, from the bodies and labels to verdict and alert."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import modeltap
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.labels import insert_labels
from stores import analyze, every, put, read

DAY = 300
SETTINGS = {"window": "1d", "reference": f"first {3 * DAY} rows", "models": {}}
PERFORMANCE = (
    "select metric, rows, value, verdict, explanation from metrics where feature is null "
    "and metric = ? order by window_start"
)


def truth_of(day):
    return np.random.default_rng(day).random(DAY) < 0.3


def scores_of(day, reverse):
    rng = np.random.default_rng(100 + day)
    evidence = rng.normal(3 * (truth_of(day) - 0.5), 1.7)
    scores = 1 / (1 + np.exp(0.85 - evidence))
    return (1 - scores if reverse else scores).round(4).tolist()


def day_of(store, day, answers, labels):
    """Store a day of rows with their responses, and labels by the exchanges' ids."""
    rows = [{"x": float(x)} for x in np.random.default_rng(day).normal(size=DAY)]
    responses = [
        json.dumps(answer if isinstance(answer, dict) else {"prediction": answer})
        for answer in answers
    ]
    put(store, every(4, DAY, first=day * 1440), rows, prefix=f"d{day}-", responses=responses)
    with closing(connect(store)) as connection, writing(connection):
        own = [(f"d{day}-{n}", 0, label) for n, label in enumerate(labels)]
        insert_labels(connection, own, source="test")


FORMS = {
    "digits": (1, 0, {}),
    "booleans": (True, False, {}),
    "words": ("yes", "no", {}),
    "texts": ("1", "0", {}),
    "classes": ("fraud", "legit", {"positive": "fraud"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_scorer_that_is_reversed_one_day_alerts_with_words(store, form):
    yes, no, settings = FORMS[form]
    for day in range(6):
        labels = [yes if one else no for one in truth_of(day)]
        day_of(store, day, scores_of(day, reverse=day >= 4), labels)
    analyze(store, SETTINGS | settings, include_open=True)
    areas = read(store, PERFORMANCE, "roc_auc")
    assert [row["verdict"] for row in areas] == ["learning"] * 3 + ["ok"] + ["alert"] * 2
    assert "scores are reversed" in areas[-1]["explanation"]
    for metric in ("brier", "log_loss", "accuracy"):
        assert len(read(store, PERFORMANCE, metric)) == 6
    (alert,) = read(store, "select * from alerts where rule = 'performance' and metric = 'roc_auc'")
    assert alert["state"] == "firing" and "scores are reversed" in alert["summary"]


SCORES = (Path(__file__).parents[2] / "docs/labels.md").read_text().partition("## Scores")[2]
SCORED = re.findall(r"^\| `(.*?)` \| `(.*?)` \|$", SCORES, re.MULTILINE)


@pytest.mark.parametrize(("yes", "no"), SCORED)
def test_scores_in_each_form_of_the_page_have_every_metric(yes, no):
    """One row of eight has the score of the other class."""
    payload = [Payload("/score", None, 200, '{"x": 1}', answer) for answer in (yes, no)]
    of_yes, of_no = map(Decoders().decode, payload)
    labels = [1, 0, 1, 0, 1, 0, 1, 1] * 20
    order = [of_yes, of_no] * 80
    context = LabelledContext(
        None,
        [one.predictions[0] for one in order],
        labels,
        scores=[one.scores[0] if one.scores else None for one in order],
    )
    found = {metric.metric: metric.value for metric in evaluate(context)}
    assert found["accuracy"] == 0.875
    assert found["roc_auc"] == pytest.approx(0.9)
    assert found["brier"] == pytest.approx((4 * 0.07**2 + 3 * 0.12**2 + 0.88**2) / 8)
    assert found["log_loss"] > 0


@pytest.mark.parametrize("shape", ["{label}", "{prediction}", "[{label}]"])
def test_a_score_beside_a_class_is_ranked_too(store, shape):
    name = "prediction" if "prediction" in shape else "label"
    for day in range(6):
        answers = [
            {name: "yes" if one >= 0.5 else "no", "score": round(max(one, 1 - one), 4)}
            for one in scores_of(day, reverse=day >= 4)
        ]
        if shape.startswith("["):
            answers = [{"predictions": [one]} for one in answers]
        day_of(store, day, answers, [int(one) for one in truth_of(day)])
    analyze(store, SETTINGS, include_open=True)
    areas = read(store, PERFORMANCE, "roc_auc")
    assert [row["verdict"] for row in areas] == ["learning"] * 3 + ["ok"] + ["alert"] * 2
    assert areas[3]["value"] > 0.8 and areas[4]["value"] < 0.2


@pytest.mark.parametrize(
    ("yes", "no", "labels"),
    [("spam", "ham", (1, 0)), (0.93, 0.12, ("cat", "dog")), (93.5, 12.25, ("1", "0"))],
)
def test_what_cannot_be_compared_is_said_and_quoted(store, yes, no, labels):
    for day in range(4):
        truth = truth_of(day)
        answers = [yes if one else no for one in truth]
        day_of(store, day, answers, [labels[0] if one else labels[1] for one in truth])
    analyze(store, SETTINGS, include_open=True)
    found = read(store, PERFORMANCE, "accuracy")
    assert {row["verdict"] for row in found} == {"not_comparable"}
    assert {row["value"] for row in found} == {None}
    quoted = found[-1]["explanation"]
    assert repr(yes) in quoted or repr(no) in quoted
    assert repr(labels[0]) in quoted or repr(labels[1]) in quoted
    assert read(store, "select * from alerts where rule = 'performance'") == []


@pytest.mark.parametrize("answers", [(True, False), ("Yes", "No"), (1.0, 0.0), ("1", "0")])
@pytest.mark.parametrize("labels", [(1, 0), (True, False), ("YES", "no"), ("1.0", "0.0")])
def test_yes_and_no_are_right_in_any_form(store, answers, labels):
    truth = truth_of(0)
    told = [labels[0] if one else labels[1] for one in truth]
    day_of(store, 0, [answers[0] if one else answers[1] for one in truth], told)
    analyze(store, SETTINGS, include_open=True)
    (row,) = read(store, PERFORMANCE, "accuracy")
    assert row["value"] == 1.0 and row["rows"] == DAY


@pytest.mark.parametrize("when", ["before", "between", "after"])
@pytest.mark.parametrize("id_", ["request_id", "trace_id"])
def test_labels_of_retried_requests_count_for_the_try_that_succeeded(store, when, id_):
    """Each request is tried twice: a 503, and then a response; `label()` knows the caller's id."""
    keys = [f"{n:032x}" for n in range(DAY)]

    def label():
        for key, true in zip(keys, truth_of(0), strict=True):
            modeltap.label(key, int(true), store=store)

    def tries(status, bodies):
        rows = [
            ExchangeRow(
                id=f"{status}-{n}",
                model="m",
                source="asgi",
                started_at=f"2024-01-01T{n // 60:02d}:{n % 60:02d}:00.000Z",
                event_time=f"2024-01-01T{n // 60:02d}:{n % 60:02d}:00.000Z",
                status=status,
                request_type="application/json",
                request_body='{"x": 1.5}',
                response_type="application/json",
                response_body=bodies[n],
                **{id_: key},
            )
            for n, key in enumerate(keys)
        ]
        with closing(connect(store)) as connection, writing(connection):
            insert_exchanges(connection, rows)

    connect(store).close()
    if when == "before":
        label()
    tries(503, ['{"error": "overloaded"}'] * DAY)
    if when == "between":
        analyze(store, SETTINGS, include_open=True)
        label()
    tries(200, [json.dumps({"prediction": one}) for one in scores_of(0, reverse=False)])
    if when == "after":
        label()
    analyze(store, SETTINGS, include_open=True)
    assert {row["exchange_id"][:4] for row in read(store, "select * from labels")} == {"200-"}
    (row,) = read(store, PERFORMANCE, "roc_auc")
    assert row["rows"] == DAY and row["value"] > 0.8
