"""Decodes the challenger's responses like any other exchange, and stores its predictions."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from modeltap import clock
from modeltap.config.windows import Window
from modeltap.decoding.batches import read
from modeltap.decoding.candidate_predictions import predictions_by_exchange
from modeltap.decoding.decoders import Decoders
from modeltap.privacy.headers import HeaderFilter
from modeltap.shadowing.challenger import ChallengerAnswer
from modeltap.store import damage
from modeltap.store.candidates import (
    CandidatePrediction,
    CandidateRequest,
    insert_candidate_predictions,
    insert_requests,
)
from modeltap.store.connection import connect, writing
from modeltap.store.shadow_counts import ShadowCount, add_shadow_counts
from modeltap.store.stored_exchanges import StoredExchange
from modeltap.writer.records import Origin
from modeltap.writer.row_masker import RowMasker
from modeltap.writer.shadow_feed import ChosenModel
from modeltap.writer.shadow_outcomes import KEPT, NO_PREDICTION, UNUSABLE_STORE

_HOUR = Window("seconds", 3600)

_REOPEN_SECONDS = 5.0
"""The retry interval for an unusable store."""

_MAX_ERROR = 200
"""The longest stored reason, because a response's format may be named in it."""


class DecodedAnswer(NamedTuple):
    """An answer with its predictions, and its row in `candidate_requests`."""

    answer: ChallengerAnswer
    outcome: str
    request: CandidateRequest
    predictions: list[CandidatePrediction]


