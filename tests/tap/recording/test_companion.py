"""The companion of a recorder: started once, and always stopped."""

from __future__ import annotations

import threading
from pathlib import Path

from modeltap.config.settings import Settings
from modeltap.tap.recording.companion import Companion

STORE = Path("taps.db")


def test_it_is_started_once_and_again_after_it_was_stopped():
    calls = []

    def on_start(store, settings):
        calls.append(f"start {store}")
        return lambda: calls.append("stop")

    companion = Companion(on_start)
    for _ in range(2):
        assert companion.start(STORE, Settings()) is None
        assert companion.start(STORE, Settings()) is None
        companion.stop()
        companion.stop()
    assert calls == ["start taps.db", "stop"] * 2


def test_it_is_stopped_even_while_it_is_being_started():
    """The recorder closes as the process ends, and its thread may be at any place."""
    begun, may_go_on, stopped = threading.Event(), threading.Event(), threading.Event()

    def on_start(store, settings):
        begun.set()
        assert may_go_on.wait(60)
        return stopped.set

    companion = Companion(on_start)
    starting = threading.Thread(target=companion.start, args=(STORE, Settings()))
    starting.start()
    assert begun.wait(60)
    stopping = threading.Thread(target=companion.stop)
    stopping.start()
    may_go_on.set()
    starting.join(60)
    stopping.join(60)
    assert stopped.is_set()


def test_a_companion_that_fails_gives_its_reason_and_is_not_tried_again():
    """Each exchange would otherwise wait for another failure."""

    def fails(store, settings):
        raise RuntimeError("can't start new thread")

    companion = Companion(fails)
    reasons = []
    thread = threading.Thread(
        target=lambda: reasons.extend(companion.start(STORE, Settings()) for _ in range(2))
    )
    thread.start()
    thread.join(60)
    assert reasons == ["can't start new thread", None]
    companion.stop()


def test_a_recorder_needs_no_companion():
    companion = Companion(None)
    assert companion.start(STORE, Settings()) is None
    companion.stop()
