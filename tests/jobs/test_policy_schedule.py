"""Policies in the scheduler: which child it starts, with which input, and for how long."""

from __future__ import annotations

import json
import time

import pytest

from modeltap.config import sources
from modeltap.jobs.policy_schedule import PolicySchedule, ordered_policies
from modeltap.store.connection import connect, writing
from modeltap.store.retrainings import insert_run
from retraining_cases import fill

SECRET = "https://hooks.example.org/T0KEN"


@pytest.fixture
def connection(store):
    fill(store, rows=60)
    connection = connect(store)
    yield connection
    connection.close()


def due(connection, **options):
    settings = sources.load(options, environ={})
    return PolicySchedule(settings).due(connection, time.time())


def test_without_a_policy_nothing_is_due(connection):
    assert due(connection) is None


def test_a_due_policy_starts_a_child_with_the_app_s_policies(connection, monkeypatch):
    """Secrets are on its standard input, not among its arguments."""
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    policy = {"webhook": SECRET, "min_labels": 60, "timeout_seconds": 7200}
    job = due(connection, models={"flights": {"retrain": policy}}, job_limit_seconds=900)
    assert (job.arguments, job.limit_seconds) == (("--due",), 8100)
    order = ordered_policies(json.loads(json.dumps(job.message["retraining"])))
    assert order.policies["flights"].webhook.url == SECRET
    assert order.environment == {"OMP_NUM_THREADS": "4", "PYTHONPATH": None}
    assert due(connection, models={"flights": {"retrain": {**policy, "min_labels": 61}}}) is None


def test_the_general_policy_is_that_of_all_other_models(connection):
    retrain = {"command": "train", "min_labels": 60}
    assert due(connection, retrain=retrain) is not None
    own = {"flights": {"retrain": {"command": "train", "min_labels": 61}}}
    assert due(connection, retrain=retrain, models=own) is None


def test_a_run_that_was_killed_is_due_to_be_recorded(connection):
    with writing(connection):
        insert_run(connection, "flights", reason="x", way="command", labels=60)
    assert due(connection, retrain={"command": "train"}) is not None


def test_a_schedule_of_all_models_runs_all_policies(connection, monkeypatch):
    """`schedules.retrain`; the event is sent for models without one."""
    settings = sources.load({"schedules": {"retrain": "10s"}}, environ={})
    schedule = PolicySchedule(settings)
    assert schedule.due(connection, time.time()) is None
    later = time.monotonic() + 11
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert schedule.due(connection, time.time()).arguments == ()


def test_a_policy_s_own_schedule(connection, monkeypatch):
    settings = sources.load({"retrain": {"command": "train", "schedule": "10s"}}, environ={})
    schedule = PolicySchedule(settings)
    assert schedule.due(connection, time.time()) is None
    later = time.monotonic() + 11
    monkeypatch.setattr(time, "monotonic", lambda: later)
    order = ordered_policies(schedule.due(connection, time.time()).message["retraining"])
    assert order.scheduled == ("flights",)
