"""Which exchange a label is for: by its own id, its caller's, its protocol's, or its trace."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from modeltap.store.labels import move_labels

_MOST = 20
"""Exchanges of one id that are looked at: an id that more share names none of them."""

_PREDICTED = (
    "exists (select 1 from predictions p where p.exchange_id = {} "
    "and (p.prediction is not null or p.score is not null))"
)

_WAITS = f"not {_PREDICTED.format('l.exchange_id')}"

_TRACE_LENGTH = 32
"""Hexadecimal digits, by W3C's Trace Context."""

_KEYS = (
    "with named as (select e.id, e.request_id, e.protocol_id, e.trace_id from json_each(?) n "
    "cross join exchanges e on e.id = n.value), keys (key) as (select id from named union "
    "select request_id from named union select protocol_id from named union "
    "select trace_id from named union select upper(trace_id) from named)"
)
"""All ids of some exchanges, as a label may come by."""

_STATE = (
    f"case when {_PREDICTED.format('e.id')} then 2 "
    "when ifnull(e.status, 0) >= 400 or e.error_type is not null then 0 "
    "when e.decoded is null or e.decoded > 0 then 1 else 0 end"
)
"""2 with a prediction, 1 where one may come or its rows have none, 0 without any row."""

_TIERS = (
    ("e.id = :id",),
    ("e.request_id = :id", "e.protocol_id = :id"),
    ("e.trace_id = :trace",),
)
"""What the id may be; the first tier with a prediction counts."""


class LabelTarget(NamedTuple):
    """Where a label belongs.

    Args:
        exchange_id: the exchange; None where there is none, or more than one.
        candidates: the exchanges with a prediction, where there are several.
        waits: whether exchanges of this id are there, none of which has a prediction yet.
    """

    exchange_id: str | None = None
    candidates: tuple[str, ...] = ()
    waits: bool = False


def find_target(
    connection: sqlite3.Connection, id_: str, model: str | None = None, *, own_id: str | None = None
) -> LabelTarget:
    """Return the exchange that a label with this id is for: the one that has a prediction.

    A retried request has two exchanges, and the services of a chain share a trace. Where several
    have a prediction none is guessed.

    Args:
        id_: an exchange's id, its `x-request-id`, its protocol's id, a trace id or `traceparent`.
        model: whose exchanges the others' ids are looked for; None for all.
        own_id: the exchange's id, where it is another one.
    """
    seen: dict[str, int] = {}
    for tier in _TIERS:
        found = _states(connection, tier, own_id if tier is _TIERS[0] and own_id else id_, model)
        predicted = [one for one, state in found.items() if state == 2]
        if len(predicted) == 1:
            return LabelTarget(predicted[0])
        if predicted:
            return LabelTarget(candidates=tuple(predicted))
        seen.update(found)
    return _unpredicted(seen)


def _states(
    connection: sqlite3.Connection, tier: Sequence[str], id_: str, model: str | None
) -> dict[str, int]:
    """Return the state of each exchange that one of the conditions holds for."""
    of_model = "" if tier is _TIERS[0] else "and (:model is null or e.model = :model)"
    rows = connection.execute(
        " union ".join(
            f"select e.id, {_STATE} from exchanges e where {condition} {of_model}"
            for condition in tier
        )
        + f" limit {_MOST}",
        {"id": id_, "trace": waiting_id(id_).lower(), "model": model},
    )
    return {row[0]: row[1] for row in rows}


def _unpredicted(seen: dict[str, int]) -> LabelTarget:
    """Return the only exchange that there is, unless it failed: its request may be tried again."""
    if len(seen) == 1 and 1 in seen.values():
        return LabelTarget(next(iter(seen)))
    return LabelTarget(waits=bool(seen))


def waiting_id(id_: str) -> str:
    """Return the id that a label waits under: that of the trace, of a whole `traceparent`.

    >>> waiting_id("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    """
    parts = id_.lower().split("-")
    return parts[1] if len(parts) == 4 and len(parts[1]) == _TRACE_LENGTH else id_


def join_labels(connection: sqlite3.Connection, exchange_ids: Iterable[str]) -> None:
    """Give labels that wait to these exchanges, by whichever of their ids the labels came.

    All of this is inside the caller's transaction.
    """
    if not _has_labels(connection):
        return
    rows = connection.execute(
        f"{_KEYS} select distinct l.exchange_id, l.model from keys "
        f"cross join labels l on l.exchange_id = keys.key where {_WAITS}",
        (json.dumps(list(exchange_ids)),),
    )
    _join(connection, rows.fetchall())


def waiting_labels(connection: sqlite3.Connection, exchange_ids: Iterable[str]) -> list[str]:
    """Return the other ids of these exchanges that labels wait under."""
    if not _has_labels(connection):
        return []
    own = set(exchange_ids)
    rows = connection.execute(
        f"{_KEYS} select distinct l.exchange_id from keys "
        "cross join labels l on l.exchange_id = keys.key",
        (json.dumps(sorted(own)),),
    )
    return [row[0] for row in rows if row[0] not in own]


def delete_waiting(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Delete labels under ids that no exchange has any more, inside the transaction."""
    for id_ in ids:
        if find_target(connection, id_) == LabelTarget():
            connection.execute("delete from labels where exchange_id = ?", (id_,))


def _has_labels(connection: sqlite3.Connection) -> bool:
    return connection.execute("select 1 from labels limit 1").fetchone() is not None


def join_new_labels(connection: sqlite3.Connection, after: int) -> None:
    """Give labels of a number above `after` to exchanges whose other ids they came by.

    All of this is inside the caller's transaction.
    """
    rows = connection.execute(
        f"select distinct l.exchange_id, l.model from labels l where l.seq > ? and {_WAITS}",
        (after,),
    )
    _join(connection, rows.fetchall())


def _join(connection: sqlite3.Connection, waiting: Iterable[tuple[str, str | None]]) -> None:
    for id_, model in waiting:
        target = find_target(connection, id_, model).exchange_id
        if target is not None and target != id_:
            move_labels(connection, id_, target, model=model)
