"""A live app that receives a corpus, and the secrets that its files contain afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import httpx

from ports import free_port
from processes import alive, writers_of
from secret_corpus.apps import FASTAPI, FLASK, FUNCTIONS
from secret_corpus.awkward import NUMBERS
from secret_corpus.seeds import Seeds
from secret_corpus.sequences import sequence
from secret_corpus.traces import Traces, pieces
from secret_corpus.visit import JSON, Route, Visit

PATIENCE = 120.0
"""Seconds to wait for a server to start, or for a writer to end, before the test fails."""

NUMBER_HEADER = "x-visit"
"""The header with the number of the response that the app must return."""


class Corpus:
    """Exchanges of routes, each with its own secrets, repeated so that caches are warm."""

    def __init__(self, seed: int = 1) -> None:
        self._seeds = Seeds(seed)
        self.routes: dict[str, str] = {}
        self.visits: list[Visit] = []

    def add(self, routes: Iterable[Route]) -> None:
        """Add one exchange of each route."""
        for route in routes:
            self.visits.append(route.visit(self.secret(route.name)))

    def add_answers(self, routes: Iterable[Route]) -> None:
        """Add exchanges in which the app returns the body that a client would have sent."""
        for route in routes:
            visit = route.visit(self.secret(f"{route.name}, as an answer"))
            if visit.body and visit.answer is None and visit.target == "/predict":
                self.visits.append(visit.swapped())

    def add_numbers(self) -> None:
        """Add exchanges with secret numbers, twice in each place."""
        for place, make in NUMBERS.items():
            for _ in range(2):
                number = self._seeds.number()
                self.routes[str(number)] = f"number in {place}"
                self.visits.append(make(number))

    def add_sequence(self, shape: str) -> None:
        """Add clean exchanges of one shape, with a single one that has a secret."""
        self.visits += sequence(shape, self.secret(shape))

    def secret(self, route: str) -> str:
        """Return a new secret for a route."""
        secret = self._seeds.text()
        self.routes[secret] = route
        return secret

    def documents(self) -> list[object]:
        """Return the parsed bodies that are JSON."""
        bodies = (visit.body for visit in self.visits if visit.type == JSON and not visit.headers)
        documents = []
        for body in bodies:
            with suppress(ValueError, RecursionError):
                documents.append(json.loads(body))
        return documents

    def leaks(self, folder: Path) -> dict[str, list[str]]:
        """Return the routes of the secrets in a folder's files, with the files."""
        leaked: dict[str, list[str]] = {}
        traces = Traces(self.routes)
        for name, data in pieces(folder):
            for secret in traces.found(data):
                leaked.setdefault(self.routes.get(secret, secret), []).append(name)
        return leaked


ASGI = (FASTAPI, "-m", "uvicorn", "app:app", "--no-access-log", "--port", "{port}")
WSGI = (FLASK, "-m", "gunicorn", "app:app", "--threads", "2", "-b", "127.0.0.1:{port}")
"""The source of an app, and the command that serves it, with servers that finish their last request
on shutdown, unlike Flask's own server."""


def send(folder: Path, visits: list[Visit], options: str = "", app: tuple[str, ...] = ASGI) -> None:
    """Serve an app with its files in `folder`, send it `visits`, and stop it."""
    source, *command = app
    place = folder.parent / f"{folder.name}-app"
    _write_answers(place, visits)
    (place / "app.py").write_text(source.replace("OPTIONS", options))
    folder.mkdir()
    port = free_port()
    log = (place / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, *(word.format(port=port) for word in command)],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(place),
            "MODELTAP_STORE": str(folder / "taps.db"),
        },
        stdout=log,
        stderr=log,
    )
    try:
        _send_all(f"http://127.0.0.1:{port}", visits, process)
    finally:
        _stop(process)
        log.close()


def _write_answers(place: Path, visits: list[Visit]) -> None:
    answers = place / "answers"
    answers.mkdir(parents=True)
    for number, visit in enumerate(visits):
        if visit.answer is not None:
            (answers / f"{number}.body").write_bytes(visit.answer)
            head = {
                "status": visit.status,
                "headers": visit.answer_headers,
                "type": visit.answer_type,
            }
            (answers / f"{number}.json").write_text(json.dumps(head))


def _send_all(url: str, visits: list[Visit], process: subprocess.Popen[bytes]) -> None:
    with httpx.Client(base_url=url, trust_env=False, verify=False, timeout=PATIENCE) as client:
        _wait(client, process)
        for number, visit in enumerate(visits):
            headers = {"content-type": visit.type, NUMBER_HEADER: str(number), **visit.headers}
            request = client.build_request(
                visit.method, "/", content=visit.body or None, headers=headers
            )
            # Set directly, because httpx would escape characters that a client may send unescaped.
            request.url = request.url.copy_with(raw_path=visit.target.encode())
            _send(client, request)


def _send(client: httpx.Client, request: httpx.Request) -> None:
    try:
        response = client.send(request, stream=True)
    except httpx.TransportError:
        # The server closes a connection on which an app raised: the next request needs another.
        response = client.send(request, stream=True)
    # Some bodies are not in the encoding that their header says.
    with suppress(httpx.DecodingError):
        response.read()
    response.close()


def _wait(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            client.get("/health")
            return
        assert process.poll() is None, "the server ended at once"
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server like a container runtime, and wait until its writer has written the rest."""
    writers = writers_of(process.pid)
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while any(map(alive, writers)):
        assert time.monotonic() < deadline, "the writer did not end"
        time.sleep(0.05)


def call(folder: Path, documents: list[object], secrets: list[str]) -> None:
    """Call decorated functions with documents and with secrets, in a separate process."""
    folder.mkdir()
    place = folder.parent / f"{folder.name}-app"
    place.mkdir()
    arguments = [place / "documents.json", place / "secrets.json"]
    for file, values in zip(arguments, (documents, secrets), strict=True):
        file.write_text(json.dumps(values))
    (place / "calls.py").write_text(FUNCTIONS)
    subprocess.run(
        [sys.executable, str(place / "calls.py"), *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "MODELTAP_STORE": str(folder / "taps.db")},
        timeout=PATIENCE,
        check=True,
    )
