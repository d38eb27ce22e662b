"""What a crash can lose: apps and their writers killed for real, together, under load."""

from __future__ import annotations

import io
import os
import random
import signal
import sqlite3
import threading
import time

import httpx
import pytest

import modeltap
from modeltap.config import sources
from modeltap.store.connection import connect
from modeltap.tap.exchange import Exchange
from modeltap.tap.packing import pack
from modeltap.tap.recording.recorder import Recorder
from modeltap.writer.batch_writer import BatchWriter
from modeltap.writer.records import origin_of
from processes import writers_of

APP = """
import modeltap
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def predict(request):
    return PlainTextResponse(await request.body())

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
modeltap.watch(app, model="m", store="taps.db", analyze=False, durability="{durability}")
"""

RATE = 200
"""Requests a second at most, by four threads."""

PAUSE = 0.25
"""Seconds that a scheduler may let a writer wait, beyond what is documented."""


def kill_together(process):
    """The machine fails: nobody may write any more."""
    pids = [process.pid, *writers_of(process.pid)]
    assert len(pids) == 2
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    process.wait(10)


def load(url, answered, stop):
    """Send a quarter of `RATE`; note the name and the time of each answered request."""
    with httpx.Client(base_url=url, trust_env=False, verify=False) as client:
        n = 0
        while not stop.wait(4 / RATE):
            name = f"{threading.get_ident()}-{n}"
            try:
                client.post("/predict", content=name).raise_for_status()
            except httpx.HTTPError:
                return
            answered.append((name, time.monotonic()))
            n += 1


def stored():
    connection = sqlite3.connect("taps.db")
    try:
        return {r[0] for r in connection.execute("select response_body from exchanges")}
    finally:
        connection.close()


