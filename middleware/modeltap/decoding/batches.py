"""Decoding of stored exchanges into a batch of rows with their event times."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import compress
from typing import Any, cast

import numpy as np

from modeltap.config.mapping_settings import MappingSettings
from modeltap.config.settings import Settings
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.event_times import EventTimes, bodies
from modeltap.decoding.list_columns import ListRules, with_names
from modeltap.decoding.outputs import OutputLists, unify_forms
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.times import parse_times, stored_times, write_times
from modeltap.payload import Body, Decoded, DecodedMany, Payload, parse_json
from modeltap.rows import Row
from modeltap.store.decode_notes import DecodeNote
from modeltap.store.stored_exchanges import (
    ExchangeChunk,
    StoredExchange,
    are_alike,
    column_of,
    exchange_by_protocol_id,
)

_EVENT = '"ce-specversion"'
"""A header of CloudEvents. Their bodies alone look like plain payloads."""

_FEWEST_SIMILAR = 64
"""Fewer exchanges of a kind are decoded one by one: learning their form would take as long."""

_MAX_TRIED = 8
"""Exchanges of a kind to try until one is decoded without a note."""


_WITHOUT_NOTE = DecodeNote(1, None)
_Kind = tuple[str, str | None, bool]
"""Path, content type, and whether the headers are needed."""

_KIND_OF = (
    *("path", "request_type", "status", "request_headers", "request_truncated"),
    "response_truncated",
)
"""Exchanges that have these columns in common are of one kind, as most are."""

_LOWEST_ERROR = 400

_NOT_IN_STORE = "responds to requests that are not in the store"

ANSWERED_ELSEWHERE = "response in another exchange"
"""The note of a request whose rows are counted with the exchange that has its response."""

ANSWERED_BEFORE = "repeated response"
"""The note of a response whose rows are already counted."""


def read(
    exchanges: Iterable[StoredExchange],
    settings: Settings,
    decoders: Decoders,
    connection: sqlite3.Connection | None = None,
) -> Batch:
    """Decode `exchanges` of one model; a body that cannot be decoded gets a note, not an error.

    The batch is grouped by path and content type, and not always in order within a group.

    Args:
        connection: the store, which may have the earlier request of a response that came in
            another exchange; with None such a response has no rows.
    """
    reader = _Reader(settings, decoders, connection)
    chunk = exchanges if isinstance(exchanges, ExchangeChunk) else ExchangeChunk(exchanges)
    for (*_, singly), similar in reader.kinds(chunk).items():
        remaining: list[StoredExchange] = similar
        if len(similar) >= _FEWEST_SIMILAR and settings.mapping is None and not singly:
            remaining = reader.read_many(reader.read_first(similar))
        for exchange in remaining:
            reader.read_one(exchange)
    reader.read_answers()
    reader.read_times()
    batch = reader.batch
    unify_forms(OutputLists(batch.predictions, batch.scores, batch.probabilities, batch.answers))
    return reader.batch


def payload_of(exchange: StoredExchange, mapping: MappingSettings | None) -> Payload:
    """Return an exchange as decoders take it, with its bodies decompressed."""
    request, response = bodies(exchange)
    return Payload(
        path=exchange.path or "",
        query=exchange.query,
        status=exchange.status,
        request=request,
        response=response,
        request_type=exchange.request_type,
        response_type=exchange.response_type,
        method=exchange.method,
        request_headers=_object(exchange.request_headers),
        response_headers=_object(exchange.response_headers),
        stream=_object(exchange.stream),
        mapping=mapping,
        request_truncated=bool(exchange.request_truncated),
        response_truncated=bool(exchange.response_truncated),
    )


class _Reader:
    """Decodes exchanges of one model into a batch."""

    def __init__(
        self, settings: Settings, decoders: Decoders, connection: sqlite3.Connection | None
    ) -> None:
        self.rows: list[Row] = []
        self.batch = Batch(lists=ListRules.of(settings), rows=self.rows)
        self._mapping = settings.mapping
        self._decoders = decoders
        self._connection = connection
        kind, _, name = settings.event_time.partition(":")
        self._in_body = EventTimes(name) if kind == "body" else None
        self._day_first = settings.day_first
        self._asked: dict[str, list[dict[str, Any]]] = {}
        self._answers: list[tuple[StoredExchange, Decoded]] = []
        self._times: list[object] = []

    def kinds(self, exchanges: ExchangeChunk) -> dict[_Kind, ExchangeChunk]:
        """Return the exchanges to decode by their kind; add notes to the others."""
        if are_alike(exchanges, *_KIND_OF):
            first = exchanges[0]
            if not (first.status or 0) >= _LOWEST_ERROR and not _needs_headers(first):
                return {(first.path or "", first.request_type, False): exchanges}
        kinds: dict[_Kind, ExchangeChunk] = {}
        for exchange in exchanges:
            status = exchange.status
            if status is not None and status >= _LOWEST_ERROR:
                self.batch.notes[exchange.seq] = DecodeNote(0, f"status {status}")
            else:
                kind = (exchange.path or "", exchange.request_type, _needs_headers(exchange))
                kinds.setdefault(kind, ExchangeChunk()).append(exchange)
        return kinds

    def read_one(self, exchange: StoredExchange) -> None:
        decoded = self._decoded(exchange)
        if decoded.id is not None:
            self.batch.protocol_ids[exchange.seq] = decoded.id
        if decoded.answered_elsewhere:
            self._asked[decoded.id or ""] = decoded.rows
            self.batch.notes[exchange.seq] = DecodeNote(0, ANSWERED_ELSEWHERE)
        elif decoded.answers_to:
            self._answers.append((exchange, decoded))
        else:
            self._add(exchange, decoded)

    def read_first(self, similar: ExchangeChunk) -> ExchangeChunk:
        """Decode exchanges until one shows the decoder of their kind; return the remaining ones.

        A truncated exchange, or one without a response, does not show it: the decoder of last
        resort takes it, and must not take the others, too.
        """
        tried = 0
        for exchange in similar[:_MAX_TRIED]:
            self.read_one(exchange)
            tried += 1
            note = self.batch.notes.get(exchange.seq, _WITHOUT_NOTE)
            if note.rows and note.reason is None and exchange.response_body:
                break
        return similar.after(tried)

    def read_answers(self) -> None:
        """Join responses with the rows of the earlier exchanges that they belong to."""
        answered: set[str] = set()
        for exchange, decoded in self._answers:
            if answered.issuperset(decoded.answers_to):
                self.batch.notes[exchange.seq] = DecodeNote(0, ANSWERED_BEFORE)
                continue
            # A request that already has a response has no rows left: they are counted.
            asked = [
                [] if id_ in answered else self._rows_of(exchange.model, id_)
                for id_ in decoded.answers_to
            ]
            answered.update(compress(decoded.answers_to, asked))
            if len(asked) == len(decoded.predictions):
                # Each prediction belongs to one call: a missing call does not affect the others.
                _keep(decoded, [position for position, rows in enumerate(asked) if len(rows) == 1])
            decoded.rows = [row for rows in asked for row in rows]
            if decoded.rows and len(decoded.rows) == len(decoded.predictions):
                self._add(exchange, decoded)
            else:
                self.batch.notes[exchange.seq] = DecodeNote(0, _NOT_IN_STORE)

    def read_times(self) -> None:
        """Parse the event times of all rows at once; by exchange, this took most of the time."""
        times = stored_times(self._times)
        if times is not None:
            self.batch.time_texts = cast(list[str | None], self._times)
        else:
            times = parse_times(self._times, self._day_first)
            self.batch.time_texts = write_times(times)
        self.batch.times = times.tolist()
        missing = np.flatnonzero(np.isnan(times)).tolist()
        self.batch.unreadable = {
            position for position in missing if self._times[position] is not None
        }

    def read_many(self, exchanges: ExchangeChunk) -> list[StoredExchange]:
        """Decode the exchanges that have one row at once; return the others."""
        if not exchanges:
            return []
        requests, responses = _plain_bodies(exchanges)
        decoded = self._decoders.decode_many(
            exchanges[0].path or "", exchanges[0].request_type, requests, responses
        )
        if decoded is None:
            return exchanges
        if None not in decoded.rows:
            self._add_many(exchanges, decoded)
            return []
        taken = [row is not None for row in decoded.rows]
        self._add_many(list(compress(exchanges, taken)), _only(decoded, taken))
        return [exchange for exchange, kept in zip(exchanges, taken, strict=True) if not kept]

    def _add_many(self, exchanges: list[StoredExchange], decoded: DecodedMany) -> None:
        batch = self.batch
        # Most exchanges share a note, so each reason needs one object only.
        notes = {reason: DecodeNote(1, reason) for reason in set(decoded.notes)}
        seqs = column_of(exchanges, "seq")
        batch.seqs += seqs
        batch.notes.update(zip(seqs, map(notes.__getitem__, decoded.notes), strict=True))
        batch.ids += column_of(exchanges, "id")
        batch.row_numbers += [0] * len(exchanges)
        rows = cast(list[Row], decoded.rows)
        self.rows += rows
        batch.predictions += decoded.predictions
        batch.scores += decoded.scores
        batch.probabilities += decoded.probabilities
        batch.answers += decoded.answers or [None] * len(exchanges)
        self._add_times(rows, exchanges)

    def _decoded(self, exchange: StoredExchange) -> Decoded:
        return self._decoders.decode(payload_of(exchange, self._mapping))

    def _rows_of(self, model: str, asked: str) -> list[dict[str, Any]]:
        """Return the rows of the request with this id of the protocol, none if it is unknown."""
        if asked in self._asked:
            return self._asked[asked]
        if self._connection is None:
            return []
        exchange = exchange_by_protocol_id(self._connection, model, asked)
        return [] if exchange is None else self._decoded(exchange).rows

    def _add(self, exchange: StoredExchange, decoded: Decoded) -> None:
        batch, count = self.batch, len(decoded.rows)
        if self._mapping is not None and self._mapping.columns:
            decoded.rows = [with_names(row, self._mapping.columns) for row in decoded.rows]
        empty: list[Any] = [None] * count
        batch.notes[exchange.seq] = DecodeNote(count, decoded.note)
        batch.ids += [exchange.id] * count
        batch.seqs += [exchange.seq] * count
        batch.row_numbers += range(count)
        self.rows += decoded.rows
        batch.predictions += decoded.predictions or empty
        batch.scores += decoded.scores or empty
        batch.probabilities += decoded.probabilities or empty
        batch.answers += decoded.answers or empty
        self._add_times(decoded.rows, [exchange] * count)

    def _add_times(self, rows: Sequence[Row], exchanges: Sequence[StoredExchange]) -> None:
        """Collect the rows' event times, and remove them from the rows."""
        if self._in_body is None:
            self._times += column_of(exchanges, "event_time")
            return
        self._times += map(self._in_body.take, rows, exchanges)


