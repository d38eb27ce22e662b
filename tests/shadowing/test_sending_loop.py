"""The sending process: it ends by itself, and everything it received is counted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import msgspec

from challengers import challenging
from modeltap.config import sources
from modeltap.store.connection import connect
from modeltap.store.shadow_counts import shadow_totals
from modeltap.writer.protocol import LOSSES, ORIGIN, Counters, frame
from modeltap.writer.records import CapturedRecord, origin_of
from modeltap.writer.shadow_outcomes import CANNOT_BE_SENT, ENDED, NO_PREDICTION, SENDER_BUSY
from recordings import frame_of


def frames(url, requests, *losses):
    shadow = {"url": url, "allow_private": True, "timeout_seconds": 30}
    settings = sources.load({"shadow": shadow, "environment": "test"}, environ={})
    origin = msgspec.json.encode(origin_of(settings, 1, "host"))
    record = CapturedRecord(
        "asgi", "m", method="POST", path="/", request_body=b'{"x": 1}', request_read=True
    )
    return (
        frame(ORIGIN, origin)
        + frame_of(record) * requests
        + frame(LOSSES, json.dumps(losses).encode())
    )


def send(store, data):
    """Run the process with this input; return the counts for the app and its messages."""
    connect(store).close()
    memory = Counters.create()
    done = subprocess.run(
        [sys.executable, "-m", "modeltap.shadowing", str(store), str(memory)],
        input=data,
        pass_fds=(memory,),
        capture_output=True,
        check=True,
        timeout=240,
    )
    assert done.stderr == b""
    return Counters(memory).shadow(), done.stdout.decode()


def in_store(store):
    connection = connect(store)
    (total,) = shadow_totals(connection)
    connection.close()
    assert (total.model, total.environment, total.candidate) == ("m", "test", "shadow")
    return +Counter({**total.losses, "kept": total.kept})


def test_it_finishes_what_it_has_and_ends(store):
    """Losses of the writer process are stored, too; the app has counted them already."""
    with challenging("html") as challenger:
        losses = ["m", "test", "shadow", {SENDER_BUSY: 4}]
        outcomes, _ = send(store, frames(challenger.url, 20, losses))
    assert outcomes == {NO_PREDICTION: 20}
    assert in_store(store) == {NO_PREDICTION: 20, SENDER_BUSY: 4}


def test_it_ends_although_the_challenger_never_answers(store):
    with challenging("never") as challenger:
        outcomes, _ = send(store, frames(challenger.url, 20))
    assert outcomes == {ENDED: 20} and in_store(store) == outcomes


def test_a_challenger_that_is_not_configured_in_this_process_is_logged(store):
    """Such as a variable that the server does not pass on to child processes."""
    outcomes, messages = send(store, frames("env:NO_SUCH_CHALLENGER", 3))
    assert outcomes == {CANNOT_BE_SENT: 3} and in_store(store) == outcomes
    assert "NO_SUCH_CHALLENGER is not set" in messages
