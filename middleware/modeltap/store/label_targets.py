"""Finding the exchange of a label by exchange id, request id, protocol id or trace id."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from modeltap.store.decode_notes import decoded_rows
from modeltap.store.label_moves import move_all_labels

_MAX_CANDIDATES = 20
"""Exchanges that are considered for one id: an id shared by more identifies none of them."""

_PREDICTED = (
    "exists (select 1 from predictions p where p.exchange_id = {} and p.candidate = '' "
    "and (p.prediction is not null or p.score is not null))"
)

_IS_WAITING = f"l.feature is null and not {_PREDICTED.format('l.exchange_id')}"

_IDS_AT_ONCE = 2000
"""Ids that are looked up together: a query for each takes ten times as long."""

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
    f"when ifnull({decoded_rows('e.seq')}, 1) > 0 then 1 else 0 end"
)
"""2: has a prediction; 1: may still get one, or its rows have none; 0: has no row."""

_TRACED = (
    "e.seq in (select t.seq from exchanges t where t.trace_id = n.value "
    f"and (:model is null or t.model = :model) limit {_MAX_CANDIDATES})"
)

_TIERS = (
    ("e.id = n.value",),
    ("e.request_id = n.value", "e.protocol_id = n.value"),
    (_TRACED,),
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


class Unknown(NamedTuple):
    """The last label that was read (its `seq`), and the number of those that were deleted."""

    newest: int
    deleted: int


def find_target(connection: sqlite3.Connection, id_: str, model: str | None = None) -> LabelTarget:
    """Return the exchange that a label with this id belongs to; see `find_targets`."""
    return find_targets(connection, {id_: id_}, model)[id_]


def find_targets(
    connection: sqlite3.Connection, own_ids: Mapping[str, str], model: str | None = None
) -> dict[str, LabelTarget]:
    """Return for each id the exchange that its labels belong to: the one with a prediction.

    A retried request has two exchanges, and the services of a chain share a trace. If several
    exchanges have a prediction, none is chosen.

    Args:
        own_ids: the ids of labels: an exchange's id, its `x-request-id`, its protocol's id, a trace
            id or `traceparent`; each with the exchange's own id, which is mostly the same.
        model: the model whose exchange is preferred: a gateway's id is also that of the service
            behind it. Without such an exchange, the one with this very id is found.
    """
    targets = _find_targets(connection, own_ids, model, _TIERS)
    if model is not None:
        others = {id_: own for id_, own in own_ids.items() if targets[id_] == LabelTarget()}
        targets.update(_find_targets(connection, others, None, _TIERS[:1]))
    return targets


def _find_targets(
    connection: sqlite3.Connection,
    own_ids: Mapping[str, str],
    model: str | None,
    tiers: Sequence[Sequence[str]],
) -> dict[str, LabelTarget]:
    targets: dict[str, LabelTarget] = {}
    all_states: dict[str, dict[str, int]] = {id_: {} for id_ in own_ids}
    for tier in tiers:
        keys = {id_: _key(id_, own_ids, tier) for id_ in own_ids if id_ not in targets}
        by_key = _states(connection, tier, set(keys.values()), model) if keys else {}
        for id_, key in keys.items():
            states = by_key.get(key, {})
            predicted = [exchange_id for exchange_id, state in states.items() if state == 2]
            if len(predicted) == 1:
                targets[id_] = LabelTarget(predicted[0])
            elif predicted:
                targets[id_] = LabelTarget(candidates=tuple(predicted))
            all_states[id_].update(states)
    return {id_: targets.get(id_) or _unpredicted(all_states[id_]) for id_ in own_ids}


def _key(id_: str, own_ids: Mapping[str, str], tier: Sequence[str]) -> str:
    """Return the value to search for in the columns of `tier`."""
    if tier is _TIERS[0]:
        return own_ids[id_]
    return waiting_id(id_).lower() if tier is _TIERS[2] else id_


def _states(
    connection: sqlite3.Connection, tier: Sequence[str], keys: Iterable[str], model: str | None
) -> dict[str, dict[str, int]]:
    """Return for each key the states of the exchanges that meet one of the conditions of `tier`."""
    rows = connection.execute(
        " union ".join(
            f"select n.value, e.id, {_STATE} from json_each(:keys) n cross join exchanges e "
            f"where {condition} and (:model is null or e.model = :model)"
            for condition in tier
        ),
        {"keys": json.dumps(list(keys)), "model": model},
    )
    by_key: dict[str, dict[str, int]] = {}
    for key, exchange_id, state in rows:
        states = by_key.setdefault(key, {})
        if len(states) < _MAX_CANDIDATES:
            states[exchange_id] = state
    return by_key


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


def delete_unknown(connection: sqlite3.Connection, after: int, limit: str, count: int) -> Unknown:
    """Delete those of the next `count` labels whose exchange never came, inside the transaction.

    Args:
        after: labels up to this `seq` were read before.
        limit: the first label that arrived at this time or later, and those after it, are not
            read.
    """
    following = connection.execute(
        "select received_at, seq, exchange_id, feature from labels where seq > ? "
        "order by seq limit ?",
        (after, count),
    )
    rows = [tuple(row)[1:] for row in takewhile(lambda row: row[0] < limit, following)]
    ids = {id_ for _, id_, feature in rows if feature is None}
    targets = find_targets(connection, dict(zip(ids, ids, strict=True)))
    unknown = [
        (seq,)
        for seq, id_, feature in rows
        if (targets[id_] == LabelTarget() if feature is None else not id_)
    ]
    connection.executemany("delete from labels where seq = ?", unknown)
    return Unknown(rows[-1][0] if rows else after, len(unknown))


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
    by_model: dict[str | None, list[str]] = {}
    for id_, model in waiting:
        by_model.setdefault(model, []).append(id_)
    for model, ids in by_model.items():
        for start in range(0, len(ids), _IDS_AT_ONCE):
            part = ids[start : start + _IDS_AT_ONCE]
            targets = find_targets(connection, dict(zip(part, part, strict=True)), model)
            moved = {
                id_: target.exchange_id
                for id_, target in targets.items()
                if target.exchange_id is not None and target.exchange_id != id_
            }
            move_all_labels(connection, moved, model=model)
