"""From stored exchanges to a batch of decoded rows with their event times."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.event_times import EventTimes, bodies
from modeltap.decoding.list_columns import ListRules, spread, with_names
from modeltap.decoding.outputs import output_columns
from modeltap.decoding.times import parse_times
from modeltap.payload import Decoded, Payload
from modeltap.rows import Row, columns
from modeltap.store.stored_exchanges import DecodeNote, StoredExchange, exchange_by_protocol_id

_EVENT = '"ce-specversion"'
"""A header of CloudEvents, whose bodies look like those of whatever they carry."""

_OF_ANSWER = "answer."
"""Before the name of an answer's field that a feature has, too."""

_OF_REQUEST = "feature."
"""Before the name of a field of the request that is called as an output of the model."""

_ALIKE = 64
"""Fewer exchanges of a kind are decoded one by one: to learn their form takes as long."""

_FIRST = 8
"""Exchanges of a kind that are tried until one is decoded without a note."""


@dataclass(slots=True)
class Batch:
    """Rows of one model and version; `times` is NaN where a row tells no event time."""

    lists: ListRules = field(default_factory=ListRules)
    """How lists in the rows become columns."""
    ids: list[str] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    answers: list[dict[str, Any] | None] = field(default_factory=list)
    """Further fields of the answer, where a protocol has them."""
    times: list[float] = field(default_factory=list)
    unreadable: set[int] = field(default_factory=set)
    """The places of rows that tell a time which cannot be read."""
    protocol_ids: dict[int, str] = field(default_factory=dict)
    """By seq: the protocol's own id."""
    notes: dict[int, DecodeNote] = field(default_factory=dict)
    """By seq."""

    def columns(self, known: Collection[str] = ()) -> dict[str, Sequence[Any]]:
        """Return the features, what else the answers tell, prediction and score as columns.

        What an answer calls as a feature is called is `answer.NAME`, and so it is where that is
        `known`. Of too many names only the known and the most frequent are there.
        """
        found = spread(columns(self.rows, known=known), known, self.lists)
        if any(self.answers):
            answers = self._answer_columns(found, known)
            found |= {name: column for name, column in answers.items() if name not in found}
        return _apart(found, output_columns(self.predictions, self.scores), known)

    def _answer_columns(
        self, features: Collection[str], known: Collection[str]
    ) -> dict[str, Sequence[Any]]:
        own = [name.removeprefix(_OF_ANSWER) for name in known]
        listed = columns([answer or {} for answer in self.answers], known=own)
        fields = spread(listed, own, self.lists)
        renamed = {name: _OF_ANSWER + name for name in fields}
        return {
            renamed[name] if name in features or renamed[name] in known else name: column
            for name, column in fields.items()
        }

    def picked(self, positions: Sequence[int]) -> Batch:
        """Return only the rows at `positions`."""
        part = Batch(lists=self.lists)
        for name in (
            "ids",
            "row_numbers",
            "rows",
            "predictions",
            "scores",
            "probabilities",
            "answers",
            "times",
        ):
            values = getattr(self, name)
            setattr(part, name, [values[i] for i in positions])
        return part


_NO_REMARK = DecodeNote(1, None)
_NOT_IN_STORE = "answers requests that are not in the store"

ANSWERED_ELSEWHERE = "answered by another exchange"
"""The note of a request whose rows are those of the exchange that has its response."""

ANSWERED_BEFORE = "answered before"
"""The note of a repeated response, whose rows are counted already."""


def read(
    exchanges: Iterable[StoredExchange],
    settings: Settings,
    decoders: Decoders,
    connection: sqlite3.Connection | None = None,
) -> Batch:
    """Decode `exchanges` of one model; what cannot be decoded is noted, never an error.

    Those of one path and content type come together; within them not all are in their order.

    Args:
        connection: the store, which may have the request that an exchange answers, where that came
            with another one; None leaves such an exchange without its rows.
    """
    reader = _Reader(settings, decoders, connection)
    kinds: dict[tuple[str, str | None, bool], list[StoredExchange]] = {}
    for exchange in exchanges:
        status = exchange.status
        if status is not None and status >= 400:
            reader.batch.notes[exchange.seq] = DecodeNote(0, f"status {status}")
        else:
            kind = (exchange.path or "", exchange.request_type, _more_than_bodies(exchange))
            kinds.setdefault(kind, []).append(exchange)
    for (*_, apart), alike in kinds.items():
        left = alike
        if len(alike) >= _ALIKE and settings.mapping is None and not apart:
            left = reader.read_many(reader.read_first(alike))
        for exchange in left:
            reader.read_one(exchange)
    reader.read_answers()
    reader.read_times()
    return reader.batch


