"""The alerts that concern a version of a model: its own, and those that name no version.

An alert about missing requests, lost exchanges or a failed analysis concerns a model in an
environment, or all models. It is listed with the version whose rows are the newest, so that each
alert is in one place.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from modeltap.config.metrics import OF_ENVIRONMENTS
from modeltap.environments import environment_of, reported, with_environment
from modeltap.store.alerts import ALERT_COLUMNS, STILL_OPEN, AlertRow
from modeltap.store.models import ModelVersion, counted_models
from modeltap.store.predictions import newest_version

_CONCERNS = """case
    when metric not in (select value from json_each(:of_environments))
        then model = :model and version = :version
    when not :is_newest then false
    when model = '' then version in ('', :environment)
    else model = :model and version = :environment
end"""
"""Select the alerts of a version; the parameters are those of `_concerning`."""


def open_of(connection: sqlite3.Connection, model: str, version: str) -> list[AlertRow]:
    """Return the open alerts that concern a model's version, oldest first.

    Args:
        version: as it is analysed, with the environment.
    """
    return connection.execute(
        f"select * from alerts where {STILL_OPEN} and {_CONCERNS} order by started_at, id",
        _concerning(connection, model, version),
    ).fetchall()


def alerts_of_version(
    connection: sqlite3.Connection, model: str, version: str
) -> list[dict[str, Any]]:
    """Return `ALERT_COLUMNS` of the alerts that concern a model's version, without pending ones.

    Args:
        version: as it is analysed, with the environment.
    """
    rows = connection.execute(
        f"select {', '.join(ALERT_COLUMNS)} from alerts where state <> 'pending' and {_CONCERNS} "
        "order by started_at, rule, feature",
        _concerning(connection, model, version),
    )
    return [reported(dict(row)) for row in rows]


def _concerning(connection: sqlite3.Connection, model: str, version: str) -> dict[str, Any]:
    """Return the parameters of `_CONCERNS`."""
    return {
        "model": model,
        "version": version,
        "environment": with_environment("", environment_of(version)),
        "of_environments": json.dumps(OF_ENVIRONMENTS),
        "is_newest": _is_newest(connection, ModelVersion(model, version)),
    }


def _is_newest(connection: sqlite3.Connection, of: ModelVersion) -> bool:
    """Return whether no other version of the model has newer rows in the same environment."""
    environment = environment_of(of.version)
    others = (
        known
        for known in counted_models(connection)
        if known.model == of.model and environment_of(known.version) == environment
    )
    return newest_version(connection, {of, *others}) == of
