"""The demo from start to end, on real data."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import socket
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from contextlib import closing
from pathlib import Path

import httpx
import pyte
import pytest

from command import completed
from modeltap.browsing.common_queries import common_queries
from modeltap.demo.stage import Stage
from modeltap.store.connection import connect

pytest.importorskip("fastapi", reason='pip install "modeltap[demo]"')


def demo(folder, *words, code=0):
    done = completed("demo", *words, cwd=folder, timeout=600)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_demo_without_an_alert_says_where_the_reason_is(tmp_path, capsys):
    """As after an analysis that failed: its results are missing."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        stage = Stage(as_json=False)
        stage.counted(10, 0, 0, connection)
    stage.end(tmp_path / "taps.db")
    shown = " ".join(capsys.readouterr().out.split())
    assert "No alert fired, because the analysis failed or took too long" in shown
    assert "modeltap doctor --store " in shown and "taps.db` has the reason" in shown


def test_the_model_degrades_and_the_webhook_is_notified(tmp_path):
    """With a third of the requests: drift and performance alerts are separate; the store stays."""
    events = [
        json.loads(line)
        for line in demo(tmp_path, "--requests", "5000", "--speed", "15", "--json").splitlines()
    ]
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
    with closing(sqlite3.connect(tmp_path / "modeltap.db")) as connection:
        answers = {
            query.name: connection.execute(query.sql).fetchall() for query in common_queries()
        }
        views = "select name from sqlite_master where type = 'view' and name <> 'v_fairness'"
        answers |= {
            name: connection.execute(f"select * from {name} limit 1").fetchall()
            for (name,) in connection.execute(views).fetchall()
        }
        flight = "select temp, carrier, prediction from v_rows_flights where temp is not null"
        assert connection.execute(flight).fetchone()
    assert [name for name, answer in answers.items() if not answer] == []


def test_wrong_options_are_one_line(tmp_path):
    """A speed of zero, a folder that has a store, a file instead of a folder."""
    assert "--speed 0.0: must be above 0" in demo(tmp_path, "--speed", "0", code=1)
    (tmp_path / "modeltap.db").touch()
    assert "already has a modeltap.db" in demo(tmp_path, "--keep", ".", code=1)
    assert "'modeltap.db' is a file" in demo(tmp_path, "--keep", "modeltap.db", code=1)


class Terminal:
    """A real terminal of 100 columns, with `modeltap demo` in it."""

    def __init__(self, folder, *words, **variables):
        scratch = folder / "scratch"
        scratch.mkdir()
        self.environment = {**os.environ, "TERM": "xterm", "TMPDIR": str(scratch), **variables}
        self.screen = pyte.Screen(100, 300)  # high enough that nothing scrolls away
        self._stream = pyte.ByteStream(self.screen)
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 300, 100, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "modeltap", "demo", *words],
            cwd=folder,
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def lines(self):
        """Return the lines on the screen."""
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def wait_for(self, text, seconds=120):
        """Read until `text` is on the screen."""
        deadline = time.monotonic() + seconds
        while not any(text in line for line in self.lines()):
            assert time.monotonic() < deadline and self._read(), "\n".join(self.lines())

    def press_ctrl_c(self):
        """Type it, so that the terminal sends the signal to all processes in its foreground."""
        os.write(self._ours, b"\x03")

    def end(self):
        """Read to the end and return the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self._process.wait(30)

    def left_behind(self):
        """Return the demo's processes and files that are left."""
        mark = f"TMPDIR={self.environment['TMPDIR']}".encode()
        own = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    own.append((process / "cmdline").read_bytes())
            except OSError:  # the process has ended, or belongs to another user
                continue
        return own + sorted(Path(self.environment["TMPDIR"]).iterdir())

    def _read(self):
        if not select.select([self._ours], [], [], 60)[0]:
            return False
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:  # the last process on the terminal has ended
            return False
        self._stream.feed(data)
        return bool(data)


@pytest.mark.slow
def test_on_a_terminal_the_bar_is_one_line_and_splits_no_alert(tmp_path):
    """A slow machine may see the first alert after the last request: it is then below the bar."""
    terminal = Terminal(tmp_path, "--requests", "3000", "--speed", "4")
    assert terminal.end() == 0
    lines = terminal.lines()
    bars = [line for line in lines if "[#" in line]
    assert len(bars) == 1 and bars[0].startswith("2013  [####") and "100 %" in bars[0]
    assert any(line.startswith("ALERT performance: ") for line in lines)
    assert "Results" in lines and "Next steps" in lines
    assert not [line for line in lines if line.endswith("...")]  # finished steps are erased
    assert terminal.left_behind() == []


@pytest.mark.slow
def test_ctrl_c_ends_the_demo_with_one_line(tmp_path, eventually):
    """In the middle of the replay; no process, file or traceback is left."""
    terminal = Terminal(tmp_path, "--requests", "3000", "--speed", "2")
    terminal.wait_for("s left")
    terminal.press_ctrl_c()
    assert terminal.end() == 130
    assert terminal.lines()[-1] == "modeltap: stopped; its files were removed"
    assert not [line for line in terminal.lines() if "Traceback" in line]
    assert eventually(lambda: terminal.left_behind() == [])
    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]


def test_a_port_in_use_is_one_line(tmp_path):
    """Another server on the port must not be taken for the demo's API."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"--port {port} is not available" in demo(tmp_path, "--port", port, code=1)


@pytest.mark.slow
def test_open_ends_in_the_dashboard_of_what_was_found(tmp_path, eventually):
    """A browser is started with its address; Ctrl-C ends it, and the store stays."""
    browser, asked = tmp_path / "browser", tmp_path / "asked"
    browser.write_text(f'#!/bin/sh\necho "$1" > {asked}\n')
    browser.chmod(0o755)
    terminal = Terminal(
        tmp_path, "--requests", "300", "--speed", "200", "--open", BROWSER=f"{browser} %s"
    )
    terminal.wait_for("dashboard: http://127.0.0.1:", 240)
    assert any(line.strip().startswith("modeltap dashboard") for line in terminal.lines())
    assert eventually(lambda: asked.exists() and asked.read_text().startswith("http://127.0.0.1:"))
    reply = httpx.get(asked.read_text().strip(), trust_env=False, verify=False)
    assert reply.status_code == 200 and "flights" in reply.text
    terminal.press_ctrl_c()
    assert terminal.end() in (0, 130) and not any("Traceback" in x for x in terminal.lines())
    assert (tmp_path / "modeltap.db").exists() and eventually(lambda: terminal.left_behind() == [])


def test_open_without_the_extra_is_refused_at_once(tmp_path):
    """Not after a minute."""
    code = (
        "import sys\nsys.modules['jinja2'] = None\nsys.argv[1:] = ['demo', '--open']\n"
        "from modeltap.cli.main import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1 and not done.stdout
    assert 'pip install "modeltap[dashboard]"' in done.stderr and list(tmp_path.iterdir()) == []
