"""The models of a store, and their versions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import NamedTuple

from modeltap.environments import environment_of
from modeltap.errors import InputError, nearest
from modeltap.store.path_checks import absolute_path


class ModelVersion(NamedTuple):
    """A model and one of its versions, "" if it has none."""

    model: str
    version: str


def record_model(connection: sqlite3.Connection, model: str, version: str) -> None:
    """Record that exchanges of this model and version were counted, inside the transaction."""
    connection.execute(
        "insert or ignore into models (model, version) values (?, ?)", (model, version)
    )


def counted_models(connection: sqlite3.Connection) -> list[ModelVersion]:
    """Return the models and versions whose exchanges were counted, in order."""
    rows = connection.execute("select model, version from models order by model, version")
    return [ModelVersion(*row) for row in rows]


def known_models(connection: sqlite3.Connection) -> list[str]:
    """Return all models in the store in order: from settings, traffic or reference files."""
    rows = connection.execute(
        "select model from settings where model <> '' "
        'union select model from "references" '
        "union select model from alerts where model <> '' "
        "union select model from unmatched "
        # All exchanges would take .2 s for a million; those that were counted are in `models`.
        "union select model from models union select model from exchanges where seq > "
        "ifnull((select value from watermarks where name = 'seen'), 0) order by 1"
    )
    return [model for (model,) in rows]


def names_in_file(path: str) -> list[str]:
    """Return the models in a store's file, for shell completion: the file is only read.

    Raises `sqlite3.Error` if there is no such store, or if it is busy.
    """
    file = absolute_path(path)
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", timeout=0.2, uri=True)) as connection:
        return known_models(connection)


def environments_of(connection: sqlite3.Connection, model: str) -> list[str | None]:
    """Return the environments of a model, at least one; None stands for rows without one.

    Before the first analysis, these are the environments of the model's exchanges.
    """
    versions = connection.execute(
        "select version from models where model = :model "
        'union select version from "references" where model = :model and active',
        {"model": model},
    )
    environments = {environment_of(version) for (version,) in versions}
    if not environments:
        rows = connection.execute(
            "select distinct nullif(environment, '') from exchanges where model = ?", (model,)
        )
        environments = {environment for (environment,) in rows} or {None}
    return sorted(environments, key=lambda environment: environment or "")


def check_model(connection: sqlite3.Connection, model: str | None) -> None:
    """Raise `InputError`, with the nearest name, unless the store knows `model`."""
    if model is not None:
        require_model(connection, model)


def require_model(connection: sqlite3.Connection, model: str) -> None:
    """Raise `InputError`, with the nearest name, unless `model` is one that the store knows."""
    known = known_models(connection)
    if model not in known:
        hint = nearest(model, known) or "; the store has no model yet"
        raise InputError(f"no model {model!r} in this store{hint}")
