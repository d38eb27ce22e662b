"""Fixtures of alerts: a store on disk, metric rows by week, and their processing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from incidents import MONDAY, WEEK, metric_row, process_rows
from modeltap.alerts.transitions import Transition
from modeltap.clock import iso
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.store.connection import connect


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "modeltap.db"
    connect(path).close()
    return path


@pytest.fixture
def connection(store: Path) -> Iterator[sqlite3.Connection]:
    opened = connect(store, create=False)
    yield opened
    opened.close()


Process = Callable[..., list[Transition]]


@pytest.fixture
def process(connection: sqlite3.Connection) -> Process:
    """Return a function that processes a window's rows like the analyzer."""

    def processed(
        *rows: dict[str, Any],
        webhooks: list[tuple[str, WebhookSettings]] | None = None,
        rules: Sequence[dict[str, Any]] = (),
        recovery_windows: int = 1,
    ) -> list[Transition]:
        return process_rows(connection, rows, webhooks or [], rules, recovery_windows)

    return processed


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    return metric_row


@pytest.fixture
def week() -> Callable[[int], str]:
    return lambda number: iso(MONDAY + number * WEEK)
