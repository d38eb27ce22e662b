"""`modeltap tail` and `show`: new exchanges of a running app, and one in full."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest

from command import lines, modeltap
from terminal import shown_on_a_terminal


def test_tail_lists_and_show_finds_an_exchange_by_prefix(at):
    """The latest exchanges, and one of them in full, also by the beginning of its id."""
    rows = lines(modeltap("tail", *at, "--no-follow", "-n", "3", "--json"))
    assert [row["request_id"] for row in rows] == ["row-3597", "row-3598", "row-3599"]
    assert "IMPORT" in modeltap("tail", *at, "--no-follow")
    one = lines(modeltap("show", rows[0]["id"][:12], *at, "--json"))[0]
    assert one["id"] == rows[0]["id"] and one["predictions"][0]["prediction"] is not None
    assert "amount" in modeltap("show", "row-3597", *at)


APP = """
from fastapi import FastAPI
import modeltap
app = FastAPI()
modeltap.watch(app, model="m", store="taps.db", analyze=False)

@app.post("/predict")
def predict(row: dict) -> dict:
    return {"prediction": row["x"] * 2}
"""


@pytest.fixture
def app(serve, eventually, tmp_path):
    """A running app that has served one request."""
    served = serve(APP)
    ask(served, 1)
    assert eventually(lambda: (tmp_path / "taps.db").exists())
    return served


def ask(served, x):
    httpx.post(
        f"{served.url}/predict", json={"x": x}, trust_env=False, verify=False
    ).raise_for_status()


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_tail_shows_whole_ids_on_a_terminal(at, columns):
    (row,) = lines(modeltap("tail", *at, "--no-follow", "-n", "1", "--json"))
    shown = shown_on_a_terminal("tail", *at, "--no-follow", "-n", "1", columns=columns)
    assert any(row["id"] in line for line in shown)


@contextmanager
def tail(tmp_path, *words):
    """Run `modeltap tail` and stop it at the end of the test."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "modeltap", "tail", "--store", "taps.db", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # In the background, shells ignore Ctrl-C, and child processes inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_tail_follows_until_interrupted(app, tmp_path):
    """Stored exchanges first, then new ones; Ctrl-C ends it without a traceback."""
    with tail(tmp_path, "--json") as process:
        assert json.loads(process.stdout.readline())["request_body"] == '{"x":1}'
        for x in (2, 3):
            ask(app, x)
            assert json.loads(process.stdout.readline())["request_body"] == f'{{"x":{x}}}'
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode in (0, 130) and "Traceback" not in errors


def test_tail_follows_as_text(app, tmp_path):
    """One line per exchange."""
    with tail(tmp_path) as process:
        seen = ""
        ask(app, 41)
        while "82" not in seen:
            line = process.stdout.readline()
            assert line, "it ended"
            seen += line
        assert "/predict" in seen and "200" in seen
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def test_tail_ends_quietly_if_the_pipe_is_closed(app, tmp_path):
    """As with `modeltap tail | head -1`."""
    with tail(tmp_path, "--json") as process:
        process.stdout.readline()
        process.stdout.close()
        ask(app, 5)
        assert process.wait(60) is not None
        errors = process.stderr.read()
    assert "Traceback" not in errors and "Exception" not in errors
