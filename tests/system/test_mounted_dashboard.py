"""The dashboard and `/metrics` in a watched app, with real servers and several workers."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from modeltap.notify import outbox
from modeltap.store.connection import connect, writing
from review_cases import fill

pytest.importorskip("jinja2", reason='pip install "modeltap[dashboard]"')

TOKEN = "s3same"
BEARER = {"authorization": f"Bearer {TOKEN}"}
PLAIN = {"trust_env": False, "verify": False, "timeout": 120}

OPTIONS = 'model="m", store="taps.db", analyze=False, dashboard="/modeltap", metrics="/metrics"'
ASGI = f"""
import modeltap
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute

async def predict(request):
    return JSONResponse({{"prediction": (await request.json())["x"]}})

async def socket(websocket):
    await websocket.accept()
    await websocket.send_text("of the app")
    await websocket.close()

own = Starlette(routes=[
    Route("/predict", predict, methods=["POST"]), WebSocketRoute("/modeltap/live", socket)
])
modeltap.watch(own, {OPTIONS}, EXTRA)
app = Starlette(routes=[Mount("/v1", own)])
"""
WSGI = f"""
import modeltap
from flask import Flask, request

app = Flask(__name__)

@app.post("/predict")
def predict():
    return {{"prediction": request.get_json()["x"]}}

modeltap.watch(app, {OPTIONS}, EXTRA)
"""
# Wrapped, because Litestar does not pass on paths without a route to its own middlewares.
LITESTAR = f"""
import modeltap
from litestar import Litestar, Request, post

@post("/predict", status_code=200)
async def predict(request: Request) -> dict[str, int]:
    return {{"prediction": (await request.json())["x"]}}

