"""A live app that is sent a corpus, and what its files hold afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import httpx

from secret_corpus.seeds import Seeds
from secret_corpus.traces import Traces, pieces
from secret_corpus.visit import Route, Visit

PATIENCE = 120.0
"""Seconds until a server that does not start, or a writer that does not end, fails the test."""

NUMBER_HEADER = "x-visit"
"""The header that names the answer which the app is to give."""

FASTAPI = """
import json
from pathlib import Path

import modeltap
from fastapi import FastAPI, Header, Query, Request, Response
from pydantic import BaseModel, Field

app = FastAPI()
FOLDER = Path(__file__).parent / "answers"


class Login(BaseModel):
    user: str
    password: str = Field(max_length=5)
    card: dict[str, int] = {}


@app.post("/login")
async def login(login: Login, token: int = Query(0), x_api_key: int = Header(0)):
    return {"user": login.user}


@app.get("/users/{token}/rows")
async def of_token(token: str):
    return {"age": 37}


@app.post("/raises")
async def raises(request: Request):
    body = await request.json()
    token = request.query_params.get("token") or request.headers.get("x-api-key")
    value = body.get("password") or token
    raise ValueError(body["form"].format(body=body, value=value))


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def answer(path: str, request: Request):
    await request.body()
    number = request.headers.get("x-visit", "")
    head = FOLDER / f"{number}.json"
    if not head.exists():
        return {"prediction": 0.5}
    said = json.loads(head.read_text())
    body = (FOLDER / f"{number}.body").read_bytes()
    return Response(body, said["status"], said["headers"], said["type"])


modeltap.watch(app, model="m", analyze=False, exclude_paths=["/health"], OPTIONS)
"""


class Corpus:
    """Exchanges of routes, each with secrets of its own, as often as memories need to be warm."""

    def __init__(self, seed: int = 1) -> None:
        self._seeds = Seeds(seed)
        self.routes: dict[str, str] = {}
        self.visits: list[Visit] = []

    def add(self, routes: Iterable[Route]) -> None:
        """Add one exchange of each route."""
        for route in routes:
            secret = self._seeds.text()
            self.routes[secret] = route.name
            self.visits.append(route.visit(secret))

    def leaks(self, folder: Path) -> dict[str, list[str]]:
        """Return the routes of the secrets that are in a folder's files, and in which."""
        leaked: dict[str, list[str]] = {}
        traces = Traces(self.routes)
        for name, data in pieces(folder):
            for secret in traces.found(data):
                leaked.setdefault(self.routes.get(secret, secret), []).append(name)
        return leaked


def send(folder: Path, visits: list[Visit], options: str = "") -> None:
    """Serve an app with its files in `folder`, send it `visits`, and stop it."""
    place = folder.parent / f"{folder.name}-app"
    _write_answers(place, visits)
    (place / "app.py").write_text(FASTAPI.replace("OPTIONS", options))
    folder.mkdir()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = ["-m", "uvicorn", "app:app", "--port", str(port), "--app-dir", str(place)]
    log = (place / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, *command, "--no-access-log"],
        cwd=folder,
        env={**os.environ, "MODELTAP_STORE": str(folder / "taps.db")},
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
    with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as client:
        _wait(client, process)
        for number, visit in enumerate(visits):
            headers = {"content-type": visit.type, NUMBER_HEADER: str(number), **visit.headers}
            request = client.build_request(
                visit.method, "/", content=visit.body or None, headers=headers
            )
            # As it is: httpx would escape what a client may send unescaped.
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
    """End the server as a container does; its writer ends after it, when all is written."""
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE)
