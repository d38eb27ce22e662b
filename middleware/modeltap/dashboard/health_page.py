"""The page about modeltap itself: what was lost, who analyses, what was sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import disk_usage
from typing import Any

from modeltap.analysis.coverage.coverage_report import coverages
from modeltap.dashboard.page_table import PageTable
from modeltap.store.connection import file_of
from modeltap.store.deliveries import count_by_webhook
from modeltap.store.disk_use import disk_use
from modeltap.store.last_windows import captured_total
from modeltap.store.self_check import (
    drops_by_reason,
    lease_holders,
    recent_runs,
    sampled_out,
    shortfalls_by_reason,
    waiting_exchanges,
)
from modeltap.store.settings import SettingsReader
from modeltap.wording import byte_size, plural

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
        PageTable("not_monitored", _NOT_MONITORED, findings, "no gaps are known"),
        PageTable("dropped", _DROPPED, drops_by_reason(connection), "capture lost nothing"),
        PageTable(
            "shortfalls",
            _SHORTFALLS,
            shortfalls_by_reason(connection),
            "all exchanges were decoded",
        ),
        PageTable("deliveries", _DELIVERIES, count_by_webhook(connection), "no messages yet"),
        PageTable("runs", _RUNS, recent_runs(connection), _NO_RUN),
        PageTable("leases", _LEASES, lease_holders(connection), _NO_LEASE),
    ]
    values = {"facts": list(_facts(connection, path)), "titles": _TITLES, "hints": _HINTS}
    return values, tables


def _facts(connection: sqlite3.Connection, path: Path) -> Iterator[tuple[str, str]]:
    """Yield what capture wrote and left out, what waits, and the disk."""
    dropped = sum(row["exchanges"] for row in drops_by_reason(connection))
    yield "Store", str(path)
    yield "Size", _bytes(lambda: disk_use(connection))
    yield "Free on its disk", _bytes(lambda: disk_usage(file_of(connection).parent).free)
    yield "Captured, ever", plural(captured_total(connection), "exchange")
    yield "Dropped", plural(dropped, "exchange")
    yield "Left out by sampling (estimated)", plural(round(sampled_out(connection)), "exchange")
    yield "Waiting for analysis", plural(waiting_exchanges(connection), "exchange")


def _bytes(measure: Callable[[], int]) -> str:
    try:
        return byte_size(measure())
    except OSError as error:
        return f"unknown: {error.strerror}"


_NO_RUN = (
    "no scheduler has started a job: an app with analyze=True or modeltap worker has one; "
    "modeltap analyze runs without it"
)
_NO_LEASE = "no process analyses this store now: start modeltap worker, or an app with analyze=True"


_TITLES = {
    "not_monitored": "Not monitored",
    "dropped": "Dropped by capture",
    "shortfalls": "Exchanges with a missing part",
    "deliveries": "Webhooks",
    "runs": "Last jobs",
    "leases": "Who analyses",
}

_HINTS = {
    "dropped": "Exchanges that were answered, but not written to the store.",
    "shortfalls": "Exchanges without rows, predictions or a time of the event, and the reason.",
    "deliveries": "Dead messages are not retried; their alert's page sends them again.",
    "runs": "Child processes of the scheduler. An exit of 0 is success.",
    "leases": "The leader: only the process that holds a lease does its work.",
}
"""The meaning of each table."""
