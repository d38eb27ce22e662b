"""Large bodies pass by the tap: they add little to the memory of the app, whatever their size."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from processes import writers_of

MIB = 1024 * 1024
LARGE = 64 * MIB
BOUND = 8
"""MiB: generous, for the server's own buffers are in it; benchmarks/memory.py has the figure."""

APP = """
import modeltap

PIECE = b"x" * 65_536

async def app(scope, receive, send):
    assert scope["type"] == "http"
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1024 if scope["path"] == "/down" else 0):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b"%d" % size})

app = modeltap.ASGIMiddleware(app, model="m", store="taps.db", analyze=False)
"""
WSGI = """
import modeltap

PIECE = b"x" * 65_536

def app(environ, start_response):
    size = 0
    while piece := environ["wsgi.input"].read(65_536):
        size += len(piece)
    start_response("200 OK", [])
    for _ in range(1024 if environ["PATH_INFO"] == "/down" else 0):
        yield PIECE
    yield b"%d" % size

app = modeltap.WSGIMiddleware(app, model="m", store="taps.db", analyze=False)
"""
GUNICORN = ("-m", "gunicorn", "app:app", "--bind", "127.0.0.1:{port}", "--worker-class", "gthread")


def peak(pid):
    """Return the most memory that a process had since its peak was forgotten, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def forget(pid):
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        pytest.skip("the peak of a process can only be forgotten on Linux, by its owner")


def app_of(served):
    """Return the process that serves: gunicorn's is a child of the one that was started."""
    pid = served.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    workers = [int(one) for one in children if writers_of(int(one))]
    return workers[0] if workers else pid


@pytest.mark.parametrize("path", ["/up", "/down"])
@pytest.mark.parametrize(("source", "command"), [(APP, ()), (WSGI, GUNICORN)], ids=["asgi", "wsgi"])
def test_64_mebibytes_add_a_few(serve, eventually, read_rows, source, command, path):
    """Up and down; their size is recorded, and their beginning."""
    served = serve(source, *command)
    with httpx.Client(base_url=served.url, trust_env=False, verify=False, timeout=60) as client:
        for _ in range(100):
            client.post("/small", content=b"{}")
        store = Path("taps.db").absolute()
        assert eventually(lambda: len(read_rows(store)) >= 100)
        pids = [app_of(served), *writers_of(app_of(served))]
        assert len(pids) == 2
        for pid in pids:
            forget(pid)
        before = [peak(pid) for pid in pids]
        pieces = (b"y" * 65_536 for _ in range(1024))
        content = pieces if path == "/up" else b""
        headers = {"Content-Length": str(LARGE)} if path == "/up" else {}
        with client.stream("POST", path, content=content, headers=headers) as answer:
            size = sum(map(len, answer.iter_raw(65_536)))
    assert size == (LARGE + 1 if path == "/down" else len(str(LARGE)))
    assert eventually(lambda: [row for row in read_rows(store) if row["path"] == path])
    grown = [peak(pid) - was for pid, was in zip(pids, before, strict=True)]
    (row,) = (row for row in read_rows(store) if row["path"] == path)
    assert row["request_bytes" if path == "/up" else "response_bytes"] >= LARGE
    assert max(grown) < BOUND, f"app and writer grew by {grown} MiB"
    print(grown)
