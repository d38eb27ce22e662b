"""The labels endpoint in real servers: joined labels, refusals, concurrent posts, a killed app."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from modeltap.store.connection import connect
from stores import analyze

TOKEN = "s3same"
HEADERS = {"authorization": f"Bearer {TOKEN}"}
PLAIN = {"trust_env": False, "verify": False, "timeout": 60}

ASGI = """
import modeltap
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def predict(request):
    return JSONResponse({"prediction": (await request.json())["x"]})

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
modeltap.watch(
    app, model="m", store="taps.db", analyze=False,
    labels_endpoint="/labels", labels_token="env:LABELS_TOKEN",
)
"""

WSGI = """
import modeltap
from flask import Flask, request

app = Flask(__name__)

@app.post("/predict")
def predict():
    return {"prediction": request.get_json()["x"]}

modeltap.watch(
    app, model="m", store="taps.db", analyze=False,
    labels_endpoint="/labels", labels_token="env:LABELS_TOKEN",
)
"""

GUNICORN = ("-m", "gunicorn", "app:app", "--bind", "127.0.0.1:{port}", "--log-level", "warning")
SERVERS = [
    pytest.param(ASGI, (), id="uvicorn"),
    pytest.param(
        ASGI,
        (
            "-m",
            "uvicorn",
            "app:app",
            "--port",
            "{port}",
            "--workers",
            "2",
            "--log-level",
            "warning",
        ),
        id="uvicorn-workers",
        marks=pytest.mark.slow,
    ),
    pytest.param(WSGI, (*GUNICORN, "--workers", "2", "--threads", "4"), id="gunicorn"),
    pytest.param(
        WSGI,
        ("-m", "waitress", "--host", "127.0.0.1", "--port", "{port}", "app:app"),
        id="waitress",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        WSGI,
        ("-m", "flask", "--app", "app", "run", "--port", "{port}"),
        id="flask",
        marks=pytest.mark.slow,
    ),
]


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("LABELS_TOKEN", TOKEN)


def predict(served, x):
    return httpx.post(f"{served.url}/predict", json={"x": x}, **PLAIN).headers["x-modeltap-id"]


def post(served, labels, headers=HEADERS, **options):
    return httpx.post(f"{served.url}/labels", json=labels, headers=headers, **PLAIN, **options)


def stored():
    with closing(sqlite3.connect("taps.db")) as connection:
        return connection.execute(
            "select exchange_id, row, value, source from labels order by seq"
        ).fetchall()


@pytest.mark.parametrize(("source", "words"), SERVERS)
def test_labels_join_their_exchanges(serve, source, words, eventually):
    """Through the analysis to the metrics; the posts are not recorded."""
    served = serve(source, *words)
    ids = [predict(served, x) for x in range(12)]
    reply = post(served, [{"id": id_, "value": x} for x, id_ in enumerate(ids)])
    assert reply.status_code == 202, reply.text
    assert reply.json()["accepted"] == 12 and reply.json()["rejected"] == []
    assert stored() == [(id_, 0, x, "endpoint") for x, id_ in enumerate(ids)]
    one = post(served, {"id": "later", "value": 1})
    assert one.json() == {"accepted": 1, "unknown": 1, "rejected": []}
    served.stop()

    def paths():
        with closing(sqlite3.connect("taps.db")) as connection:
            return connection.execute("select path, count(*) from exchanges group by 1").fetchall()

    assert eventually(lambda: paths() == [("/predict", 12)])
    analyze("taps.db", {"min_rows": 5, "window": "1d"}, include_open=True)
    with closing(connect("taps.db")) as connection:
        metrics = dict(
            connection.execute("select metric, value from metrics where metric like 'label_c%'")
        )
    assert metrics == {"label_coverage": 1.0}


@pytest.mark.parametrize(("source", "words"), SERVERS[:1] + SERVERS[2:3])
def test_refused_posts_store_nothing(serve, source, words):
    """By method, token, size and content, each with its reason; other routes are as before."""
    served = serve(source, *words)
    label = {"id": "a", "value": 1}
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
        refused = post(served, label, headers=headers)
        assert refused.status_code == 401 and "Bearer" in refused.json()["error"]
    assert "s3same" not in refused.text
    gotten = httpx.get(f"{served.url}/labels", headers=HEADERS, **PLAIN)
    assert (gotten.status_code, gotten.headers["allow"]) == (405, "POST")
    url = f"{served.url}/labels"
    large = httpx.post(url, content=b" " * (1 << 20) + b"{}", headers=HEADERS, **PLAIN)
    assert large.status_code == 413 and "in parts" in large.json()["error"]
    pieces = (b" " * 65_536 for _ in range(20))
    chunked = httpx.post(url, content=pieces, headers=HEADERS, **PLAIN)
    assert chunked.status_code == 413
    broken = httpx.post(url, content=b"a=b", headers=HEADERS, **PLAIN)
    assert broken.status_code == 400 and "not valid JSON" in broken.json()["error"]
    some = post(served, [label, {"id": "b", "value": None}, {"value": 2}])
    assert some.status_code == 202 and some.json()["accepted"] == 1
    assert [entry["index"] for entry in some.json()["rejected"]] == [1, 2]
    assert [value for _, _, value, _ in stored()] == [1]
    assert httpx.post(f"{served.url}/labels/", headers=HEADERS, **PLAIN).status_code == 404
    assert predict(served, 1)


def test_concurrent_posts_are_all_stored(serve):
    """Of many clients to two workers, while another program holds the write lock for a time."""
    served = serve(WSGI, *GUNICORN, "--workers", "2", "--threads", "4")
    predict(served, 1)
    post(served, {"id": "first", "value": 0})
    with ThreadPoolExecutor(8) as pool:
        with closing(sqlite3.connect("taps.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            replies = [pool.submit(post, served, {"id": f"n{n}", "value": n}) for n in range(40)]
            other.execute("rollback")
        assert {reply.result().status_code for reply in replies} == {202}
    assert {id_ for id_, *_ in stored()} == {"first", *(f"n{n}" for n in range(40))}


def test_a_waiting_post_does_not_delay_predictions(serve):
    """The store is locked: the post waits in a thread of its own, and predictions are served."""
    served = serve(ASGI)
    post(served, {"id": "first", "value": 0})
    with (
        ThreadPoolExecutor(1) as pool,
        closing(sqlite3.connect("taps.db", isolation_level=None)) as other,
    ):
        other.execute("begin immediate")
        waiting = pool.submit(post, served, {"id": "second", "value": 1})
        for x in range(5):
            assert predict(served, x)
        assert not waiting.done()
        other.execute("rollback")
        assert waiting.result().status_code == 202


@pytest.mark.parametrize(("source", "words"), SERVERS[:1] + SERVERS[2:3])
def test_an_app_that_is_killed_after_the_response_loses_no_label(serve, source, words):
    served = serve(source, *words)
    ids = []
    for n in range(20):
        ids.append(predict(served, n))
        assert post(served, {"id": ids[-1], "value": n}).status_code == 202
    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait(10)
    assert [id_ for id_, *_ in stored()] == ids


def test_an_app_without_a_token_does_not_start(tmp_path, monkeypatch):
    """One clear line, instead of an open endpoint."""
    monkeypatch.delenv("LABELS_TOKEN")
    (tmp_path / "app.py").write_text(ASGI)
    done = subprocess.run([sys.executable, "app.py"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "labels_token is 'env:LABELS_TOKEN', but environment variable" in done.stderr
