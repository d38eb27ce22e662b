"""The demo: the main job, on real data."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys

import pytest

pytest.importorskip("fastapi", reason='pip install "modeltap[demo]"')


def demo(folder, *words, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "modeltap", "demo", *words], cwd=folder, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def test_the_model_goes_wrong_and_the_webhook_hears_of_it(tmp_path):
    """A third of the requests: drift and error are found, told apart, and the store stays."""
    events = [json.loads(line) for line in demo(
        tmp_path, "--requests", "5000", "--speed", "15", "--json").splitlines()]  # fmt: skip
    named = {event["event"]: event for event in events}
    assert 7.0 < named["model"]["mae"] < 9.0
    firing = [e for e in events if e["event"] == "alert.firing"]
    rules = {event["rule"] for event in firing}
    assert {"performance", "data_drift"} <= rules
    worse = next(event for event in firing if event["rule"] == "performance")
    assert worse["severity"] == "critical" and "bias" in worse["summary"]
    assert len(firing) <= 12
    done = named["done"]
    assert done["requests"] == 5000 and done["failed"] == 0
    assert 4700 < done["labels"] < 5000  # cancelled flights never get one
    months = {month["month"]: month for month in done["months"]}
    assert months["2013-07"]["mae"] > 15 and months["2013-07"]["bias"] > 13
    assert months["2013-03"]["mae"] < 12
    assert {path.name for path in tmp_path.iterdir()} == {"modeltap.db"}
    rows = (
        sqlite3.connect(tmp_path / "modeltap.db")
        .execute(
            "select model, path, status, duration_ms, json_extract(request_body, '$.distance') "
            "from exchanges limit 3"
        )
        .fetchall()
    )
    assert len(rows) == 3 and all(row[:3] == ("flights", "/predict", 200) for row in rows)
    assert all(row[3] > 0 and row[4] > 80 for row in rows)


def test_wrong_options_are_one_line(tmp_path):
    """A speed of nothing, a folder that is in use."""
    assert "--speed 0.0 is no speed" in demo(tmp_path, "--speed", "0", code=1)
    (tmp_path / "modeltap.db").touch()
    assert "holds a modeltap.db already" in demo(tmp_path, "--keep", ".", code=1)
