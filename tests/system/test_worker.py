"""`modeltap worker` as a real process: one leader, jobs on time, hangs ended, failures told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from command import completed
from modeltap.store.connection import connect
from modeltap.testing import WebhookReceiver
from plugins import HANGS, install
from processes import alive
from stores import every, put, read

SETTINGS = """
store = "modeltap.db"
window = "1h"
reference = "first 600 rows"
analyze_interval_seconds = 1
lease_seconds = {lease}

[[webhooks]]
url = "{url}"
allow_private = true
events = ["alert.firing", "digest"]
{more}
"""


@pytest.fixture
def receiver():
    with WebhookReceiver() as one:
        yield one


@pytest.fixture
def store(tmp_path):
    return tmp_path / "modeltap.db"


@pytest.fixture
def configure(tmp_path, receiver):
    def write(more="", lease=2):
        settings = SETTINGS.format(url=receiver.url, more=more, lease=lease)
        (tmp_path / "modeltap.toml").write_text(settings)

    write()
    return write


@pytest.fixture
def work(tmp_path, configure):
    """Start workers; end those that are left."""
    running = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "modeltap", "worker", *words],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        )
        assert process.stderr is not None
        limit = threading.Timer(60, process.kill)  # so that a line that never comes is an error
        limit.start()
        said = b""
        while b"watching modeltap.db; stop with Ctrl-C" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        limit.cancel()
        process.said = said
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=60)


def ten_hours(store):
    """600 rows as they should be, then five hours that are not."""
    rows = [{"x": (n * 7919 % 1000) / 100 + (0 if n < 700 else 6)} for n in range(1000)]
    put(store, every(1, 1000), rows)


def runs(store, job):
    return read(store, "select exit, log from child_runs where job = ? order by id", job)


def test_it_analyses_delivers_and_stops_when_asked(work, store, receiver, eventually):
    ten_hours(store)
    process = work()
    assert eventually(lambda: receiver.received)
    data = receiver.received[0].event["data"]
    assert data["rule"] == "data_drift" and "x: median went from" in data["summary"]
    # The message goes out as soon as it is owed, maybe before its analysis has ended.
    assert eventually(lambda: [run["exit"] for run in runs(store, "analyze")][:1] == [0])
    assert read(store, "select 1 from leases where name = 'scheduler'")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert read(store, "select 1 from leases where name = 'scheduler'") == []
    time.sleep(0.2)
    assert len(receiver.received) == 1


def test_the_next_one_takes_over_when_the_leader_is_killed(
    work, configure, store, receiver, eventually
):
    connect(store).close()
    configure(lease=4)  # longer than a process of a busy machine waits for the CPU
    first = work()

    def lease():
        return read(store, "select owner, expires from leases where name = 'scheduler'")

    def leader():
        return lease() and int(lease()[0]["owner"].split(":")[-2])

    assert eventually(lambda: leader() == first.pid)
    second = work()
    expiry = lease()[0]["expires"]
    assert eventually(lambda: lease()[0]["expires"] > expiry + 4)
    assert leader() == first.pid  # renewed, and not taken
    first.kill()
    assert eventually(lambda: leader() == second.pid)
    ten_hours(store)
    assert eventually(lambda: receiver.received)


def test_an_analysis_that_hangs_is_ended_at_its_limit_and_told(
    work, configure, store, tmp_path, receiver, eventually
):
    install(tmp_path, "hangs", HANGS)
    put(store, every(1, 5), [{"x": 1.0}] * 5)
    settings = (tmp_path / "modeltap.toml").read_text()
    (tmp_path / "modeltap.toml").write_text("job_limit_seconds = 5\n" + settings)
    work()
    assert eventually(lambda: receiver.received)
    failed = runs(store, "analyze")
    assert len(failed) >= 3 and all(run["exit"] == -9 for run in failed[:3])
    assert "killed after 5 s (job_limit_seconds)" in failed[0]["log"]
    data = receiver.received[0].event["data"]
    assert (data["rule"], data["severity"]) == ("analysis_failed", "critical")
    assert "killed after 5 s" in data["summary"]
    # Nothing was counted, and nothing is marked as seen.
    assert read(store, "select 1 from predictions union select 1 from traffic") == []
    assert read(store, "select 1 from watermarks where name = 'seen' and value > 0") == []


@pytest.mark.slow
def test_an_analysis_whose_scheduler_was_killed_ends_at_its_limit(
    work, configure, store, tmp_path, eventually
):
    install(tmp_path, "hangs", HANGS)
    put(store, every(1, 5), [{"x": 1.0}] * 5)
    settings = (tmp_path / "modeltap.toml").read_text()
    (tmp_path / "modeltap.toml").write_text("job_limit_seconds = 3\n" + settings)
    worker = work()
    assert eventually(lambda: (tmp_path / "hanging").exists())
    child = int((tmp_path / "hanging").read_text())
    worker.kill()
    assert alive(child)
    assert eventually(lambda: not alive(child))


@pytest.mark.slow
@pytest.mark.slow
def test_digests_and_pruning_go_by_their_own_times(work, store, tmp_path, receiver, eventually):
    ten_hours(store)
    settings = (tmp_path / "modeltap.toml").read_text()
    (tmp_path / "modeltap.toml").write_text(
        settings + '\n[schedules]\ndigest = "2s"\nretention = "2s"\nanalysis = "1s"\n'
    )
    work()
    assert eventually(lambda: "digest" in [one.event["type"] for one in receiver.received])
    assert eventually(lambda: runs(store, "prune"))
    assert eventually(lambda: runs(store, "digest"))
    assert {run["exit"] for run in runs(store, "digest") + runs(store, "prune")} == {0}


def test_without_a_store_it_says_so_and_with_create_it_begins_one(work, store, tmp_path):
    done = completed("worker", cwd=tmp_path)
    assert done.returncode == 1 and "modeltap.db" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    process = work("--create")
    assert store.exists()
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


@pytest.mark.slow
def test_a_wrong_rule_in_the_file_stops_nothing(work, tmp_path, store, receiver, eventually):
    ten_hours(store)
    settings = (tmp_path / "modeltap.toml").read_text()
    (tmp_path / "modeltap.toml").write_text(settings + '\n[[rules]]\nmetric = "mea"\nabove = 1\n')
    process = work()
    assert b"rules: unknown metric 'mea'; did you mean 'mae'?" in process.said
    assert eventually(lambda: receiver.received)
    assert eventually(lambda: runs(store, "analyze"))
    assert {run["exit"] for run in runs(store, "analyze")} == {0}


@pytest.mark.slow
def test_the_secrets_reach_the_child_and_no_file(work, store, tmp_path, receiver, eventually):
    """A literal secret stands in the file of its owner, not in the store."""
    settings = (tmp_path / "modeltap.toml").read_text()
    (tmp_path / "modeltap.toml").write_text(
        settings.replace("[[webhooks]]", "[[webhooks]]\nsecret = 'correct-horse'")
    )
    ten_hours(store)
    work()
    assert eventually(lambda: receiver.received)
    assert "webhook-signature" in receiver.received[0].headers
    for path in tmp_path.glob("modeltap.db*"):
        assert b"correct-horse" not in path.read_bytes()
    assert json.loads(receiver.received[0].body)["type"] == "alert.firing"
