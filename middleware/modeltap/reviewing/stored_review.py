"""The review of a model in a store: its session, its questions, and single answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from modeltap import clock
from modeltap.errors import InputError, check_count
from modeltap.reviewing.review_session import Question, ReviewSession, store_answer
from modeltap.store.connection import connect
from modeltap.store.models import require_model
from modeltap.store.settings import SettingsReader


def open_session(
    connection: sqlite3.Connection,
    model: str,
    *,
    limit: int,
    random_fraction: float,
    since: str | None = None,
) -> ReviewSession:
    """Return a session about the rows of a model that are worth a label.

    Args:
        limit: the number of rows.
        random_fraction: the fraction of them that is drawn at random.
        since: the first event time; None for the newest 10,000 rows.

    Raises `InputError` if an argument is not valid, or if there is no row to ask about.
    """
    check_count(limit, "limit")
    if not isinstance(random_fraction, int | float) or not 0 <= random_fraction <= 1:
        raise InputError(
            f"random_fraction {random_fraction!r} is not valid; give a fraction between 0 and 1"
        )
    start = clock.stored_time(since)
    require_model(connection, model)
    return ReviewSession(
        connection,
        SettingsReader(connection).for_model(model),
        model,
        limit=limit,
        random_fraction=random_fraction,
        since=None if start is None else clock.parse(start),
    )


def questions_about(
    store: Path,
    model: str,
    *,
    limit: int,
    random_fraction: float,
    since: str | None = None,
) -> list[Question]:
    """Return the questions about a model; the arguments are those of `modeltap.review_queue`.

    Earlier answers that the random sample has reached count from now on.
    """
    with closing(connect(store, create=False)) as connection:
        session = open_session(
            connection, model, limit=limit, random_fraction=random_fraction, since=since
        )
        session.promote()
        return session.questions()


def keep_answer(store: Path, question: Question, value: object) -> None:
    """Store the answer to a question; None skips its row.

    Raises `InputError` if the value cannot be a label, or if the store has no such model.
    """
    if not isinstance(question, Question):
        raise InputError(f"{question!r} is not a question; pass one that review_queue() returned")
    with closing(connect(store, create=False)) as connection:
        require_model(connection, question.model)
        store_answer(connection, question.model, question.queued, value)
