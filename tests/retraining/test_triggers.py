"""Triggers: labels since the last success, alerts without a run, schedules, and the cooldown."""

from __future__ import annotations

import time

import pytest

from modeltap.config.improving.retrain_settings import parse_retrain
from modeltap.retraining.triggers import due_trigger
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label
from modeltap.store.retrainings import FAILED, SUCCEEDED, count_all_labels, end_run, insert_run
from retraining_cases import add_labels, fill

HOUR = 3600.0


@pytest.fixture
def connection(store):
    fill(store, rows=60, labelled=40)
    connection = connect(store)
    yield connection
    connection.close()


def due(connection, *, after=0.0, scheduled=False, **options):
    policy = parse_retrain({"command": "train", **options})
    now = time.time() + after
    trigger = due_trigger(connection, "flights", policy, now, scheduled=scheduled)
    return trigger and trigger.reason


def ran(connection, state, alert_id=None):
    with writing(connection):
        labels = count_all_labels(connection, "flights")
        id_ = insert_run(
            connection, "flights", reason="x", way="command", labels=labels, alert_id=alert_id
        )
        if state:
            end_run(connection, id_, state)


def alert(connection, rule="performance", state="firing"):
    with writing(connection):
        connection.execute(
            "insert into alerts (id, fingerprint, rule, model, metric, severity, state, window, "
            "window_start, window_end, last_window_start, summary, started_at, updated_at) values "
            "('a1', 'f', ?, 'flights', 'mae', 'critical', ?, '1h', '', '', '', 's', '', '')",
            (rule, state),
        )


def test_labels_count_from_the_last_success(store, connection):
    """A failed run leaves them to be learned."""
    assert due(connection, min_labels=40) == "40 new labels"
    assert due(connection, min_labels=41) is None
    ran(connection, FAILED)
    assert due(connection, min_labels=40, after=25 * HOUR) == "40 new labels"
    ran(connection, SUCCEEDED)
    assert due(connection, min_labels=1, after=25 * HOUR) is None
    add_labels(store, [Label(f"r{n}", 0, 1.0) for n in range(40, 43)])
    assert due(connection, min_labels=3, after=25 * HOUR) == "3 new labels"


def test_a_firing_alert_starts_one_successful_run(connection):
    alert(connection)
    assert (
        due(connection, on=["performance"]) == due(connection) == ("alert of the rule performance")
    )
    assert due(connection, on=["fairness"]) is None
    ran(connection, FAILED, "a1")
    assert due(connection, on=["performance"], after=25 * HOUR) is not None
    ran(connection, SUCCEEDED, "a1")
    assert due(connection, on=["performance"], after=25 * HOUR) is None


@pytest.mark.parametrize("state", ["pending", "resolved", "no_data"])
def test_other_states_of_an_alert_start_none(connection, state):
    alert(connection, state=state)
    assert due(connection, on=["performance"]) is None


def test_a_schedule_starts_a_run_when_its_time_has_come(connection):
    assert due(connection, schedule="weekly") is None
    assert due(connection, schedule="weekly", scheduled=True) == "schedule"


@pytest.mark.parametrize("state", [FAILED, SUCCEEDED, "skipped"])
def test_none_starts_within_the_cooldown(connection, state):
    """Whatever the end of the last run, so that a failure is not repeated at once."""
    ran(connection, state)
    options = {"schedule": "hourly", "scheduled": True, "cooldown": "2h"}
    assert due(connection, **options, after=1.9 * HOUR) is None
    assert due(connection, **options, after=2.1 * HOUR) == "schedule"
    assert due(connection, **options, after=-3 * HOUR) == "schedule"  # the clock was set back


def test_none_starts_while_one_runs(connection):
    ran(connection, None)
    assert due(connection, schedule="hourly", scheduled=True, after=1000 * HOUR) is None
