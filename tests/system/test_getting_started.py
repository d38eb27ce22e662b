"""docs/getting-started.md, followed to the letter: its files, its commands, its alert."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from modeltap.config.sources import load

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "getting-started.md").read_text()
RESPONDING = (DOCS / "responding.md").read_text()
TUTORIAL, _, REST = PAGE.partition("\n## In your own app\n")


def blocks(language, text=TUTORIAL):
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


@pytest.fixture(scope="module")
def files():
    """The files that the page has its reader save, by their names."""
    return dict(re.findall(r"Save this as `(\w+\.py)`.*?```python\n(.*?)```", TUTORIAL, re.S))


def run(script, port, folder):
    """Run a block of commands as a shell does; return what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-euc", script.replace("8000", str(port))],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "250"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, (script, done.stdout, done.stderr)
    return " ".join(done.stdout.split())


def test_the_tutorial_leads_to_its_alerts(files, serve, tmp_path):
    """Every command succeeds, and the alert has the words of the page."""
    scripts = [text for text in blocks("sh") if "pip install" not in text]
    assert scripts.pop(0) == "uvicorn app:app --port 8000\n"
    served = serve(files["app.py"])  # by the same command
    port = served.url.rpartition(":")[2]
    (tmp_path / "send.py").write_text(files["send.py"].replace("8000", port))
    if shutil.which("sqlite3") is None:
        scripts = [text for text in scripts if not text.startswith("sqlite3")]
    printed = {text: run(text, port, tmp_path) for text in scripts}
    (alert,) = blocks("text")
    first = next(text for text in scripts if "send.py 400 km" in text)
    assert alert.strip() in printed[first]
    assert "no open alerts" in next(printed[text] for text in scripts if "status" in text)
    last = "modeltap alerts --state firing\n"
    assert "performance" in printed[last] and "mean absolute error" in printed[last]
    assert len(printed) > 6
    respond(tmp_path, port)


def respond(folder, port):
    """Follow docs/responding.md after the tutorial: its last command ends the incident."""
    with sqlite3.connect(folder / "modeltap.db") as connection:
        (exchange,) = connection.execute("select id from exchanges").fetchone()
        (alert,) = connection.execute("select id from alerts where rule = 'performance'").fetchone()
    for script in blocks("sh", RESPONDING):
        ids = script.replace("EXCHANGE_ID", exchange).replace("ALERT_ID", alert)
        run(ids, port, folder)
    assert "performance" in run("modeltap alerts --state firing", port, folder)
    assert "data_drift" not in run("modeltap alerts --state firing", port, folder)


def test_its_configuration_is_valid(tmp_path):
    """The TOML block is a modeltap.toml."""
    (text,) = blocks("toml")
    (tmp_path / "modeltap.toml").write_text(text)
    assert load(environ={}).webhooks[0].format == "slack"


def test_its_flask_app_runs(tmp_path, monkeypatch):
    """Tapped by the same line."""
    (code,) = blocks("python", REST)
    (tmp_path / "flask_app.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    app = importlib.import_module("flask_app").app
    monkeypatch.delitem(sys.modules, "flask_app")
    response = app.test_client().post("/predict", json={"distance": 800})
    assert response.json == {"prediction": 120}
    assert len(response.headers["x-modeltap-id"]) == 36
