"""A view of each model's rows, with its features as columns where SQL finds them.

A view is made from a sample of the model's exchanges, and again when its reference or its versions
change. It holds no data.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output
from modeltap.config.settings import SettingsByModel
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.row_batch import Batch
from modeltap.export.feature_places import DecodedSample, feature_places
from modeltap.logs import logger
from modeltap.payload import parse_json
from modeltap.store.model_views import (
    NEXT,
    has_sql,
    newest_counted,
    place_sql,
    rows_of_model,
    values_of_rows,
    with_columns,
)
from modeltap.store.models import counted_models
from modeltap.store.references import active_reference
from modeltap.store.stored_exchanges import StoredExchange, exchanges_by_id
from modeltap.store.views import ROW_COLUMNS, definition

_MAX_MODELS = 50
_MAX_COLUMNS = 5000
"""Models with a view, and columns of all views, at about 2 microseconds each: every connection
reads the definitions of all views when it is opened."""

_MAX_FEATURES = 1500
"""Columns of a view; SQLite has at most 2,000 by default."""

_SAMPLE = 30
"""Exchanges to find the places of features in."""

_MAX_VALUES = 20_000
"""Values to compare: fewer rows of wide models are sampled."""

_LONGEST_SLUG = 60


def row_views(
    connection: sqlite3.Connection, settings: SettingsByModel, known: Mapping[str, str]
) -> dict[str, str]:
    """Return the definitions of the views of models with decoded rows, by name.

    Args:
        known: the views in the store; those that are up to date are returned unchanged.
    """
    versions: dict[str, list[str]] = {}
    for model, version in counted_models(connection):
        versions.setdefault(model, []).append(version)
    names = view_names(list(versions)[:_MAX_MODELS])
    views: dict[str, str] = {}
    for model, name in names.items():
        if sum(view.count(NEXT) for view in views.values()) > _MAX_COLUMNS:
            break
        mark = _mark(connection, model, versions[model])
        if mark in known.get(name, ""):
            views[name] = known[name]
        elif select := _made(connection, settings, model, versions[model]):
            views[name] = definition(name, f"{mark}\n{select}")
    return views


def view_names(models: Iterable[str]) -> dict[str, str]:
    """Return a name for the view of each model, which needs no quotes unless a letter does.

    >>> view_names(["flights", "my model", "my-model"])
    {'flights': 'v_rows_flights', 'my model': 'v_rows_my_model', 'my-model': 'v_rows_my_model_657b'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    # A model whose name needs no change has the first claim to its view's name.
    for model in sorted(models, key=lambda model: (_slug(model) != model, model)):
        name = f"v_rows_{_slug(model)}"
        if name.lower() in taken or name == "v_rows_":
            name = f"{name.rstrip('_')}_{_digest(model)[:4]}"
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        names[model] = name
    return names


def _slug(model: str) -> str:
    return re.sub(r"[\W_]+", "_", model)[:_LONGEST_SLUG].strip("_")


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _mark(connection: sqlite3.Connection, model: str, versions: Sequence[str]) -> str:
    """Return a comment that is different once the view should be made again."""
    references = [active_reference(connection, model, version) for version in versions]
    made_of = [rows_of_model(model), *versions, *(row.id for row in references if row is not None)]
    return f"/* {_digest(json.dumps(made_of))} */"


def _made(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str, versions: Sequence[str]
) -> str | None:
    """Return a model's view, or None; a pass does not fail because of a body."""
    try:
        return _select(connection, settings, model, versions)
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        logger.warning("modeltap: no view of the rows of %s: %r", model, error)
        return None


def _select(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str, versions: Sequence[str]
) -> str | None:
    """Return the select statement of a model's view; None if it has no decoded rows yet."""
    if "\0" in model:
        return None
    ids = newest_counted(connection, model, versions, _SAMPLE)
    exchanges = exchanges_by_id(connection, ids)
    batch = read(exchanges, settings.for_model(model), Decoders(), connection)
    if not batch.ids:
        return None
    names = _known_features(connection, model, versions)
    rows = _sampled(batch, exchanges, names)
    names = [name for name in names or _features(batch) if "\0" not in name][:_MAX_FEATURES]
    of_rows = rows_of_model(model)
    expressions = {
        name: _joined([place_sql(place) for place in places if has_sql(place)])
        for name, places in feature_places(rows, names).items()
        if any(map(has_sql, places))
    }
    right = _right(connection, of_rows, expressions, batch)
    names_of = column_names(right)
    return with_columns(of_rows, {names_of[name]: sql for name, sql in right.items()})


def _known_features(
    connection: sqlite3.Connection, model: str, versions: Sequence[str]
) -> list[str]:
    """Return the inputs in the references of a model's versions."""
    names: dict[str, None] = {}
    for version in versions:
        row = active_reference(connection, model, version)
        if row is not None:
            features = Reference.from_json(row.payload).features
            names |= dict.fromkeys(
                feature.name
                for feature in features
                if feature.of is None and not is_output(feature.name)
            )
    return list(names)


def _features(batch: Batch) -> list[str]:
    return [name for name in batch.columns() if not is_output(name)]


def _sampled(
    batch: Batch, exchanges: Sequence[StoredExchange], names: Sequence[str]
) -> list[DecodedSample]:
    bodies = {exchange.id: _body(exchange) for exchange in exchanges}
    columns = {name: column for name, column in batch.columns(names).items() if not is_output(name)}
    most = max(_MAX_VALUES // max(1, len(columns)), 5)
    return [
        DecodedSample(
            bodies.get(id_), row, {name: column[position] for name, column in columns.items()}
        )
        for position, (id_, row) in enumerate(
            zip(batch.ids[:most], batch.row_numbers, strict=False)
        )
        if type(bodies.get(id_)) in (dict, list)
    ]


def _body(exchange: StoredExchange) -> Any:
    body = exchange.request_body
    return parse_json(body) if isinstance(body, str) else None


def _joined(expressions: Sequence[str]) -> str:
    only, *others = expressions
    return f"coalesce({', '.join(expressions)})" if others else only


def _right(
    connection: sqlite3.Connection, of_rows: str, expressions: Mapping[str, str], batch: Batch
) -> dict[str, str]:
    """Return the expressions by which SQLite returns what the decoder does, in all rows."""
    if not expressions:
        return {}
    try:
        values = values_of_rows(connection, of_rows, expressions.values(), dict.fromkeys(batch.ids))
    except sqlite3.OperationalError as error:
        logger.warning("modeltap: no columns for features in the views of rows: %s", error)
        return {}
    columns = batch.columns(list(expressions))
    keys = list(zip(batch.ids, batch.row_numbers, strict=True))
    right = {}
    for position, (name, sql) in enumerate(expressions.items()):
        pairs = [
            (values[key][position], value)
            for key, value in zip(keys, columns.get(name, [None] * len(keys)), strict=True)
            if key in values
        ]
        if pairs and all(map(_is_same, *zip(*pairs, strict=True))):
            right[name] = sql
    return right


def _is_same(value: Any, decoded: Any) -> bool:
    """Return whether SQLite's value stands for the decoder's; missing values are missing in both.

    >>> _is_same(1, True), _is_same('[1, 2]', [1, 2]), _is_same("1", 1)
    (True, True, False)
    """
    if isinstance(decoded, list | dict):
        return isinstance(value, str) and json.loads(value) == decoded
    return bool(value == decoded)


def column_names(features: Iterable[str]) -> dict[str, str]:
    """Return a name for the column of each feature; SQLite's names ignore the case of letters.

    A feature with the name of another column gets a prefix, as in exported rows.

    >>> column_names(["x", "X", "ID", ""])
    {'x': 'x', 'X': 'feature.X', 'ID': 'feature.ID', '': 'feature.'}
    """
    taken = {*ROW_COLUMNS, "request", "response", ""}
    names = {}
    for feature in features:
        name = feature
        while name.lower() in taken:
            name = f"feature.{name}"
        taken.add(name.lower())
        names[feature] = name
    return names
