"""`modeltap status`: the health of each model."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import pytest

from command import lines, modeltap
from modeltap import capture, flush
from modeltap.store.connection import connect
from stores import analyze, every, put

SAID = {"reference": "first 200 rows", "multivariate": False}


@pytest.fixture
def filled(store):
    put(store, every(1, 300), [{"x": n % 7} for n in range(300)])
    return store


def test_a_learning_model_has_the_time_until_it_is_ready(filled):
    analyze(filled, {})
    shown = modeltap("status", "--store", filled)
    assert shown.startswith("learning m: no open alerts, windows evaluated up to 2024-01-01 05:00")
    assert "learning until Monday, 2024-01-08 00:00 UTC and 2,000 rows" in shown
    (row,) = lines(modeltap("status", "--store", filled, "--json"))
    assert row["state"] == "learning" and row["reference"] == "provisional"
    assert row["learning_until"] == "2024-01-08T00:00:00.000Z" and row["open_alerts"] == []


def test_a_model_with_an_alert_lists_it(filled):
    put(filled, every(1, 300, first=300), [{"x": "?"}] * 300, prefix="later")
    analyze(filled, SAID)
    shown = modeltap("status", "--store", filled, "--model", "m")
    assert "open alert" in shown and "x: values of the wrong type went from 0 % to 100 %" in shown
    (row,) = lines(modeltap("status", "--store", filled, "--json"))
    assert row["state"] == "alert" and row["reference"] == "active"
    assert len(row["open_alerts"]) >= 1 and row["reason"] and row["since"]


def test_a_store_without_a_model_has_a_hint(store):
    """With the number of exchanges that no analysis has read yet."""
    put(store, [], [])
    assert "no models yet: no exchange is recorded" in modeltap("status", "--store", store)
    capture(model="m", request={"x": 1}, response=1, store=store, analyze=False)
    assert flush(60)
    waiting = " ".join(modeltap("status", "--store", store).split())
    assert "no models yet: 1 exchange not analysed" in waiting and "`modeltap analyze`" in waiting
    assert "no model 'x'" in modeltap("status", "--store", store, "--model", "x", code=1)


def test_ten_lines_tell_about_many_models(store):
    """Those with problems first; `--all` lists each in full, JSON has a row for each."""
    for number in range(14):
        put(
            store,
            every(1, 30),
            [{"x": n} for n in range(30)],
            model=f"m{number}",
            prefix=f"{number}-",
        )
    with closing(connect(store)) as connection:
        connection.execute(
            "insert into alerts (id, fingerprint, rule, model, metric, severity, state, window, "
            "window_start, window_end, last_window_start, summary, started_at, updated_at) values "
            "('a', 'f', 'drift', 'm7', 'drift', 'warning', 'firing', '1h', '2024', '2024', "
            "'2024', 'm7: x\x1b[2J moved', '2024-01-01T00:00:00.000Z', '2024'), "
            "('b', 'g', 'drift', 'm7', 'drift', 'warning', 'no_data', '1h', '2024', '2024', "
            "'2024', 'm7: y moved', '2023-12-01T00:00:00.000Z', '2024')"
        )
    analyze(store, {})
    shown = modeltap("status", "--store", store).splitlines()
    assert len(shown) == 10
    assert shown[0].startswith("alert    m7: 2 open alerts, 30 requests")
    assert shown[0].endswith("; x\\x1b[2J moved")
    assert shown[-1] == "5 more models (5 learning); see `modeltap status --all`"
    full = modeltap("status", "--store", store, "--all")
    assert full.count("no open alerts") == 13 and "warning since 2024-01-01: x" in full
    assert "m7: 2 open alerts since 2023-12-01, " in full
    rows = lines(modeltap("status", "--store", store, "--json"))
    assert len(rows) == 14 and rows[0]["model"] == "m7"


def test_status_imports_no_scipy(filled):
    """Neither do its JSON rows."""
    code = (
        "import sys\nfrom modeltap.cli.main import cli\n"
        f"cli.main(['status', '--store', {str(filled)!r}], standalone_mode=False)\n"
        "print([n for n in ('scipy', 'sklearn', 'wcwidth') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
