"""A desk for several reviewers at once: each is asked about another row.

The desk keeps the queues of its process in memory, as a queue takes seconds to make. Claims are in
the store, so that other processes, such as `modeltap review`, know them.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from modeltap import clock
from modeltap.errors import InputError
from modeltap.reviewing.answer_form import AnswerForm
from modeltap.reviewing.review_queue import QueuedRow
from modeltap.reviewing.review_session import add_answer, features_of, form_of
from modeltap.reviewing.row_claim import new_claim
from modeltap.reviewing.stored_review import open_session
from modeltap.store.connection import writing
from modeltap.store.labels import Label, insert_labels
from modeltap.store.review_claims import (
    ReviewClaim,
    StoredReview,
    claim_with,
    delete_review,
    drop_claims,
    release_claim,
    review_of,
    reviewable_row,
    take_claim,
)
from modeltap.store.reviews import ANSWERED
from modeltap.store.settings import SettingsReader

_QUEUED = 50
"""Rows of a queue: more would wait for hours, while better reasons appear."""


@dataclass(frozen=True)
class ClaimedQuestion:
    """A claimed row with its features, and the form of its answer."""

    claim: ReviewClaim
    queued: QueuedRow
    features: dict[str, Any]
    form: AnswerForm


@dataclass
class _Queue:
    rows: list[QueuedRow]
    form: AnswerForm
    random_fraction: float


class ReviewDesk:
    """Hands out rows to reviewers, and stores their answers."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}
        self._lock = threading.Lock()

    def next_claim(
        self, connection: sqlite3.Connection, model: str, random_fraction: float = 0.5
    ) -> ReviewClaim:
        """Claim the next row of a model for ten minutes.

        Raises:
            InputError: if there is no row to ask about.
        """
        with self._lock:
            queue = self._queues.get(model)
            if queue is not None and queue.random_fraction == random_fraction:
                claim = self._claim_of(connection, model, queue)
                if claim is not None:
                    return claim
            queue = self._made(connection, model, random_fraction)
            claim = self._claim_of(connection, model, queue)
        if claim is None:
            raise InputError(f"others are being asked about the last rows of {model}")
        return claim

    def question(self, connection: sqlite3.Connection, claim: str, model: str) -> ClaimedQuestion:
        """Return the question of a claim.

        Raises:
            InputError: if the row was reviewed meanwhile, or is no longer stored.
        """
        own = _known(connection, claim, model)
        row = reviewable_row(connection, own.exchange_id, own.row)
        settings = SettingsReader(connection).for_model(model)
        features = features_of(connection, settings, [] if row is None else [row])
        if row is None or row.key not in features:
            raise InputError(f"row {own.row} of exchange {own.exchange_id} is no longer stored")
        queued = QueuedRow(row, own.reason, own.probability)
        return ClaimedQuestion(own, queued, features[row.key], self._form(connection, model))

    def answer(
        self,
        connection: sqlite3.Connection,
        claim: str,
        model: str,
        text: str = "",
        choice: str = "",
    ) -> ReviewClaim:
        """Store the answer to a claimed question; an empty one skips the row.

        Args:
            text: the answer as it was typed.
            choice: the key of a class, instead of a text.

        Raises:
            InputError: if the answer is not of the model's type, or the claim is not valid.
        """
        form = self._form(connection, model)
        # In one transaction: of two answers to a claim at the same time, one is refused.
        with writing(connection):
            own = _known(connection, claim, model)
            given = choice or text.strip()
            value = (form.class_with(choice) if choice else form.label(text)) if given else None
            row = reviewable_row(connection, own.exchange_id, own.row)
            if row is None:
                raise InputError(f"row {own.row} of exchange {own.exchange_id} is no longer stored")
            add_answer(connection, model, QueuedRow(row, own.reason, own.probability), value)
        self._note_class(model, value)
        return own

    def undo(
        self, connection: sqlite3.Connection, model: str, exchange_id: str, row: int
    ) -> ReviewClaim:
        """Take a review back, with its label, and claim the row again.

        Raises:
            InputError: if the row was not reviewed.
        """
        with writing(connection):
            review = review_of(connection, exchange_id, row)
            if review is None or review.model != model:
                raise InputError(f"row {row} of exchange {exchange_id!r} was not reviewed")
            if review.state == ANSWERED:
                _withdraw(connection, review)
            delete_review(connection, exchange_id, row)
            claim = new_claim(
                review.exchange_id, review.row, model, review.reason, review.probability
            )
            release_claim(connection, exchange_id, row)
            take_claim(connection, claim, clock.now())
        return claim

    def leave(self, connection: sqlite3.Connection, claim: str) -> None:
        """Release a claimed row, so that others are asked about it."""
        with writing(connection):
            own = claim_with(connection, claim)
            if own is not None:
                release_claim(connection, own.exchange_id, own.row)

    def waiting(self, model: str) -> int:
        """Return the number of rows in a model's queue, claimed ones included."""
        queue = self._queues.get(model)
        return 0 if queue is None else len(queue.rows)

    def _form(self, connection: sqlite3.Connection, model: str) -> AnswerForm:
        with self._lock:
            queue = self._queues.get(model)
        # After a restart of this process claims have no queue.
        if queue is not None:
            return queue.form
        settings = SettingsReader(connection).for_model(model)
        return form_of(connection, settings, model)

    def _note_class(self, model: str, value: Any) -> None:
        """Offer a new class for the next rows, too."""
        with self._lock:
            queue = self._queues.get(model)
            if value is None or queue is None or not queue.form.classes:
                return
            if value not in queue.form.classes:
                queue.form = replace(queue.form, classes=(*queue.form.classes, value))

    def _made(self, connection: sqlite3.Connection, model: str, random_fraction: float) -> _Queue:
        session = open_session(connection, model, limit=_QUEUED, random_fraction=random_fraction)
        session.promote()
        queue = _Queue(list(session.queue.rows), session.form, random_fraction)
        self._queues[model] = queue
        return queue

    def _claim_of(
        self, connection: sqlite3.Connection, model: str, queue: _Queue
    ) -> ReviewClaim | None:
        """Claim the first row of a queue that is free; remove it from the queue."""
        now = clock.now()
        with writing(connection):
            drop_claims(connection, clock.iso(time.time() - clock.DAY))
            for place, claim in _claims(queue, model):
                is_stored = reviewable_row(connection, claim.exchange_id, claim.row) is not None
                if is_stored and take_claim(connection, claim, now):
                    del queue.rows[place]
                    return claim
        return None


def _claims(queue: _Queue, model: str) -> Iterator[tuple[int, ReviewClaim]]:
    for place, queued in enumerate(queue.rows):
        yield place, new_claim(*queued.row.key, model, queued.reason, queued.probability)


def _known(connection: sqlite3.Connection, claim: str, model: str) -> ReviewClaim:
    own = claim_with(connection, claim)
    if own is None or own.model != model:
        raise InputError("this question was answered, or given to somebody else; take the next one")
    return own


def _withdraw(connection: sqlite3.Connection, review: StoredReview) -> None:
    """Add a label without a value: the last one of a row counts."""
    label = Label(review.exchange_id, review.row, None, labelled_at=clock.now())
    insert_labels(connection, [label], source=review.source, model=review.model)