class AnswerKeeper:
    """Decodes and stores answers, in a thread of its own; counts outcomes.

    Args:
        store: the store of the app.
        origins: the taps whose records are sent, by number; grows while the app runs.
        count: receives the outcome of each answer.
    """

    def __init__(
        self, store: Path, origins: Sequence[Origin], count: Callable[[str, int], None]
    ) -> None:
        self._store = store
        self._origins = origins
        self._count = count
        self._decoders = Decoders()
        self._maskers: dict[int, RowMasker] = {}
        self._filters: dict[int, HeaderFilter] = {}
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._retry_at = 0.0
        self._lock = threading.Lock()
        self._unwritten: Counter[tuple[ChosenModel, str]] = Counter()

    def add(self, of: ChosenModel, outcome: str, count: int) -> None:
        """Count requests, to be written with the next answers."""
        with self._lock:
            self._unwritten[of, outcome] += count

    def write(self, answers: Sequence[ChallengerAnswer]) -> None:
        """Store the predictions of `answers`, and all counts, in one transaction."""
        decoded = list(self._decoded(answers))
        outcomes: Counter[tuple[ChosenModel, str]] = Counter(
            (own.answer.of, own.outcome) for own in decoded
        )
        waiting = self._taken()
        try:
            self._write_once(decoded, waiting + outcomes)
        except Exception:
            # A locked store was waited for; the next answers find out whether it is usable again.
            self._close()
            self._retry_at = time.monotonic() + _REOPEN_SECONDS
            outcomes = Counter()
            for own in decoded:
                outcomes[own.answer.of, UNUSABLE_STORE] += 1
            with self._lock:
                self._unwritten.update(waiting + outcomes)
        for (_, outcome), number in outcomes.items():
            self._count(outcome, number)

    @property
    def has_counts(self) -> bool:
        """True if there are counts that are not in the store."""
        return bool(self._unwritten)

    def _taken(self) -> Counter[tuple[ChosenModel, str]]:
        with self._lock:
            taken, self._unwritten = self._unwritten, Counter()
        return taken

    def _write_once(
        self, decoded: Sequence[DecodedAnswer], counts: Counter[tuple[ChosenModel, str]]
    ) -> None:
        connection = self._open()
        hour = clock.iso(_HOUR.start(time.time()))
        with writing(connection):
            for of in dict.fromkeys(own.answer.of for own in decoded):
                own_answers = [own for own in decoded if own.answer.of == of]
                insert_requests(
                    connection,
                    of.model,
                    of.candidate,
                    [own.request for own in own_answers],
                    source="shadow",
                )
                insert_candidate_predictions(
                    connection,
                    of.model,
                    of.candidate,
                    [row for own in own_answers for row in own.predictions],
                )
            add_shadow_counts(
                connection,
                [
                    ShadowCount(*of, hour=hour, outcome=outcome, requests=count)
                    for (of, outcome), count in counts.items()
                ],
            )

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and damage.inode(self._store) != self._inode:
            self._close()
        if self._connection is None:
            if time.monotonic() < self._retry_at:
                raise sqlite3.OperationalError("the store was unusable a moment ago")
            self._connection = connect(self._store, create=False, log=_ignore)
            self._inode = damage.inode(self._store)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _decoded(self, answers: Sequence[ChallengerAnswer]) -> Iterator[DecodedAnswer]:
        """Yield the answers with their predictions; a failed request has none."""
        groups: dict[tuple[int, str], list[ChallengerAnswer]] = {}
        for answer in answers:
            if answer.response.reason is not None:
                detail = answer.response.detail or answer.response.reason
                yield _without_predictions(answer, answer.response.reason, detail)
            else:
                groups.setdefault((answer.record.origin, answer.record.model), []).append(answer)
        for (origin, model), similar in groups.items():
            try:
                yield from self._decoded_group(origin, model, similar)
            except Exception as error:  # a body must not end the process
                for answer in similar:
                    yield _without_predictions(answer, NO_PREDICTION, type(error).__name__)

    def _decoded_group(
        self, origin: int, model: str, answers: Sequence[ChallengerAnswer]
    ) -> list[DecodedAnswer]:
        settings = self._origins[origin].settings.for_model(model)
        exchanges = [
            self._exchange(origin, seq, answer) for seq, answer in enumerate(answers, start=1)
        ]
        batch = read(exchanges, settings, self._decoders)
        rows = predictions_by_exchange(batch)
        decoded = []
        for exchange, answer in zip(exchanges, answers, strict=True):
            predictions = rows.get(exchange.id, [])
            if predictions:
                request = _request(answer, len(predictions), None)
                decoded.append(DecodedAnswer(answer, KEPT, request, predictions))
            else:
                note = batch.notes.get(exchange.seq)
                reason = (note and note.reason) or NO_PREDICTION
                decoded.append(_without_predictions(answer, NO_PREDICTION, reason))
        return decoded

    def _exchange(self, origin: int, seq: int, answer: ChallengerAnswer) -> StoredExchange:
        """Return the challenger's exchange, masked like those of the model."""
        if origin not in self._maskers:
            self._maskers[origin] = RowMasker(self._origins[origin])
            self._filters[origin] = HeaderFilter.of_responses(self._origins[origin].settings)
        response = answer.response
        record = replace(
            answer.record,
            status=response.status,
            response_headers=tuple(self._filters[origin].kept(response.headers)),
            response_body=response.body,
            response_bytes=len(response.body),
            response_truncated=False,
            response_note=None,
            aborted=False,
            chunks=None,
            duration_ms=response.duration_ms,
        )
        row = self._maskers[origin].row(record)
        values = {name: getattr(row, name) for name in StoredExchange._fields if name != "seq"}
        return StoredExchange(seq=seq, **values)


def _without_predictions(answer: ChallengerAnswer, outcome: str, error: str) -> DecodedAnswer:
    return DecodedAnswer(answer, outcome, _request(answer, 0, error[:_MAX_ERROR]), [])


def _request(answer: ChallengerAnswer, rows: int, error: str | None) -> CandidateRequest:
    response = answer.response
    return CandidateRequest(
        answer.record.id, response.status, response.duration_ms, rows, error, answer.sent_at
    )


def _ignore(_message: str) -> None:
    """Ignore a message about the store's files: the writer process logs it, too."""