def killed_under_load(served, seconds=2.0):
    """Return what was answered, with times, before app and writer died at once."""
    answered, stop = [], threading.Event()
    threads = [threading.Thread(target=load, args=(served.url, answered, stop)) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    at = time.monotonic()
    kill_together(served.process)
    stop.set()
    for thread in threads:
        thread.join(10)
    return answered, at


@pytest.mark.parametrize("durability", ["process", "power"])
def test_what_was_answered_is_stored(serve, eventually, durability):
    """Whoever has an answer has a record, though app and writer are killed at once."""
    served = serve(APP.replace("{durability}", durability))
    httpx.post(f"{served.url}/predict", content="first", trust_env=False, verify=False)
    assert eventually(lambda: "first" in stored())
    answered, _ = killed_under_load(served)
    assert len(answered) > 50
    assert {name for name, _ in answered} <= stored()


def test_fast_loses_at_most_what_came_within_a_flush(serve, eventually):
    """Nobody holds the lock; a scheduler's pause is allowed for."""
    served = serve(APP.replace("{durability}", "fast"))
    httpx.post(f"{served.url}/predict", content="first", trust_env=False, verify=False)
    assert eventually(lambda: "first" in stored())
    answered, at = killed_under_load(served)
    assert len(answered) > 50
    old = {name for name, moment in answered if moment < at - PAUSE}
    assert old <= stored()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_fast_loses_no_more_than_the_rate_times_the_flush(serve, eventually, seed):
    """A long flush, and a kill at any moment of it: what is older is stored, the count bounded."""
    flush = 0.5
    said = f'"fast", flush_interval_seconds={flush}'
    served = serve(APP.replace('"{durability}"', said))
    httpx.post(f"{served.url}/predict", content="first", trust_env=False, verify=False)
    assert eventually(lambda: "first" in stored())
    answered, at = killed_under_load(served, 1.0 + random.Random(seed).random() * 2 * flush)
    kept = stored()
    ages = [at - moment for name, moment in answered if name not in kept]
    words = f"{len(ages)} of {len(answered)} lost, the oldest {max(ages, default=0.0):.2f} s old"
    assert len(answered) > 50
    assert len(ages) <= RATE * (flush + PAUSE), words
    assert max(ages, default=0.0) <= flush + PAUSE, words
    print(words)


def test_behind_a_lock_only_what_is_queued_is_lost(serve, eventually):
    """Another program writes; what was answered before it began is stored."""
    served = serve(APP.replace("{durability}", "fast"))
    with httpx.Client(base_url=served.url, trust_env=False, verify=False) as client:
        before = {f"before-{n}" for n in range(50)}
        for name in sorted(before):
            client.post("/predict", content=name)
        assert eventually(lambda: before <= stored())
        other = sqlite3.connect("taps.db", isolation_level=None)
        other.execute("begin immediate")
        queued = {f"queued-{n}" for n in range(50)}
        for name in sorted(queued):
            client.post("/predict", content=name)
    kill_together(served.process)
    other.execute("rollback")
    other.close()
    assert before <= stored() <= before | queued


def put_one(recorder, settings, durable=True):
    tap = recorder.join(settings)
    x = Exchange("asgi", "m", "POST", "/", b"")
    x.request_read, x.status, x.duration_ms = True, 200, 1.0
    packed = pack(tap, x)
    return recorder.put_durably(packed) if durable else recorder.put(packed)


def test_power_waits_for_the_disk(store):
    """`synchronous` is FULL where one tap wants it, NORMAL otherwise."""
    for durability, level in (("process", 1), ("power", 2)):
        settings = sources.load({"store": store, "durability": durability}, environ={})
        writer = BatchWriter(store, lambda: True)
        writer.add_origin(origin_of(settings, 1, "host"))
        writer.write([], {"some": 1})
        assert writer._connection.execute("pragma synchronous").fetchone()[0] == level
        writer.close()


def test_a_ticket_is_settled_when_its_exchange_is_stored_or_lost(store, eventually):
    """Behind a lock it is not; when the writer dies it is."""
    settings = sources.load({"store": store, "durability": "process"}, environ={})
    recorder = Recorder(store, settings)
    ticket = put_one(recorder, settings)
    assert eventually(lambda: recorder.is_settled(ticket))
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")
    ticket = put_one(recorder, settings)
    assert eventually(lambda: recorder.stats()["queued_bytes"] == 0)
    assert not recorder.is_settled(ticket)
    os.kill(recorder._writer.pid, signal.SIGKILL)
    assert eventually(lambda: recorder.is_settled(ticket))
    assert recorder.stats()["dropped_by_reason"] == {"writer process died": 1}
    other.execute("rollback")
    other.close()
    recorder.close()


def test_a_held_lock_delays_a_response_by_a_bound(serve, eventually):
    """It goes on without its commit, says so in the counters, and is stored in the end."""
    source = (
        APP.replace("{durability}", "process")
        .replace("analyze=False,", "analyze=False, commit_timeout_seconds=0.2,")
        .replace(
            "PlainTextResponse(await request.body())",
            "PlainTextResponse(str(modeltap.stats()['unconfirmed']))",
        )
    )
    served = serve(source)

    def ask():
        return httpx.post(
            f"{served.url}/predict", content="x", trust_env=False, verify=False, timeout=10
        ).text

    ask()
    assert eventually(lambda: stored())
    before = int(ask())  # the very first one may have waited for the store's creation
    other = sqlite3.connect("taps.db", isolation_level=None)
    other.execute("begin immediate")
    ask()
    assert int(ask()) == before + 1
    other.execute("rollback")
    other.close()
    assert eventually(
        lambda: (
            sqlite3.connect("taps.db").execute("select count(*) from exchanges").fetchone()[0] == 4
        )
    )


def wsgi_environ():
    return {"REQUEST_METHOD": "POST", "PATH_INFO": "/predict", "wsgi.input": io.BytesIO(b"x")}


def answering(body):
    def app(environ, start_response):
        start_response("200 OK", [])
        return body

    return app


@pytest.mark.parametrize("kind", [list, iter])
def test_a_wsgi_response_ends_when_its_record_is_stored(store, kind):
    """A list or an iterator: whoever has the end finds the row, by a connection of their own."""
    tapped = modeltap.WSGIMiddleware(
        answering(kind([b"one", b"two"])),
        model="m",
        store=store,
        analyze=False,
        durability="process",
        commit_timeout_seconds=60,
    )
    assert list(tapped(wsgi_environ(), lambda *_: None)) == [b"one", b"two"]
    rows = sqlite3.connect(store).execute("select response_body, aborted from exchanges")
    assert rows.fetchall() == [("onetwo", None)]


def test_a_wsgi_response_that_cannot_be_stored_ends_all_the_same(store, eventually):
    """After `commit_timeout_seconds`; that is counted, and the record comes when it can."""
    answered = []
    tapped = modeltap.WSGIMiddleware(
        answering(iter([b"one", b"two"])),
        model="m",
        store=store,
        analyze=False,
        durability="process",
        commit_timeout_seconds=0.2,
    )
    connect(store).close()
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")
    asking = threading.Thread(
        target=lambda: answered.extend(tapped(wsgi_environ(), lambda *_: None)), daemon=True
    )
    asking.start()
    assert eventually(lambda: not asking.is_alive())
    assert answered == [b"one", b"two"] and modeltap.stats()["unconfirmed"] == 1
    other.execute("rollback")
    other.close()
    assert modeltap.flush(20)
    found = sqlite3.connect(store).execute("select response_body from exchanges").fetchall()
    assert found == [("onetwo",)] and modeltap.stats()["dropped"] == 0


def test_calls_wait_too(store):
    """Of both kinds; what is asked for afterwards is there."""
    import asyncio

    options = {
        "model": "m",
        "store": store,
        "analyze": False,
        "durability": "process",
        "commit_timeout_seconds": 20,
    }

    @modeltap.capture(**options)
    def predict(x):
        return x

    @modeltap.capture(**options)
    async def predict_async(x):
        return x

    def count():
        return sqlite3.connect(store).execute("select count(*) from exchanges").fetchone()[0]

    predict(1)
    assert count() == 1
    asyncio.run(predict_async(2))
    assert count() == 2
    modeltap.capture(request=3, response=3, **options)
    assert count() == 3


def test_an_app_that_is_killed_while_its_writer_starts_loses_nothing(serve, eventually):
    """The very first requests go into the buffer before anybody reads it."""
    source = APP.replace("{durability}", "fast").replace(
        "PlainTextResponse(await request.body())",
        "PlainTextResponse(str(modeltap.stats()['queued_bytes']))",
    )
    served = serve(source)
    asked = 0
    with httpx.Client(base_url=served.url, trust_env=False, verify=False) as client:

        def is_in_the_pipe():
            nonlocal asked
            asked += 1
            return client.post("/predict").text == "0" and asked > 1

        assert eventually(is_in_the_pipe)
        served.process.kill()
    assert eventually(lambda: len(stored_ids()) >= asked - 1)


def stored_ids():
    connection = sqlite3.connect("taps.db")
    try:
        return [r[0] for r in connection.execute("select id from exchanges")]
    finally:
        connection.close()
