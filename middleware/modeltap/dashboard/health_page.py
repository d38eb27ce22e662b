"""The page about modeltap itself: what was lost, who analyses, what was sent."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from modeltap.analysis.coverage.coverage_report import coverages
from modeltap.dashboard.page_table import PageTable
from modeltap.store.deliveries import count_by_webhook
from modeltap.store.retention import size
from modeltap.store.self_check import (
    drops_by_reason,
    lease_holders,
    recent_runs,
    shortfalls_by_reason,
    waiting_exchanges,
)
from modeltap.store.settings import SettingsReader

_DROPPED = ("model", "environment", "reason", "exchanges", "last_at")
_SHORTFALLS = ("model", "environment", "part", "reason", "exchanges", "last_hour")
_RUNS = ("job", "started_at", "finished_at", "exit", "pid", "host")
_DELIVERIES = ("webhook", "pending", "delivered", "dead", "next_at", "last_error")
_LEASES = ("name", "owner", "expires_at")
_NOT_MONITORED = ("model", "subject", "reason", "fix")


def health_page(
    connection: sqlite3.Connection, path: Path
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template, and its tables."""
    findings = [
        {
            "model": finding.model,
            "subject": finding.subject or finding.check,
            "reason": finding.reason,
            "fix": finding.fix,
        }
        for coverage in coverages(connection, SettingsReader(connection))
        for finding in coverage.unmonitored
    ]
    tables = [
        PageTable("not_monitored", _NOT_MONITORED, findings, "everything is monitored"),
        PageTable("dropped", _DROPPED, drops_by_reason(connection), "capture lost nothing"),
        PageTable(
            "shortfalls",
            _SHORTFALLS,
            shortfalls_by_reason(connection),
            "all exchanges were decoded",
        ),
        PageTable("deliveries", _DELIVERIES, count_by_webhook(connection), "no messages yet"),
        PageTable("runs", _RUNS, recent_runs(connection), "the scheduler has started no job yet"),
        PageTable("leases", _LEASES, lease_holders(connection), "no process analyses this store"),
    ]
    values = {
        "store": str(path),
        "bytes": size(connection),
        "waiting": waiting_exchanges(connection),
        "titles": _TITLES,
    }
    return values, tables


_TITLES = {
    "not_monitored": "Not monitored",
    "dropped": "Dropped by capture",
    "shortfalls": "Exchanges with a missing part",
    "deliveries": "Webhooks",
    "runs": "Last jobs",
    "leases": "Who analyses",
}
