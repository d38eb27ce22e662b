"""The outputs that a judge rates: those that people labelled, and samples of windows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from modeltap.analysis.counting.sample import choose
from modeltap.analysis.evaluators.evaluated_outputs import evaluated_outputs
from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.judge.judge_calls import TRANSIENT
from modeltap.judge.judge_questions import JudgeQuestion, questions_about
from modeltap.payload import EvaluatedOutput
from modeltap.store.judge_answers import JudgeAnswer, OutputKey, answers_about
from modeltap.store.stored_exchanges import exchanges_by_id

_MOST_ATTEMPTS = 3
"""Runs that ask about an output again after failures of the server."""


def sampled_keys(keys: Sequence[OutputKey], limit: int) -> list[OutputKey]:
    """Return at most `limit` of some outputs, the same in any order and each time.

    >>> sampled_keys([("a", 0), ("b", 0)], 5)
    [('a', 0), ('b', 0)]
    """
    return [keys[place] for place in choose(keys, limit)]


def stored_outputs(
    connection: sqlite3.Connection, settings: Settings, keys: Sequence[OutputKey]
) -> dict[OutputKey, EvaluatedOutput]:
    """Return the outputs with these keys whose exchanges are in the store and have an output."""
    exchanges = exchanges_by_id(connection, dict.fromkeys(id_ for id_, _ in keys))
    batch = read(exchanges, settings, Decoders(), connection)
    wanted = set(keys)
    outputs = {(own.id, own.row): own for own in evaluated_outputs(batch)}
    return {key: own for key, own in outputs.items() if key in wanted and own.output is not None}


def open_questions(
    connection: sqlite3.Connection,
    settings: Settings,
    judge: JudgeSettings,
    keys: Sequence[OutputKey],
    *,
    both_orders: bool = False,
) -> list[JudgeQuestion]:
    """Return the questions about outputs that this judge has not settled, in the order of keys."""
    if not keys:
        return []
    known: dict[tuple[OutputKey, bool], list[JudgeAnswer]] = {}
    for answer in answers_about(connection, judge.key, keys):
        known.setdefault(((answer.exchange_id, answer.row), answer.is_label), []).append(answer)
    orders = (True, False) if both_orders else (True,)
    missing = [key for key in keys if any(not _is_settled(known.get((key, o), [])) for o in orders)]
    outputs = stored_outputs(connection, settings, missing)
    return [
        question
        for key in missing
        if key in outputs
        for question in questions_about(outputs[key], judge.choices, both_orders=both_orders)
        if not _is_settled(known.get((key, question.is_label), []))
    ]


def _is_settled(answers: Sequence[JudgeAnswer]) -> bool:
    """Return whether no further call may change the rating."""
    final = any(answer.outcome not in (*TRANSIENT, "not_json", "unexpected") for answer in answers)
    return final or len(answers) >= _MOST_ATTEMPTS
