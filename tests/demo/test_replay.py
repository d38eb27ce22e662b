"""The replay: each flight is a request, and landed flights get their labels a day later."""

from __future__ import annotations

import json
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from modeltap.demo.flights import WEATHER, Flight
from modeltap.demo.replay import DAY, Replay
from modeltap.demo.server import free_port
from modeltap.errors import ModeltapError
from modeltap.store.connection import connect


def flight(number, air_time):
    """The flight of an hour; six of them are a day."""
    place, weather = ("AA", "JFK", "LAX"), dict.fromkeys(WEATHER)
    return Flight(number * DAY / 6, 3, air_time, place, str(number), "7", weather)


FLIGHTS = [flight(number, None if number == 2 else 100.0 + number) for number in range(12)]


class _Answer(BaseHTTPRequestHandler):
    """Answers with the flight's number as the id, and fails for the fourth flight."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append(body)
        self.send_response(500 if body["distance"] == 4 else 200)
        self.send_header("x-modeltap-id", f"e{body['distance']}")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as opened:
        opened.daemon_threads = True
        opened.bodies = []
        Thread(target=opened.serve_forever, daemon=True).start()
        yield opened
        opened.shutdown()


def test_flights_are_sent_by_day_and_labelled_the_day_after(server, store):
    """Cancelled flights and failed requests have no label."""
    days = []
    with closing(connect(store)) as connection:
        replay = Replay(server.server_port, connection, 1000, lambda *day: days.append(day))
        replay.run(FLIGHTS)
        labels = connection.execute("select exchange_id, value from labels order by seq").fetchall()
    assert days == [(0.0, 6), (DAY, 6)]
    assert (replay.requests, replay.failed, replay.labels) == (12, 1, 10)
    expected = [(f"e{n}", 100.0 + n) for n in range(12) if n not in (2, 4)]
    assert list(map(tuple, labels)) == expected
    assert sorted(body["distance"] for body in server.bodies) == list(range(12))
    assert server.bodies[0]["time"].startswith("1970-01-01T") and "wind_speed" in server.bodies[0]


def test_an_api_that_is_gone_is_one_line(store):
    with closing(connect(store)) as connection:
        replay = Replay(free_port(), connection, 1000, lambda *_: None)
        with pytest.raises(ModeltapError, match=r"no longer responds \(ConnectionRefusedError\)"):
            replay.run(FLIGHTS)
