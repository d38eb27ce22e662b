"""Ground truth labels, which may be late, repeated or corrected; the last version counts."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from modeltap.clock import now
from modeltap.environments import environment_of
from modeltap.errors import InputError
from modeltap.store.label_sources import OF_TRUTH
from modeltap.store.text import storable_text

_CHUNK = 500
"""Labels that are compared with the last ones at once: one parameter of a query each."""

_NO_VALUES = frozenset(("", "nan", "-nan", "<na>", "nat"))
"""Texts for a missing value, in lower case: those that pandas and JSON encoders write."""

_MANY = 0.1
"""A larger fraction of all labels is read in the order of exchanges."""


class Label(NamedTuple):
    """The true value of one row of an exchange.

    Args:
        key: the id that it was sent with, if that is not the exchange's id.
        labelled_at: when the value was determined, if known.
    """

    exchange_id: str
    row: int
    value: object
    key: str | None = None
    labelled_at: str | None = None


def insert_labels(
    connection: sqlite3.Connection,
    labels: Iterable[Label],
    *,
    source: str,
    model: str | None = None,
) -> int:
    """Insert labels inside the caller's transaction; return the number of new ones.

    A label that repeats the last value of its row is not inserted again.

    Args:
        model: the model whose exchanges may receive labels that arrive first; None for any.
    """
    received = now()
    rows = [
        (id_, row, key, value, source, model, labelled_at, received)
        for id_, row, value, key, labelled_at in _new(connection, labels, model)
    ]
    connection.executemany(
        "insert into labels (exchange_id, row, key, value, source, model, labelled_at, "
        "received_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    return len(rows)


def _new(
    connection: sqlite3.Connection, labels: Iterable[Label], model: str | None
) -> Iterator[Label]:
    """Yield labels that differ from the last one of their row, as the store holds them.

    A label that waits for another model's exchange does not replace one for `model`.
    """
    remaining = iter(labels)
    while batch := [
        own._replace(value=storable_label(own.value))
        for own in (Label(*label) for label in islice(remaining, _CHUNK))
    ]:
        last = _last_with_models(connection, {label.exchange_id for label in batch})
        for label in batch:
            place = label.exchange_id, label.row
            if last.get(place) not in ((label.value, None), (label.value, model)):
                yield label
                last[place] = label.value, model


def _last_with_models(
    connection: sqlite3.Connection, exchange_ids: Collection[str]
) -> dict[tuple[str, int], tuple[Any, str | None]]:
    """Return the value and the model of the last label by exchange id and row."""
    rows = connection.execute(
        "select exchange_id, row, value, model from labels l where exchange_id in "
        f"({','.join('?' * len(exchange_ids))}) and {OF_TRUTH} order by seq",
        tuple(exchange_ids),
    )
    return {(exchange_id, row): (value, model) for exchange_id, row, value, model in rows}


def newest_label(connection: sqlite3.Connection) -> int:
    """Return the `seq` of the last label, 0 if there is none."""
    return connection.execute("select max(seq) from labels").fetchone()[0] or 0


def last_labels(
    connection: sqlite3.Connection, exchange_ids: Sequence[str], until: int
) -> dict[tuple[str, int], Any]:
    """Return the values of the last labels of some exchanges, by exchange id and row.

    Args:
        exchange_ids: at most 998 of them.
        until: labels with a larger `seq` are left out.
    """
    rows = connection.execute(
        "select exchange_id, row, value from labels l where exchange_id in "
        f"({','.join('?' * len(exchange_ids))}) and seq <= ? and {OF_TRUTH} order by seq",
        (*exchange_ids, until),
    )
    return {(exchange_id, row): value for exchange_id, row, value in rows}


def labels_of(connection: sqlite3.Connection, exchange_id: str) -> list[dict[str, Any]]:
    """Return the labels of one exchange in order, with all columns."""
    rows = connection.execute(
        "select * from labels where exchange_id = ? order by seq", (exchange_id,)
    )
    return list(map(dict, rows))


def has_label_from(connection: sqlite3.Connection, exchange_id: str, row: int, source: str) -> bool:
    """Return True if a row has a label from `source`."""
    label = connection.execute(
        "select 1 from labels where exchange_id = ? and row = ? and source = ?",
        (exchange_id, row, source),
    ).fetchone()
    return label is not None


class LabelledMoment(NamedTuple):
    """A model, a version, and the beginning of the event time of rows with new labels."""

    model: str
    version: str
    event_time: str


class NewLabels(NamedTuple):
    """New labels: the times of their rows, and how many arrived each day.

    `days` has the number of labels and the last arrival by model, version and day. `waiting` is the
    number of labels whose row is not stored or has neither a prediction nor a score.
    """

    moments: set[LabelledMoment]
    days: dict[tuple[str, str, str], tuple[int, str]]
    waiting: int


def new_labels(connection: sqlite3.Connection, after: int, until: int, digits: int) -> NewLabels:
    """Return the labels with a `seq` above `after`, and at most `until`.

    Args:
        digits: the characters of event times that distinguish windows, such as 10 for days.
    """
    # A cross join fixes the join order. Few new labels are read by their number; many are read in
    # the order of their exchanges, so that SQLite reads each page of the predictions once.
    index = "indexed by labels_by_exchange" if is_large_part(connection, after) else "not indexed"
    between = (after, until)
    groups = connection.execute(
        f"select p.model, p.version, substr(p.event_time, 1, {digits}) as moment, "
        "substr(l.received_at, 1, 10) as day, count(*), max(l.received_at), "
        "count(ifnull(p.prediction, p.score)) "
        f"from labels l {index} "
        "cross join predictions p "
        "on p.exchange_id = l.exchange_id and p.row = l.row and p.candidate = '' "
        f"where l.seq > ? and l.seq <= ? and {OF_TRUTH} group by 1, 2, 3, 4",
        between,
    )
    moments, joined = set(), 0
    days: dict[tuple[str, str, str], tuple[int, str]] = {}
    for model, version, moment, day, labels, last, predicted in groups:
        if moment is not None:
            moments.add(LabelledMoment(model, version, moment))
        count, last_at = days.get((model, version, day), (0, ""))
        days[model, version, day] = count + labels, max(last_at, last)
        joined += predicted
    total = connection.execute(
        f"select count(*) from labels l {index} where l.seq > ? and l.seq <= ? and {OF_TRUTH}",
        between,
    ).fetchone()[0]
    return NewLabels(moments, days, total - joined)


def is_large_part(connection: sqlite3.Connection, after: int) -> bool:
    """Return whether labels after `after` are better read in the order of their exchanges."""
    return newest_label(connection) - after > _MANY * newest_label(connection)


def add_label_days(connection: sqlite3.Connection, labels: NewLabels) -> None:
    """Add new labels to the days of their models, inside the caller's transaction."""
    connection.executemany(
        f"insert into label_days (model, environment, day, labels, last_at) "
        f"values (?, ?, ?, ?, ?) {_ADD}",
        [
            (model, environment_of(version) or "", day, count, last_at)
            for (model, version, day), (count, last_at) in labels.days.items()
        ],
    )


