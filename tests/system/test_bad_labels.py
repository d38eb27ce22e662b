"""Labels in unusual forms through the analysis: compared, or with a reason in the row."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

import modeltap
from command import lines
from command import modeltap as command
from modeltap.errors import InputError
from modeltap.store.connection import connect
from stores import analyze, every, put, read

ROWS = 60
SETTINGS = {"window": "1d", "min_rows": 20, "multivariate": False}


def truths():
    return [int(n % 3 == 0) for n in range(ROWS)]


def analysed(store, predictions, labels, **settings):
    """Store a day of rows, label them, and return the metrics by name."""
    responses = [json.dumps({"prediction": own}) for own in predictions]
    rows = [{"x": n} for n in range(ROWS)]
    put(store, every(1, ROWS), rows, responses=responses)
    for n, value in enumerate(labels):
        modeltap.label(f"r{n}", value, store=store)
    analyze(store, SETTINGS | settings, include_open=True)
    return {row["metric"]: row for row in read(store, "select * from metrics")}


@pytest.mark.parametrize(
    "form",
    [
        str,
        bool,
        float,
        lambda own: [own],
        lambda own: np.array([[own]]),
        lambda own: np.int64(own),
        lambda own: "yes" if own else "no",
    ],
    ids=["text", "boolean", "float", "list", "array", "numpy", "word"],
)
@pytest.mark.parametrize("spelling", [int, bool, str], ids=["1", "true", "'1'"])
def test_one_truth_in_any_form_is_right(store, form, spelling):
    metrics = analysed(store, map(spelling, truths()), map(form, truths()))
    assert (metrics["accuracy"]["value"], metrics["accuracy"]["rows"]) == (1.0, ROWS)
    assert metrics["label_coverage"]["value"] == 1.0


@pytest.mark.parametrize(
    ("predictions", "labels", "metric", "reason"),
    [
        ([220.5 + n for n in range(ROWS)], ["late"] * ROWS, None, "hardly any value in common"),
        (["a", "b"] * 30, ["c", "d"] * 30, "accuracy", "hardly any value in common"),
        ([0.2, 0.8] * 30, ["cat", "dog", "bird"] * 20, "accuracy", "labels such as"),
        ([0.2, 0.8] * 30, [1] * ROWS, "roc_auc", "all 60 labels are '1'"),
        ([1.5, 92.5] * 30, [1, 0] * 30, "accuracy", "hardly any value in common"),
    ],
    ids=["type", "unseen", "classes", "one class", "range"],
)
def test_labels_that_cannot_be_compared_have_the_reason(store, predictions, labels, metric, reason):
    """In the row; all labels are kept."""
    metrics = analysed(store, predictions, labels)
    rows = [row for row in metrics.values() if row["verdict"] == "not_comparable"]
    own = [row for row in rows if metric in (None, row["metric"])]
    assert own and reason in own[0]["explanation"]
    assert read(store, "select count(*) as labels from labels") == [{"labels": ROWS}]


def test_a_feed_that_mixes_the_words_is_right(store):
    words = ("yes", True, "TRUE", 1, "on"), ("no", False, "False", 0, "off")
    labels = [words[0 if own else 1][n % 5] for n, own in enumerate(truths())]
    assert analysed(store, truths(), labels)["accuracy"]["value"] == 1.0


def test_names_of_classes_that_look_alike_are_right(store):
    predictions, labels = (
        [yes if own else no for own in truths()]
        for yes, no in (("\u00e9t\u00e9", "on time"), ("e\u0301te\u0301", "\ufeffOn\u00a0 time "))
    )
    assert analysed(store, predictions, labels)["accuracy"]["value"] == 1.0


@pytest.mark.parametrize("stray", ["cancelled", {"a": 1}])
def test_a_stray_label_does_not_make_numbers_classes(store, stray):
    """The others of the window are evaluated."""
    labels = [stray if n == 7 else 220.5 + n for n in range(ROWS)]
    metrics = analysed(store, [221.5 + n for n in range(ROWS)], labels)
    assert (metrics["mae"]["value"], metrics["mae"]["rows"]) == (1.0, ROWS - 1)
    assert metrics["label_coverage"]["count"] == ROWS


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), None, [None], "nan", "", [1.0, float("nan")], b"x", object()],
)
def test_values_that_are_no_labels_are_refused(store, value):
    """The last label stays."""
    connect(store).close()
    modeltap.label("r0", 1, store=store)
    with pytest.raises(InputError, match="label"):
        modeltap.label("r0", value, store=store)
    assert read(store, "select value from labels") == [{"value": 1}]


def test_rows_without_a_label_are_unknown(store):
    metrics = analysed(store, truths(), truths()[:50])
    assert metrics["accuracy"]["rows"] == 50
    assert metrics["label_coverage"]["value"] == pytest.approx(50 / 60)


def test_labels_that_come_after_their_exchange_was_deleted_are_counted(store):
    """With the reason, in `labels` and in `doctor`."""
    ids = [
        modeltap.capture(model="m", request={"x": n}, response=n, store=store, analyze=False)
        for n in range(5)
    ]
    assert modeltap.flush(20)
    analyze(store, SETTINGS)
    with closing(connect(store)) as connection:
        connection.execute("delete from exchanges where id = ?", (ids[0],))
        connection.execute("delete from predictions where exchange_id = ?", (ids[0],))
    for id_ in ids:
        modeltap.label(id_, 1, store=store)
    rows = {row["model"]: row for row in lines(command("labels", "--store", store, "--json"))}
    assert rows["m"]["labelled"] == 4
    assert rows[None] == {"model": None, "unknown": 1, "expired": 1}
    shown = command("doctor", "--store", store, code=1)
    assert "`retention` deleted their exchange" in shown
