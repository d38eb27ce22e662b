"""Probes, odd names in rules, variables of Kubernetes and language models, from bug reports."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys

import pytest

import modeltap
from asgi_client import Client, echo, scope_of
from command import lines
from command import modeltap as run
from stores import analyze, every, put, read

PROBES = [
    "/metrics",
    "/metrics/",
    "/api/metrics/",
    "/health",
    "/health/live",
    "/health/ready/",
    "/healthz",
    "/v1/healthz",
    "/livez",
    "/readyz/",
    "/-/healthz",
    "/-/ready",
    "/service/ping",
    "/actuator/health",
    "/actuator/prometheus",
    "/v2/health/live",
    "/v2/models/m/ready",
    "/status/",
    "/_health",
]
CALLS = [
    "/predict",
    "/metrics/predict",
    "/healthcare/predict",
    "/v1/models/m:predict",
    "/status/predict",
]


def test_probes_are_not_recorded_and_calls_are(store):
    """Whoever scrapes them, with or without a slash, behind any prefix."""

    async def ask():
        app = modeltap.watch(echo, model="m", store=store, analyze=False)
        for method, paths in (("GET", PROBES), ("POST", CALLS), ("OPTIONS", CALLS)):
            for path in paths:
                client = Client(b"{}" if method == "POST" else b"")
                await app(scope_of(path, method=method), client.receive, client.send)

    asyncio.run(ask())
    assert modeltap.flush(20)
    assert [row["path"] for row in read(store, "select path from exchanges order by seq")] == CALLS


NAMES = [
    "temp [C]",
    "rate (%)",
    "a?b",
    "[x]",
    "weight.kg",
    "Größe",
    "x y",
    "p[0-9]",
    "100%",
    "{id}",
]


def test_rules_name_features_as_they_are_written(store):
    """Signs of patterns are literal in them; the rule applies, and no setting fits nothing."""
    chance = random.Random(1)
    rows = [
        {name: round(chance.gauss(10 if n < 200 else 14, 1), 3) for name in NAMES}
        for n in range(300)
    ]
    put(store, every(1, 300), rows)
    rules = [
        {"rule": "custom", "model": "m", "metric": "drift", "feature": name, "above": 0.1}
        for name in NAMES
    ]
    analyze(store, {"reference": "first 200 rows", "window": "100 rows", "rules": rules})
    found = read(store, "select feature from alerts where rule = 'custom'")
    assert {row["feature"] for row in found} == set(NAMES)


VARIABLES = {
    "MODELTAP_SERVICE_HOST": "10.0.0.1",
    "MODELTAP_SERVICE_PORT": "80",
    "MODELTAP_SERVICE_PORT_HTTP": "80",
    "MODELTAP_PORT": "tcp://10.0.0.1:80",
    "MODELTAP_PORT_80_TCP": "tcp://10.0.0.1:80",
    "MODELTAP_PORT_80_TCP_ADDR": "10.0.0.1",
    "MODELTAP_PORT_80_TCP_PORT": "80",
    "MODELTAP_PORT_80_TCP_PROTO": "tcp",
    "MODELTAP_STORE_SERVICE_HOST": "10.0.0.2",
    "MODELTAP_STORE_PORT": "tcp://10.0.0.2:80",
    "MODELTAP_WORKER_PORT_8089_TCP": "tcp://10.0.0.3:8089",
    "MODELTAP_SAMPLE_RTE": "0.5",
}

APP = """
import asyncio, modeltap
from asgi_client import Client, echo, scope_of

client = Client(b'{"x": 1}')
app = modeltap.watch(echo, model="m", store="taps.db", analyze=False)
asyncio.run(app(scope_of(), client.receive, client.send))
assert modeltap.flush(60)
"""


def test_variables_of_kubernetes_stop_no_app(tmp_path):
    """They are one warning, and a misspelt option is named with the right one."""
    support = os.pathsep.join(path for path in sys.path if path.endswith("support"))
    done = subprocess.run(
        [sys.executable, "-c", APP],
        cwd=tmp_path,
        env={**os.environ, **VARIABLES, "PYTHONPATH": support},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(read(tmp_path / "taps.db", "select id from exchanges")) == 1
    assert done.stderr.count("MODELTAP_SAMPLE_RTE") == 1 and "MODELTAP_SAMPLE_RATE" in done.stderr
    run("doctor", "--store", tmp_path / "taps.db", env={**os.environ, **VARIABLES})


def stream(*deltas):
    chunks = [{"id": "c", "model": "m", "choices": [{"index": 0, "delta": one}]} for one in deltas]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


def call(id_, name, arguments, index=0):
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": id_, "function": function}]}


STREAMS = {
    "one index": (call("a", "weather", "{}"), call("b", "news", "{}")),
    "in one delta": (
        {
            "tool_calls": [
                *call("a", "weather", "{}")["tool_calls"],
                *call("b", "news", "{}")["tool_calls"],
            ]
        },
    ),
    "indexes": (call("a", "weather", "{}"), call("b", "news", "{}", 1)),
    "in pieces": (call("a", "weather", '{"c'), call(None, None, '": 1}'), call("b", "news", "{}")),
    "ids repeated": (call("a", "weather", "{"), call("a", None, "}"), call("b", "news", "{}")),
}


def exported(store, request, response, path, kind):
    """Tap one exchange, analyse it, and return its row of `export`."""

    async def app(scope, receive, send):
        await receive()
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": response.encode()})

    async def ask():
        tapped = modeltap.watch(app, model="llm", store=store, analyze=False)
        client = Client(json.dumps(request).encode())
        headers = [(b"content-type", b"application/json")]
        await tapped(scope_of(path, headers=headers), client.receive, client.send)

    asyncio.run(ask())
    assert modeltap.flush(20)
    run("analyze", "--store", store)
    (row,) = lines(run("export", "--store", store, "--model", "llm"))
    return row


@pytest.mark.parametrize("deltas", STREAMS.values(), ids=STREAMS)
def test_parallel_calls_of_tools_are_two(store, deltas):
    """Told apart by their ids, whatever their indexes are."""
    request = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    row = exported(store, request, stream(*deltas), "/v1/chat/completions", "text/event-stream")
    assert "weather" in json.dumps(row) and "news" in json.dumps(row)
    assert row["tool_calls"] == 2 or len(row["tool_calls"]) == 2


@pytest.mark.parametrize(
    "request_",
    [
        {"prompt": "x"},
        {"prompt": ["x"]},
        {"prompt": "x", "max_tokens": 5},
        {"prompt": "x", "model": None},
    ],
)
def test_completions_need_no_model(store, request_):
    """A server of one model asks for none."""
    response = json.dumps({"choices": [{"index": 0, "text": "yes", "finish_reason": "stop"}]})
    row = exported(store, request_, response, "/v1/completions", "application/json")
    assert row["prediction"] == "yes" or row["completion"] == "yes"
