"""Real servers with their workers, threads, forks and reloads: each answer has its record."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

INSTALL = 'pip install "modeltap[test]"'

# Reading the system's certificates for each client would take longer than all the requests.
PLAIN = {"trust_env": False, "verify": False}

ASGI = """
import modeltap
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

async def predict(request):
    return JSONResponse({"prediction": len(await request.body())})

async def file(request):
    return FileResponse("file.bin")

app = Starlette(routes=[Route("/predict", predict, methods=["POST"]), Route("/file", file)])
modeltap.watch(app, model="m")
"""

WSGI = """
import modeltap
from flask import Flask, request, send_file

app = Flask(__name__)

@app.post("/predict")
def predict():
    return {"prediction": len(request.get_data())}

@app.get("/file")
def file():
    return send_file("file.bin")

modeltap.watch(app, model="m")
"""


def gunicorn(*words):
    return (
        "-m",
        "gunicorn",
        "app:app",
        "--bind",
        "127.0.0.1:{port}",
        "--log-level",
        "warning",
        *words,
    )


def granian(kind):
    # One worker: SIGTERM is lost on a second one that still starts, and granian waits for it.
    return (
        "-m",
        "granian",
        "app:app",
        "--interface",
        kind,
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--no-log",
    )


def server(source, package, *words, name=None):
    return pytest.param(source, package, words, id=name or package)


SERVERS = [
    server(
        ASGI,
        "uvicorn",
        "-m",
        "uvicorn",
        "app:app",
        "--port",
        "{port}",
        "--workers",
        "2",
        "--log-level",
        "warning",
        name="uvicorn-workers",
    ),
    server(
        ASGI,
        "hypercorn",
        "-m",
        "hypercorn",
        "app:app",
        "--bind",
        "127.0.0.1:{port}",
        "--workers",
        "2",
        "--log-level",
        "warning",
    ),
    server(ASGI, "granian", *granian("asgi"), name="granian-asgi"),
    server(WSGI, "granian", *granian("wsgi"), name="granian-wsgi"),
    server(WSGI, "gunicorn", *gunicorn("--workers", "2"), name="gunicorn-sync"),
    server(
        WSGI, "gunicorn", *gunicorn("--workers", "2", "--threads", "3"), name="gunicorn-threads"
    ),
    server(WSGI, "gunicorn", *gunicorn("--workers", "2", "--preload"), name="gunicorn-preload"),
    server(
        ASGI,
        "uvicorn_worker",
        *gunicorn("--workers", "2", "-k", "uvicorn_worker.UvicornWorker"),
        name="gunicorn-uvicorn",
    ),
    server(
        ASGI,
        "gunicorn.workers.gasgi",
        *gunicorn("--workers", "2", "-k", "asgi"),
        name="gunicorn-asgi",
    ),
    server(
        WSGI, "waitress", "-m", "waitress", "--host", "127.0.0.1", "--port", "{port}", "app:app"
    ),
]


def asked(served, count):
    """Ask for `count` predictions, four at a time, each over a connection of its own."""

    def ask(n):
        content = "x" * n
        answer = httpx.post(f"{served.url}/predict", content=content, timeout=20, **PLAIN)
        assert answer.json() == {"prediction": n}
        return answer.headers["x-modeltap-id"], content

    with ThreadPoolExecutor(4) as pool:
        return dict(pool.map(ask, range(1, count + 1)))


@pytest.mark.parametrize(("source", "package", "words"), SERVERS)
def test_each_answer_has_its_record(serve, eventually, read_rows, tmp_path, source, package, words):
    """Of all workers, in one file, with the ids and bodies that the clients had."""
    pytest.importorskip(package, reason=INSTALL)
    served = serve(source, *words)
    answered = asked(served, 40)
    sql = "select * from exchanges where path = '/predict'"

    def recorded():
        return {row["id"]: row["request_body"] for row in read_rows(tmp_path / "modeltap.db", sql)}

    # An exchange ends just after its response was sent: a signal may kill waitress in between.
    time.sleep(0.5)
    served.stop()
    # Some servers end as if killed: what they captured is written after them.
    eventually(lambda: len(recorded()) >= len(answered))
    assert recorded() == answered
    for row in read_rows(tmp_path / "modeltap.db", sql):
        assert (row["route"], row["status"]) == ("/predict", 200)
        assert (row["aborted"], row["error_type"]) == (None, None)


SENT_AS = {
    "granian-asgi": "not seen",  # by path
    "gunicorn-sync": "not seen",  # by sendfile
    "waitress": "not seen",  # by its own file wrapper
    "hypercorn": None,  # in pieces
}
FILES = [
    pytest.param(*one.values, SENT_AS[one.id], id=one.id) for one in SERVERS if one.id in SENT_AS
]


@pytest.mark.slow
@pytest.mark.parametrize(("source", "package", "words", "note"), FILES)
def test_a_file_arrives_whole_whichever_way_the_server_sends_it(
    serve, eventually, read_rows, tmp_path, source, package, words, note
):
    """Two megabytes over a kept connection, twice; a part of them; their headers alone."""
    pytest.importorskip(package, reason=INSTALL)
    content = os.urandom(1 << 21)
    (tmp_path / "file.bin").write_bytes(content)
    served = serve(source, *words)
    with httpx.Client(base_url=served.url, **PLAIN) as client:
        whole = [client.get("/file") for _ in range(2)]
        part = client.get("/file", headers={"range": "bytes=100-199"})
        head = client.head("/file")
    assert [answer.content for answer in whole] == [content, content]
    assert (part.status_code, part.content) == (206, content[100:200])
    assert (head.headers["content-length"], head.content) == (str(len(content)), b"")
    store, sql = tmp_path / "modeltap.db", "select * from exchanges where path = '/file'"
    assert eventually(lambda: len(read_rows(store, sql)) == 3)  # HEAD is not recorded
    rows = {row["id"]: row for row in read_rows(store, sql)}
    row = rows[whole[0].headers["x-modeltap-id"]]
    assert (row["response_note"], row["aborted"]) == (note, None)
    assert row["response_bytes"] == (0 if note else len(content))
    assert rows[part.headers["x-modeltap-id"]]["response_bytes"] == 100


def test_a_reloaded_app_records_to_the_same_file(serve, eventually, read_rows, tmp_path):
    """uvicorn --reload: the source changes, and the new process goes on where the old one was."""
    served = serve(
        ASGI, "-m", "uvicorn", "app:app", "--port", "{port}", "--reload", "--log-level", "warning"
    )
    answered = asked(served, 3)
    (tmp_path / "app.py").write_text(ASGI.replace("prediction", "predicted"))

    def reloaded():
        answer = httpx.post(f"{served.url}/predict", **PLAIN).json()
        if answer == {"prediction": 0}:  # the reloader goes by what it sees at its first look
            os.utime(tmp_path / "app.py")
        return answer == {"predicted": 0}

    assert eventually(reloaded)
    served.stop()
    rows = read_rows(tmp_path / "modeltap.db", "select * from exchanges where path = '/predict'")
    before = [row for row in rows if row["id"] in answered]
    after = [row for row in rows if "predicted" in row["response_body"]]
    assert len(before) == 3 and after
    assert {row["pid"] for row in before}.isdisjoint(row["pid"] for row in after)
