"""Each framework in a real server, and each server with a real app: one record for each answer."""

from __future__ import annotations

import json
import sqlite3
import time

import httpx
import pytest

STARLETTE = """
import modeltap
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def predict(request):
    return JSONResponse({"prediction": len(await request.body())})

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
modeltap.watch(app, model="m", analyze=False)
"""

FLASK = """
import modeltap
from flask import Flask, request

app = Flask(__name__)

@app.post("/predict")
def predict():
    return {"prediction": len(request.get_data())}

modeltap.watch(app, model="m", analyze=False)
"""

LITESTAR = """
import modeltap
from litestar import Litestar, Request, post
from litestar.middleware import DefineMiddleware

@post("/predict", status_code=200)
async def predict(request: Request) -> dict:
    return {"prediction": len(await request.body())}

app = Litestar([predict], middleware=[
    DefineMiddleware(modeltap.ASGIMiddleware, model="m", analyze=False)])
"""

QUART = """
import modeltap
from quart import Quart, request

app = Quart(__name__)

@app.post("/predict")
async def predict():
    return {"prediction": len(await request.get_data())}

modeltap.watch(app, model="m", analyze=False)
"""

DJANGO = """
import modeltap
from django.conf import settings

settings.configure(SECRET_KEY="k", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

def predict(request):
    return JsonResponse({"prediction": len(request.body)})

urlpatterns = [path("predict", predict)]
app = modeltap.watch(get_{kind}_application(), model="m", analyze=False)
"""
DJANGO_ASGI, DJANGO_WSGI = DJANGO.replace("{kind}", "asgi"), DJANGO.replace("{kind}", "wsgi")

UVICORN = "-m uvicorn app:app --port {port} --log-level warning"
GUNICORN = "-m gunicorn app:app -b 127.0.0.1:{port} --log-level warning"
HYPERCORN = "-m hypercorn app:app -b 127.0.0.1:{port} --log-level warning"
GRANIAN = "-m granian app:app --port {port} --log-level warning --interface"
WAITRESS = "-m waitress --listen=127.0.0.1:{port} app:app"

PAIRS = {
    "starlette-uvicorn-workers": (STARLETTE, f"{UVICORN} --workers 2"),
    "starlette-hypercorn": (STARLETTE, f"{HYPERCORN} --workers 2"),
    "starlette-granian": (STARLETTE, f"{GRANIAN} asgi --workers 2"),
    "litestar-uvicorn": (LITESTAR, UVICORN),
    "litestar-granian": (LITESTAR, f"{GRANIAN} asgi"),
    "quart-hypercorn": (QUART, HYPERCORN),
    "quart-uvicorn": (QUART, UVICORN),
    "django-uvicorn": (DJANGO_ASGI, UVICORN),
    "django-gunicorn-sync": (DJANGO_WSGI, f"{GUNICORN} -w 2"),
    "flask-gunicorn-sync": (FLASK, f"{GUNICORN} -w 2"),
    "flask-gunicorn-gthread": (FLASK, f"{GUNICORN} -w 2 -k gthread --threads 4"),
    "flask-gunicorn-preload": (FLASK, f"{GUNICORN} -w 2 --preload"),
    "flask-waitress": (FLASK, WAITRESS),
    "flask-granian": (FLASK, f"{GRANIAN} wsgi --workers 2"),
}


def need(*packages):
    for package in packages:
        pytest.importorskip(package, reason='pip install "modeltap[test]"')


def rows_of(store, wanted, eventually):
    """Return the records once there are as many as wanted: a writer outlives its app."""

    def read():
        connection = sqlite3.connect(store)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute("select * from exchanges order by started_at").fetchall()
        finally:
            connection.close()

    assert eventually(lambda: len(read()) >= wanted), f"{len(read())} of {wanted}"
    return read()


@pytest.mark.parametrize("pair", PAIRS)
def test_each_answer_has_its_record(serve, eventually, tmp_path, pair):
    """Ids, bodies and routes; all of them after a clean stop, whichever worker answered."""
    framework, server = pair.split("-")[:2]
    need(framework, server)
    source, command = PAIRS[pair]
    served = serve(source, *command.split())
    answers = {}
    for n in range(40):  # a connection each, so that all workers get some
        body = json.dumps({"x": n})
        answer = httpx.post(f"{served.url}/predict", content=body, trust_env=False)
        assert answer.json() == {"prediction": len(body)}
        answers[answer.headers["x-modeltap-id"]] = body
    served.stop()
    rows = rows_of(tmp_path / "modeltap.db", 40, eventually)
    assert {row["id"]: row["request_body"] for row in rows} == answers
    assert {row["route"] for row in rows} == {"/predict"}
    assert {row["status"] for row in rows} == {200} and {row["model"] for row in rows} == {"m"}


def test_reload_goes_on_in_the_new_process(serve, eventually, tmp_path):
    """The source changes under `uvicorn --reload`: both processes write one store."""
    source = STARLETTE.replace("len(await request.body())", '"{said}"')
    served = serve(source.replace("{said}", "old"), *f"{UVICORN} --reload".split())

    def ask():
        return httpx.post(f"{served.url}/predict", content="{}", trust_env=False).json()

    assert ask() == {"prediction": "old"}
    time.sleep(1.1)  # the reloader compares whole seconds
    (tmp_path / "app.py").write_text(source.replace("{said}", "new"))
    assert eventually(lambda: ask() == {"prediction": "new"})
    served.stop()
    rows = rows_of(tmp_path / "modeltap.db", 2, eventually)
    said = {json.loads(row["response_body"])["prediction"] for row in rows}
    assert said == {"old", "new"} and len({row["pid"] for row in rows}) == 2


def test_litestar_is_told_what_to_write():
    """With the very options that were given."""
    need("litestar")
    from litestar import Litestar

    import modeltap

    with pytest.raises(modeltap.NotWatchableError) as caught:
        modeltap.watch(Litestar(), model="m", sample_rate=0.5)
    assert "DefineMiddleware(modeltap.ASGIMiddleware, model='m', sample_rate=0.5)" in str(
        caught.value
    )
