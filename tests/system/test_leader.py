"""Four workers on one store, whose leader is killed again and again: each window is judged once."""

from __future__ import annotations

import os
import signal
import threading
import time

import httpx
import numpy as np
import pytest

from modeltap.clock import now
from modeltap.testing import WebhookReceiver
from processes import alive

KILLS = 20

APP = """
import json
import modeltap

def app(environ, start_response):
    size = int(environ.get("CONTENT_LENGTH") or 0)
    x = json.loads(environ["wsgi.input"].read(size) or b"{{}}").get("x", 0)
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps({{"prediction": x * 2}}).encode()]

app = modeltap.watch(
    app, model="m", store="taps.db", analyze_interval_seconds=1, lease_seconds=1,
    event_time="body:when", window="1h", reference="first 1000 rows",
    schedules={{"delivery": "1s"}}, webhooks=[{{"url": "{url}", "allow_private": True}}],
)
"""


def hours(url, done):
    """An hour of 150 rows after the other, until told to stop; the eleventh and later ones drift.

    A request to a worker that is killed meanwhile is sent again: the client's answer is lost, not
    the test's row.
    """
    sent = 0
    # One client: to make one for each request takes ten times as long as the request.
    client = httpx.Client(timeout=5, trust_env=False, verify=False)
    while not done.is_set() or sent < 16:
        values = np.random.default_rng(sent).normal(10 if sent < 10 else 14, size=150)
        for minute, x in enumerate(values):
            when = f"2024-01-{1 + sent // 24:02d}T{sent % 24:02d}:{minute % 60:02d}:00Z"
            while True:
                try:
                    client.post(f"{url}/predict", json={"when": when, "x": float(x)})
                    break
                except httpx.HTTPError:
                    time.sleep(0.05)
        sent += 1
    client.close()
    return sent


def leader(read_rows, store):
    found = read_rows(store, "select owner from leases where name = 'scheduler'")
    return int(found[0]["owner"].split(":")[-2]) if found else None


@pytest.mark.slow
def test_the_leader_is_killed_twenty_times(serve, eventually, read_rows, tmp_path):
    pytest.importorskip("gunicorn", reason="pip install gunicorn")
    store = tmp_path / "taps.db"
    with WebhookReceiver() as receiver:
        served = serve(
            APP.format(url=receiver.url),
            "-m",
            "gunicorn",
            "app:app",
            "--workers",
            "4",
            "--bind",
            "127.0.0.1:{port}",
            "--log-level",
            "critical",
        )
        done = threading.Event()
        traffic = threading.Thread(target=hours, args=(served.url, done), daemon=True)
        traffic.start()
        old = None
        for _ in range(KILLS):

            def another(before=old):
                now = leader(read_rows, store)
                return now is not None and now != before and alive(now)

            assert eventually(another)
            old = leader(read_rows, store)
            time.sleep(0.3)  # let it begin something
            os.kill(old, signal.SIGKILL)
        done.set()
        traffic.join(60)
        assert not traffic.is_alive()

        def all_judged():
            # In this order: what is read and counted first is due afterwards.
            seen = read_rows(store, "select max(seq) as seq from exchanges")[0]["seq"]
            counted = read_rows(
                store, "select value from watermarks where name = 'seen' or name like 'counted:%'"
            )
            due = read_rows(store, "select 1 from windows where due")
            owed = read_rows(store, "select 1 from deliveries where state = 'pending'")
            done = len(counted) == 2 and all(one["value"] == seen for one in counted)
            return done and len(due) <= 1 and not owed

        assert eventually(all_judged)
        asked = now()  # what is owed after this, the server that stops may not send any more
        served.stop()
        ids = [one.headers["webhook-id"] for one in receiver.received]

    # Each exchange is in exactly one window, whoever died when.
    decoded = read_rows(store, "select sum(rows) as n, count(*) as all_ from v_exchanges")[0]
    assert decoded["n"] == decoded["all_"] > 1000
    counted = read_rows(store, "select sum(rows) as n from windows")[0]["n"]
    assert counted == decoded["n"]
    twice = read_rows(
        store,
        "select 1 from metrics group by model, version, window, window_start, metric, "
        "ifnull(feature, ''), ifnull(segment, '') having count(*) > 1",
    )
    assert twice == []
    # One incident of each subject, owed once; what arrived twice had the same id.
    alerts = read_rows(store, "select fingerprint from alerts where state <> 'pending'")
    assert len({one["fingerprint"] for one in alerts}) == len(alerts) >= 1
    owed = read_rows(store, "select id, state, created_at from deliveries")
    assert {one["state"] for one in owed if one["created_at"] < asked} == {"delivered"}
    delivered = {one["id"] for one in owed if one["state"] == "delivered"}
    assert delivered <= set(ids) <= {one["id"] for one in owed}
