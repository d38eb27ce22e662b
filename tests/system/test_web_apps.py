"""What web apps do besides answering: events, uploads, hooks, mounts, websockets; real servers."""

from __future__ import annotations

import asyncio
import hashlib
import os

import httpx
import pytest

INSTALL = 'pip install "modeltap[test]"'

PLAIN = {"trust_env": False, "verify": False, "timeout": 20}

PARTS = '''
"""What the apps share: events of which the second waits for a request, and a digest."""
import asyncio, hashlib, threading
from pathlib import Path

gate = threading.Event()

async def waited():
    try:
        yield "data: first\\n\\n"
        while not gate.is_set():
            await asyncio.sleep(0.01)
        yield "data: second\\n\\n"
    finally:
        Path("ended").touch()

def blocked():
    yield "data: first\\n\\n"
    gate.wait(20)
    yield "data: second\\n\\n"

def go():
    gate.set()
    return {"open": True}

def digest(content):
    return {"sha256": hashlib.sha256(content).hexdigest()}

async def start():
    Path("started").touch()

async def stop():
    Path("stopped").touch()
'''

FASTAPI = """
import modeltap, parts
from fastapi import FastAPI, UploadFile
from fastapi.responses import StreamingResponse

app = FastAPI()

@app.get("/events")
async def events():
    return StreamingResponse(parts.waited(), media_type="text/event-stream")

@app.get("/go")
async def go():
    return parts.go()

@app.post("/upload")
async def upload(file: UploadFile):
    return parts.digest(await file.read())

modeltap.watch(app, model="m", exclude_paths=["/go", "/health"])
"""

QUART = """
import modeltap, parts
from quart import Quart, request

app = Quart(__name__)

@app.get("/events")
async def events():
    return parts.waited(), {"content-type": "text/event-stream"}

@app.get("/go")
async def go():
    return parts.go()

@app.post("/upload")
async def upload():
    return parts.digest((await request.files)["file"].read())

app.before_serving(parts.start)
app.after_serving(parts.stop)

modeltap.watch(app, model="m", exclude_paths=["/go", "/health"])
"""

LITESTAR = """
import modeltap, parts
from litestar import Litestar, Request, get, post
from litestar.middleware import DefineMiddleware
from litestar.response import Stream

@get("/events")
async def events() -> Stream:
    return Stream(parts.waited(), media_type="text/event-stream")

@get("/go")
async def go() -> dict[str, bool]:
    return parts.go()

@post("/upload", status_code=200)
async def upload(request: Request) -> dict[str, str]:
    return parts.digest(await (await request.form())["file"].read())

tap = DefineMiddleware(modeltap.ASGIMiddleware, model="m", exclude_paths=["/go", "/health"])
app = Litestar([events, go, upload], middleware=[tap], openapi_config=None,
               on_startup=[parts.start], on_shutdown=[parts.stop])
"""

FLASK = """
import modeltap, parts
from flask import Flask, request

app = Flask(__name__)

@app.get("/events")
def events():
    return parts.blocked(), {"content-type": "text/event-stream"}

@app.get("/go")
def go():
    return parts.go()

@app.post("/upload")
def upload():
    return parts.digest(request.files["file"].read())

modeltap.watch(app, model="m", exclude_paths=["/go", "/health"])
"""

DJANGO = """
import modeltap, parts
from django.conf import settings
from django.core.{kind} import get_{kind}_application
from django.http import JsonResponse, StreamingHttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])

def events(request):
    return StreamingHttpResponse(parts.{events}(), content_type="text/event-stream")

def go(request):
    return JsonResponse(parts.go())

def upload(request):
    return JsonResponse(parts.digest(request.FILES["file"].read()))

urlpatterns = [path("events", events), path("go", go), path("upload", upload)]
app = modeltap.watch(
    get_{kind}_application(), model="m", exclude_paths=["/go", "/health"]
)
"""

UVICORN = ("-m", "uvicorn", "app:app", "--port", "{port}", "--log-level", "warning")
THREADS = (
    "-m",
    "gunicorn",
    "app:app",
    "--bind",
    "127.0.0.1:{port}",
    "--threads",
    "3",
    "--log-level",
    "warning",
)

