"""Streams that break after their status has left are failures; those whose client leaves are not.

Real servers, for each hears and tells in a way of its own that a client has gone.
"""

from __future__ import annotations

import httpx
import pytest

from stores import analyze, read

PLAIN = {"trust_env": False, "verify": False}

ASGI = """
import asyncio
import modeltap
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

async def chunks(kind):
    yield b"data: one\\n\\n"
    if kind == "broken":
        raise LookupError("the model ran out of memory")
    while kind == "endless":
        await asyncio.sleep(0.01)
        yield b"data: more\\n\\n" * 1000

async def stream(request):
    kind = request.path_params["kind"]
    return StreamingResponse(chunks(kind), media_type="text/event-stream")

app = Starlette(routes=[Route("/stream/{kind}", stream)])
modeltap.watch(app, model="m")
"""

WSGI = """
import time
import modeltap
from flask import Flask, Response

app = Flask(__name__)

def chunks(kind):
    yield b"data: one\\n\\n"
    if kind == "broken":
        raise LookupError("the model ran out of memory")
    while kind == "endless":
        time.sleep(0.01)
        yield b"data: more\\n\\n" * 1000

@app.get("/stream/<kind>")
def stream(kind):
    return Response(chunks(kind), mimetype="text/event-stream")

modeltap.watch(app, model="m")
"""

HOST = ("--host", "127.0.0.1", "--port", "{port}")
BIND = ("app:app", "--bind", "127.0.0.1:{port}")
SERVERS = [
    pytest.param(ASGI, "uvicorn", ("app:app", *HOST, "--log-level", "critical"), id="uvicorn"),
    pytest.param(ASGI, "hypercorn", BIND, id="hypercorn"),
    pytest.param(WSGI, "waitress", (*HOST, "app:app"), id="waitress"),
    pytest.param(WSGI, "gunicorn", (*BIND, "--log-level", "critical"), id="gunicorn"),
]


def ask(url, kind):
    with httpx.Client(**PLAIN) as client, client.stream("GET", f"{url}/stream/{kind}") as response:
        assert response.status_code == 200
        try:
            for _ in response.iter_raw():
                if kind == "endless":
                    return
        except httpx.RemoteProtocolError:
            assert kind == "broken"


@pytest.mark.parametrize(("source", "package", "words"), SERVERS)
def test_only_what_the_app_broke_is_an_error(serve, eventually, tmp_path, source, package, words):
    """Four streams whole, three that raise, two whose client leaves: all have the status 200."""
    pytest.importorskip(package)
    served = serve(source, "-m", package, *words)
    kinds = ["whole"] * 4 + ["broken"] * 3 + ["endless"] * 2
    for kind in kinds:
        ask(served.url, kind)
    store, sql = tmp_path / "modeltap.db", "select * from exchanges where path like '/stream/%'"
    assert eventually(lambda: len(read(store, sql)) == len(kinds))
    rows = read(store, sql)
    assert {row["status"] for row in rows} == {200}
    aborted = {row["path"].rpartition("/")[2]: row["aborted"] for row in rows}
    assert aborted == {"whole": None, "broken": 1, "endless": 1}
    analyze(store, {}, include_open=True)
    (traffic,) = read(store, "select sum(requests) as n, sum(errors) as errors from traffic")
    health = 1  # the question whether the server is there, which has no route
    assert traffic["errors"] == 3 and traffic["n"] in (len(kinds), len(kinds) + health)
    metrics = read(store, "select * from metrics where metric = 'error_rate'")
    assert sum(row["count"] for row in metrics) == 3
