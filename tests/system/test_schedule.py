"""The scheduler in a served app: one leader, a child that works, alerts that arrive."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from standardwebhooks.webhooks import Webhook

from modeltap.testing import WebhookReceiver
from plugins import HANGS, install
from processes import alive

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

APP = """
import modeltap
from fastapi import FastAPI, Request

app = FastAPI()

@app.post("/predict")
async def predict(request: Request):
    body = await request.json()
    return {{"prediction": body["x"] * 2}}

modeltap.watch(
    app, model="m", store="taps.db", analyze_interval_seconds=1, event_time="body:when",
    window="1d", reference="first 1000 rows",
    webhooks=[{{"url": "{url}", "secret": "{secret}", "allow_private": True}}],
)
"""


def post_days(url, days, shift=0.0):
    """150 requests a day, at the times of January 2024; a day at a time, 25 at once.

    One by one would take minutes: on a socket that uvicorn shares among workers Nagle's
    algorithm holds each answer back for 40 ms.
    """
    # A pool that closes connections while others read from them errs now and then.
    limits = httpx.Limits(max_keepalive_connections=None, keepalive_expiry=None)
    with (
        httpx.Client(base_url=url, trust_env=False, verify=False, limits=limits) as client,
        ThreadPoolExecutor(25) as pool,
    ):

        def send(body):
            assert client.post("/predict", json=body).status_code == 200

        for day in days:
            values = np.random.default_rng(day).normal(10 + shift, size=150)
            bodies = [
                {"when": f"2024-01-{day:02d}T{n // 7:02d}:{n % 7:02d}:00Z", "x": float(x)}
                for n, x in enumerate(values)
            ]
            list(pool.map(send, bodies))


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_an_alert_reaches_the_webhook_signed_and_once(
    serve, eventually, read_rows, tmp_path, workers
):
    """One line in the app: requests go in, a signed message comes out, whatever the workers."""
    with WebhookReceiver() as receiver:
        source = APP.format(url=receiver.url, secret=SECRET)
        served = serve(
            source,
            "-m",
            "uvicorn",
            "app:app",
            "--port",
            "{port}",
            "--log-level",
            "warning",
            "--workers",
            str(workers),
        )
        post_days(served.url, range(1, 9))
        store = tmp_path / "taps.db"
        assert eventually(lambda: read_rows(store, 'select * from "references"'))
        post_days(served.url, (9, 10), shift=2.0)
        assert eventually(lambda: len(receiver.received) >= 2)
        served.stop()
    events = []
    for got in receiver.received:
        Webhook(SECRET).verify(got.body, got.headers)
        events.append(json.loads(got.body))
    subjects = [(e["type"], e["data"]["rule"], e["data"]["window_start"]) for e in events]
    day = "2024-01-09T00:00:00.000Z"
    assert sorted(subjects) == [
        ("alert.firing", "data_drift", day),
        ("alert.firing", "prediction_drift", day),
    ]
    assert "x: median went from" in events[0]["data"]["summary"]
    total = read_rows(store, "select count(*) as n from exchanges")[0]["n"]
    assert total == 1500
    twice = read_rows(store, "select 1 from runs group by job, window having count(*) > 1")
    assert twice == []
    runs = read_rows(store, "select exit from child_runs where job = 'analyze'")
    # A pass that was at work when the server stopped was ended, and left everything as it was.
    assert runs and {run["exit"] for run in runs} <= {0, -15}
    # No secret and no URL is in the file.
    assert not any(
        SECRET.encode() in data or receiver.url.encode() in data
        for data in [p.read_bytes() for p in tmp_path.glob("taps.db*")]
    )


def test_with_nothing_set_nothing_is_sent_and_the_settings_are_kept(
    serve, eventually, read_rows, tmp_path
):
    """The defaults: a store, a scheduler, no webhook."""
    served = serve(
        "import modeltap\nfrom starlette.applications import Starlette\n"
        "from starlette.responses import JSONResponse\nfrom starlette.routing import Route\n"
        "async def predict(request):\n    return JSONResponse({'prediction': 1})\n"
        "app = Starlette(routes=[Route('/predict', predict, methods=['POST'])])\n"
        "modeltap.watch(app, model='m')\n"
    )
    httpx.post(f"{served.url}/predict", json={"x": 1}, trust_env=False, verify=False)
    store = tmp_path / "modeltap.db"
    assert eventually(lambda: read_rows(store))
    assert eventually(lambda: read_rows(store, "select * from leases where name = 'scheduler'"))
    served.stop()
    kept = dict(sqlite3.connect(store).execute("select key, value from settings where model = 'm'"))
    assert json.loads(kept["window"]) == "auto" and json.loads(kept["webhooks"]) == []
    assert read_rows(store, "select * from deliveries") == []
    # A clean stop gives the lease back.
    assert read_rows(store, "select * from leases") == []


SCRIPT = """
import pathlib, time
import modeltap

@modeltap.capture(model="m", analyze_interval_seconds=1, store="taps.db")
def predict(x):
    return x * 2

predict(1)
while not pathlib.Path("hanging").exists():
    time.sleep(0.1)
"""


def test_a_script_that_ends_does_not_wait_for_the_analysis(tmp_path):
    """Nothing tells a script's tap that it is over but its end; the child at work ends with it."""
    install(tmp_path, "hangs", HANGS)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not alive(int((tmp_path / "hanging").read_text()))
