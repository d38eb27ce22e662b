"""Log messages about parts that are not monitored."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from modeltap.alerts.transitions import FIRING, Transition
from modeltap.analysis.coverage.coverage_report import coverages, masked_so_far
from modeltap.analysis.coverage.masked_columns import MASKED
from modeltap.analysis.coverage.not_monitored import NOT_MONITORED
from modeltap.environments import environment_of, named, with_environment
from modeltap.logs import logger
from modeltap.store.connection import writing
from modeltap.store.models import ModelVersion, counted_models
from modeltap.store.runs import claim_run, is_done
from modeltap.store.settings import SettingsReader

_MASKED = "report masked columns"
"""Name of the job, which runs once for each model and environment."""

_NAMED = 3
"""Maximum number of columns to name in a message."""


def log_untested(connection: sqlite3.Connection, settings: SettingsReader) -> None:
    """Log the columns without a test."""
    for coverage in coverages(connection, settings):
        if (text := coverage.untested_line) is not None:
            logger.warning("modeltap: %s", text)


def log_masked(connection: sqlite3.Connection, settings: SettingsReader) -> None:
    """Log the columns that a mask blanks, once, without waiting a week for the reference."""
    for model, version in dict.fromkeys(map(_without_version, counted_models(connection))):
        window = f"{model}{version}"
        if is_done(connection, _MASKED, window):
            continue
        masked = masked_so_far(
            connection, settings.for_model(model), model, environment_of(version)
        )
        if masked is None:
            continue
        with writing(connection):
            claim_run(connection, _MASKED, window)
        if masked:
            names = ", ".join(str(column.subject) for column in masked[:_NAMED])
            more = ", ..." if len(masked) > _NAMED else ""
            owner = named(model, version)
            logger.warning("modeltap: %s: %s: %s%s; %s", owner, MASKED, names, more, masked[0].fix)


def log_unmonitored(transitions: Sequence[Transition]) -> None:
    """Log new `not_monitored` alerts, because no report of metrics shows them."""
    for transition in transitions:
        if (transition.event, transition.alert["rule"]) == (FIRING, NOT_MONITORED):
            logger.warning("modeltap: %s", transition.alert["summary"])


def _without_version(key: ModelVersion) -> ModelVersion:
    return ModelVersion(key.model, with_environment("", environment_of(key.version)))
