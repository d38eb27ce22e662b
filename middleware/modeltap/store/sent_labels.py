"""Labels as they are sent: by any id of an exchange; each is stored, or rejected with a reason."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from modeltap.store.decode_notes import decoded_rows
from modeltap.store.label_targets import LabelTarget, find_targets, waiting_id
from modeltap.store.labels import Label, insert_labels
from modeltap.store.row_keys import FeatureLabel, insert_by_feature, key_text, rows_with
from modeltap.store.text import storable_text
from modeltap.wording import plural

_NAMED = 3
"""Exchanges that a reason lists."""


class SentLabel(NamedTuple):
    """A label as it was sent.

    Args:
        id: any id of the exchange; with `key`, a value of that feature.
        value: as the store holds it.
        key: the name of a feature; None if `id` is an id of the exchange.
        model: the model, if the label names one.
        labelled_at: when the label was determined.
    """

    id: str
    value: object
    row: int = 0
    key: str | None = None
    model: str | None = None
    labelled_at: str | None = None


@dataclass(frozen=True, order=True)
class RejectedLabel:
    """A label that is not stored: its position among those that were sent, and the reason."""

    index: int
    reason: str


class StoredLabels(NamedTuple):
    """The result of storing labels.

    Args:
        accepted: the stored labels, including repeated ones and unknown ones.
        unknown: those whose exchange is not in the store yet; for labels that name a feature,
            those whose row the analysis has not read.
        waiting: those whose exchange has no prediction yet.
        rejected: those that were not stored.
    """

    accepted: int
    unknown: int
    waiting: int
    rejected: list[RejectedLabel]


def store_labels(
    connection: sqlite3.Connection,
    labels: Mapping[int, SentLabel],
    *,
    source: str,
    model: str | None = None,
) -> StoredLabels:
    """Store labels inside the caller's transaction; repeated ones are stored once.

    Args:
        labels: by their position among those that were sent.
        model: the model of labels that name none; None for any.
    """
    result = StoredLabels(0, 0, 0, [])
    for (own_model, feature), own in _grouped(labels, model).items():
        if feature is None:
            part = _by_id(connection, own, own_model, source)
        else:
            part = _by_feature(connection, own, own_model, feature, source)
        result = StoredLabels(
            result.accepted + part.accepted,
            result.unknown + part.unknown,
            result.waiting + part.waiting,
            result.rejected + part.rejected,
        )
    return result


_Labels = dict[int, SentLabel]
"""Labels by their position."""


def _grouped(
    labels: Mapping[int, SentLabel], model: str | None
) -> dict[tuple[str | None, str | None], _Labels]:
    """Return the labels by their model and the feature that they name."""
    groups: dict[tuple[str | None, str | None], _Labels] = {}
    for index, label in labels.items():
        groups.setdefault((label.model or model, label.key), {})[index] = label
    return groups


def _by_id(
    connection: sqlite3.Connection, labels: _Labels, model: str | None, source: str
) -> StoredLabels:
    ids = {label.id: label.id for label in labels.values()}
    targets = find_targets(connection, ids, model)
    rows = _decoded_rows(connection, targets.values())
    rejected: list[RejectedLabel] = []
    kept: list[Label] = []
    unknown = waiting = 0
    for index, label in labels.items():
        target = targets[label.id]
        reason = _reason(label, target, rows)
        if reason is not None:
            rejected.append(RejectedLabel(index, reason))
            continue
        waiting += target.waits
        unknown += target.exchange_id is None and not target.waits
        kept.append(_stored_form(label, target))
    insert_labels(connection, kept, source=source, model=model)
    return StoredLabels(len(kept), unknown, waiting, rejected)


def _by_feature(
    connection: sqlite3.Connection,
    labels: _Labels,
    model: str | None,
    feature: str,
    source: str,
) -> StoredLabels:
    """Store labels that wait until the analysis has read the feature of their rows."""
    if model is None:
        reason = f"{feature!r} is a feature of a model: name the model, too"
        return StoredLabels(0, 0, 0, [RejectedLabel(index, reason) for index in labels])
    keys = {index: key_text(label.id) or "" for index, label in labels.items()}
    known = rows_with(connection, model, feature, keys.values())
    rejected = [
        RejectedLabel(index, f"several rows have {feature} = {key!r}; use the ids of exchanges")
        for index, key in keys.items()
        if known[key] > 1
    ]
    kept = [index for index, key in keys.items() if known[key] <= 1]
    own = [FeatureLabel(keys[n], labels[n].value, labels[n].labelled_at) for n in kept]
    insert_by_feature(connection, own, model=model, feature=feature, source=source)
    unknown = sum(not known[keys[index]] for index in kept)
    return StoredLabels(len(kept), unknown, 0, rejected)


def has_unknown_ids(connection: sqlite3.Connection, labels: Iterable[SentLabel]) -> bool:
    """Return True if an id is not that of an exchange in the store."""
    ids = json.dumps([label.id for label in labels])
    row = connection.execute(
        "select 1 from json_each(?) n "
        "where not exists (select 1 from exchanges e where e.id = n.value) limit 1",
        (ids,),
    ).fetchone()
    return row is not None


def _stored_form(label: SentLabel, target: LabelTarget) -> Label:
    exchange_id = target.exchange_id or waiting_id(label.id)
    key = label.id if label.id != exchange_id else None
    return Label(
        storable_text(exchange_id),
        label.row,
        label.value,
        key if key is None else storable_text(key),
        label.labelled_at,
    )


def _reason(label: SentLabel, target: LabelTarget, rows: Mapping[str, int]) -> str | None:
    """Return why a label is not stored; None if it is."""
    if target.candidates:
        return several(label.id, target.candidates)
    known = rows.get(target.exchange_id or "")
    if known is not None and label.row >= known:
        return f"row {label.row} does not exist: the exchange has {plural(known, 'row')}, from 0"
    return None


def several(id_: str, candidates: Sequence[str]) -> str:
    """Return the reason why an id of several exchanges names none of them."""
    some = ", ".join(candidates[:_NAMED]) + (", ..." if len(candidates) > _NAMED else "")
    return (
        f"{id_!r} matches {len(candidates)} exchanges with a prediction ({some}); use the id of "
        "one of them"
    )


def _decoded_rows(connection: sqlite3.Connection, targets: Iterable[LabelTarget]) -> dict[str, int]:
    """Return the number of rows of those exchanges that are decoded and have rows."""
    ids = [target.exchange_id for target in targets if target.exchange_id is not None]
    rows = connection.execute(
        f"select e.id, {decoded_rows('e.seq')} as rows from json_each(?) n "
        "cross join exchanges e on e.id = n.value where rows > 0",
        (json.dumps(ids),),
    )
    return dict(rows.fetchall())
