"""The command `otel`, and the scheduler that runs it: one line about a receiver that is down."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from itertools import pairwise

import pytest

from bridge_facts import facts, metric_row
from command import completed
from modeltap.store.connection import connect
from modeltap.store.unsent_facts import sending_state
from otlp_receiver import receiving

__all__ = ["facts"]


def ran(folder, *words):
    done = completed(*words, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_the_command_says_what_was_sent(facts, tmp_path):
    facts.evaluate(metric_row("mae", 1.0))
    with receiving() as receiver:
        (tmp_path / "modeltap.toml").write_text(f'otel = "{receiver.url}"\n')
        code, shown, _ = ran(tmp_path, "otel", "--store", facts.path)
        assert code == 0 and "current values, 0 values of past windows" in shown
        code, shown, _ = ran(tmp_path, "otel", "--store", facts.path, "--json")
        assert code == 0 and json.loads(shown)["error"] is None
        receiver.answers["/v1/metrics"] = 401
        code, shown, errors = ran(tmp_path, "otel", "--store", facts.path)
        assert code == 1 and shown == "" and len(errors.splitlines()) == 1
        assert "status 401: the receiver requires credentials" in errors
        _, shown, _ = ran(tmp_path, "doctor", "--store", facts.path)
        assert "otel: 127.0.0.1" in shown and "requires credentials" in shown


def test_without_a_receiver_it_says_how_to_set_one(facts, tmp_path):
    code, _, errors = ran(tmp_path, "otel", "--store", facts.path)
    assert code == 1 and 'add [otel] endpoint = "http://localhost:4318"' in errors


def test_without_the_extra_it_says_how_to_install_it(facts, monkeypatch):
    from modeltap.bridges.otel_push import require_otel
    from modeltap.errors import InputError

    monkeypatch.setitem(sys.modules, "opentelemetry.proto", None)
    for name in list(sys.modules):
        if name.startswith("opentelemetry.proto."):
            monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r'pip install "modeltap\[otel\]"'):
        require_otel()


@contextmanager
def worker(folder, store):
    """Run the scheduler; yield the file of its log."""
    log = folder / "worker.log"
    with (
        log.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-m", "modeltap", "worker", "--store", store], cwd=folder, stderr=file
        ) as process,
    ):
        try:
            yield log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def until(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.slow
def test_the_scheduler_pushes_and_repeats_no_failure(facts, tmp_path):
    """A receiver that refuses twice is one line in the log; its recovery is another."""
    facts.evaluate(metric_row("mae", 1.0))
    with receiving() as receiver:
        receiver.answers["/v1/metrics"] = 403
        (tmp_path / "modeltap.toml").write_text(
            f'[otel]\nendpoint = "{receiver.url}"\ninterval = "5s"\nheaders = {{key = "T0KEN"}}\n'
        )
        with worker(tmp_path, facts.path) as log:
            until(lambda: len(receiver.requests) >= 2)
            receiver.answers.clear()
            until(lambda: receiver.points and "works again" in log.read_text())
            text = log.read_text()
    lines = [line.partition("OpenTelemetry")[2] for line in text.splitlines()]
    lines = [line for line in lines if line]
    assert all(line != after for line, after in pairwise(lines)), text
    assert "status 403" in text and "T0KEN" not in text
    with closing(connect(facts.path)) as connection:
        assert sending_state(connection, "otel").error is None
