"""`modeltap mlflow` and its function, with real MLflow on files and on SQLite."""

from __future__ import annotations

import json
import socket
import subprocess
from contextlib import closing

import pytest

from drifted_store import files, gone_wrong
from model_servers import python_of
from stores import read

__all__ = ["files", "gone_wrong"]

pytestmark = pytest.mark.servers

RUN = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
run = client.get_run(sys.argv[2])
keys = [key for key in run.data.metrics]
print(json.dumps({
    "tags": {k: v for k, v in run.data.tags.items() if k.startswith("modeltap.")},
    "status": run.info.status,
    "values": {k: [(m.value, m.timestamp, m.step)
                   for m in client.get_metric_history(sys.argv[2], k)]
               for k in ("modeltap/mae", "modeltap/drift/amount")},
    "metrics": len(keys),
    "files": [f.path for f in client.list_artifacts(sys.argv[2], "modeltap")],
}))
"""

TRAINED = """
import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run() as run:
    mlflow.log_metric("mae", 1.0)
print(run.info.run_id)
"""

FUNCTION = """
import json, modeltap, sys
for report in modeltap.log_to_mlflow(model="m", store=sys.argv[2], tracking_uri=sys.argv[1]):
    print(json.dumps([report.run_id, report.values]))
"""


@pytest.fixture(scope="module")
def python():
    return python_of("mlflow", "mlflow")


def ran(python, folder, *words, code=0):
    """Run MLflow's Python in a folder; return the lines of both outputs."""
    done = subprocess.run(
        [str(python), *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout.splitlines() if code == 0 else done.stderr.splitlines()


def logged(python, folder, store, uri, *words):
    command = ("-m", "modeltap", "mlflow", "--store", store, "--model", "m", "--json")
    lines = ran(python, folder, *command, "--tracking-uri", uri, *words)
    return [json.loads(line) for line in lines if line.startswith("{")]


def shown(python, folder, uri, run_id):
    return json.loads(ran(python, folder, "-c", RUN, uri, run_id)[-1])


def test_windows_alerts_and_tags_are_in_a_run_of_its_own(python, files, tmp_path):
    """In SQLite: each value at the end of its window; a second call, in Python, adds nothing."""
    store, uri = files / "cli.db", f"sqlite:///{tmp_path}/mlflow.db"
    (report,) = logged(python, tmp_path, store, uri)
    lines = ran(python, tmp_path, "-c", FUNCTION, uri, store)
    assert json.loads(lines[-1]) == [report["run_id"], 0]
    run = shown(python, tmp_path, uri, report["run_id"])
    stored = read(
        store,
        "select value, cast(strftime('%s', window_end) as integer) * 1000 as at from metrics "
        "where metric = 'mae' and segment is null and value is not null order by window_end",
    )
    values = sorted(run["values"]["modeltap/mae"], key=lambda value: value[1])
    assert [value[:2] for value in values] == [[row["value"], row["at"]] for row in stored]
    steps = [step for _, _, step in values]
    hours = [(row["at"] - stored[0]["at"]) // 3_600_000 for row in stored]
    assert [step - steps[0] for step in steps] == hours
    assert run["values"]["modeltap/drift/amount"] and report["alerts"] >= 2
    assert run["tags"]["modeltap.state"] == "alert" and "data_drift" in str(run["tags"])
    assert run["files"] == ["modeltap/alerts.json", "modeltap/report.md"]


@pytest.mark.slow
def test_the_run_of_the_training_gets_them_beside_its_own(python, files, tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    run_id = ran(python, tmp_path, "-c", TRAINED, uri)[-1]
    (report,) = logged(python, tmp_path, files / "cli.db", uri, "--run-id", run_id)
    run = shown(python, tmp_path, uri, run_id)
    assert report["run_id"] == run_id and run["status"] == "FINISHED"
    assert run["values"]["modeltap/mae"] and run["metrics"] > 5


@pytest.mark.slow
def test_wrong_questions_are_one_line_with_the_reason(python, files, tmp_path):
    """A run that is not there, a model, a version, a server that is down, two answers at once."""
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{unused.getsockname()[1]}"
        uri = f"sqlite:///{tmp_path}/mlflow.db"
        for words, reason in (
            (("--model", "m", "--run-id", "none", "--tracking-uri", uri), "MLflow: "),
            (("--model", "mm", "--tracking-uri", uri), "did you mean 'm'"),
            (("--model", "m", "--version", "9", "--tracking-uri", uri), "no analysed version"),
            (("--model", "m", "--tracking-uri", down), "MLflow: "),
            (("--model", "m", "--tracking-uri", "nonsense://x"), "MLflow: "),
            (("--model", "m", "--run-id", "a", "--experiment", "b"), "not both"),
        ):
            command = ("-m", "modeltap", "mlflow", "--store", files / "cli.db", *words)
            lines = ran(python, tmp_path, *command, code=1)
            assert reason in lines[-1] and "Traceback" not in str(lines), lines
