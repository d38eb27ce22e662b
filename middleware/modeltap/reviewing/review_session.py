"""The queue of a model in a store, the answers, and what they count for."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modeltap import clock
from modeltap.analysis.slices.error_rows import ErrorRows, with_columns
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.errors import InputError
from modeltap.reviewing.answer_form import AnswerForm, answer_form
from modeltap.reviewing.review_queue import RANDOM, QueuedRow, RowPlace, queue_of
from modeltap.reviewing.review_reasons import reasons_of
from modeltap.reviewing.row_claim import claim_queued
from modeltap.store.connection import writing
from modeltap.store.label_sources import CHOSEN, REVIEW
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.labels import Label, insert_labels
from modeltap.store.predictions import newest_labelled
from modeltap.store.review_claims import release_claim, review_of
from modeltap.store.reviews import (
    ANSWERED,
    SKIPPED_ROW,
    ReviewableRow,
    record_review,
    reviewable_rows,
)

_POPULATION = 10_000
"""The newest rows of a model that a queue is made of."""

_LABELS = 1000
"""Labelled rows that are read for the classes."""


@dataclass(frozen=True)
class Question:
    """A row of a model to ask about, with the features that a person sees."""

    model: str
    queued: QueuedRow
    features: Mapping[str, Any]

    @property
    def row(self) -> ReviewableRow:
        """The row."""
        return self.queued.row

    def document(self) -> dict[str, Any]:
        """Return the question as one JSON object."""
        return {
            "id": self.row.exchange_id,
            "row": self.row.row,
            "event_time": self.row.event_time,
            "reason": self.queued.reason,
            "probability": self.queued.probability,
            "prediction": self.row.prediction,
            "score": self.row.score,
            "features": dict(self.features),
        }


def store_answer(
    connection: sqlite3.Connection, model: str, queued: QueuedRow, value: object
) -> None:
    """Store an answer as a label with the source of its row; None records a skipped row.

    Raises `InputError` if the value cannot be a label.
    """
    with writing(connection):
        add_answer(connection, model, queued, value)


def add_answer(
    connection: sqlite3.Connection, model: str, queued: QueuedRow, value: object
) -> None:
    """Store an answer as `store_answer` does, inside the caller's transaction."""
    id_, number = queued.row.key
    if value is not None:
        source = REVIEW if queued.reason == RANDOM else CHOSEN
        own = Label(id_, number, value, labelled_at=clock.now())
        insert_labels(connection, [own], source=source, model=model)
    record_review(
        connection,
        model,
        id_,
        number,
        reason=queued.reason,
        probability=queued.probability,
        state=SKIPPED_ROW if value is None else ANSWERED,
    )
    release_claim(connection, id_, number)


def features_of(
    connection: sqlite3.Connection, settings: Settings, rows: Sequence[ReviewableRow]
) -> dict[RowPlace, dict[str, Any]]:
    """Return the features of rows by their places; those no longer stored are left out."""
    stored = [
        LabelledPrediction(row.prediction, None, row.event_time, row.score, *row.key)
        for row in rows
    ]
    blank = [None] * len(stored)
    own = with_columns(connection, ErrorRows(stored, np.zeros(len(stored)), blank, blank), settings)
    inputs = {name: column for name, column in own.columns.items() if not is_output(name)}
    return {
        key: {name: column[at] for name, column in inputs.items() if column[at] is not None}
        for at, key in enumerate(own.keys)
    }


class ReviewSession:
    """Questions about a model's rows, and their answers, each stored at once.

    Raises `InputError` if there is no row to ask about.

    Args:
        since: the first event time (Unix seconds); None for the newest 10,000 rows.
        random_fraction: the part of the queue that is drawn at random.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        settings: Settings,
        model: str,
        *,
        limit: int,
        random_fraction: float,
        since: float | None = None,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self.model = model
        start = "" if since is None else clock.iso(since)
        rows = reviewable_rows(connection, model, start, _POPULATION)
        single = [row for row in rows if not _is_several(row.prediction)]
        _check(model, rows, single)
        reasons = reasons_of(connection, settings, model, single, rows[-1].event_time)
        self.queue = queue_of(single, reasons, limit=limit, random_fraction=random_fraction)
        self.form = form_of(connection, settings, model, single)

    def questions(self) -> list[Question]:
        """Return the questions in order; rows whose exchange is no longer stored are left out."""
        rows = [queued.row for queued in self.queue.rows]
        columns = features_of(self._connection, self._settings, rows)
        return [
            Question(self.model, queued, columns[queued.row.key])
            for queued in self.queue.rows
            if queued.row.key in columns
        ]

    def promote(self) -> int:
        """Count answers that the random sample has reached as drawn; return their number."""
        with writing(self._connection):
            return sum(map(self._promoted, self.queue.promoted))

    def _promoted(self, queued: QueuedRow) -> bool:
        """Count one such row as drawn; return True if it has an answer.

        Since the queue was made, its review may have been taken back, or another queue may have
        promoted it.
        """
        review = review_of(self._connection, *queued.row.key)
        if review is None or review.reason == RANDOM:
            return False
        add_answer(self._connection, self.model, queued, review.label)
        return review.label is not None

    def answer(self, queued: QueuedRow, text: str) -> Any:
        """Store an answer as a label; return the label.

        Raises `InputError` with the reason if the answer is not of the model's type.
        """
        value = self.form.label(text)
        store_answer(self._connection, self.model, queued, value)
        return value

    def skip(self, queued: QueuedRow) -> None:
        """Record that a row has no answer; it is not asked about again."""
        store_answer(self._connection, self.model, queued, None)

    def claim(self, queued: QueuedRow) -> bool:
        """Claim a row before it is asked about; False if somebody else has it, or answered."""
        return claim_queued(self._connection, self.model, queued)

    def release(self, queued: QueuedRow) -> None:
        """Return a claimed row to the queue without an answer."""
        with writing(self._connection):
            release_claim(self._connection, *queued.row.key)


def form_of(
    connection: sqlite3.Connection,
    settings: Settings,
    model: str,
    rows: Sequence[ReviewableRow] | None = None,
) -> AnswerForm:
    """Return the form of a model's labels, from its newest rows if none are given."""
    if rows is None:
        rows = reviewable_rows(connection, model, "", _POPULATION)
        rows = [row for row in rows if not _is_several(row.prediction)]
    values = [row.prediction for row in rows]
    for version in {row.version for row in rows}:
        labelled = newest_labelled(connection, model, version, _LABELS, _POPULATION)
        values += [row.label for row in labelled]
    return answer_form(values, settings.task)


def _is_several(prediction: Any) -> bool:
    """Return True for JSON of several outputs or of a list, which a person cannot type."""
    return isinstance(prediction, str) and prediction.lstrip().startswith(("{", "["))


def _check(model: str, rows: Sequence[ReviewableRow], single: Sequence[ReviewableRow]) -> None:
    if not rows:
        raise InputError(
            f"{model} has no analysed rows to review; run `modeltap analyze`, or change --since"
        )
    if not single:
        raise InputError(
            f"the predictions of {model} have several outputs; send labels with "
            "`modeltap label import`"
        )
    if all(row.is_labelled or row.reason is not None for row in single):
        raise InputError(f"each recent row of {model} has a label or was reviewed already")
