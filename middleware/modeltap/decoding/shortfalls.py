"""Missing parts of exchanges, each with its reason: rows, predictions, event times."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from modeltap.config.settings import Settings
from modeltap.decoding.batches import ANSWERED_BEFORE, ANSWERED_ELSEWHERE
from modeltap.decoding.row_batch import Batch
from modeltap.payload import NO_PREDICTION
from modeltap.store.decode_notes import DecodeNote
from modeltap.store.stored_exchanges import StoredExchange, column_of

Part = Literal["rows", "predictions", "event_time"]
"""A part that can be missing: the rows or predictions of an exchange, the event time of a row."""

_PARTS: tuple[Part, ...] = get_args(Part)

NO_RESPONSE = "no response body"
"""The reason for an exchange whose response body was not stored."""

COMPRESSED = "compressed body not stored"
"""The reason for a body whose Content-Encoding could not be removed, so that it was not masked."""

_OF_LIBRARY = frozenset(("", "identity", "gzip", "x-gzip", "deflate"))

IMPORTED = "imported without a prediction"
_IMPORT = "IMPORT"
"""The method of exchanges that were imported from files."""

TIME_MISSING = "no event time"
TIME_UNREADABLE = "event time not readable"

_OTHERS = (ANSWERED_ELSEWHERE, ANSWERED_BEFORE)
"""Notes of exchanges whose rows belong to another one."""

_LOWEST_OTHER_STATUS = 300
"""The lowest status of redirects and errors, which have no output of a model."""

_NUMBER = re.compile(r"\d+")


class Shortfall(NamedTuple):
    """A part and why it is missing; the reason is "" if it is present."""

    part: Part
    reason: str = ""


def count_shortfalls(
    exchanges: Sequence[StoredExchange], batch: Batch, settings: Settings
) -> Counter[Shortfall]:
    """Count how often each part is present, and how often it is missing for each reason.

    Rows and predictions are counted by exchange, and event times by row if `event_time` names a
    field or a header. Failed requests do not count.

    Args:
        exchanges: the decoded exchanges of one model.
        batch: their rows, with event times.
    """
    without, notes = _without_prediction(batch), batch.notes
    counts: Counter[Shortfall] = Counter()
    complete = 0
    if not without and _are_complete(exchanges, notes):
        complete, exchanges = len(exchanges), ()
    for exchange in filter(_is_counted, exchanges):
        note = notes.get(exchange.seq)
        if note is None or note.reason in _OTHERS:
            continue
        if note.rows and exchange.id not in without and note.reason != NO_PREDICTION:
            complete += 1
        else:
            counts.update(_of_exchange(exchange, note, settings))
    if complete:
        counts.update({Shortfall("rows"): complete, Shortfall("predictions"): complete})
    if settings.event_time != "request":
        counts.update(_of_times(batch))
    return counts


def shortfalls_of(counts: Mapping[tuple[str, str], int]) -> Counter[Shortfall]:
    """Return stored counts, by part and reason, as counts by shortfall.

    >>> shortfalls_of({("rows", "no JSON"): 2, ("other", ""): 1})
    Counter({Shortfall(part='rows', reason='no JSON'): 2})
    """
    return Counter(
        {
            Shortfall(part, reason): counts[part, reason]
            for part in _PARTS
            for name, reason in counts
            if name == part
        }
    )


def general(reason: str) -> str:
    """Return a reason with N for numbers, so that equal reasons of exchanges are counted together.

    >>> general("unpaired: 2 rows, 3 predictions")
    'unpaired: N rows, N predictions'
    """
    return _NUMBER.sub("N", reason)


def _is_counted(exchange: StoredExchange) -> bool:
    status = exchange.status
    return exchange.error_type is None and (status is None or status < _LOWEST_OTHER_STATUS)


def _are_complete(exchanges: Sequence[StoredExchange], notes: Mapping[int, DecodeNote]) -> bool:
    """Return whether all exchanges count and have rows of their own, as in most batches."""
    if len(notes) < len(exchanges) or any(column_of(exchanges, "error_type")):
        return False
    statuses = set(column_of(exchanges, "status")) - {None}
    distinct = {id(note): note for note in notes.values()}.values()
    return max(statuses, default=0) < _LOWEST_OTHER_STATUS and all(
        note.rows and note.reason not in (*_OTHERS, NO_PREDICTION) for note in distinct
    )


def _of_exchange(exchange: StoredExchange, note: DecodeNote, settings: Settings) -> list[Shortfall]:
    """Return the parts of an exchange without rows or without a prediction."""
    if not note.rows:
        is_lost = not exchange.request_body and settings.capture_request_body
        if is_lost and _needs_package(exchange.request_encoding):
            return [Shortfall("rows", f"request: {COMPRESSED}")]
        return [Shortfall("rows", general(note.reason or "no rows"))]
    reason = note.reason or _unnoted(exchange, settings)
    return [Shortfall("rows"), Shortfall("predictions", general(reason))]


def _unnoted(exchange: StoredExchange, settings: Settings) -> str:
    """Return why an exchange has no prediction although decoding left no note."""
    if exchange.response_body:
        return NO_PREDICTION
    if settings.capture_response_body and _needs_package(exchange.response_encoding):
        return f"response: {COMPRESSED}"
    return IMPORTED if exchange.method == _IMPORT else NO_RESPONSE


def _needs_package(encoding: str | None) -> bool:
    """Return True for a Content-Encoding that the standard library does not have."""
    names = {name.strip().lower() for name in (encoding or "").split(",")}
    return not names <= _OF_LIBRARY


def _without_prediction(batch: Batch) -> frozenset[str]:
    """Return the ids of exchanges whose rows have no prediction, score or other output."""
    if {type(None), dict}.isdisjoint(map(type, batch.predictions)):
        return frozenset()  # all rows have a prediction, as in most batches
    outputs = zip(
        batch.ids,
        batch.predictions,
        batch.scores,
        batch.probabilities,
        batch.answers,
        strict=True,
    )
    predicted = {
        id_ for id_, *values in outputs if any(value not in (None, {}) for value in values)
    }
    return frozenset(batch.ids) - predicted


def _of_times(batch: Batch) -> Counter[Shortfall]:
    without = sum(map(math.isnan, batch.times))
    unreadable = len(batch.unreadable)
    return +Counter(
        {
            Shortfall("event_time"): len(batch.times) - without,
            Shortfall("event_time", TIME_MISSING): without - unreadable,
            Shortfall("event_time", TIME_UNREADABLE): unreadable,
        }
    )
