"""Traffic of all kinds through real servers: what the client sees is what the app sent."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import sqlite3

import httpx
import pytest

ASGI = """
import asyncio, contextlib, hashlib, modeltap
from pathlib import Path
from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.responses import FileResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

@contextlib.asynccontextmanager
async def lifespan(app):
    Path("started").touch()
    yield
    Path("stopped").touch()

app = FastAPI(lifespan=lifespan)
router = APIRouter(prefix="/models/{name}")

@router.post("/predict")
async def predict(name: str, request: Request):
    return {"name": name, "seen": len(await request.body())}

app.include_router(router)

async def inner(request):
    return JSONResponse({"root": request.scope["root_path"]})

app.mount("/mounted", Starlette(routes=[Route("/inner/{n}", inner)]))

@app.post("/upload")
async def upload(request: Request):
    sha = hashlib.sha256()
    async for piece in request.stream():
        sha.update(piece)
    return {"sha": sha.hexdigest()}

@app.get("/download")
async def download():
    return FileResponse("file.bin")

@app.get("/events")
async def events():
    async def stream():
        for n in range(3):
            yield f"data: {n}\\n\\n"
            while not Path(f"go{n}").exists():
                await asyncio.sleep(0.01)
    return StreamingResponse(stream(), media_type="text/event-stream")

@app.post("/boom")
async def boom():
    raise RuntimeError("boom")

@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    await socket.send_text((await socket.receive_text()).upper())
    await socket.close()

modeltap.watch(app, model="m", analyze=False)
"""

WSGI = """
import modeltap
from flask import Flask, Response, request, send_file

app = Flask(__name__)

@app.get("/download")
def download():
    return send_file("file.bin", mimetype="application/octet-stream")

@app.post("/chunks")
def chunks():
    sizes = [len(piece) for piece in iter(lambda: request.stream.read(70_000), b"")]
    return {"seen": sum(sizes)}

@app.get("/stream")
def stream():
    return Response((b"x" * 1000 for _ in range(20)), mimetype="text/plain")

modeltap.watch(app, model="m", analyze=False)
"""


@pytest.fixture
def rows(tmp_path, eventually):
    """Return the records, once there are as many as wanted."""

    def read(wanted):
        def now():
            connection = sqlite3.connect(tmp_path / "modeltap.db")
            connection.row_factory = sqlite3.Row
            try:
                return connection.execute("select * from exchanges order by id").fetchall()
            finally:
                connection.close()

        assert eventually(lambda: len(now()) >= wanted)
        return now()

    return read


@pytest.fixture
def client(serve):
    """A client of the ASGI app, which runs below a path of its own."""
    command = "-m uvicorn app:app --port {port} --log-level critical --root-path /behind"
    served = serve(ASGI, *command.split())
    with httpx.Client(base_url=served.url, trust_env=False, timeout=20) as one:
        one.served = served
        yield one


def test_routes_of_routers_mounts_and_root_paths(client, rows, tmp_path):
    """Templates as they were written, without the server's own prefix; lifespan runs."""
    assert client.post("/models/a/predict", content=b"12").json() == {"name": "a", "seen": 2}
    assert client.get("/mounted/inner/7").json() == {"root": "/behind/mounted"}
    client.get("/nothing/here")
    assert (tmp_path / "started").exists() and not (tmp_path / "stopped").exists()
    client.served.stop()
    assert (tmp_path / "stopped").exists()
    assert [(row["path"], row["route"], row["status"]) for row in rows(3)] == [
        ("/models/a/predict", "/models/{name}/predict", 200),
        ("/mounted/inner/7", "/mounted/inner/{n}", 200), ("/nothing/here", None, 404),
    ]  # fmt: skip


def test_uploads_and_downloads_are_whole_and_cut_in_the_store(client, rows, tmp_path):
    """8 MiB up and down; 64 KiB of each are kept."""
    content = os.urandom(8 * 1024 * 1024)
    (tmp_path / "file.bin").write_bytes(content)
    upload = client.build_request("POST", "/upload", files={"file": ("name.bin", content)})
    sent = upload.read()
    assert client.send(upload).json() == {"sha": hashlib.sha256(sent).hexdigest()}
    assert client.get("/download").content == content
    up, down = rows(2)
    assert up["request_bytes"] == len(sent) and up["request_truncated"] == 1
    assert up["request_body"] == sent[:65_536]
    assert down["response_bytes"] == len(content) and down["response_body"] == content[:65_536]


def test_events_reach_the_client_one_by_one(client, rows, tmp_path):
    """Each before the next one is made; whoever leaves is noted."""
    with client.stream("GET", "/events") as answer:
        lines = answer.iter_lines()
        for n in range(3):
            assert next(line for line in lines if line) == f"data: {n}"
            (tmp_path / f"go{n}").touch()
        assert not list(filter(None, lines))
    (row,) = rows(1)
    assert row["response_body"] == "data: 0\n\ndata: 1\n\ndata: 2\n\n" and not row["aborted"]
    (tmp_path / "go1").unlink()
    with client.stream("GET", "/events") as answer:
        next(answer.iter_lines())
    row = rows(2)[1]
    assert row["aborted"] == 1 and row["response_body"].startswith("data: 0")


def test_an_app_that_raises_is_recorded_as_it_failed(client, rows):
    """The server's answer is its own; the exception's type and text are kept."""
    assert client.post("/boom", json={}).status_code == 500
    (row,) = rows(1)
    assert (row["status"], row["error_type"], row["error_message"]) == (500, "RuntimeError", "boom")


def test_websockets_pass_untouched(client):
    """Both ways, and no record."""
    websockets = pytest.importorskip("websockets", reason='pip install "modeltap[test]"')

    async def talk():
        url = client.served.url.replace("http", "ws") + "/ws"
        async with websockets.connect(url, proxy=None) as socket:
            await socket.send("hello")
            return await socket.recv()

    assert asyncio.run(talk()) == "HELLO"


@pytest.fixture
def gunicorn(serve):
    """The WSGI app under gunicorn."""
    pytest.importorskip("gunicorn", reason='pip install "modeltap[test]"')
    command = "-m gunicorn app:app -b 127.0.0.1:{port} --log-level warning"
    served = serve(WSGI, *command.split())
    return http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=20)


def test_files_go_out_by_the_servers_own_sendfile(gunicorn, rows, tmp_path):
    """Whole; the record says that the body was not seen."""
    content = os.urandom(3_000_000)
    (tmp_path / "file.bin").write_bytes(content)
    gunicorn.request("GET", "/download")
    assert gunicorn.getresponse().read() == content
    (row,) = rows(1)
    assert row["response_note"] == "not seen" and row["status"] == 200


def test_a_chunked_upload_without_a_length(gunicorn, rows):
    """Read piece by piece by the app, counted and cut by the tap."""
    pieces = (b"z" * 50_000 for _ in range(10))
    gunicorn.request("POST", "/chunks", body=pieces, encode_chunked=True,
                     headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert json.loads(gunicorn.getresponse().read()) == {"seen": 500_000}
    (row,) = rows(1)
    assert row["request_bytes"] == 500_000 and row["request_body"] == "z" * 65_536
    assert row["request_truncated"] == 1 and row["request_read"] == 1


def test_a_stream_is_recorded_once(gunicorn, rows):
    """Twenty pieces, one record, the time of the first byte before the end."""
    gunicorn.request("GET", "/stream")
    assert len(gunicorn.getresponse().read()) == 20_000
    (row,) = rows(1)
    assert row["response_bytes"] == 20_000 and row["first_byte_ms"] <= row["duration_ms"]
