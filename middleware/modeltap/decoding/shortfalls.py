"""Parts that exchanges lack: rows, a prediction, an event time, each with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, get_args

from modeltap.config.settings import Settings
from modeltap.decoding.batches import ANSWERED_BEFORE, ANSWERED_ELSEWHERE, Batch
from modeltap.payload import NO_PREDICTION
from modeltap.store.stored_exchanges import StoredExchange

Part = Literal["rows", "predictions", "event_time"]
"""What may be missing: of an exchange its rows or its predictions, of a row its event time."""

_PARTS: tuple[Part, ...] = get_args(Part)

NO_RESPONSE = "no response body"
"""The reason of an exchange whose answer was not kept."""

IMPORTED = "imported without a prediction"
_IMPORT = "IMPORT"
"""The method of exchanges that a file brought."""

TIME_MISSING = "no event time"
TIME_UNREADABLE = "event time not readable"

_OTHERS = (ANSWERED_ELSEWHERE, ANSWERED_BEFORE)
"""Notes of exchanges whose rows are those of another one."""

_FIRST_ERROR = 300
"""Statuses from here on are no answers of a model: redirects and errors."""

_NUMBER = re.compile(r"\d+")


class Shortfall(NamedTuple):
    """A part, and why it is missing; the reason is "" where it is there."""

    part: Part
    reason: str = ""


def count_shortfalls(
    exchanges: Iterable[StoredExchange], batch: Batch, settings: Settings
) -> Counter[Shortfall]:
    """Return how often each part is there, and how often it is missing for each reason.

    Rows and predictions are counted by exchanges, event times by rows, where `event_time` says
    that the rows or headers have them. Failed requests do not count.

    Args:
        exchanges: the decoded exchanges of one model.
        batch: their rows, with the times as they came.
    """
    without = _without_prediction(batch)
    found: Counter[Shortfall] = Counter()
    for exchange in exchanges:
        note = batch.notes.get(exchange.seq)
        if _is_counted(exchange) and note is not None and note.reason not in _OTHERS:
            found.update(_of_exchange(exchange, note.rows, note.reason, without))
    if settings.event_time != "request":
        found.update(_of_time(batch, place) for place in range(len(batch.times)))
    return found


def shortfalls_of(counts: Mapping[tuple[str, str], int]) -> Counter[Shortfall]:
    """Return counts by part and reason, as the store has them, by shortfall.

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
    """Return a reason without the numbers of one exchange.

    >>> general("unpaired: 2 rows, 3 predictions")
    'unpaired: N rows, N predictions'
    """
    return _NUMBER.sub("N", reason)


def _is_counted(exchange: StoredExchange) -> bool:
    status = exchange.status
    return exchange.error_type is None and (status is None or status < _FIRST_ERROR)


def _of_exchange(
    exchange: StoredExchange, rows: int, reason: str | None, without: frozenset[str]
) -> list[Shortfall]:
    if not rows:
        return [Shortfall("rows", general(reason or "no rows"))]
    if exchange.id not in without:
        return [Shortfall("rows"), Shortfall("predictions")]
    return [Shortfall("rows"), Shortfall("predictions", general(reason or _unnoted(exchange)))]


def _unnoted(exchange: StoredExchange) -> str:
    """Return why an exchange has no prediction, of which decoding noted nothing."""
    if exchange.response_body:
        return NO_PREDICTION
    return IMPORTED if exchange.method == _IMPORT else NO_RESPONSE


def _without_prediction(batch: Batch) -> frozenset[str]:
    """Return the ids of exchanges of which no row has a prediction, a score or an answer."""
    outputs = zip(
        batch.ids,
        batch.predictions,
        batch.scores,
        batch.probabilities,
        batch.answers,
        strict=True,
    )
    predicted = {id_ for id_, *values in outputs if any(one not in (None, {}) for one in values)}
    return frozenset(batch.ids) - predicted


def _of_time(batch: Batch, place: int) -> Shortfall:
    if place in batch.unreadable:
        return Shortfall("event_time", TIME_UNREADABLE)
    is_known = batch.times[place] == batch.times[place]
    return Shortfall("event_time", "" if is_known else TIME_MISSING)
