"""Decodes a candidate's responses like those of the model itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.candidate_predictions import predictions_by_exchange
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.shortfalls import general
from modeltap.privacy.bodies.body_text import as_text
from modeltap.privacy.body_masker import UNMASKABLE
from modeltap.privacy.headers import HeaderFilter, text_of
from modeltap.privacy.masker import Masker
from modeltap.replaying.candidate_client import CandidateReply
from modeltap.store.candidates import CandidatePrediction, CandidateRequest
from modeltap.store.stored_exchanges import StoredExchange

_NO_PREDICTION = "response: no prediction found"

_MAX_ERROR = 200
"""The longest stored reason; a reason may name the fields of a response."""


class DecodedReplies(NamedTuple):
    """The requests with their outcome, and the candidate's predictions."""

    requests: list[CandidateRequest]
    predictions: list[CandidatePrediction]


class ReplyDecoder:
    """Decodes replies of one model's candidate; bodies are masked before, as those of the model.

    >>> ReplyDecoder(Settings()).decoded([])
    DecodedReplies(requests=[], predictions=[])
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._decoders = Decoders()
        self._filter = HeaderFilter.of_responses(settings)
        self._masker = Masker.of_settings(settings)

    def decoded(self, replies: Sequence[CandidateReply]) -> DecodedReplies:
        """Return the predictions in `replies`; a reply without one has the reason."""
        exchanges = [self._answered(reply) for reply in replies if reply.error is None]
        batch = read(filter(None, exchanges), self._settings, self._decoders)
        rows = predictions_by_exchange(batch)
        requests = []
        for reply in replies:
            own = rows.get(reply.exchange.id, ())
            error = None if own else self._reason(reply, batch)
            requests.append(
                CandidateRequest(
                    reply.exchange.id,
                    reply.status,
                    reply.duration_ms,
                    len(own),
                    error and error[:_MAX_ERROR],
                    reply.sent_at,
                )
            )
        return DecodedReplies(requests, [row for own in rows.values() for row in own])

    def _reason(self, reply: CandidateReply, batch: Batch) -> str:
        if reply.error is not None:
            return reply.error
        note = batch.notes.get(reply.exchange.seq)
        if note is None:
            return "response could not be masked"
        return general(note.reason) if note.reason else _NO_PREDICTION

    def _answered(self, reply: CandidateReply) -> StoredExchange | None:
        """Return the exchange with the candidate's response; None if it cannot be masked."""
        self._masker.begin()
        body: str | bytes | None
        if not reply.body:
            body = None
        elif self._settings.mask_bodies:
            body, note = self._masker.body(reply.body, reply.encoding, reply.type or "")
            if note == UNMASKABLE:
                return None
        else:
            text = None if reply.encoding else as_text(reply.body)
            body = reply.body if text is None else text
        headers = {name: text_of(value) for name, value in self._filter.kept(reply.headers.items())}
        return reply.exchange._replace(
            status=reply.status,
            response_body=body,
            response_type=reply.type,
            response_encoding=reply.encoding or None,
            response_headers=json.dumps(headers) if headers else None,
            response_truncated=None,
            stream=None,
            aborted=None,
            error_type=None,
            duration_ms=reply.duration_ms,
        )
