"""A model's health as a row: the same in `status --json` and on the first page."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect_reader
from modeltap.store.settings import SettingsReader
from modeltap.summaries.health_row import HEALTH_COLUMNS, health_row
from modeltap.summaries.model_health import health_of_models


def test_a_row_has_all_columns_in_order(files):
    with closing(connect_reader(files / "cli.db")) as connection:
        (health,) = health_of_models(connection, SettingsReader(connection))
    row = health_row(health)
    assert tuple(row) == HEALTH_COLUMNS
    assert (row["model"], row["state"], row["environment"]) == ("m", "alert", None)
    assert row["since"] == health.since and row["reason"] == health.reason
    assert row["not_monitored"] == [gap.sentence for gap in health.coverage.unmonitored]