def _plain_bodies(exchanges: Sequence[StoredExchange]) -> tuple[Sequence[Body], Sequence[Body]]:
    """Return the requests and the responses of exchanges, decompressed."""
    encodings = (column_of(exchanges, f"{side}_encoding") for side in ("request", "response"))
    if not any(map(any, encodings)):
        return column_of(exchanges, "request_body"), column_of(exchanges, "response_body")
    requests, responses = zip(*map(bodies, exchanges), strict=True)
    return requests, responses


def _only(decoded: DecodedMany, taken: Sequence[bool]) -> DecodedMany:
    """Return the decoded exchanges that are `taken`."""
    return DecodedMany(
        *(list(compress(getattr(decoded, column.name), taken)) for column in fields(decoded))
    )


def _keep(decoded: Decoded, positions: Sequence[int]) -> None:
    for name in ("predictions", "scores", "probabilities", "answers"):
        if values := getattr(decoded, name):
            setattr(decoded, name, [values[position] for position in positions])


def _needs_headers(exchange: StoredExchange) -> bool:
    """Return True if the bodies alone mislead: they are truncated, or a header has their type."""
    headers = exchange.request_headers
    return bool(
        exchange.request_truncated or exchange.response_truncated or (headers and _EVENT in headers)
    )


def _object(text: str | None) -> dict[str, Any]:
    return parse_json(text) if text else {}
