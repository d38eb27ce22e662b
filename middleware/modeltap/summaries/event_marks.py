"""Events on the time axis of a model's charts: alerts, versions, deployments and references."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from modeltap import clock
from modeltap.charts.time_marks import Mark
from modeltap.environments import environment_of
from modeltap.store.models import ModelVersion
from modeltap.store.references import reference_periods
from modeltap.store.version_alerts import alerts_of_version
from modeltap.store.versions import versions_begun
from modeltap.wording import plural

AlertUrl = Callable[[str], str | None]
"""Returns the page of an alert, from its id."""


def event_marks(
    connection: sqlite3.Connection, of: ModelVersion, alert_url: AlertUrl
) -> list[Mark]:
    """Return the marks of a model's version in order of time; see `charts.time_marks.MARK_KINDS`.

    A version is marked where it replaces another one in its environment, as a deployment if it was
    noted by `modeltap version`.
    """
    marks = [
        *_alerts(connection, of, alert_url),
        *_versions(connection, of),
        *_references(connection, of),
    ]
    return sorted(marks, key=lambda mark: mark.seconds)


def _alerts(
    connection: sqlite3.Connection, of: ModelVersion, alert_url: AlertUrl
) -> Iterator[Mark]:
    for alert in alerts_of_version(connection, *of):
        seconds = clock.parse(alert["window_start"])
        if seconds is not None:
            summary = alert["summary"].removeprefix(f"{of.model}: ")
            title = f"{clock.short(alert['window_start'])}, {_named(alert['rule'])}: {summary}"
            yield Mark(seconds, "A", title, alert_url(alert["id"]))


def _named(rule: str) -> str:
    return rule.replace("_", " ")


def _versions(connection: sqlite3.Connection, of: ModelVersion) -> Iterator[Mark]:
    environment = environment_of(of.version) or ""
    for served in versions_begun(connection, of.model, environment, "", "9999"):
        seconds = clock.parse(served.first_at)
        if seconds is None:
            continue
        name = served.version or "no version"
        when = clock.short(served.first_at)
        if served.is_noted:
            yield Mark(seconds, "D", f"{when}: deployment of {name}, as noted")
        else:
            yield Mark(seconds, "V", f"{when}: version {name} begins")


def _references(connection: sqlite3.Connection, of: ModelVersion) -> Iterator[Mark]:
    for reference in reference_periods(connection, of):
        end = reference.to_time or reference.created_at
        seconds = clock.parse(end)
        if seconds is not None:
            rows = plural(reference.rows, "row")
            yield Mark(seconds, "R", f"{clock.short(end)}: reference of {rows} ends")
