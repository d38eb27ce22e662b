"""Calibration by outputs that people labelled, and the metrics of ratings."""

from __future__ import annotations

import json

import pytest

from modeltap.analysis.model.baseline import PassRate
from modeltap.config.evaluation.judge_settings import parse_judge
from modeltap.judge.judge_calibration import choice_of_label, judge_calibration
from modeltap.judge.judge_metrics import judge_metrics
from modeltap.store.connection import connect, writing
from modeltap.store.judge_answers import (
    JudgeAnswer,
    PeopleLabel,
    answers_about,
    newest_people_labels,
    record_answers,
)

JUDGE = parse_judge({"url": "http://x", "model": "m", "rubric": "r", "sample": 20})
THREE = parse_judge({"url": "http://x", "model": "m", "rubric": "r", "choices": ["1", "2", "3"]})


@pytest.mark.parametrize(
    ("value", "choice"),
    [("good", "good"), (" Bad ", "bad"), ("true", "good"), (1, "good"), (0.0, "bad"), ("x", None)],
)
def test_a_label_of_a_person_means_a_choice(value, choice):
    assert choice_of_label(value, JUDGE) == choice


def test_numbers_are_choices_of_their_own():
    assert choice_of_label(2, THREE) == "2" and choice_of_label("true", THREE) is None


def answer(number, choice, *, is_label=True, outcome="answered", listed=("good", "bad")):
    return JudgeAnswer(f"x{number}", 0, JUDGE.key, json.dumps(listed), choice, outcome, is_label)


def test_agreement_errors_and_order_are_of_rows_that_both_rated(store):
    connection = connect(store)
    with writing(connection):
        answers = [answer(n, "good" if n % 4 else "bad") for n in range(40)]
        answers += [answer(n, "bad", is_label=False, listed=("bad", "good")) for n in range(10)]
        answers.append(answer(90, None, outcome="unreadable"))
        record_answers(connection, "bot", answers)
    labels = [PeopleLabel(f"x{n}", 0, "good" if n % 2 else "bad") for n in range(40)]
    labels += [PeopleLabel("x90", 0, "good"), PeopleLabel("x91", 0, "fine")]
    own = judge_calibration(connection, JUDGE, labels)
    assert own.errors == (20, 20, 20, 10) and own.rows == 40 and own.foreign == 1
    assert own.agreement.kappa == pytest.approx(0.5)
    assert (own.order.rows, own.order.changed, own.order.first) == (10, 7, 7)
    metrics = {m.metric: m for m in judge_metrics(answers, JUDGE, own, None, 0.01)}
    assert metrics["judge_rate"].verdict == "no_reference"
    assert (metrics["judge_rate"].rows, metrics["judge_rate"].count) == (40, 30)
    assert metrics["judge_failed_rate"].count == 1
    assert "reply is none of the choices" in metrics["judge_failed_rate"].explanation
    assert "7 of these named the choice listed first" in (
        metrics["judge_order_change_rate"].explanation
    )
    assert metrics["judge_sensitivity"].value == 1 and metrics["judge_specificity"].value == 0.5
    before = PassRate(rows=100, passed=99)
    assert judge_metrics(answers, JUDGE, own, before, 0.01)[0].verdict == "alert"


def test_other_judges_answers_are_left_out(store):
    connection = connect(store)
    with writing(connection):
        record_answers(connection, "bot", [answer(1, "good")._replace(judge="other")])
    assert answers_about(connection, JUDGE.key, [("x1", 0)]) == []


def test_people_labels_are_the_last_ones_and_not_the_judges(store):
    connection = connect(store)
    with writing(connection):
        for id_, value, source in (
            ("a", "bad", "cli"),
            ("a", "good", "cli"),
            ("a", "bad", "judge"),
            ("b", "bad", "judge"),
            ("gone", "bad", "cli"),
        ):
            connection.execute(
                "insert into labels (exchange_id, row, value, source, received_at) "
                "values (?, 0, ?, ?, '')",
                (id_, value, source),
            )
        connection.executemany(
            "insert into exchanges (id, model, source, started_at) values (?, 'bot', 'asgi', '')",
            [("a",), ("b",)],
        )
    assert newest_people_labels(connection, "bot", 9) == [("a", 0, "good")]
    assert newest_people_labels(connection, "other", 9) == []
