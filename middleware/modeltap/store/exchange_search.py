"""Finding exchanges by what people remember of them, newest first and within bounds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, NamedTuple

SEARCHED = 50_000
"""Exchanges that one search looks at: well below a second, also for texts in bodies."""

_LISTED = (
    "seq, id, model, version, environment, method, path, status, error_type, started_at, "
    "duration_ms, decoded, request_note, response_note, aborted"
)


@dataclass(frozen=True)
class ExchangeFilter:
    """The conditions of a search; None and "" match everything.

    Attributes:
        status: "ok", "errors" (5xx and exceptions), "client_errors" (4xx), or a number.
        text: occurs in the request or the response, exactly.
        prediction: occurs as the prediction of a row.
        since, until: of `started_at`, half-open, as text of the store.
        before: `seq` of the exchange before which the search begins; None for the newest.
        alert: the id of an alert whose examples are asked for.
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
    connection: sqlite3.Connection, asked: ExchangeFilter, limit: int = 50
) -> FoundExchanges:
    """Return the newest `limit` exchanges that match, among the next `SEARCHED` older ones."""
    newest = connection.execute("select max(seq) from exchanges").fetchone()[0] or 0
    start = newest if asked.before is None else min(asked.before - 1, newest)
    floor = max(0, start - SEARCHED)
    conditions, values = _conditions(asked)
    rows = connection.execute(
        f"select {_LISTED}, (select group_concat(prediction, ', ') from (select prediction "
        "from predictions p where p.exchange_id = exchanges.id and p.candidate = '' "
        "order by p.row limit 3)) as predictions "
        f"from exchanges where seq <= :start and seq > :floor{conditions} "
        "order by seq desc limit :limit",
        {**values, "start": start, "floor": floor, "limit": limit + 1},
    ).fetchall()
    listed = [dict(row) for row in rows[:limit]]
    last = listed[-1]["seq"] if len(rows) > limit else floor + 1
    first = connection.execute("select min(seq) from exchanges").fetchone()[0]
    is_older = first is not None and last > first
    return FoundExchanges(listed, start - last + 1 if start else 0, last if is_older else None)


_STATUSES = {
    "ok": "status < 400 and error_type is null",
    "errors": "(status >= 500 or error_type is not null)",
    "client_errors": "status between 400 and 499",
}


def _conditions(asked: ExchangeFilter) -> tuple[str, dict[str, Any]]:
    """Return the conditions of a search, each begun with ``and``, and their values."""
    values: dict[str, Any] = {}
    parts = []
    for name, condition in (
        ("model", "model = :model"),
        ("version", "version = :version"),
        ("path", "instr(path, :path)"),
        ("since", "started_at >= :since"),
        ("until", "started_at < :until"),
        ("text", "(instr(request_body, :text) or instr(response_body, :text))"),
        (
            "prediction",
            "exists (select 1 from predictions p where p.exchange_id = exchanges.id "
            "and p.candidate = '' and cast(p.prediction as text) = :prediction)",
        ),
        (
            "alert",
            "id in (select e.value from alerts a, json_each(a.examples) e where a.id = :alert)",
        ),
    ):
        value = getattr(asked, name)
        if value:
            parts.append(condition)
            values[name] = value
    if asked.labelled:
        parts.append("exists (select 1 from labels l where l.exchange_id = exchanges.id)")
    if asked.status:
        parts.append(_STATUSES.get(asked.status, "status = cast(:status as integer)"))
        values["status"] = asked.status
    return "".join(f" and {part}" for part in parts), values


def neighbours(
    connection: sqlite3.Connection, seq: int, model: str
) -> tuple[str | None, str | None]:
    """Return the ids of a model's exchanges before and after one."""
    before, after = (
        connection.execute(
            f"select id from exchanges where model = ? and seq {sign} ? "
            f"order by seq {order} limit 1",
            (model, seq),
        ).fetchone()
        for sign, order in (("<", "desc"), (">", "asc"))
    )
    return (None if before is None else before[0]), (None if after is None else after[0])
