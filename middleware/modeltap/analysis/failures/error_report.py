"""The errors of a model: wrong predictions, failed requests and invalid fields."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from modeltap.analysis.failures.error_group import ErrorGroup, ErrorKind
from modeltap.analysis.failures.failed_requests import failure_groups
from modeltap.analysis.failures.wrong_predictions import prediction_groups
from modeltap.analysis.slices.recent_slices import recent_slices
from modeltap.config.settings import Settings
from modeltap.store.failed_exchanges import FailedExchange, newest_failures
from modeltap.store.models import counted_models

_FAILURES = 10_000
"""Failed exchanges that are read: a second's work."""

_EXCHANGES = 200_000
"""Newest exchanges of the store that are searched for failed ones."""


class ErrorNote(NamedTuple):
    """A note about errors of one kind that are not in a report."""

    kind: ErrorKind
    text: str


class ErrorReport(NamedTuple):
    """The errors of a model's version."""

    model: str
    version: str
    groups: list[ErrorGroup]
    notes: list[ErrorNote]


def error_reports(
    connection: sqlite3.Connection, settings: Settings, model: str
) -> Iterator[ErrorReport]:
    """Yield the errors of each version of a model.

    Args:
        settings: the model's own.
    """
    failures, is_limited = _failures(connection, settings, model)
    counted = {own.version for own in counted_models(connection) if own.model == model}
    for version in sorted({*counted, *failures}):
        slices = recent_slices(connection, settings, model, version)
        groups = prediction_groups(slices.rows, slices.report)
        notes = [] if groups else [ErrorNote("prediction", slices.report.outcome)]
        if is_limited:
            text = f"only the newest {_FAILURES:,} failed requests are counted"
            notes.append(ErrorNote("request", text))
        groups += failure_groups(failures.get(version, []))
        yield ErrorReport(model, version, groups, notes)


def _failures(
    connection: sqlite3.Connection, settings: Settings, model: str
) -> tuple[dict[str, list[FailedExchange]], bool]:
    """Return the failed exchanges by analysed version, and whether there may be more."""
    exchanges = newest_failures(connection, model, _FAILURES, _EXCHANGES)
    by_version: dict[str, list[FailedExchange]] = defaultdict(list)
    for exchange in exchanges:
        version = settings.analyzed_version(exchange.version, exchange.environment)
        by_version[version].append(exchange)
    return by_version, len(exchanges) == _FAILURES
