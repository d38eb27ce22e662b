"""The same one line for each framework, in its real server."""

from __future__ import annotations

import asyncio
import json
import re

import httpx
import pytest

ASGI = """
import json, modeltap

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("no " + scope["type"])
    body = (await receive()).get("body", b"")
    answer = json.dumps({"prediction": len(body)}).encode()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": answer})

app = modeltap.watch(app, model="m")
"""

WSGI = """
import json, modeltap
from wsgiref.simple_server import make_server, WSGIServer
import socketserver, sys

def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"prediction": len(body)}).encode()]

app = modeltap.watch(app, model="m")

if __name__ == "__main__":
    import signal, threading
    server = make_server("127.0.0.1", int(sys.argv[1]), app)
    # An exception raised in a request would be caught by wsgiref, and the server would stay.
    stop = threading.Thread(target=server.shutdown)
    signal.signal(signal.SIGTERM, lambda *_: stop.start())
    server.serve_forever()
"""

FLASK = """
import sys, signal, modeltap
from flask import Flask, request

app = Flask(__name__)

@app.post("/predict")
def predict():
    return {"prediction": len(request.get_data())}

modeltap.watch(app, model="m")

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
"""

STARLETTE = """
import modeltap
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def predict(request):
    return JSONResponse({"prediction": len(await request.body())})

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
modeltap.watch(app, model="m")
"""

FASTAPI = """
import modeltap
from fastapi import FastAPI, Request

app = FastAPI()

@app.post("/predict")
async def predict(request: Request):
    return {"prediction": len(await request.body())}

app.add_middleware(modeltap.ASGIMiddleware, model="m")
"""


def body(n):
    return json.dumps({"x": n})


@pytest.mark.parametrize(
    ("source", "command", "route"),
    [
        pytest.param(ASGI, (), None, id="asgi"),
        pytest.param(STARLETTE, (), "/predict", id="starlette"),
        pytest.param(FASTAPI, (), "/predict", id="fastapi"),
        pytest.param(WSGI, ("app.py", "{port}"), None, id="wsgi"),
        pytest.param(FLASK, ("app.py", "{port}"), "/predict", id="flask"),
    ],
)
def test_one_line_records_what_the_client_sent_and_saw(
    serve, eventually, read_rows, tmp_path, source, command, route
):
    """Bodies, ids, statuses: of 50 requests 50 records, after a clean stop."""
    served = serve(source, *command)
    ids = []
    with httpx.Client(base_url=served.url, trust_env=False, verify=False) as client:
        for n in range(50):
            answer = client.post("/predict", content=body(n))
            assert answer.json() == {"prediction": len(body(n))}
            ids.append(answer.headers["x-modeltap-id"])
    served.stop()
    store = tmp_path / "modeltap.db"
    # In order of their beginning: a threaded server may finish them in another.
    sql = "select * from exchanges where path = '/predict' order by id"
    rows = read_rows(store, sql)
    assert [row["id"] for row in rows] == ids
    assert [row["request_body"] for row in rows] == [body(n) for n in range(50)]
    assert {row["status"] for row in rows} == {200} and {row["route"] for row in rows} == {route}


def test_litestar_is_told_what_to_write():
    """In one line that can be pasted, with the options given and the store that counts."""
    litestar = pytest.importorskip("litestar", reason='pip install "modeltap[test]"')
    import modeltap

    said = re.escape("middleware=[DefineMiddleware(modeltap.ASGIMiddleware, model='m', ")
    with pytest.raises(
        modeltap.NotWatchableError, match=said + r"sample_rate=0\.5, store='/.+'\)\]"
    ):
        modeltap.watch(litestar.Litestar([]), model="m", sample_rate=0.5)


def test_the_message_for_litestar_shows_no_secret():
    litestar = pytest.importorskip("litestar", reason='pip install "modeltap[test]"')
    import modeltap

    options = {"dashboard_token": "t0ken", "labels_token": "t0ken", "metrics_token": "env:T"}
    with pytest.raises(modeltap.NotWatchableError) as refused:
        modeltap.watch(litestar.Litestar([]), model="m", **options)
    assert "t0ken" not in str(refused.value) and "dashboard_token=..." in str(refused.value)
    assert "metrics_token='env:T'" in str(refused.value)


def test_quarts_route_is_known_whatever_answers_first(read_rows, tmp_path):
    """Also where the app's own hook, older than the tap, turns a request away."""
    quart = pytest.importorskip("quart", reason='pip install "modeltap[test]"')
    import modeltap

    async def deny():
        return "no", 401

    async def ask():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/flights/7")

    app = quart.Quart("app")
    app.before_request(deny)
    app.add_url_rule("/flights/<number>", "flight", deny)
    modeltap.watch(app, model="m", analyze=False)
    assert asyncio.run(ask()).status_code == 401
    assert modeltap.flush(10)
    (row,) = read_rows(tmp_path / "modeltap.db")
    assert (row["route"], row["status"]) == ("/flights/<number>", 401)


class Silent:
    """A callable that does not tell what it is called with."""

    async def __call__(self, a, b, c): ...


