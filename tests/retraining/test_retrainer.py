"""A run of a policy: its recorded state and reason, and the files that it leaves."""

from __future__ import annotations

import pytest

from modeltap.config.improving.retrain_settings import parse_retrain
from modeltap.errors import BusyError
from modeltap.retraining.lost_runs import DIED, lease_of, lost_runs, with_lost
from modeltap.retraining.retrain_event import outcome_of, summary_of
from modeltap.retraining.retrainer import Retrainer
from modeltap.retraining.triggers import BY_HAND, Trigger
from modeltap.store.connection import connect, writing
from modeltap.store.retrainings import change_run, insert_run, last_runs
from modeltap.store.settings import SettingsReader
from modeltap.testing import WebhookReceiver
from retraining_cases import fill

FAILURES = {
    "it returns a number": ({"function": "training:number"}, "failed", "an object of type float"),
    "the function is missing": ({"function": "training:trian"}, "failed", "did you mean 'train'"),
    "the module is missing": ({"function": "trainer:train"}, "failed", "no module 'trainer'"),
    "the command is missing": ({"command": "no-such-command"}, "failed", "cannot be started"),
    "the command fails": ({"command": ["sh", "-c", "echo why; exit 3"]}, "failed", "code 3: why"),
    "it is killed": ({"command": ["sh", "-c", "kill -9 $$"]}, "failed", "ended by signal 9"),
    "it hangs": ({"command": "sleep 600", "timeout_seconds": 1}, "timed_out", "after 1 s"),
    "few rows": ({"command": "true", "min_rows": 500}, "skipped", "160 labelled rows in the last"),
    "the webhook fails": ({"webhook": {"allow_private": True}}, "failed", "status 500"),
    "the webhook hangs": (
        {"webhook": {"allow_private": True}, "timeout_seconds": 0.5},
        "timed_out",
        "did not respond within 0.5 s",
    ),
    "a private address": ({"webhook": {}}, "failed", "is private"),
    "no variable": ({"webhook": {"url": "env:TRAINER_URL"}}, "failed", "TRAINER_URL is not set"),
}


@pytest.fixture
def connection(store):
    fill(store)
    connection = connect(store)
    yield connection
    connection.close()


@pytest.fixture
def retrainer(store, connection):
    return Retrainer(store, connection, SettingsReader(connection))


def train(retrainer, **options):
    return retrainer.run("flights", parse_retrain(options), Trigger(BY_HAND))


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_a_recorded_state_with_its_reason(retrainer, connection, tmp_path, name):
    """The rows are deleted, and the event quotes nothing that the training printed."""
    options, state, message = FAILURES[name]
    (tmp_path / "training.py").write_text("def train(run): pass\ndef number(run): return 0.9\n")
    answers = ["hang"] if name == "the webhook hangs" else [500]
    with WebhookReceiver(answers) as receiver:
        if "webhook" in options:
            options = {**options, "webhook": {"url": receiver.url, **options["webhook"]}}
        run = train(retrainer, **options)
    assert (run.state, run.data) == (state, None)
    assert message in run.message and "\n" not in run.message
    assert last_runs(connection) == [run]
    assert not (tmp_path / "taps.db-retraining").exists()
    with writing(connection):
        event = outcome_of(connection, run, 0.0)
    assert event["data"]["run"]["state"] == state
    assert state != "failed" or run.message not in event["data"]["summary"]


def test_a_model_is_retrained_once_at_a_time(retrainer, connection):
    lease = lease_of(connection, "flights")
    assert lease.hold()
    with pytest.raises(BusyError, match="flights is being retrained by process"):
        train(retrainer, command="true")
    (run,) = last_runs(connection)
    assert run.state == "skipped" and "being retrained" in run.message
    lease.release()
    assert train(retrainer, command="true").state == "succeeded"


def test_a_run_without_its_lease_is_interrupted(retrainer, connection, tmp_path):
    """Its rows are deleted; a path elsewhere, which the store may have been given, is not."""
    data = tmp_path / "taps.db-retraining/r/rows.csv"
    other = tmp_path / "elsewhere/rows.csv"
    for path in (data, other):
        path.parent.mkdir(parents=True)
        path.write_text("id\n")
        with writing(connection):
            id_ = insert_run(connection, "flights", reason="x", way="command", labels=0)
            change_run(connection, id_, data=str(path))
    lease = lease_of(connection, "flights")
    lease.hold()
    assert lost_runs(connection) == [] == retrainer.interrupted()
    lease.release()
    shown = with_lost(connection, last_runs(connection))
    assert [(run.state, run.message) for run in shown] == [("interrupted", DIED)] * 2
    assert [run.state for run in retrainer.interrupted()] == ["interrupted"] * 2
    assert lost_runs(connection) == []
    assert not data.exists() and other.exists()


def test_a_summary_has_the_verdict(retrainer):
    run = train(retrainer, command="true")
    assert summary_of(run) == "succeeded on 160 labelled rows"
    better = run._replace(verdict="not_shown")
    assert summary_of(better).endswith("candidate is not shown")
