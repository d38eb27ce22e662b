"""The corpus of secrets by other ways than an ASGI app: no trace of them in any file."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from command import modeltap
from secret_corpus import all_routes
from secret_corpus.addresses import KEPT_HEADERS
from secret_corpus.calls import PROGRAM
from secret_corpus.event_posts import posts
from secret_corpus.live import Corpus, send
from secret_corpus.log_files import FILES
from secret_corpus.visit import Route
from secret_corpus.wsgi_app import FLASK, SERVE

KEEPING = f"capture_request_headers={KEPT_HEADERS!r}, capture_response_headers={KEPT_HEADERS!r}"

OPEN = set((Path(__file__).parent / "open_routes.txt").read_text().splitlines())

PROMISED = 300


def is_body(route: Route) -> bool:
    """Say whether a route's secret is in a request's body alone: such are logged as they were."""
    visit = route.visit("probe")
    in_body = bool(visit.body) and visit.answer is None and not visit.headers
    return in_body and (visit.method, visit.target) == ("POST", "/predict")


@pytest.fixture
def bodies():
    """Return a corpus whose secrets are in bodies."""
    corpus = Corpus()
    corpus.add(filter(is_body, all_routes()))
    assert len(corpus.routes) >= PROMISED
    return corpus


@pytest.fixture
def folder(tmp_path):
    """A folder for a store and what lies beside it."""
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def test_of_a_wsgi_app(tmp_path, read_rows):
    pytest.importorskip("gunicorn", reason='pip install "modeltap[test]"')
    corpus = Corpus()
    corpus.add(all_routes())
    send(tmp_path / "store", corpus.visits, KEEPING, FLASK, SERVE)
    assert set(corpus.leaks(tmp_path / "store")) - OPEN == set()
    assert len(read_rows(tmp_path / "store/taps.db")) >= len(corpus.visits)


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_of_imported_files(tmp_path, folder, bodies, make, read_rows):
    """Tables, and what other tools log."""
    paths = make(tmp_path, bodies.visits)
    modeltap("import", "--store", folder / "taps.db", "--model", "m", *paths)
    assert set(bodies.leaks(folder)) - OPEN == set()
    assert len(read_rows(folder / "taps.db")) >= PROMISED


def test_of_received_events(folder, bodies, read_rows, eventually):
    """Stored ones, and ones that wait for their other half."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = ["receive", "--store", "taps.db", "--port", str(port)]
    with (folder / "receive.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "modeltap", *command], cwd=folder, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            assert eventually(lambda: client.get("/health").text == "ok\n")
            answers = [
                client.post("/", content=body, headers=headers)
                for body, headers in posts(bodies.visits)
            ]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert {answer.status_code for answer in answers} == {202}
    assert set(bodies.leaks(folder)) - OPEN == set()
    assert len(read_rows(folder / "taps.db")) >= PROMISED
    assert len(read_rows(folder / "taps.db", "select * from unmatched")) >= PROMISED


def test_of_decorated_functions(tmp_path, folder, bodies, read_rows):
    """Arguments, results, pieces of generators and exceptions that quote them."""
    calls = []
    for secret, visit in zip(bodies.routes, bodies.visits, strict=True):
        with suppress(ValueError, RecursionError):
            calls.append((secret, json.loads(visit.body)))
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    (tmp_path / "program.py").write_text(PROGRAM)
    subprocess.run(
        [sys.executable, tmp_path / "program.py", tmp_path / "calls.json"],
        cwd=folder,
        env={**os.environ, "MODELTAP_STORE": "taps.db"},
        check=True,
    )
    assert set(bodies.leaks(folder)) - OPEN == set()
    assert len(read_rows(folder / "taps.db")) == 2 * len(calls) >= PROMISED