@pytest.mark.parametrize("thing", [7, "app", object, object(), Silent(), lambda *args: None])
def test_what_cannot_be_watched_is_said(thing):
    """One clear line that names what it was given."""
    import modeltap

    with pytest.raises(modeltap.NotWatchableError, match="watch\\(\\) does not support"):
        modeltap.watch(thing, model="m")


async def begins_like_asgi(scope, recv, snd): ...


def begins_like_wsgi(env, sr): ...


def of_two_steps(_scope): ...


class Application:
    def __call__(self, environ, respond): ...


@pytest.mark.parametrize("app", [begins_like_asgi, begins_like_wsgi, of_two_steps, Application()])
def test_an_app_with_names_of_its_own_is_no_models_function(app):
    """It would be called with a scope, and recorded as if that were a row."""
    import modeltap

    refused = r"wrap an app with modeltap\.ASGIMiddleware"
    with pytest.raises(modeltap.NotWatchableError, match=refused):
        modeltap.watch(app, model="m")


def test_an_unusable_store_while_serving_leaves_the_app_alone(serve, tmp_path):
    """A store that is another program's database: answers as ever, said once."""
    (tmp_path / "modeltap.db").write_bytes(b"no database at all, whatever its name says" * 50)
    served = serve(STARLETTE)
    for _ in range(3):
        answer = httpx.post(f"{served.url}/predict", json={"x": 1}, trust_env=False, verify=False)
        assert answer.json() == {"prediction": 7}
    served.stop()
    assert (tmp_path / "modeltap.db").read_bytes().startswith(b"no database at all")


def predict(x, y):
    return x * y


async def predict_async(x, y, z):
    return x * y * z


class Model:
    def predict(self, x, y):
        return x * y


@pytest.mark.parametrize("function", [predict, Model().predict], ids=["function", "method"])
def test_a_models_function_is_no_wsgi_app(read_rows, store, function):
    """Two parameters do not make one: its calls are recorded, as `capture` does."""
    import modeltap

    tapped = modeltap.watch(function, model="m", store=store, analyze=False)
    assert tapped(3, 4) == 12
    assert modeltap.flush(10)
    (row,) = read_rows(store)
    assert (row["source"], row["model"], row["id"]) == ("call", "m", modeltap.last_id())
    assert (row["request_body"], row["response_body"]) == ('{"x":3,"y":4}', "12")


def test_a_coroutine_of_three_parameters_is_no_asgi_app(read_rows, store):
    """Nor do three, and a coroutine, make that."""
    import modeltap

    tapped = modeltap.watch(predict_async, model="m", store=store, analyze=False)
    assert asyncio.run(tapped(2, 3, 4)) == 24
    assert modeltap.flush(10)
    (row,) = read_rows(store)
    assert (row["source"], row["request_body"]) == ("call", '{"x":2,"y":3,"z":4}')


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ({"/predict": "m"}, {}, "selects by path, but a function has no path"),
        ("m", {"sampel_rate": 1}, "unknown option 'sampel_rate'"),
        ("m", {"request": 1}, "unknown option 'request'"),
    ],
)
def test_wrong_options_for_a_function_are_said_at_once(model, options, said):
    """Not at its first call; and what only `capture` takes is no option here."""
    import modeltap

    with pytest.raises(modeltap.ConfigError, match=said):
        modeltap.watch(predict, model=model, **options)


VLLM = """
import importlib, inspect
from fastapi import FastAPI, Request

app = FastAPI()

@app.post("/v1/chat/completions")
async def complete(request: Request):
    return {"prediction": len(await request.body())}

@app.post("/v2/models/{name}/infer")
async def infer(request: Request, name: str):
    return {"prediction": len(await request.body())}

# As vLLM adds what `--middleware NAME` names.
module_path, object_name = "modeltap.ASGIMiddleware".rsplit(".", 1)
imported = getattr(importlib.import_module(module_path), object_name)
assert inspect.isclass(imported)
app.add_middleware(imported)
"""


@pytest.mark.parametrize("said", [None, "llama"])
def test_a_middleware_that_is_told_nothing_configures_itself(
    serve, read_rows, tmp_path, monkeypatch, said
):
    """Named to vLLM on its command line: the environment and the file say the rest."""
    monkeypatch.setenv("MODELTAP_STORE", str(tmp_path / "taps.db"))
    if said:
        monkeypatch.setenv("MODELTAP_MODEL", said)
    (tmp_path / "modeltap.toml").write_text("id_header = 'x-tap'\n")
    served = serve(VLLM)
    ids = [
        httpx.post(f"{served.url}{path}", content="[1]", trust_env=False, verify=False).headers[
            "x-tap"
        ]
        for path in ("/v1/chat/completions", "/v2/models/iris/infer")
    ]
    served.stop()
    rows = read_rows(tmp_path / "taps.db", "select * from exchanges order by id")
    assert [row["id"] for row in rows] == ids
    assert [row["model"] for row in rows] == ([said] * 2 if said else ["default", "iris"])