app = modeltap.ASGIMiddleware(Litestar([predict]), {OPTIONS}, EXTRA)
"""
UVICORN = ("-m", "uvicorn", "app:app", "--port", "{port}", "--log-level", "warning")
GUNICORN = ("-m", "gunicorn", "app:app", "--bind", "127.0.0.1:{port}", "--log-level", "warning")
SERVERS = [
    pytest.param(ASGI, "/v1", (*UVICORN, "--workers", "2"), id="uvicorn"),
    pytest.param(WSGI, "", (*GUNICORN, "--workers", "2", "--threads", "4"), id="gunicorn"),
    pytest.param(LITESTAR, "", UVICORN, id="litestar", marks=pytest.mark.slow),
    pytest.param(
        WSGI,
        "",
        ("-m", "flask", "--app", "app", "run", "--port", "{port}"),
        id="flask",
        marks=pytest.mark.slow,
    ),
]


@pytest.fixture(autouse=True)
def private(monkeypatch):
    """A folder for sockets, so that the processes of this test can be told apart."""
    with tempfile.TemporaryDirectory(prefix="mt", dir="/tmp", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield folder


def page_processes(folder):
    shown = subprocess.run(
        ["ps", "-ww", "-eo", "pid,stat,args"], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split(maxsplit=2) for line in shown.splitlines()]
    return [
        int(pid)
        for pid, state, words in lines
        if f"modeltap.mounted {folder}" in words and not state.startswith("Z")
    ]


def get(url, **options):
    return httpx.get(url, **{**PLAIN, **options})


def recorded():
    with closing(sqlite3.connect("file:taps.db?mode=ro", uri=True)) as connection:
        return connection.execute("select path, count(*) from exchanges group by 1").fetchall()


@pytest.mark.parametrize(("source", "root", "words"), SERVERS)
def test_pages_in_an_app_with_workers(serve, source, root, words, private, eventually):
    """Every link of a page leads to a page; one process makes them all, and none is recorded."""
    served = serve(source.replace("EXTRA", ""), *words)
    for x in range(10):
        httpx.post(f"{served.url}{root}/predict", json={"x": x}, **PLAIN)
    assert eventually(lambda: recorded() == [(f"{root}/predict", 10)])
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: get(f"{served.url}{root}/modeltap/"), range(8)))
    assert {page.status_code for page in pages} == {200}
    links = set(re.findall(r'(?:href|src|action)="(/[^"#]*)', pages[0].text))
    assert links and all(link.startswith(f"{root}/modeltap/") for link in links)
    assert {link: get(served.url + link).status_code for link in links} == dict.fromkeys(links, 200)
    assert eventually(lambda: len(page_processes(private)) == 1)
    metrics = get(f"{served.url}{root}/metrics")
    assert metrics.status_code == 200 and "modeltap_waiting_exchanges 10.0" in metrics.text
    assert "modeltap_queued_exchanges 0\n" in metrics.text
    assert re.search(r"modeltap_reporting_processes [12]\n", metrics.text)
    assert recorded() == [(f"{root}/predict", 10)]
    served.stop()
    assert eventually(lambda: not page_processes(private))


def test_a_token_a_cookie_and_a_form(serve, eventually):
    """Signing in by the address, and a form with the checks of its origin."""
    served = serve(WSGI.replace("EXTRA", f'dashboard_token="{TOKEN}"'), *GUNICORN)
    url = f"{served.url}/modeltap"
    assert [get(f"{url}{path}").status_code for path in ("", "/", "/alerts", "/x")] == [401] * 4
    assert get(f"{served.url}/metrics").status_code == 401
    assert get(f"{served.url}/metrics", headers=BEARER).status_code in (200, 503)
    assert get(f"{url}/", headers={**BEARER, "host": "evil.example"}).status_code == 403
    httpx.post(f"{served.url}/predict", json={"x": 1}, **PLAIN)
    assert eventually(lambda: recorded() == [("/predict", 1)])
    assert eventually(lambda: get(f"{url}/", headers=BEARER).status_code == 200)
    with httpx.Client(**PLAIN) as client:
        signed_in = client.get(f"{url}?token={TOKEN}", follow_redirects=True)
        assert signed_in.status_code == 200 and signed_in.url.path == "/modeltap/"
        assert not signed_in.url.query and client.get(f"{url}/alerts").status_code == 200
        for origin, status in (("http://evil.example", 403), (served.url, 403)):
            form = {"action": "note", "form_token": "wrong"}
            posted = client.post(f"{url}/alerts/x", data=form, headers={"origin": origin})
            assert posted.status_code == status
    assert recorded() == [("/predict", 1)]


def fields_of(page, action):
    """Return the hidden fields of the first form with a button or a field of this action."""
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    form = next(own for own in forms if f'value="{action}"' in own)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return {**fields, "action": action}


def test_rows_are_labelled_and_alerts_changed_through_the_app(serve):
    """By forms, with two workers; a stranger's forms and addresses change nothing."""
    fill(Path("taps.db"), 120)
    alert, message = _stored_alert()
    extra = f'dashboard_token="{TOKEN}", dashboard_hosts=["models.example.com"]'
    served = serve(ASGI.replace("EXTRA", extra), *UVICORN, "--workers", "2")
    url = f"{served.url}/v1/modeltap"
    own = {"origin": served.url}
    assert get(f"{url}/review", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert get(f"{url}/review?token=wrong").status_code == 401
    with httpx.Client(**PLAIN) as client:

        def sent(address, fields, **more):
            answer = client.post(f"{url}{address}", data={**fields, **more}, headers=own)
            assert answer.status_code == 303, answer.text
            place = answer.headers["location"]
            assert place.startswith("/v1/modeltap/")
            return client.get(served.url + place).text

        page = client.get(f"{url}/review?token={TOKEN}", follow_redirects=True).text
        page = sent("/review", fields_of(page, "start"), model="loans")
        answered = fields_of(page, "answer")
        for headers in ({}, {"origin": "http://evil.example"}, {**own, "host": "evil.example"}):
            refused = client.post(
                f"{url}/review", data={**answered, "answer": "no"}, headers=headers
            )
            assert refused.status_code == 403
        forged = {**answered, "form_token": "x", "answer": "no"}
        assert client.post(f"{url}/review", data=forged, headers=own).status_code == 403
        assert rows("select value from labels") == []
        page = sent("/review", answered, answer="no")
        assert "1 label so far" in page and rows("select value from labels") == [("no",)]
        page = sent("/review", fields_of(page, "undo"))
        assert rows("select state from reviews") == []
        form = fields_of(client.get(f"{url}/alerts/{alert}").text, "note")
        for action in ("acknowledge", "silence", "note"):
            sent(f"/alerts/{alert}", {**form, "action": action}, note="seen", **{"for": "2h"})
        sent(f"/alerts/{alert}", form, action="send", message=message)
        public = {"host": "models.example.com", "x-forwarded-for": "203.0.113.9"}
        assert client.get(f"{url}/alerts", headers=public).status_code == 200
        client.cookies.clear()
        for headers in ({}, public, {"x-forwarded-host": "127.0.0.1"}):
            assert client.get(f"{url}/alerts", headers=headers).status_code == 401
    assert rows("select state, attempts from deliveries") == [("pending", 0)]
    ((acknowledged, silenced),) = rows("select acknowledged_at, silenced_until from alerts")
    assert acknowledged and silenced
    assert rows("select count(*) from exchanges") == [(120,)]


def rows(sql):
    with closing(sqlite3.connect("file:taps.db?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def _stored_alert():
    """Store a firing alert with a message that was given up; return their ids."""
    with closing(connect(Path("taps.db"))) as connection, writing(connection):
        connection.execute(
            "insert into alerts (id, fingerprint, rule, model, metric, severity, state, window, "
            "window_start, window_end, last_window_start, summary, started_at, updated_at) values "
            "('alert_1', 'f', 'performance', 'loans', 'accuracy', 'critical', 'firing', '1h', "
            "'2024-01-01', '2024-01-02', '2024-01-01', 'loans: fell', '2024-01-01', '2024-01-01')"
        )
        message = outbox.enqueue_message(connection, "h", {"type": "alert.firing"}, ["alert_1"])
        connection.execute("update deliveries set state = 'dead', attempts = 10")
    return "alert_1", message


def test_the_app_is_unharmed_without_its_pages(serve, private, eventually):
    """The process killed, visitors who leave, a store that is gone."""
    served = serve(ASGI.replace("EXTRA", ""), *UVICORN)
    url = f"{served.url}/v1/modeltap/"
    assert httpx.post(f"{served.url}/v1/predict", json={"x": 1}, **PLAIN).status_code == 200
    assert get(url).status_code == 200
    (process,) = page_processes(private)
    os.kill(process, signal.SIGKILL)
    assert get(url).status_code == 200
    for _ in range(3):
        with pytest.raises(httpx.TimeoutException):
            get(url, timeout=httpx.Timeout(60, read=0.0001))
    assert eventually(lambda: Path("taps.db").exists())
    (process,) = page_processes(private)
    os.kill(process, signal.SIGSTOP)
    try:  # pages that hang take nothing from predictions
        with ThreadPoolExecutor(4) as pool:
            hanging = [pool.submit(_abandoned, url) for _ in range(4)]
            for x in range(5):
                reply = httpx.post(f"{served.url}/v1/predict", json={"x": x}, **PLAIN)
                assert reply.json() == {"prediction": x}
            os.kill(process, signal.SIGCONT)
            assert [page.result() for page in hanging] == [200] * 4
    finally:
        os.kill(process, signal.SIGCONT)


def _abandoned(url):
    return get(url).status_code


def test_websockets_are_the_apps(serve):
    from websockets.sync.client import connect

    served = serve(ASGI.replace("EXTRA", ""), *UVICORN)
    port = urlsplit(served.url).port
    with connect(f"ws://127.0.0.1:{port}/v1/modeltap/live") as socket:
        assert socket.recv() == "of the app"


def test_an_app_with_pages_imports_nothing_heavy(tmp_path):
    """The pages are another process's work, also while they are read."""
    (tmp_path / "light.py").write_text(
        "import asyncio, sys, modeltap, httpx\n"
        "async def app(scope, receive, send): ...\n"
        "tapped = modeltap.ASGIMiddleware(app, model='m', store='taps.db', analyze=False,\n"
        "    dashboard='/modeltap')\n"
        "async def main():\n"
        "    transport = httpx.ASGITransport(tapped)\n"
        "    async with httpx.AsyncClient(transport=transport, base_url='http://localhost') as c:\n"
        "        print((await c.get('/modeltap/', timeout=120)).status_code)\n"
        "asyncio.run(main())\n"
        "print(sorted({'jinja2', 'numpy', 'starlette', 'sqlite_utils'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "light.py"], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert done.stdout.splitlines() == ["503", "[]"], done.stderr
