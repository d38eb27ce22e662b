"""`modeltap retrain`: a scikit-learn model retrained by command, function and webhook."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import pytest

from command import completed, lines, modeltap
from modeltap.testing import WebhookReceiver
from retraining_cases import ROWS, TRAINING, fill, write_policy
from stores import every, put, read

TRAINED = ROWS * 4 // 5
"""The newest fifth of the rows is held out."""


def listed(store):
    return lines(modeltap("retrain", "--list", "--json", "--store", store))


def predicted(file):
    return float(joblib.load(file).predict([[10.0]])[0])


def test_a_command_retrains_a_model(store, tmp_path):
    """It is given the rows; the file that it writes is the candidate, and the rows are deleted."""
    fill(store)
    write_policy(tmp_path, f'command = ["{sys.executable}", "training.py", "{{data}}"]')
    (run,) = lines(modeltap("retrain", "--model", "flights", "--json", "--store", store))
    assert (run["state"], run["rows"], run["exit"], run["way"]) == (
        "succeeded",
        TRAINED,
        0,
        "command",
    )
    assert predicted(run["artefact"]) == pytest.approx(21.0)
    assert (run["left_out"], run["data"]) == (["email"], None)
    assert list(Path(run["artefact"]).parent.iterdir()) == [Path(run["artefact"])]
    shown = modeltap("retrain", "--list", "--store", store)
    assert "succeeded" in shown and run["id"][:8] in shown
    assert "last retraining" in modeltap("status", "--store", store)


def test_a_function_retrains_a_model_and_returns_the_candidate(store, tmp_path):
    """It is compared on the rows that were held out; its module is in the working folder."""
    fill(store, rows=750)
    write_policy(tmp_path, 'function = "training:train"')
    output = modeltap("retrain", "--store", store)
    assert "candidate: python:training:predict\n  better on the 150 newest labelled rows" in output
    assert predicted("model.joblib") == pytest.approx(21.0)
    (run,) = listed(store)
    assert (run["verdict"], run["message"]) == ("better", None)
    (status,) = lines(modeltap("status", "--json", "--store", store))
    assert status["retraining"]["verdict"] == "better"


def test_an_external_trainer_reads_the_rows_and_responds_with_the_candidate(store, tmp_path):
    """The rows stay until the next run, and the events say what happened."""
    fill(store)

    def train(handler):
        data = receiver.received[-1].event["data"]
        rows = list(csv.DictReader(Path(data["run"]["data"]).read_text().splitlines()))
        body = f'{{"artefact": "http://127.0.0.1:1/{len(rows)}"}}'.encode()
        handler.send_response(201)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with WebhookReceiver([train]) as receiver, WebhookReceiver() as subscriber:
        webhooks = f'[[webhooks]]\nurl = "{subscriber.url}"\nallow_private = true\n'
        write_policy(
            tmp_path,
            f'webhook = {{url = "{receiver.url}", allow_private = true}}',
            f'{webhooks}events = ["retrain"]',
        )
        (run,) = lines(modeltap("retrain", "--json", "--store", store))
        assert subscriber.wait(1)
    assert (run["state"], run["exit"]) == ("succeeded", 201)
    assert run["artefact"] == f"http://127.0.0.1:1/{TRAINED}" and Path(run["data"]).exists()
    request, event = receiver.received[0].event, subscriber.received[0].event
    assert (request["data"]["run"]["state"], event["data"]["run"]["state"]) == (
        "requested",
        "succeeded",
    )
    assert event["data"]["summary"] == f"flights: retraining succeeded on {TRAINED} labelled rows"
    write_policy(tmp_path, 'command = "true"')
    modeltap("retrain", "--store", store)
    assert not Path(run["data"]).exists()


def test_a_failure_is_one_line(store, tmp_path):
    """It names the command that prints the log of the training."""
    fill(store)
    write_policy(tmp_path, 'function = "training:fails"')
    with (tmp_path / "training.py").open("a") as file:
        file.write("\n\ndef fails(run):\n    raise ValueError(\"no column 'price'\")\n")
    error = modeltap("retrain", "--store", store, code=1)
    assert error.count("\n") == 1 and "exit code 1: ValueError: no column 'price'" in error
    (run,) = listed(store)
    assert f"`modeltap retrain --log {run['id'][:8]}`" in error
    log = modeltap_log(store, run["id"])
    assert "Traceback" in log and "in fails" in log


def modeltap_log(store, id_):
    done = completed("retrain", "--log", id_[:8], "--store", store)
    assert done.returncode == 0
    return done.stdout


def test_without_labels_nothing_is_called(store, tmp_path):
    fill(store, labelled=1)
    write_policy(tmp_path, 'command = "touch called"', 'window = "all"')
    assert "1 labelled row after 20 % are held out, but min_rows is 100" in modeltap(
        "retrain", "--store", store, code=1
    )
    assert not Path("called").exists()


def test_a_model_without_labels_does_not_keep_the_next_from_being_retrained(store, tmp_path):
    put(store, every(1, 5), [{"x": 1}] * 5, model="early", prefix="e")
    fill(store)
    write_policy(tmp_path, 'command = "true"', "[models.early.retrain]", 'command = "true"')
    assert "early was not retrained" in modeltap("retrain", "--store", store, code=1)
    states = {run["model"]: run["state"] for run in listed(store)}
    assert states == {"early": "skipped", "flights": "succeeded"}


def test_without_a_policy_the_event_is_sent(store, tmp_path):
    """As the scheduled job `schedules.retrain` does."""
    fill(store)
    (tmp_path / "modeltap.toml").write_text("")
    (event,) = lines(modeltap("retrain", "--json", "--store", store))
    assert (event["type"], event["data"]["model"]) == ("retrain", "flights")
    shown = modeltap("retrain", "--store", store)
    assert "retraining due" in shown and "to train, add [models.flights.retrain]" in shown


def test_one_at_a_time_and_a_killed_run_heals(store, tmp_path, eventually):
    """A second run is refused; a killed one is interrupted and reported, and the next one runs.

    The training that the killed process had started ends with it.
    """
    fill(store)
    (tmp_path / "modeltap.toml").write_text(
        "lease_seconds = 5\n[models.flights.retrain]\n"
        "command = ['sh', '-c', 'echo $$ > pid; exec sleep 600']\n"
    )
    command = [sys.executable, "-m", "modeltap", "retrain", "--store", str(store)]
    running = subprocess.Popen(command)
    assert eventually(lambda: Path("pid").exists() and Path("pid").read_text().strip())
    training = Path(f"/proc/{Path('pid').read_text().strip()}")
    refused = modeltap("retrain", "--model", "flights", "--store", store, code=1)
    assert f"flights is being retrained by process {running.pid}" in refused
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert eventually(lambda: not training.exists() or "sleep" not in _name(training))
    assert eventually(lambda: listed(store)[-1]["state"] == "interrupted")
    (tmp_path / "modeltap.toml").write_text('[models.flights.retrain]\ncommand = "true"\n')
    output = modeltap("retrain", "--store", store)
    assert "was interrupted: its process was killed" in output and "retrained on 160" in output
    states = [run["state"] for run in listed(store)]
    assert states == ["succeeded", "skipped", "interrupted"]
    assert not list(tmp_path.glob("taps.db-retraining/*/rows*"))


def _name(process):
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def test_a_stopped_run_is_recorded(store, tmp_path, eventually):
    """Ctrl-C and SIGTERM."""
    fill(store)
    write_policy(tmp_path, "command = ['sh', '-c', 'touch began; exec sleep 600']")
    running = subprocess.Popen(
        [sys.executable, "-m", "modeltap", "retrain", "--store", str(store)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert eventually(lambda: Path("began").exists())
    running.terminate()
    _, error = running.communicate(timeout=60)
    assert (running.returncode, error.strip()) == (130, "modeltap: interrupted")
    (run,) = listed(store)
    assert (run["state"], run["message"]) == ("interrupted", "stopped by a signal")


def test_the_log_of_an_unknown_run(store):
    fill(store)
    assert "no run with the id 'x'" in modeltap("retrain", "--log", "x", "--store", store, code=1)
    assert modeltap("retrain", "--list", "--store", store).startswith("no runs yet")


def test_a_worker_retrains_when_labels_have_arrived(store, tmp_path, eventually):
    """The training gets the variables of the worker, not those of its child processes."""
    fill(store)
    write_policy(
        tmp_path,
        f'command = ["{sys.executable}", "training.py", "{{data}}"]',
        f"min_labels = {ROWS}",
    )
    (tmp_path / "training.py").write_text(
        f"{TRAINING}\n    print(os.environ.get('OMP_NUM_THREADS'), os.environ['MARK'])\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-m", "modeltap", "worker", "--store", str(store)],
        env={**os.environ, "OMP_NUM_THREADS": "2", "MARK": "mine"},
    )
    done = "select exit, log from child_runs where job = 'retrain'"
    try:
        assert eventually(lambda: read(store, done))
    finally:
        worker.terminate()
        worker.wait()
    (run,) = read(store, "select * from retrainings")
    assert (run["state"], run["reason"], run["log"]) == (
        "succeeded",
        f"{ROWS} new labels",
        "2 mine\n",
    )
    assert read(store, done)[0]["exit"] == 0


def test_doctor_warns_of_a_policy_on_drift_alone(store, tmp_path):
    fill(store, rows=30)
    write_policy(tmp_path, 'command = "true"', 'on = "data_drift"')
    assert "starts on data_drift alone" in modeltap("doctor", "--store", store)
