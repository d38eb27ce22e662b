"""Predictions and labels in one form, or an example of each side if they differ."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from modeltap.analysis.performance.paired import KnownClasses, pair_up
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.errors import InputError

ROWS = 120

YES_AND_NO = [(True, False), (1, 0), ("1", "0"), ("true", "false"), ("Yes", "No"), (1.0, 0.0)]
OTHERS = [("spam", "ham"), ("cat", "dog"), ("b", "a")]
SCORES = [(0.93, 0.12), ("0.93", "0.12"), (0.51, 0.0), (1, 0.25)]
LONG = "x" * 5000


def rows(values):
    return [values[n % 3 == 0] for n in range(ROWS)]


@pytest.mark.parametrize(("scores", "labels"), [*itertools.product(SCORES, YES_AND_NO)], ids=repr)
def test_numbers_from_0_to_1_against_yes_and_no_are_scores(scores, labels):
    result = pair_up(rows(scores), rows(labels))
    assert result.mismatch is None and result.task == "classification"
    assert result.scores.tolist() == [float(score) for score in rows(scores)]
    assert result.positive.tolist() == [n % 3 != 0 for n in range(ROWS)]
    assert (result.predictions == result.labels).all()


@pytest.mark.parametrize(("scores", "labels"), [*itertools.product(SCORES, OTHERS)], ids=repr)
def test_the_setting_positive_chooses_among_other_classes(scores, labels):
    unknown = pair_up(rows(scores), rows(labels)).mismatch
    assert unknown.prediction in map(repr, scores) or unknown.prediction in map(str, scores)
    assert unknown.label in map(repr, labels) and "set positive" in unknown.reason
    for positive in (labels[0], labels[0].upper()):
        result = pair_up(rows(scores), rows(labels), form=LabelForm(positive))
        assert result.mismatch is None
        assert result.positive.tolist() == [n % 3 != 0 for n in range(ROWS)]
    wrong = pair_up(rows(scores), rows(labels), form=LabelForm("absent")).mismatch
    assert "positive = 'absent'" in wrong.reason


def test_positive_may_be_the_class_that_means_no():
    result = pair_up(rows((0.1, 0.9)), rows((1, 0)), form=LabelForm(0))
    assert result.positive.tolist() == [n % 3 == 0 for n in range(ROWS)]
    for positive in (True, "true", 1, "yes", "1"):
        assert pair_up(rows((0.9, 0.1)), rows((1, 0)), form=LabelForm(positive)).positive[1]


def test_a_declared_positive_class_stands_against_all_others():
    labels = ["fraud", "ok", "error"] * 40
    assert pair_up([0.9, 0.1, 0.2] * 40, labels).mismatch.reason.endswith("have 3 classes")
    result = pair_up([0.9, 0.1, 0.2] * 40, labels, form=LabelForm("fraud"))
    assert set(result.labels) == set(result.predictions) == {"fraud", "not fraud"}


def test_the_decision_threshold_makes_classes_of_scores():
    scores = np.linspace(0, 1, 101)
    result = pair_up(scores, scores > 0.5, form=LabelForm(None, 0.2))
    assert (result.predictions == "true").tolist() == (scores >= 0.2).tolist()


def test_a_window_of_one_class_has_the_names_of_both():
    result = pair_up(rows((0.9, 0.1)), ["no"] * ROWS)
    assert set(result.predictions) == {"1", "no"} and not result.positive.any()
    fraud = pair_up(rows((0.9, 0.1)), ["ok"] * ROWS, form=LabelForm("fraud"))
    assert set(fraud.predictions) == {"fraud", "ok"}


def test_zeros_and_ones_alone_are_classes_unless_the_reference_has_scores():
    assert pair_up(rows((1, 0)), rows((1, 0))).scores is None
    known = KnownClasses(frozenset("10"), frozenset("10"), scored=True)
    assert pair_up(rows((1, 0)), rows((1, 0)), known=known).scores is not None


@pytest.mark.parametrize(
    ("predictions", "labels"),
    [
        *itertools.product(OTHERS, YES_AND_NO),
        *itertools.product(YES_AND_NO, OTHERS),
        (OTHERS[0], OTHERS[1]),
        ((1, 0), (1, -1)),
        ((1, 2), (1, 0)),
        (("LABEL_1", "LABEL_0"), (1, 0)),
        (("yes", "no"), (2, 1)),
        ((93.5, 12.25), (1, 0)),
        (('{"price": 1, "risk": 3}', '{"price": 2, "risk": 3}'), (1, 0)),
        (("cheap", "dear"), (12.5, 99.0)),
        ((0.9, 0.1), ("cat", "dog")),
        (([1], [2]), ("a", "b")),
    ],
    ids=repr,
)
def test_incomparable_values_of_each_side_are_quoted(predictions, labels):
    result = pair_up(rows(predictions), rows(labels)).mismatch
    assert result.prediction in map(repr, predictions)
    assert result.label in map(repr, labels)
    assert result.reason


@pytest.mark.parametrize("labels", YES_AND_NO, ids=repr)
@pytest.mark.parametrize("unit", [1, 1.5, -0.25], ids=["percents", "decimals", "logits"])
def test_numbers_beyond_1_are_not_scores_of_yes_and_no(unit, labels):
    result = pair_up([unit * (n % 101) for n in range(ROWS)], rows(labels)).mismatch
    assert result.reason == "predictions are not between 0 and 1"
    assert result.label in map(repr, labels)


def test_scores_may_exceed_0_to_1_by_rounding():
    assert pair_up([1.0000001, 0.2], [1, 0]).scores.tolist() == [1.0, 0.2]


def test_a_few_rows_in_the_other_form_change_nothing():
    result = pair_up(rows(("spam", "ham")), [1, 0] * 58 + ["spam"] * 4).mismatch
    assert result is not None and result.label in ("0", "1")


def test_a_document_is_not_quoted():
    assert pair_up([LONG] * ROWS, rows((1, 0))).mismatch.prediction == "a text of 5,000 characters"


@pytest.mark.parametrize("predicted", [{"a", "b"}, {"a"}])
def test_wrong_predictions_of_known_classes_are_errors_and_not_a_mismatch(predicted):
    outputs = sorted(predicted) * (ROWS // len(predicted))
    known = KnownClasses(frozenset("abc"), frozenset("abc"))
    assert pair_up(outputs, ["c"] * ROWS).mismatch is not None
    assert pair_up(outputs, ["c"] * ROWS, known=known).mismatch is None
    assert pair_up(outputs, ["c"] * ROWS, known=KnownClasses()).mismatch is None


def test_labels_in_another_form_than_the_references_are_not_compared():
    known = KnownClasses(frozenset(("spam", "ham")), frozenset(("spam", "ham")))
    assert pair_up(rows(("spam", "ham")), rows((1, 0)), known=known).mismatch is not None


def test_numbers_as_texts_are_numbers():
    result = pair_up([1.5, 2.5, 30.0], ["1.5", "2.0", "31"])
    assert result.task == "regression" and result.mismatch is None
    assert (result.predictions - result.labels).tolist() == [0.0, 0.5, -1.0]


def test_rows_without_one_of_both_are_left_out_of_the_places():
    result = pair_up([1, None, 0, 1, float("nan")], [1, 1, None, 0, 1])
    assert result.places.tolist() == [0, 3] and result.take(np.array([1])).labels.tolist() == ["0"]
    assert pair_up([], []).rows == pair_up([None], ["a"]).rows == 0


@pytest.mark.parametrize("values", [np.ones((5, 1)), np.ones((1, 5))])
def test_two_dimensions_are_an_error(values):
    with pytest.raises(InputError, match="give one dimension"):
        pair_up(values, np.ones(5))


DOCS = (Path(__file__).parents[3] / "docs/labels.md").read_text()
FORMS = re.findall(r"^\| (`.+?`) \| (`.+?`) \| (.+?) \|$", DOCS, re.M)


def values(cell):
    return [json.loads(value) for value in re.findall("`(.+?)`", cell)]


@pytest.mark.parametrize(("predictions", "labels", "expected"), FORMS, ids=repr)
def test_each_documented_form_is_compared_as_documented(predictions, labels, expected):
    positive = re.search(r'positive = "(\w+)"', expected)
    form = LabelForm(positive and positive[1])
    outputs, true = values(predictions), values(labels)
    result = pair_up(outputs * 60, true * (120 // len(true)), form=form)
    kind = "numbers" if result.task == "regression" else "classes"
    kind = kind if result.scores is None else "scores"
    assert expected.strip("`").startswith(kind if result.mismatch is None else "not_comparable")


def test_the_docs_list_forms():
    assert len(FORMS) == 9
