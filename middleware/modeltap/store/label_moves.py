"""Labels that waited under another id, assigned to their exchange."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping

from modeltap.store.label_sources import OF_TRUTH, is_truth

_REPEATS = (
    "((select count(*) from labels w where w.exchange_id = :waiting and w.row = labels.row) = 1 "
    "and exists (select 1 from labels last where last.seq = (select max(l.seq) from labels l "
    f"where l.exchange_id = :id and l.row = labels.row and {OF_TRUTH}) "
    "and last.value is labels.value))"
)
"""A waiting label that repeats the last one of its row."""


def move_labels(
    connection: sqlite3.Connection, waiting: str, exchange_id: str, *, model: str | None = None
) -> None:
    """Assign the labels stored under another id to an exchange, as its latest labels.

    A row with a newer label keeps that label as its last. A single label that repeats the last one
    of its row is deleted. Runs inside the caller's transaction.

    Args:
        model: moves only labels for exchanges of this model; None moves all.
    """
    values = {"waiting": waiting, "id": exchange_id, "model": model}
    moved = "exchange_id = :waiting and (:model is null or model = :model)"
    connection.execute(
        "update labels set exchange_id = :id, key = ifnull(key, exchange_id) "
        f"where {moved} and exists (select 1 from labels newer "
        "where newer.exchange_id = :id and newer.row = labels.row and newer.seq > labels.seq "
        f"and {is_truth('newer')})",
        values,
    )
    connection.execute(
        "insert into labels (exchange_id, row, key, value, source, model, labelled_at, "
        "received_at) select :id, row, ifnull(key, exchange_id), value, source, model, "
        f"labelled_at, received_at from labels where {moved} and not {_REPEATS} order by seq",
        values,
    )
    connection.execute(f"delete from labels where {moved}", values)


def move_all_labels(
    connection: sqlite3.Connection, targets: Mapping[str, str], *, model: str | None = None
) -> None:
    """Assign the labels of many other ids to their exchanges; see `move_labels`.

    Those of exchanges that have no label are moved together: one by one, each takes three
    statements. Runs inside the caller's transaction.

    Args:
        targets: the exchange of each id that labels wait under.
    """
    ids = Counter(targets.values())
    rest = _labelled(connection, targets)
    together = {
        waiting: id_
        for waiting, id_ in targets.items()
        if ids[id_] == 1 and id_ not in rest and id_ not in targets and waiting not in ids
    }
    values = {"targets": json.dumps(list(together.items())), "model": model}
    pairs = (
        "json_each(:targets) t cross join labels l on l.exchange_id = json_extract(t.value, '$[0]')"
    )
    of_model = "(:model is null or l.model = :model)"
    connection.execute(
        "insert into labels (exchange_id, row, key, value, source, model, labelled_at, "
        "received_at) select json_extract(t.value, '$[1]'), l.row, ifnull(l.key, l.exchange_id), "
        f"l.value, l.source, l.model, l.labelled_at, l.received_at from {pairs} where {of_model} "
        "order by l.seq",
        values,
    )
    connection.execute(
        f"delete from labels where seq in (select l.seq from {pairs} where {of_model})", values
    )
    for waiting, id_ in targets.items():
        if waiting not in together:
            move_labels(connection, waiting, id_, model=model)


def _labelled(connection: sqlite3.Connection, targets: Mapping[str, str]) -> set[str]:
    """Return the exchanges that have labels."""
    rows = connection.execute(
        "select t.value from json_each(?) t "
        "where exists (select 1 from labels l where l.exchange_id = t.value)",
        (json.dumps(sorted(set(targets.values()))),),
    )
    return {row[0] for row in rows}
