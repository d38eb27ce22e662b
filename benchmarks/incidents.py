"""Incidents of a store: rows in, analysed pass by pass, read back, and counted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.ingest.entry import Logged
from modeltap.jobs.pipeline import Analyzer


def options_of(setting: str) -> dict[str, object]:
    """Return the options of a setting: none of `default`."""
    if setting == "default":
        return {}
    values = [part.strip() for part in setting.split("/")]
    return dict(zip(("reference", "window"), values, strict=False))


def exchange(key: str, at: float, row: Mapping[str, Any]) -> Logged:
    """Return one row as an exchange of the event time `at`, for the importer."""
    return Logged(
        source="import",
        key=key,
        time=at,
        request=json.dumps(row).encode(),
        request_type="application/json",
    )


@dataclass(frozen=True)
class Incident:
    """An alert that fired; times are event times in Unix seconds."""

    metric: str
    feature: str | None
    start: float
    """The start of its first window."""
    found: float
    """The end of the window with which it fired: no message was sent earlier."""
    end: float
    """When it was resolved; infinite while it is open."""
    summary: str
    """Its words when the pass that raised it was over."""
    related: tuple[str, ...] = ()
    """The features of a finding."""

    def names(self, feature: str) -> bool:
        """Return whether the alert is about a feature, or several in its words or finding."""
        return feature in (self.feature, *self.related) or f"`{feature}`" in self.summary


@dataclass
class Watch:
    """Analyses one store, and notes the words of each alert as it was first read.

    An incident that goes on overwrites its words, so they are read after each pass.
    """

    store: Path
    connection: sqlite3.Connection
    options: Mapping[str, object]

    def __post_init__(self) -> None:
        self._summaries: dict[str, str] = {}

    def analyze(self) -> None:
        """Run one pass of the analysis, as the scheduler does."""
        Analyzer(self.store, self.connection, self.options).run()
        self.note()

    def note(self) -> None:
        """Note the words of the alerts that are new."""
        for alert in self.connection.execute(
            "select id, summary from alerts where state <> 'pending'"
        ):
            self._summaries.setdefault(alert["id"], alert["summary"])

    def incidents(self) -> list[Incident]:
        """Return the incidents in the order in which they were found."""
        rows = self.connection.execute(
            "select a.*, (select min(window_start) from alert_history h where h.alert_id = a.id "
            "and h.state = 'firing') as fired from alerts a where state != 'pending'"
        ).fetchall()
        return sorted((self._incident(row) for row in rows), key=lambda one: one.found)

    def _incident(self, row: sqlite3.Row) -> Incident:
        fired = row["fired"] or row["window_start"]
        (end,) = self.connection.execute(
            "select max(window_end) from metrics where model = ? and window = ? "
            "and window_start = ?",
            (row["model"], row["window"], fired),
        ).fetchone()
        return Incident(
            row["metric"],
            row["feature"],
            clock.parse(row["started_at"]) or 0.0,
            clock.parse(end or row["window_end"]) or 0.0,
            clock.parse(row["resolved_at"] or "") or float("inf"),
            self._summaries.get(row["id"], row["summary"]),
            tuple(json.loads(row["related"] or "[]")),
        )


def open_hours(incidents: Sequence[Incident], start: float, end: float) -> tuple[int, int]:
    """Return in how many hours from `start` to `end` an incident was open, and how many there are.

    Open is an incident from the start of its first window, as the store has it.
    """
    hours = range(round((end - start) / 3600))
    moments = [start + 3600 * hour for hour in hours]
    return sum(any(i.start <= at < i.end for i in incidents) for at in moments), len(hours)
