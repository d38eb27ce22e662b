"""The corpus of secrets as events that a receiver takes: no trace of them in any file."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import httpx

from secret_corpus import all_routes
from secret_corpus.event_posts import posts
from secret_corpus.live import Corpus
from secret_corpus.visit import Route

PROMISED = 300


def is_body(route: Route) -> bool:
    """Say whether a route's secret is in a request's body alone: an event has no more."""
    visit = route.visit("probe")
    in_body = bool(visit.body) and visit.answer is None and not visit.headers
    return in_body and (visit.method, visit.target) == ("POST", "/predict")


def test_no_secret_of_an_event_is_in_any_file(tmp_path, read_rows, eventually):
    """Neither of those that are stored, nor of those that wait for their other half."""
    corpus, folder = Corpus(), tmp_path / "store"
    corpus.add(filter(is_body, all_routes()))
    folder.mkdir()
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
                for body, headers in posts(corpus.visits)
            ]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert {answer.status_code for answer in answers} == {202}
    assert corpus.leaks(folder) == {}
    assert len(read_rows(folder / "taps.db")) >= PROMISED
    assert len(read_rows(folder / "taps.db", "select * from unmatched")) >= PROMISED
