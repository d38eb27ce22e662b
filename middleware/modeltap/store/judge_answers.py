"""Answers of a judge about single outputs, and the labels of the source `judge` made of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from modeltap.clock import now
from modeltap.store.label_sources import JUDGE, OF_TRUTH
from modeltap.store.predictions import StoredRow

OutputKey = tuple[str, int]
"""The exchange id and the row of an output."""


class JudgeAnswer(NamedTuple):
    """One call of a judge about an output.

    Args:
        listed: the choices in the order in which they were listed, as JSON.
        choice: the choice, None if the call failed.
        outcome: `answered`, or the reason of the failure.
        is_label: whether it is the answer that counts; others measure the effect of the order.
    """

    exchange_id: str
    row: int
    judge: str
    listed: str
    choice: str | None
    outcome: str
    is_label: bool


_COLUMNS = ", ".join(JudgeAnswer._fields)


def record_answers(
    connection: sqlite3.Connection, model: str, answers: Iterable[JudgeAnswer]
) -> None:
    """Insert answers, and labels of those that count, inside the caller's transaction."""
    for answer in answers:
        connection.execute(
            f"insert into judge_answers (model, {_COLUMNS}, at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (model, *answer, now()),
        )
        if answer.is_label and answer.choice is not None:
            connection.execute(
                "insert into labels (exchange_id, row, value, source, model, received_at) "
                "values (?, ?, ?, ?, ?, ?)",
                (answer.exchange_id, answer.row, answer.choice, JUDGE, model, now()),
            )


def answers_about(
    connection: sqlite3.Connection, judge: str, keys: Sequence[OutputKey]
) -> list[JudgeAnswer]:
    """Return all answers of a judge about some outputs, in order."""
    ids = json.dumps(list(dict.fromkeys(exchange_id for exchange_id, _ in keys)))
    rows = connection.execute(
        f"select {_COLUMNS} from judge_answers where judge = ? "
        "and exchange_id in (select value from json_each(?)) order by seq",
        (judge, ids),
    )
    wanted = set(keys)
    answers = [JudgeAnswer(*row) for row in rows]
    return [answer for answer in answers if (answer.exchange_id, answer.row) in wanted]


class PeopleLabel(NamedTuple):
    """The last label of a row that did not come from a judge."""

    exchange_id: str
    row: int
    value: object


def newest_people_labels(
    connection: sqlite3.Connection, model: str, limit: int
) -> list[PeopleLabel]:
    """Return the last labels of the last `limit` labelled rows of a model, the newest first."""
    rows = connection.execute(
        "select l.exchange_id, l.row, l.value from labels l where l.seq in "
        f"(select max(l.seq) from labels l where {OF_TRUTH} group by l.exchange_id, l.row) "
        "and exists (select 1 from exchanges x where x.id = l.exchange_id and x.model = ?) "
        "and l.value is not null order by l.seq desc limit ?",
        (model, limit),
    )
    return [PeopleLabel(*row) for row in rows]


def newest_outputs(connection: sqlite3.Connection, model: str, limit: int) -> list[StoredRow]:
    """Return the newest predicted rows of a model."""
    rows = connection.execute(
        "select exchange_id, row, ifnull(event_time, ''), seq from predictions "
        "where model = ? and candidate = '' and prediction is not null "
        "order by seq desc, row desc limit ?",
        (model, limit),
    )
    return [StoredRow(*row) for row in rows]