class _Reader:
    """Decodes exchanges of one model into a batch."""

    def __init__(
        self, settings: Settings, decoders: Decoders, connection: sqlite3.Connection | None
    ) -> None:
        self.batch = Batch(lists=ListRules.of(settings))
        self._mapping = settings.mapping
        self._decoders = decoders
        self._connection = connection
        kind, _, name = settings.event_time.partition(":")
        self._in_body = EventTimes(name) if kind == "body" else None
        self._day_first = settings.day_first
        self._asked: dict[str, list[dict[str, Any]]] = {}
        self._answers: list[tuple[StoredExchange, Decoded]] = []
        self._times: list[object] = []

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

    def read_first(self, alike: list[StoredExchange]) -> list[StoredExchange]:
        """Decode exchanges until one shows who knows their kind; return those that are left.

        One that was cut, or not answered, is taken by the last resort, which is not to take all
        others for that.
        """
        looked_at = 0
        for exchange in alike[:_FIRST]:
            self.read_one(exchange)
            looked_at += 1
            note = self.batch.notes.get(exchange.seq, _NO_REMARK)
            if note.rows and note.reason is None and exchange.response_body:
                break
        return alike[looked_at:]

    def read_answers(self) -> None:
        """Join what answers other exchanges with their rows; it has come after all of them."""
        answered: set[str] = set()
        for exchange, decoded in self._answers:
            if answered.issuperset(decoded.answers_to):
                self.batch.notes[exchange.seq] = DecodeNote(0, ANSWERED_BEFORE)
                continue
            # One that was answered before is nobody's: its rows are counted already.
            asked = [
                [] if id_ in answered else self._rows_of(exchange.model, id_)
                for id_ in decoded.answers_to
            ]
            answered.update(compress(decoded.answers_to, asked))
            if len(asked) == len(decoded.predictions):
                # Each is of one call: one that is not in the store costs the others nothing.
                _keep(decoded, [place for place, rows in enumerate(asked) if len(rows) == 1])
            decoded.rows = [row for rows in asked for row in rows]
            if decoded.rows and len(decoded.rows) == len(decoded.predictions):
                self._add(exchange, decoded)
            else:
                self.batch.notes[exchange.seq] = DecodeNote(0, _NOT_IN_STORE)

    def read_times(self) -> None:
        """Parse all rows' event times at once: exchange by exchange it took most of the time."""
        self.batch.times = parse_times(self._times, self._day_first).tolist()
        pairs = enumerate(zip(self._times, self.batch.times, strict=True))
        self.batch.unreadable = {
            place for place, (text, time) in pairs if time != time and text is not None
        }

    def read_many(self, exchanges: list[StoredExchange]) -> list[StoredExchange]:
        """Decode those exchanges that are of one row, at once; return the others."""
        if not exchanges:
            return []
        pairs = [bodies(exchange) for exchange in exchanges]
        requests, responses = [body for body, _ in pairs], [body for _, body in pairs]
        found = self._decoders.decode_many(
            exchanges[0].path or "", exchanges[0].request_type, requests, responses
        )
        if found is None:
            return exchanges
        batch = self.batch
        taken = [row is not None for row in found.rows]
        kept = list(compress(exchanges, taken))
        rows = [row for row in found.rows if row is not None]
        # Most have the same note: one object each.
        notes = {reason: DecodeNote(1, reason) for reason in set(found.notes)}
        own_notes = map(notes.__getitem__, compress(found.notes, taken))
        batch.notes.update(zip([exchange.seq for exchange in kept], own_notes, strict=False))
        batch.ids += [exchange.id for exchange in kept]
        batch.row_numbers += [0] * len(kept)
        batch.rows += rows
        batch.predictions += compress(found.predictions, taken)
        batch.scores += compress(found.scores, taken)
        batch.probabilities += compress(found.probabilities, taken)
        batch.answers += compress(found.answers or [None] * len(taken), taken)
        self._add_times(rows, kept)
        return [one for one, row in zip(exchanges, found.rows, strict=True) if row is None]

    def _decoded(self, exchange: StoredExchange) -> Decoded:
        request, response = bodies(exchange)
        return self._decoders.decode(
            Payload(
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
                mapping=self._mapping,
                request_truncated=bool(exchange.request_truncated),
                response_truncated=bool(exchange.response_truncated),
            )
        )

    def _rows_of(self, model: str, asked: str) -> list[dict[str, Any]]:
        """Return the rows of the request with a protocol's id, none where it is not known."""
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
        batch.row_numbers += range(count)
        batch.rows += decoded.rows
        batch.predictions += decoded.predictions or empty
        batch.scores += decoded.scores or empty
        batch.probabilities += decoded.probabilities or empty
        batch.answers += decoded.answers or empty
        self._add_times(decoded.rows, [exchange] * count)

    def _add_times(self, rows: Sequence[Row], exchanges: Sequence[StoredExchange]) -> None:
        """Keep the rows' event times; one that a row tells is taken out of it."""
        if self._in_body is None:
            self._times += [exchange.event_time for exchange in exchanges]
            return
        self._times += map(self._in_body.take, rows, exchanges)


def _apart(
    found: dict[str, Sequence[Any]], outputs: dict[str, Sequence[Any]], known: Collection[str]
) -> dict[str, Sequence[Any]]:
    """Add a model's outputs to its features; one that is called as an output is `feature.NAME`."""
    for name in [name for name in found if is_output(name)]:
        if name in outputs or _OF_REQUEST + name in known:
            found[_OF_REQUEST + name] = found.pop(name)
    return found | outputs


def _keep(decoded: Decoded, places: Sequence[int]) -> None:
    for name in ("predictions", "scores", "probabilities", "answers"):
        if values := getattr(decoded, name):
            setattr(decoded, name, [values[place] for place in places])


def _more_than_bodies(exchange: StoredExchange) -> bool:
    """Say whether the bodies alone mislead: they are cut, or what they are is in a header."""
    headers = exchange.request_headers
    return bool(
        exchange.request_truncated or exchange.response_truncated or (headers and _EVENT in headers)
    )


def _object(text: str | None) -> dict[str, Any]:
    return json.loads(text) if text else {}
