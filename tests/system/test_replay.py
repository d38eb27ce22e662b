"""Champion and challenger as two real servers: recorded, replayed, killed, restarted, compared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import httpx

from command import modeltap
from stores import read

CHAMPION = """
import modeltap
from fastapi import FastAPI

app = FastAPI()

@app.post("/models/{name}/predict")
def predict(name: str, rows: list[dict]) -> dict:
    return {"predictions": [2.0 * row["x"] for row in rows]}

app = modeltap.watch(app, model="m", store="taps.db", analyze=False)
"""

CHALLENGER = """
import time
from fastapi import FastAPI

app = FastAPI()

@app.post("/models/{name}/predict")
def predict(name: str, rows: list[dict]) -> dict:
    time.sleep(0.01)
    return {"predictions": [3.0 * row["x"] for row in rows]}
"""

COUNT = 300


def answered(store):
    return read(store, "select count(*) n from candidate_requests where rows = 2")[0]["n"]


def restarted(served, tmp_path):
    """Start a server again on its port."""
    (tmp_path / "app.py").write_text(CHALLENGER)
    port = served.url.rpartition(":")[2]
    words = ["-m", "uvicorn", "app:app", "--port", port, "--log-level", "warning"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    return subprocess.Popen([sys.executable, *words], cwd=tmp_path, env=environment)


def test_a_challenger_that_is_killed_and_a_replay_that_is_killed(
    serve, store, tmp_path, eventually
):
    """In the end each request has two predictions of both, once, and no traffic came from it."""
    champion = serve(CHAMPION)
    with httpx.Client(base_url=champion.url, trust_env=False, verify=False) as client:
        for n in range(COUNT):
            client.post("/models/a/predict", json=[{"x": n}, {"x": -n}]).raise_for_status()
    champion.stop()
    assert len(read(store, "select 1 from exchanges")) == COUNT
    challenger = serve(CHALLENGER)
    words = ["replay", "--store", store, "--model", "m", "--to", challenger.url, "--name", "new"]
    command = [sys.executable, "-m", "modeltap", *map(str, words), "--rate", "100"]

    killed = subprocess.Popen(command)  # the replay itself, without a chance to clean up
    assert eventually(lambda: answered(store) > 0)
    killed.kill()
    killed.wait()
    before = answered(store)
    assert 0 < before < COUNT

    # The challenger is killed under a second run, which waits until it is there again.
    second = subprocess.Popen([*command[:-2], "--rate", "60"])
    assert eventually(lambda: answered(store) > before)
    challenger.process.send_signal(signal.SIGKILL)
    challenger.process.wait()
    time.sleep(0.5)
    again = restarted(challenger, tmp_path)
    try:
        assert second.wait(100) == 0
    finally:
        again.terminate()
        again.wait()

    modeltap("analyze", "--store", store)
    pairs = read(
        store,
        "select count(*) n, count(distinct p.exchange_id) exchanges, "
        "sum(abs(c.prediction - 1.5 * p.prediction)) error from predictions p "
        "join predictions c on c.exchange_id = p.exchange_id and c.row = p.row "
        "and c.candidate = 'new' where p.candidate = ''",
    )
    assert pairs == [{"n": 2 * COUNT, "exchanges": COUNT, "error": 0.0}]
    assert len(read(store, "select 1 from exchanges")) == COUNT
    assert len(read(store, "select 1 from predictions")) == 4 * COUNT
    assert len(read(store, "select 1 from candidate_requests")) == COUNT