QUART_APP = pytest.param("quart", QUART, UVICORN, id="quart")
LITESTAR_APP = pytest.param("litestar", LITESTAR, UVICORN, id="litestar")

ASYNC = [
    pytest.param("fastapi", FASTAPI, UVICORN, id="fastapi"),
    QUART_APP,
    LITESTAR_APP,
    pytest.param("django", DJANGO.format(kind="asgi", events="waited"), UVICORN, id="django-asgi"),
]
THREADED = [
    pytest.param("flask", FLASK, THREADS, id="flask"),
    pytest.param("django", DJANGO.format(kind="wsgi", events="blocked"), THREADS, id="django-wsgi"),
]


@pytest.fixture
def serve_parts(serve, tmp_path):
    """Serve an app of the kind above; skip where its package or server is not installed."""

    def start(package, source, words):
        pytest.importorskip(package, reason=INSTALL)
        pytest.importorskip(words[1], reason=INSTALL)
        (tmp_path / "parts.py").write_text(PARTS)
        return serve(source, *words)

    return start


@pytest.fixture
def recorded(eventually, read_rows, tmp_path):
    """Return the record of an id, once it is there."""

    def find(id_):
        sql = f"select * from exchanges where id = '{id_}'"
        assert eventually(lambda: read_rows(tmp_path / "modeltap.db", sql))
        return read_rows(tmp_path / "modeltap.db", sql)[0]

    return find


@pytest.mark.parametrize(("package", "source", "words"), ASYNC + THREADED)
def test_an_event_arrives_before_the_next_is_made(serve_parts, recorded, package, source, words):
    """The second is made only once the client has had the first and asks for it."""
    served = serve_parts(package, source, words)
    with httpx.stream("GET", f"{served.url}/events", **PLAIN) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        assert httpx.get(f"{served.url}/go", **PLAIN).json() == {"open": True}
        rest = b"".join(pieces)
    assert (first, rest) == (b"data: first\n\n", b"data: second\n\n")
    row = recorded(answer.headers["x-modeltap-id"])
    assert row["response_body"] == "data: first\n\ndata: second\n\n"
    assert (row["status"], row["aborted"], row["route"]) == (200, None, "/events")


@pytest.mark.parametrize(("package", "source", "words"), ASYNC)
def test_a_client_that_leaves_ends_the_stream(
    serve_parts, recorded, eventually, tmp_path, package, source, words
):
    """The app hears of it as ever; the record has what was sent, and says that it was cut short."""
    served = serve_parts(package, source, words)
    with httpx.stream("GET", f"{served.url}/events", **PLAIN) as answer:
        assert next(answer.iter_raw()) == b"data: first\n\n"
    assert eventually((tmp_path / "ended").exists)
    row = recorded(answer.headers["x-modeltap-id"])
    assert (row["response_body"], row["aborted"]) == ("data: first\n\n", 1)


@pytest.mark.parametrize(("package", "source", "words"), ASYNC + THREADED)
def test_an_upload_reaches_the_app_whole_and_is_kept_cut(
    serve_parts, recorded, package, source, words
):
    """Eight megabytes in a form: the app has each byte, the record the first 64 KiB at most."""
    served = serve_parts(package, source, words)
    content = os.urandom(1 << 23)
    answer = httpx.post(f"{served.url}/upload", files={"file": ("rows.bin", content)}, **PLAIN)
    assert answer.json() == {"sha256": hashlib.sha256(content).hexdigest()}
    row = recorded(answer.headers["x-modeltap-id"])
    assert row["request_bytes"] == int(answer.request.headers["content-length"])
    assert len(row["request_body"]) in (65_535, 65_536)  # no half character at the cut
    assert (row["request_truncated"], row["request_read"]) == (1, 1)
    assert row["response_body"] == answer.text