_ADD = (
    "on conflict (model, environment, day) do update set labels = labels + excluded.labels, "
    "last_at = max(last_at, excluded.last_at)"
)


def _add_days(
    connection: sqlite3.Connection, source: str, where: str, values: tuple[object, ...]
) -> None:
    connection.execute(
        "insert into label_days (model, environment, day, labels, last_at) "
        "select p.model, ifnull(x.environment, ''), substr(l.received_at, 1, 10), count(*), "
        f"max(l.received_at) from {source} "
        "cross join predictions p "
        "on p.exchange_id = l.exchange_id and p.row = l.row and p.candidate = '' "
        "cross join exchanges x on x.id = l.exchange_id "
        f"where {where} group by 1, 2, 3 {_ADD}",
        values,
    )


def early_labels(
    connection: sqlite3.Connection, exchange_ids: Iterable[str], newest: int
) -> list[str]:
    """Return those exchanges that have labels up to the `seq` `newest`."""
    if not newest:
        return []
    rows = connection.execute(
        "select distinct l.exchange_id from json_each(?) e "
        f"cross join labels l on l.exchange_id = e.value where l.seq <= ? and {OF_TRUTH}",
        (json.dumps(list(exchange_ids)), newest),
    )
    return [row[0] for row in rows]


def record_early_days(
    connection: sqlite3.Connection, exchange_ids: Iterable[str], newest: int
) -> None:
    """Add labels up to `newest` that arrived before their exchanges to the days of their models."""
    _add_days(
        connection,
        "json_each(?) e cross join labels l on l.exchange_id = e.value",
        f"l.seq <= ? and {OF_TRUTH}",
        (json.dumps(list(exchange_ids)), newest),
    )


def storable_label(value: object) -> object:
    """Return a label as the store holds it; raises `InputError` for unsupported values.

    An integer beyond 64 bits becomes text; an object with several outputs becomes JSON text. A list
    or an array of one value is that value; an empty one is a set without labels. A decimal is a
    number, as drivers of databases return them. A text for a missing value is not one.

    >>> storable_label(True), storable_label(2**70), storable_label({"price": 1.5})
    ('true', '1180591620717411303424', '{"price": 1.5}')
    >>> storable_label([[2.5]]), storable_label((1, 0)), storable_label([])
    (2.5, '[1, 0]', '[]')
    """
    given = value
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        value = value.tolist()
    if isinstance(value, tuple):
        value = list(value)
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, str):
        return _storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"label {value} is not a finite number")
    if isinstance(value, (int, float)):
        return value
    if value is None and given is not None:
        raise InputError(f"label {given!r} has no value; leave it out until it is known")
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        return _outputs_text(value)
    raise InputError(f"label {value!r} is a {type(value).__name__}; give a number or a string")


def _storable_text(text: str) -> str:
    """Return a text as the store holds it; raises `InputError` if it is one for a missing value.

    Words such as `none` may be classes.
    """
    if text.strip().lower() in _NO_VALUES:
        raise InputError(f"label {text!r} is a missing value; leave it out until it is known")
    return storable_text(text)


def _outputs_text(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"label {value!r} cannot be written as JSON ({error}); give numbers or strings"
        ) from None


class LabelDay(NamedTuple):
    """A day on which labels of a model arrived in an environment, and the time of the last one.

    `environment` is "" for exchanges without one.
    """

    model: str
    environment: str
    last_at: str


def label_days_since(connection: sqlite3.Connection, day: str) -> list[LabelDay]:
    """Return the days with labels from `day` (such as "2026-05-01") on, ordered by model."""
    rows = connection.execute(
        "select model, environment, last_at from label_days where day >= ? "
        "order by model, environment, day",
        (day,),
    )
    return [LabelDay(*row) for row in rows]


def count_labels_since(connection: sqlite3.Connection, model: str, day: str) -> int:
    """Return the number of a model's labels that arrived on `day` or later."""
    return int(
        connection.execute(
            "select ifnull(sum(labels), 0) from label_days where model = ? and day >= ?",
            (model, day),
        ).fetchone()[0]
    )


def last_label_at(connection: sqlite3.Connection, model: str, environment: str) -> str | None:
    """Return when the last label of a model in an environment arrived; None without labels."""
    moment: str | None = connection.execute(
        "select max(last_at) from label_days where model = ? and environment = ?",
        (model, environment),
    ).fetchone()[0]
    return moment
