"""Lines of the app's log about what is not monitored."""

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
"""The job that is done once for each model and environment."""

_NAMED = 3
"""A line has room for so many columns."""


def log_untested(connection: sqlite3.Connection, settings: SettingsReader) -> None:
    """Log the columns that no test compares, once they are known."""
    for coverage in coverages(connection, settings):
        if (text := coverage.untested_line) is not None:
            logger.warning("modeltap: %s", text)


def log_masked(connection: sqlite3.Connection, settings: SettingsReader) -> None:
    """Log the columns that a mask blanks, once: a reference that tells so may be a week away."""
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
            names = ", ".join(str(one.subject) for one in masked[:_NAMED])
            more = ", ..." if len(masked) > _NAMED else ""
            of = named(model, version)
            logger.warning("modeltap: %s: %s: %s%s; %s", of, MASKED, names, more, masked[0].fix)


def log_unmonitored(transitions: Sequence[Transition]) -> None:
    """Log the alerts that begin about what is not monitored: no metric shows it."""
    for one in transitions:
        if (one.event, one.alert["rule"]) == (FIRING, NOT_MONITORED):
            logger.warning("modeltap: %s", one.alert["summary"])


def _without_version(of: ModelVersion) -> ModelVersion:
    return ModelVersion(of.model, with_environment("", environment_of(of.version)))
