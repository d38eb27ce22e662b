"""Bodies as WSGI servers move them: by sendfile, in chunks, as a stream."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3

import pytest

WSGI = """
import modeltap
from flask import Flask, Response, request, send_file

app = Flask(__name__)

@app.get("/download")
def download():
    return send_file("file.bin", mimetype="application/octet-stream")

@app.post("/chunks")
def chunks():
    sizes = [len(piece) for piece in iter(lambda: request.stream.read(70_000), b"")]
    return {"seen": sum(sizes)}

@app.get("/stream")
def stream():
    return Response((b"x" * 1000 for _ in range(20)), mimetype="text/plain")

modeltap.watch(app, model="m", analyze=False)
"""


@pytest.fixture
def rows(tmp_path, eventually):
    """Return the records, once there are as many as wanted."""

    def read(wanted):
        def now():
            connection = sqlite3.connect(tmp_path / "modeltap.db")
            connection.row_factory = sqlite3.Row
            try:
                return connection.execute("select * from exchanges order by id").fetchall()
            finally:
                connection.close()

        assert eventually(lambda: len(now()) >= wanted)
        return now()

    return read


@pytest.fixture
def gunicorn(serve):
    """The WSGI app under gunicorn."""
    pytest.importorskip("gunicorn", reason='pip install "modeltap[test]"')
    command = "-m gunicorn app:app -b 127.0.0.1:{port} --log-level warning"
    served = serve(WSGI, *command.split())
    return http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=20)


def test_files_go_out_by_the_servers_own_sendfile(gunicorn, rows, tmp_path):
    """Whole; the record says that the body was not seen."""
    content = os.urandom(3_000_000)
    (tmp_path / "file.bin").write_bytes(content)
    gunicorn.request("GET", "/download")
    assert gunicorn.getresponse().read() == content
    (row,) = rows(1)
    assert row["response_note"] == "not seen" and row["status"] == 200


def test_a_chunked_upload_without_a_length(gunicorn, rows):
    """Read piece by piece by the app, counted and cut by the tap."""
    pieces = (b"z" * 50_000 for _ in range(10))
    gunicorn.request(
        "POST",
        "/chunks",
        body=pieces,
        encode_chunked=True,
        headers={"Transfer-Encoding": "chunked"},
    )
    assert json.loads(gunicorn.getresponse().read()) == {"seen": 500_000}
    (row,) = rows(1)
    assert row["request_bytes"] == 500_000 and row["request_body"] == "z" * 65_536
    assert row["request_truncated"] == 1 and row["request_read"] == 1


def test_a_stream_is_recorded_once(gunicorn, rows):
    """Twenty pieces, one record, the time of the first byte before the end."""
    gunicorn.request("GET", "/stream")
    assert len(gunicorn.getresponse().read()) == 20_000
    (row,) = rows(1)
    assert row["response_bytes"] == 20_000 and row["first_byte_ms"] <= row["duration_ms"]
