"""uWSGI, whose processes are no Python that a child can be started with."""

from __future__ import annotations

import signal
import sys

import pytest

from model_servers import recorded, recorded_as
from stores import read

pytestmark = pytest.mark.servers

APP = """
import modeltap

def app(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'{"prediction": %d}' % len(body)]

app = modeltap.watch(app, model="m", store="taps.db", analyze_interval_seconds=1)
"""

PLAIN = ()
WORKERS = ("--master", "--processes", "2", "--enable-threads", "--threads", "2")
LAZY = ("--master", "--processes", "2", "--enable-threads", "--lazy-apps")


@pytest.fixture
def uwsgi(environment):
    """Start uWSGI in an environment of its own, with words of its command line."""
    made = environment("uwsgi", "uwsgidecorators")
    program = made.python.with_name("uwsgi")
    if not program.exists():
        pytest.skip("scripts/servers uwsgi")
    made.write("app.py", APP)

    def start(*words):
        listen = ("--http-socket", "127.0.0.1:{port}", "--need-app", "--die-on-term")
        command = (str(program), "-w", "app:app", *listen, *words)
        return made.start(*command, stop_with=signal.SIGTERM)

    return start


@pytest.mark.parametrize("words", [PLAIN, WORKERS, LAZY], ids=["one", "threads", "lazy"])
@pytest.mark.parametrize("home", ["its own", "--virtualenv"])
def test_the_writer_and_the_analyses_start(uwsgi, eventually, tmp_path, home, words):
    """In a virtual environment of its own, and in one that it is told."""
    chosen = () if home == "its own" else ("--virtualenv", sys.prefix)
    server = uwsgi(*chosen, *words)
    server.wait("/health")
    answers = [server.ask("/predict", content="x" * n) for n in range(1, 21)]
    store = tmp_path / "taps.db"

    def analyses():
        return read(store, "select exit, log from child_runs where job = 'analyze'")

    assert eventually(lambda: store.exists() and analyses())
    # The bodies are texts, which hold no rows: a warning says so, and nothing else is said.
    logs = [run["log"] for run in analyses() if run["exit"] == 0]
    assert len(logs) == len(analyses())
    assert all("exchanges have no rows" in line for log in logs for line in log.splitlines())
    server.stop()
    rows = recorded(store, len(answers), "path = '/predict'")
    assert sorted(rows) == sorted(map(recorded_as, answers))
