"""The alerts of a version as a file in a run of MLflow: rows, and Markdown for people."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from modeltap import clock
from modeltap.notify.events import without_values
from modeltap.printable import escaped
from modeltap.store.models import ModelVersion
from modeltap.store.version_alerts import alerts_of_version
from modeltap.summaries.model_health import ModelHealth

_MOST_ALERTS = 200
_COLUMNS = (
    "id",
    "rule",
    "metric",
    "feature",
    "segment",
    "severity",
    "state",
    "window_start",
    "value",
    "threshold",
    "started_at",
    "resolved_at",
    "summary",
)


def alert_rows(connection: sqlite3.Connection, of: ModelVersion) -> list[dict[str, Any]]:
    """Return the newest alerts of a version; values from payloads are left out of their texts."""
    rows = alerts_of_version(connection, *of)[::-1][:_MOST_ALERTS]
    return [
        {name: without_values(row)[name] for name in _COLUMNS}
        | {"examples": json.loads(row["examples"] or "[]")}
        for row in rows
    ]


def report_text(health: ModelHealth | None, alerts: Sequence[Mapping[str, Any]]) -> str:
    """Return a page in Markdown about a version's health and its alerts."""
    lines = ["# Monitoring", ""]
    if health is not None:
        reason = f": {health.reason}" if health.reason else ""
        lines.append(_cell(f"{health.model} {health.shown_version}: {health.state}{reason}"))
        lines.append("")
        if health.last_window_end is not None:
            lines += [f"Windows are evaluated up to {clock.short(health.last_window_end)} UTC.", ""]
    if not alerts:
        return "\n".join([*lines, "No alerts.", ""])
    lines += ["| since | state | severity | rule | alert |", "|---|---|---|---|---|"]
    for alert in alerts:
        cells = (
            clock.short(alert["started_at"]),
            *(str(alert[name]) for name in ("state", "severity", "rule", "summary")),
        )
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    r"""Return a text that cannot end a cell or begin markup.

    >>> print(_cell("a|b <script>"))
    a\|b &lt;script>
    """
    shown = escaped(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{letter}" if letter in "|`*_[]\\" else letter for letter in shown)
