"""The process that a tap is in: its signals, its files and its children are the app's."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

HANDLERS = """
import json, signal, sys, threading
from wsgiref.simple_server import make_server

import modeltap

def handlers():
    return {int(number): repr(signal.getsignal(number)) for number in signal.valid_signals()}

def app(environ, start_response):
    start_response("200 OK", [("content-type", "application/json")])
    blocked = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    threads = [thread.name for thread in threading.enumerate()]
    now = {"handlers": handlers(), "blocked": blocked, "threads": threads}
    written = modeltap.stats()["written"]
    return [json.dumps({**now, "before": before, "written": written}).encode()]

before = handlers()
app = modeltap.watch(app, model="m", store="taps.db")
make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
"""


def test_signals_stay_as_the_app_has_them(serve, eventually):
    """Also when requests were recorded and the scheduler runs; SIGTERM still ends the process."""
    served = serve(HANDLERS, "app.py", "{port}")
    said = {}

    def recorded():
        said.update(httpx.get(f"{served.url}/predict", trust_env=False, verify=False).json())
        return said["written"] and "APScheduler" in said["threads"]

    assert eventually(recorded)
    assert said["handlers"] == said["before"] and said["blocked"] == []
    served.process.terminate()
    assert served.process.wait(60) == -signal.SIGTERM


ASGI = """
import modeltap
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def predict(request):
    return PlainTextResponse(await request.body())

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
modeltap.watch(app, model="m")
"""

WSGI = """
import sys
from wsgiref.simple_server import make_server

import modeltap

def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
    start_response("200 OK", [("content-type", "text/plain; charset=utf-8"),
                              ("content-length", str(len(body)))])
    return [body]

app = modeltap.watch(app, model="m")
make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
"""


def children_of(pid):
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


@pytest.mark.parametrize(
    ("source", "words"), [(ASGI, ()), (WSGI, ("app.py", "{port}"))], ids=["asgi", "wsgi"]
)
@pytest.mark.parametrize("disabled", [True, False])
def test_what_is_disabled_by_the_environment_is_as_if_it_were_not_there(
    serve, tmp_path, monkeypatch, eventually, source, words, disabled
):
    """No file, no process, no header; without MODELTAP_DISABLED there are all three."""
    if disabled:
        monkeypatch.setenv("MODELTAP_DISABLED", "1")
    served = serve(source, *words)
    for _ in range(3):
        answer = httpx.post(
            f"{served.url}/predict", content=b"asked", trust_env=False, verify=False
        )
        assert (answer.status_code, answer.content) == (200, b"asked")
    headers = {"content-type", "content-length", "date", "server"}
    store = tmp_path / "modeltap.db"
    if disabled:
        assert set(answer.headers) == headers
        assert children_of(served.process.pid) == [] and not store.exists()
        served.stop()
        left = {file.name for file in tmp_path.iterdir()} - {"__pycache__"}
        assert left == {"app.py"}
    else:
        assert set(answer.headers) == {*headers, "x-modeltap-id"}
        assert eventually(lambda: children_of(served.process.pid) and store.exists())
