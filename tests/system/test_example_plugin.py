"""The example plugin: modeltap finds it once it is installed, attaches it, and decodes with it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "examples/plugin"
APP = """
import asyncio
import modeltap
from modeltap_pairs import Handler

handler = modeltap.watch(
    Handler(lambda row: 20 + row["distance"] / 8), model="flights", analyze=False
)

async def ask(body):
    sent = []
    async def receive():
        return {"type": "http.request", "body": body}
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "method": "POST", "path": "/v3/pairs", "headers": []}
    await handler.asgi(scope, receive, send)
    return sent[-1]["body"]

answer = asyncio.run(ask(b"distance=800 origin=JFK\\ndistance=80 origin=EWR"))
assert answer == b"120.0\\n30.0", answer
assert modeltap.flush(20)
"""


@pytest.fixture
def installed(tmp_path):
    """Install the plugin into a folder of its own, by pip and without a network."""
    for name in ("pip", "hatchling"):
        pytest.importorskip(name, reason='pip install "modeltap[test]"')
    source, target = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    for path in PLUGIN.iterdir():
        if path.is_file():
            (source / path.name).write_bytes(path.read_bytes())
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-index",
            "--no-deps",
            "--no-build-isolation",
            "--disable-pip-version-check",
            "--target",
            str(target),
            str(source),
        ],
        check=True,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
    )
    return target


def test_it_is_found_attached_and_used(installed, tmp_path):
    """A request to its app becomes two rows with their predictions."""
    environ = {**os.environ, "PYTHONPATH": str(installed)}

    def run(*words):
        subprocess.run([sys.executable, *words], check=True, cwd=tmp_path, env=environ)

    run("-c", APP)
    run("-m", "modeltap", "analyze")
    predictions = sqlite3.connect(tmp_path / "modeltap.db").execute(
        "select row, prediction from predictions order by row"
    )
    assert predictions.fetchall() == [(0, 120.0), (1, 30.0)]


def test_without_it_the_body_is_not_decoded():
    """So the test above shows that the plugin decoded it."""
    from modeltap.decoding.decoders import Decoders
    from modeltap.payload import Payload

    payload = Payload("/v3/pairs", None, 200, "distance=800 origin=JFK", "120.0")
    assert Decoders().decode(payload).note == "request: not JSON but text"