WHOLE = """
import modeltap
from contextlib import asynccontextmanager
from pathlib import Path
from fastapi import APIRouter, FastAPI, Request, WebSocket

@asynccontextmanager
async def lifespan(app):
    Path("started").touch()
    yield {"loaded": "weights"}
    Path("stopped").touch()

app = FastAPI(lifespan=lifespan)
router = APIRouter(prefix="/flights")
inner = FastAPI()

@router.get("/{number}")
async def flight(number: int, request: Request):
    return {"number": number, "state": request.state.loaded}

@inner.get("/things/{name}")
async def thing(name: str):
    return {"name": name}

@app.get("/health")
async def health():
    return {"ok": True}

@app.websocket("/echo")
async def echo(websocket: WebSocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text.upper())

app.include_router(router, prefix="/v1")
app.mount("/inner", inner)
modeltap.watch(app, model={"/v1/*": "flights", "/inner/*": "things"})
"""

HYPERCORN = ("-m", "hypercorn", "app:app", "--bind", "127.0.0.1:{port}")
GRANIAN = (
    "-m",
    "granian",
    "app:app",
    "--interface",
    "asgi",
    "--host",
    "127.0.0.1",
    "--port",
    "{port}",
    "--no-log",
)
ASGI_WORKER = (*THREADS[:5], "-k", "asgi", "--log-level", "warning")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(UVICORN, id="uvicorn"),
        pytest.param((*UVICORN, "--root-path", "/api"), id="uvicorn-root-path"),
        pytest.param(HYPERCORN, id="hypercorn"),
        pytest.param(GRANIAN, id="granian"),
        pytest.param(ASGI_WORKER, id="gunicorn"),
    ],
)
def test_routers_mounts_state_and_hooks_are_as_without_a_tap(serve, read_rows, tmp_path, words):
    """Templates are whole and without the server's root path; startup and shutdown have run."""
    pytest.importorskip(words[1], reason=INSTALL)
    served = serve(WHOLE, *words)
    assert (tmp_path / "started").exists()
    with httpx.Client(base_url=served.url, **PLAIN) as client:
        assert client.get("/v1/flights/7").json() == {"number": 7, "state": "weights"}
        assert client.get("/inner/things/a").json() == {"name": "a"}
        assert client.get("/inner/nothing").status_code == 404
        assert client.get("/health").json() == {"ok": True}
    served.stop()
    assert (tmp_path / "stopped").exists()
    rows = read_rows(tmp_path / "modeltap.db")
    assert [(row["model"], row["path"], row["status"]) for row in rows] == [
        ("flights", "/v1/flights/7", 200),
        ("things", "/inner/things/a", 200),
        ("things", "/inner/nothing", 404),
    ]
    assert [row["route"] for row in rows][:2] == ["/v1/flights/{number}", "/inner/things/{name}"]


@pytest.mark.parametrize(("package", "source", "words"), [QUART_APP, LITESTAR_APP])
def test_the_hooks_of_other_frameworks_run(serve_parts, tmp_path, package, source, words):
    """Quart's and Litestar's, at startup and shutdown."""
    served = serve_parts(package, source, words)
    assert (tmp_path / "started").exists() and not (tmp_path / "stopped").exists()
    served.stop()
    assert (tmp_path / "stopped").exists()


@pytest.mark.parametrize("words", [UVICORN, HYPERCORN, GRANIAN, ASGI_WORKER], ids=lambda w: w[1])
def test_a_websocket_passes_untouched(serve, eventually, read_rows, tmp_path, words):
    """Both ways, and it leaves no record; the next request does."""
    pytest.importorskip(words[1], reason=INSTALL)
    websockets = pytest.importorskip("websockets", reason=INSTALL)
    served = serve(WHOLE, *words)

    async def talk():
        async with websockets.connect(f"{served.url.replace('http', 'ws')}/echo", proxy=None) as it:
            for text in ("one", "two"):
                await it.send(text)
                assert await it.recv() == text.upper()

    asyncio.run(talk())
    assert httpx.get(f"{served.url}/v1/flights/7", **PLAIN).status_code == 200
    assert eventually(lambda: read_rows(tmp_path / "modeltap.db"))
    assert [row["path"] for row in read_rows(tmp_path / "modeltap.db")] == ["/v1/flights/7"]
