"""Finding the exchange of a label by exchange id, request id, protocol id or trace id."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from modeltap.store.labels import move_labels

_MAX_CANDIDATES = 20
"""Exchanges that are considered for one id: an id shared by more identifies none of them."""

_PREDICTED = (
    "exists (select 1 from predictions p where p.exchange_id = {} "
    "and (p.prediction is not null or p.score is not null))"
)

_IS_WAITING = f"not {_PREDICTED.format('l.exchange_id')}"

_TRACE_LENGTH = 32
"""Number of hexadecimal digits of a trace id (W3C Trace Context)."""

_KEYS = (
    "with named as (select e.id, e.request_id, e.protocol_id, e.trace_id from json_each(?) n "
    "cross join exchanges e on e.id = n.value), keys (key) as (select id from named union "
    "select request_id from named union select protocol_id from named union "
    "select trace_id from named union select upper(trace_id) from named)"
)
"""All ids of some exchanges under which labels may arrive."""

_STATE = (
    f"case when {_PREDICTED.format('e.id')} then 2 "
    "when ifnull(e.status, 0) >= 400 or e.error_type is not null then 0 "
    "when e.decoded is null or e.decoded > 0 then 1 else 0 end"
)
"""2: has a prediction; 1: may still get one, or its rows have none; 0: has no row."""

_TIERS = (
    ("e.id = :id",),
    ("e.request_id = :id", "e.protocol_id = :id"),
    ("e.trace_id = :trace",),
)
"""The kinds of ids to try in order; the first kind that leads to a prediction counts."""


class LabelTarget(NamedTuple):
    """The exchange that a label belongs to.

    Args:
        exchange_id: the exchange; None if there is none, or more than one.
        candidates: the exchanges with a prediction, if there are several.
        waits: True if exchanges with this id exist, but none has a prediction yet.
    """

    exchange_id: str | None = None
    candidates: tuple[str, ...] = ()
    waits: bool = False


def find_target(
    connection: sqlite3.Connection, id_: str, model: str | None = None, *, own_id: str | None = None
) -> LabelTarget:
    """Return the exchange that a label with this id belongs to: the one with a prediction.

    A retried request has two exchanges, and the services of a chain share a trace. If several
    exchanges have a prediction, none is chosen.

    Args:
        id_: an exchange's id, its `x-request-id`, its protocol's id, a trace id or `traceparent`.
        model: the model whose exchange is preferred: a gateway's id is also that of the service
            behind it. Without such an exchange, the one with this very id is found.
        own_id: the exchange's own id, if it differs from `id_`.
    """
    target = _find_target(connection, id_, model, own_id)
    if model is None or target != LabelTarget():
        return target
    return _find_target(connection, id_, None, own_id, _TIERS[:1])


def _find_target(
    connection: sqlite3.Connection,
    id_: str,
    model: str | None,
    own_id: str | None,
    tiers: Sequence[Sequence[str]] = _TIERS,
) -> LabelTarget:
    all_states: dict[str, int] = {}
    for tier in tiers:
        states = _states(connection, tier, own_id if tier is _TIERS[0] and own_id else id_, model)
        predicted = [exchange_id for exchange_id, state in states.items() if state == 2]
        if len(predicted) == 1:
            return LabelTarget(predicted[0])
        if predicted:
            return LabelTarget(candidates=tuple(predicted))
        all_states.update(states)
    return _unpredicted(all_states)


def _states(
    connection: sqlite3.Connection, tier: Sequence[str], id_: str, model: str | None
) -> dict[str, int]:
    """Return the state of each exchange that meets one of the conditions of `tier`."""
    rows = connection.execute(
        " union ".join(
            f"select e.id, {_STATE} from exchanges e where {condition} "
            "and (:model is null or e.model = :model)"
            for condition in tier
        )
        + f" limit {_MAX_CANDIDATES}",
        {"id": id_, "trace": waiting_id(id_).lower(), "model": model},
    )
    return {row[0]: row[1] for row in rows}


def _unpredicted(states: dict[str, int]) -> LabelTarget:
    """Return the only exchange, unless it failed, because its request may be retried."""
    if len(states) == 1 and 1 in states.values():
        return LabelTarget(next(iter(states)))
    return LabelTarget(waits=bool(states))


def waiting_id(id_: str) -> str:
    """Return the id under which a label is stored until its exchange arrives.

    This is the trace id for a `traceparent`, else the id itself.

    >>> waiting_id("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    """
    parts = id_.lower().split("-")
    return parts[1] if len(parts) == 4 and len(parts[1]) == _TRACE_LENGTH else id_


def join_labels(connection: sqlite3.Connection, exchange_ids: Iterable[str]) -> None:
    """Assign waiting labels to these exchanges, under whichever id the labels arrived.

    Runs inside the caller's transaction.
    """
    if not _has_labels(connection):
        return
    rows = connection.execute(
        f"{_KEYS} select distinct l.exchange_id, l.model from keys "
        f"cross join labels l on l.exchange_id = keys.key where {_IS_WAITING}",
        (json.dumps(list(exchange_ids)),),
    )
    _join(connection, rows.fetchall())


def waiting_labels(connection: sqlite3.Connection, exchange_ids: Iterable[str]) -> list[str]:
    """Return the other ids of these exchanges under which labels are stored."""
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
    """Delete labels under ids that no exchange has, inside the caller's transaction."""
    for id_ in ids:
        if find_target(connection, id_) == LabelTarget():
            connection.execute("delete from labels where exchange_id = ?", (id_,))


def _has_labels(connection: sqlite3.Connection) -> bool:
    return connection.execute("select 1 from labels limit 1").fetchone() is not None


def join_new_labels(connection: sqlite3.Connection, after: int) -> None:
    """Assign labels with a `seq` above `after` to exchanges by their other ids.

    Runs inside the caller's transaction.
    """
    rows = connection.execute(
        f"select distinct l.exchange_id, l.model from labels l where l.seq > ? and {_IS_WAITING}",
        (after,),
    )
    _join(connection, rows.fetchall())


def _join(connection: sqlite3.Connection, waiting: Iterable[tuple[str, str | None]]) -> None:
    for id_, model in waiting:
        target = find_target(connection, id_, model).exchange_id
        if target is not None and target != id_:
            move_labels(connection, id_, target, model=model)
