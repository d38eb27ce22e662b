"""Ratings of a judge next to the labels of people: agreement, errors, effect of the order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.judge.agreement import Agreement, OrderEffect, cohens_kappa, order_effect
from modeltap.judge.corrected_rates import JudgeErrors
from modeltap.store.judge_answers import JudgeAnswer, OutputKey, PeopleLabel, answers_about

_YES, _NO = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")


@dataclass(frozen=True)
class JudgeCalibration:
    """A judge's agreement with people, its errors, and the effect of the order of choices.

    `foreign` counts labels of people that are none of the choices.
    """

    agreement: Agreement
    errors: JudgeErrors
    order: OrderEffect
    foreign: int = 0

    @property
    def rows(self) -> int:
        """The number of outputs that both rated."""
        return self.agreement.rows


def judge_calibration(
    connection: sqlite3.Connection, judge: JudgeSettings, labels: Sequence[PeopleLabel]
) -> JudgeCalibration:
    """Return the calibration of a judge by outputs that people labelled."""
    keys = [(label.exchange_id, label.row) for label in labels]
    answered = [a for a in answers_about(connection, judge.key, keys) if a.choice is not None]
    counted = {(a.exchange_id, a.row): a for a in answered if a.is_label}
    others = {(a.exchange_id, a.row): a for a in answered if not a.is_label}
    people = {
        (label.exchange_id, label.row): choice_of_label(label.value, judge) for label in labels
    }
    both = [key for key, choice in people.items() if choice is not None and key in counted]
    return JudgeCalibration(
        cohens_kappa(
            [str(people[key]) for key in both], [str(counted[key].choice) for key in both]
        ),
        _errors(both, people, counted, judge.positive_choice),
        order_effect([_pair(counted[key], others[key]) for key in counted if key in others]),
        sum(choice is None for choice in people.values()),
    )


def choice_of_label(value: object, judge: JudgeSettings) -> str | None:
    """Return the choice that a person's label means; None if it means none.

    A label is a choice in any case. With two choices, true, yes and 1 are the positive one, and
    false, no and 0 the other.

    >>> judge = JudgeSettings(url="http://x", model="m", rubric="r")
    >>> [choice_of_label(value, judge) for value in ("Good", "true", 0, "fine")]
    ['good', 'good', 'bad', None]
    """
    text = str(value).strip().casefold()
    for choice in judge.choices:
        if text == choice.strip().casefold():
            return choice
    if len(judge.choices) != 2:
        return None
    if text in _YES:
        return judge.positive_choice
    return next(c for c in judge.choices if c != judge.positive_choice) if text in _NO else None


def _errors(
    keys: Sequence[OutputKey],
    people: Mapping[OutputKey, str | None],
    counted: Mapping[OutputKey, JudgeAnswer],
    positive: str,
) -> JudgeErrors:
    pairs = [(people[key] == positive, counted[key].choice == positive) for key in keys]
    return JudgeErrors(
        positives=sum(person for person, _ in pairs),
        hits=sum(person and own for person, own in pairs),
        negatives=sum(not person for person, _ in pairs),
        rejections=sum(not person and not own for person, own in pairs),
    )


def _pair(answer: JudgeAnswer, other: JudgeAnswer) -> tuple[str, str, str]:
    first = json.loads(answer.listed)[0]
    return first, str(answer.choice), str(other.choice)
