"""Capture losses: summed by reason within a period, and recovered after two hours."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap import clock
from modeltap.store import dropped
from modeltap.store.connection import connect, writing


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def note(connection, model, **counts):
    with writing(connection):
        dropped.record_dropped(connection, model, "here", 7, counts)


def test_losses_of_all_reasons_are_added_up(connection):
    assert (dropped.count_dropped(connection), dropped.newest_dropped(connection)) == (0, 0)
    note(connection, "m", full=2, disk=5)
    note(connection, "m", full=4)
    note(connection, "n", full=1)
    assert (dropped.count_dropped(connection), dropped.newest_dropped(connection)) == (12, 4)
    by_reason = dropped.losses_by_reason(connection, "m", "", "2000", "9999", unknown="")
    assert by_reason == [("full", 6), ("disk", 5)]
    assert sum(entry.exchanges for entry in by_reason) + 1 == dropped.count_dropped(connection)
    assert [loss.model for loss in dropped.losses_after(connection, 2, unknown="")] == ["m", "n"]


def test_a_period_is_half_open(connection):
    note(connection, "m", full=2)
    (loss,) = dropped.losses_after(connection, 0, unknown="")
    assert dropped.losses_by_reason(connection, "m", "", "2000", loss.at, unknown="") == []
    assert dropped.losses_by_reason(connection, "m", "", loss.at, "9999", unknown="") == [
        ("full", 2)
    ]


def test_an_incident_has_recovered_after_two_hours_without_a_loss(connection):
    with writing(connection):
        connection.execute(
            "insert into alerts (id, fingerprint, rule, model, metric, severity, state, "
            '"window", window_start, window_end, last_window_start, summary, started_at, '
            "updated_at) values ('a', 'f', 'capture_loss', 'm', 'capture_loss', 'critical', "
            "'firing', '1h', ?, '', ?, '', '', '')",
            (clock.iso(1e9), clock.iso(1e9)),
        )
    over = 1e9 + dropped.RECOVERED_SECONDS
    assert dropped.recovered_incidents(connection, over - 1) == []
    assert [row["model"] for row in dropped.recovered_incidents(connection, over)] == ["m"]


def test_a_loss_without_environment_has_the_one_that_is_passed(connection):
    with writing(connection):
        for environment, count in (("staging", 1), ("", 2), (None, 4)):
            dropped.record_dropped(
                connection, "m", "here", 7, {"full": count}, environment=environment
            )
    losses = dropped.losses_after(connection, 0, unknown="staging")
    assert [loss.environment for loss in losses] == ["staging", "", "staging"]
    for environment, count in (("staging", 5), ("", 2), ("production", None)):
        by_reason = dropped.losses_by_reason(
            connection, "m", environment, "2000", "9999", unknown="staging"
        )
        assert by_reason == ([("full", count)] if count else [])
