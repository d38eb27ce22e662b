"""Answers as labels: numbers, classes and texts, and mistakes with their reason."""

from __future__ import annotations

import pytest

from modeltap.errors import InputError
from modeltap.reviewing.answer_form import AnswerForm, answer_form


@pytest.mark.parametrize(
    ("values", "task", "form"),
    [
        (["yes", "no", None, "yes"], None, AnswerForm(classes=("no", "yes"))),
        ([0, 1, 1], None, AnswerForm(classes=(0, 1))),
        ([0.0, 1.0], None, AnswerForm(classes=(0.0, 1.0))),
        ([0, 1, 1], "regression", AnswerForm(is_number=True)),
        ([1.5, 2.0], None, AnswerForm(is_number=True)),
        (range(40), None, AnswerForm(is_number=True)),
        (range(40), "classification", AnswerForm()),
        ([f"text {number}" for number in range(40)], None, AnswerForm()),
        ([], None, AnswerForm()),
    ],
)
def test_the_form_is_that_of_predictions_and_labels(values, task, form):
    assert answer_form(values, task) == form
    assert form.hint


@pytest.mark.parametrize(
    ("form", "answer", "label"),
    [
        (AnswerForm(is_number=True), " 12.5 ", 12.5),
        (AnswerForm(is_number=True), "-3", -3),
        (AnswerForm(classes=("no", "yes")), "Yes", "yes"),
        (AnswerForm(classes=(0, 1)), "1", 1),
        (AnswerForm(classes=("no", "yes")), "+ maybe", "maybe"),
        (AnswerForm(), "Any text.", "Any text."),
    ],
)
def test_an_answer_becomes_a_label(form, answer, label):
    assert form.label(answer) == label


@pytest.mark.parametrize(
    ("form", "answer", "reason"),
    [
        (AnswerForm(is_number=True), "twelve", "'twelve' is not a number"),
        (AnswerForm(is_number=True), "1,5 h", "is not a number"),
        (AnswerForm(classes=("late", "on time")), "lte", "did you mean 'late'"),
        (AnswerForm(classes=("no", "yes")), "+", "A new class begins with"),
        (AnswerForm(classes=(0, 1)), "2", "'2' is none of the classes"),
    ],
)
def test_an_answer_of_another_type_is_refused(form, answer, reason):
    with pytest.raises(InputError) as caught:
        form.label(answer)
    assert reason in str(caught.value) and "\n" not in str(caught.value)
