"""Exchanges put into a recorder, by this process and by one that can be killed."""

from __future__ import annotations

import sqlite3

import msgspec

from modeltap.config import sources
from modeltap.tap.exchange import Exchange
from modeltap.tap.packing import pack
from modeltap.writer.protocol import Frames, exchange_frame


def settings_of(store, **options):
    return sources.load({"store": store, "analyze": False, **options}, environ={})


def exchange(body=b"{}"):
    x = Exchange("asgi", "m", "POST", "/", b"")
    x.add_request(body, 10**6)
    x.request_read, x.status, x.duration_ms = True, 200, 1.0
    return x


def payload_of(exchange, tap=0):
    """Return the payload that the writer gets for an exchange."""
    ((_, payload),) = Frames().split(pack(tap, exchange))
    return payload


def frame_of(record):
    """Return the frame of a record, as `pack` makes it of an exchange."""
    fields = msgspec.structs.replace(record, request_body=b"", response_body=b"")
    return exchange_frame(msgspec.msgpack.encode(fields), record.request_body, record.response_body)


def put(recorder, settings, count=1, body=b"{}"):
    tap = recorder.join(settings)
    return [recorder.put(pack(tap, exchange(body))) for _ in range(count)]


def count(store):
    return sqlite3.connect(store).execute("select count(*) from exchanges").fetchone()[0]


CHILD = """
import sys, time
from modeltap.config import sources
from modeltap.tap.recording.recorder import Recorder
from modeltap.writer.process import WriterProcess
from modeltap.tap.exchange import Exchange
from modeltap.tap.packing import pack
settings = sources.load({"store": sys.argv[1], "analyze": False})
recorder = Recorder(__import__("pathlib").Path(sys.argv[1]), settings)
tap = recorder.join(settings)
for n in range(10**6):
    x = Exchange("asgi", "m", "POST", "/", b"")
    x.duration_ms = 1.0
    recorder.put(pack(tap, x))
    print(n + 1, flush=True)
    time.sleep(0.002)
"""
