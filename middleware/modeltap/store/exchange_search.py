"""Finding exchanges by what people remember of them, newest first and within bounds."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from modeltap.store.decode_notes import decoded_rows

SEARCH_SECONDS = 0.12
"""The time of one search, so that its page is there in 200 ms; people can go on from there."""

_FIRST, _MOST = 1000, 20_000
"""Exchanges in the first part of a search, and in any: the time is checked after each part."""

_FEW_LABELS = 5_000
"""Up to so many labels, their exchanges are found by id in some 30 ms, however old they are."""

ANY_ALERT = "any"
"""The alert of a filter that asks for the examples of all alerts."""

STATUSES = {
    "ok": "status < 400 and error_type is null",
    "errors": "(status >= 500 or error_type is not null)",
    "client_errors": "status between 400 and 499",
}
"""Kinds of statuses, beside single numbers."""

_LISTED = (
    "seq, id, model, version, environment, method, path, status, error_type, started_at, "
    f"duration_ms, {decoded_rows('exchanges.seq')} as decoded, request_note, response_note, aborted"
)

_PREDICTIONS = (
    "(select group_concat(prediction, ', ') from (select prediction from predictions p "
    "where p.exchange_id = exchanges.id and p.candidate = '' order by p.row limit 3))"
)


@dataclass(frozen=True)
class ExchangeFilter:
    """The conditions of a search; None and "" match everything.

    Attributes:
        status: "ok", "errors" (5xx and exceptions), "client_errors" (4xx), or a number.
        text: occurs in the request or the response, as it is or as JSON escapes it.
        prediction: is the prediction of a row, as text or as a number.
        since, until: of `started_at`, half-open, as text of the store.
        before: `seq` of the exchange before which the search begins; None for the newest.
        alert: the id of an alert whose examples are asked for, or `ANY_ALERT`.
    """

    model: str | None = None
    version: str | None = None
    path: str | None = None
    status: str | None = None
    text: str | None = None
    prediction: str | None = None
    labelled: bool = False
    since: str | None = None
    until: str | None = None
    alert: str | None = None
    before: int | None = None


class FoundExchanges(NamedTuple):
    """The result of a search.

    `older` is the `seq` to go on from; None if there is nothing older.
    """

    rows: list[dict[str, Any]]
    searched: int
    older: int | None


def search_exchanges(
    connection: sqlite3.Connection,
    asked: ExchangeFilter,
    limit: int = 50,
    clock: Callable[[], float] = time.monotonic,
) -> FoundExchanges:
    """Return the newest `limit` exchanges that match, among those that can be searched in time."""
    oldest, newest = connection.execute(
        "select (select min(seq) from exchanges), (select max(seq) from exchanges)"
    ).fetchone()
    if newest is None:
        return FoundExchanges([], 0, None)
    start = newest if asked.before is None else min(asked.before - 1, newest)
    search = _PartwiseSearch(connection, asked, limit + 1)
    reached = search.run(start, oldest, clock)
    listed = [dict(row) for row in search.rows[:limit]]
    last = listed[-1]["seq"] if len(search.rows) > limit else reached
    return FoundExchanges(listed, max(0, start - last + 1), last if last > oldest else None)


class _PartwiseSearch:
    """A search in parts, from the newest exchange to older ones."""

    def __init__(self, connection: sqlite3.Connection, asked: ExchangeFilter, most: int) -> None:
        self._connection = connection
        self._most = most
        # Texts of large bodies take long, so their search is always in parts.
        by_label = asked.labelled and not asked.text and _has_few_labels(connection)
        self._has_few = bool(asked.alert) or by_label  # these are found by their ids
        conditions, self._values = _conditions(asked, by_label)
        self._statement = (
            f"select {_LISTED}, {_PREDICTIONS} as predictions from exchanges "
            f"where {'+' if self._has_few else ''}seq between :low and :high{conditions} "
            "order by seq desc limit :limit"
        )
        self.rows: list[sqlite3.Row] = []

    def run(self, start: int, oldest: int, clock: Callable[[], float]) -> int:
        """Search from `start` on until there are enough rows; return the last `seq` searched."""
        begun = clock()
        high, size = start, start if self._has_few else _FIRST
        while high >= oldest:
            low = max(oldest, high - size + 1)
            self._read(low, high)
            remaining = begun + SEARCH_SECONDS - clock()
            if len(self.rows) >= self._most or remaining <= 0:
                return low
            speed = (start - low + 1) / max(SEARCH_SECONDS - remaining, 1e-6)
            size = max(1, min(2 * size, _MOST, math.ceil(speed * remaining)))
            high = low - 1
        return oldest

    def _read(self, low: int, high: int) -> None:
        limit = self._most - len(self.rows)
        values = {**self._values, "low": low, "high": high, "limit": limit}
        self.rows += self._connection.execute(self._statement, values)


_BODIES = ("request_body", "response_body")
_OF_EXAMPLES = "id in (select e.value from alerts a, json_each(a.examples) e"
_CONDITIONS = (
    ("model", "model = :model"),
    ("version", "version = :version"),
    ("path", "instr(path, :path)"),
    ("since", "started_at >= :since"),
    ("until", "started_at < :until"),
    (
        "prediction",
        "exists (select 1 from predictions p where p.exchange_id = exchanges.id "
        "and p.candidate = '' and (cast(p.prediction as text) = :prediction "
        "or p.prediction = :prediction_number))",
    ),
)


def _has_few_labels(connection: sqlite3.Connection) -> bool:
    (count,) = connection.execute(
        "select count(*) from (select 1 from labels limit ?)", (_FEW_LABELS + 1,)
    ).fetchone()
    return bool(count <= _FEW_LABELS)


def _conditions(asked: ExchangeFilter, by_label: bool) -> tuple[str, dict[str, Any]]:
    """Return the conditions of a search, each begun with ``and``, and their values.

    Args:
        by_label: find labelled exchanges by the ids of the labels.
    """
    values: dict[str, Any] = {}
    parts = []
    for name, condition in _CONDITIONS:
        value = getattr(asked, name)
        if value:
            parts.append(condition)
            values[name] = value
    if asked.prediction:
        values["prediction_number"] = _number(asked.prediction)
    if by_label:
        parts.append("id in (select exchange_id from labels)")
    elif asked.labelled:
        parts.append("exists (select 1 from labels l where l.exchange_id = exchanges.id)")
    if asked.alert == ANY_ALERT:
        parts.append(f"{_OF_EXAMPLES})")
    elif asked.alert:
        parts.append(f"{_OF_EXAMPLES} where a.id = :alert)")
        values["alert"] = asked.alert
    if asked.status:
        parts.append(STATUSES.get(asked.status, "status = cast(:status as integer)"))
        values["status"] = asked.status
    if asked.text:
        own = {f"text{place}": form for place, form in enumerate(_forms(asked.text))}
        bodies = (f"instr({body}, :{name})" for name in own for body in _BODIES)
        parts.append(f"({' or '.join(bodies)})")
        values |= own
    return "".join(f" and {part}" for part in parts), values


def _forms(text: str) -> list[str]:
    r"""Return a text and how it looks inside a text of JSON.

    >>> _forms('é"')
    ['é"', '\\u00e9\\"', 'é\\"']
    """
    escaped = (json.dumps(text, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False))
    return list(dict.fromkeys([text, *escaped]))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


NEIGHBOURS = 50_000
"""Exchanges of all models among which those before and after one are searched."""


def neighbours(
    connection: sqlite3.Connection, seq: int, model: str
) -> tuple[str | None, str | None]:
    """Return the ids of a model's exchanges before and after one."""
    before, after = (
        connection.execute(
            "select id from exchanges where model = ? and seq between ? and ? "
            f"order by seq {order} limit 1",
            (model, low, high),
        ).fetchone()
        for low, high, order in (
            (seq - NEIGHBOURS, seq - 1, "desc"),
            (seq + 1, seq + NEIGHBOURS, "asc"),
        )
    )
    return (None if before is None else before[0]), (None if after is None else after[0])
