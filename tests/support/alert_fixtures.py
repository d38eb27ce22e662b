"""A store on disk, metric rows week by week, and what the analyzer does with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from incidents import MONDAY, WEEK, judge_rows, metric_row
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


Judge = Callable[..., list[Transition]]


@pytest.fixture
def judge(connection: sqlite3.Connection) -> Judge:
    """Do what the analyzer does with one window's rows: metrics, alerts, outbox, one commit."""

    def judged(
        *rows: dict[str, Any],
        webhooks: list[tuple[str, WebhookSettings]] | None = None,
        rules: Sequence[dict[str, Any]] = (),
        calm_windows: int = 1,
    ) -> list[Transition]:
        return judge_rows(connection, rows, webhooks or [], rules, calm_windows)

    return judged


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    return metric_row


@pytest.fixture
def week() -> Callable[[int], str]:
    return lambda number: iso(MONDAY + number * WEEK)
