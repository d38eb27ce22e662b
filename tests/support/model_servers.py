"""Real model servers as processes, each in the environment that has it, untapped and tapped."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from ports import free_port
from stores import analyze, read

ROOT = Path(__file__).parents[2]

IRIS = """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

def model():
    return LogisticRegression(max_iter=500).fit(*load_iris(return_X_y=True))
"""

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
LABELS = [0, 2]
"""What the model of irises says to the two `ROWS`."""

TENSORS = {
    "id": "asked-1",
    "inputs": [
        {
            "name": "x",
            "shape": [2, 4],
            "datatype": "FP64",
            "data": [value for row in ROWS for value in row],
        }
    ],
}
"""The two `ROWS` in the protocol V2."""


_OWN_HEADERS = ("date", "x-modeltap-id", "x-bentoml-request-id")
"""What differs from answer to answer, or is ours."""


def python_of(server, package):
    """Return the Python that has `server`: its own environment's, else the tests' own."""
    folder = Path(os.environ.get("SERVERS_VENVS") or ROOT / ".venv-servers")
    python = folder / server / "bin/python"
    if python.exists():
        return python
    if find_spec(package) is not None:
        return Path(sys.executable)
    return pytest.skip(f'scripts/servers {server}, or pip install "modeltap[{server}]"')


class ModelServer:
    """A server's process and the port it was told."""

    def __init__(self, process, port, stop_with):
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self._stop_with = stop_with
        self._client = httpx.Client(base_url=self.url, trust_env=False, verify=False, timeout=60)

    def wait(self, path="/health", statuses=range(200, 500)):
        """Wait until it answers `path`."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended at once"
            with suppress(httpx.HTTPError):
                if self._client.get(path).status_code in statuses:
                    return self
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    def ask(self, path, **said):
        """POST what httpx takes."""
        return self._client.post(path, **said)

    def stop(self):
        """Stop it as its users do."""
        if self.process.poll() is None:
            self.process.send_signal(self._stop_with)
            self.process.wait(60)

    def end(self):
        """Leave nothing of it behind: some end before their workers do."""
        self._client.close()
        try:
            self.stop()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Environment:
    """Where one kind of server lives, and the folder that its processes stand in."""

    def __init__(self, python, folder):
        self.python = python
        self.folder = folder
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        # Some say the members of a set in their errors, in an order that the seed decides.
        said = {"PATH": path, "PYTHONPATH": "", "PYTHONHASHSEED": "0"}
        self._environ = {**os.environ, **said}
        # The first server compiles its libraries for the others.
        self._environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self._running = []
        (folder / "iris.py").write_text(IRIS)

    def write(self, name, source):
        (self.folder / name).write_text(source)

    def start(self, *words, tap=(), stop_with=signal.SIGTERM, port=None, **environ):
        """Start a command with {port} in it; `tap` is what stands before it."""
        port = port or free_port()
        process = subprocess.Popen(
            [*tap, *(word.format(port=port) for word in words)],
            cwd=self.folder,
            env={**self._environ, **environ},
            start_new_session=True,
        )
        server = ModelServer(process, port, stop_with)
        self._running.append(server)
        return server

    def call(self, source, *words):
        """Run a client's code in this environment; return the JSON it prints last."""
        done = subprocess.run(
            [self.python, "-c", source, *map(str, words)],
            cwd=self.folder,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout else None

    def end(self):
        for server in self._running:
            server.end()


RUN = ("modeltap", "run", "--no-analyze", "--store", "taps.db", "--")
"""What is written before the command of an unmodified server."""


def same_answers(plain, tapped, requests):
    """Ask both the same; the tapped server's answers differ in nothing but our header.

    Returns of each exchange what the store has to hold: id, path, status, and both bodies.
    """
    expected = []
    for path, said in requests:
        wanted, answer = plain.ask(path, **said), tapped.ask(path, **said)
        assert answer.content == wanted.content
        assert answer.status_code == wanted.status_code
        assert _others(answer) == _others(wanted)
        assert "x-modeltap-id" not in wanted.headers
        expected.append(recorded_as(answer))
    return expected


def recorded_as(answer):
    """Return what the store has to hold of an exchange that httpx made."""
    return (
        answer.headers["x-modeltap-id"],
        answer.request.url.path,
        answer.status_code,
        answer.request.content.decode(),
        answer.text,
    )


def _others(answer):
    return {name: text for name, text in answer.headers.items() if name not in _OWN_HEADERS}


def recorded(store, count, where="true"):
    """Return what the store holds of each exchange: id, path, status, and both bodies.

    Some servers end before their workers do, and some workers before what they captured is
    written; so it waits until there are `count`.
    """
    columns = "id, path, status, request_body, response_body"
    sql = f"select {columns} from exchanges where {where} order by id"
    deadline = time.monotonic() + 30
    rows = []
    while len(rows) < count and time.monotonic() < deadline:
        time.sleep(0.05)
        with suppress(sqlite3.OperationalError):
            rows = [tuple(row.values()) for row in read(store, sql)]
    return rows


def assert_decoded(store, expected):
    """Of each exchange, once all are stored, these rows and these predictions are found."""
    recorded(store, len(expected))
    assert decoded(store) == expected


def decoded(store):
    """Analyse the store; return of each exchange the rows found, and the predictions."""
    analyze(store, {})
    sql = "select id, rows from v_exchanges order by id"
    found = {row["id"]: (row["rows"], []) for row in read(store, sql)}
    for row in read(store, "select * from predictions order by exchange_id, row"):
        found[row["exchange_id"]][1].append(row["prediction"])
    return list(found.values())
