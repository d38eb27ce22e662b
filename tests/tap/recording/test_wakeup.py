"""A thread that waits at pipes is woken once, however often it is rung for."""

from __future__ import annotations

import os
import select

import pytest

from modeltap.tap.recording.wakeup import Wakeup


def rings(wakeup):
    return bool(select.select([wakeup.descriptor], [], [], 0)[0])


def test_a_ring_is_heard_until_it_is_stopped():
    wakeup = Wakeup()
    assert not rings(wakeup)
    wakeup.ring()
    assert rings(wakeup) and rings(wakeup)
    wakeup.stop_ringing()
    assert not rings(wakeup)
    wakeup.ring()
    assert rings(wakeup)
    wakeup.close()


def test_many_rings_fill_no_pipe():
    """More of them than a pipe holds would block the app's threads for ever."""
    wakeup = Wakeup()
    for _ in range(100_000):
        wakeup.ring()
    wakeup.stop_ringing()
    assert not rings(wakeup)
    wakeup.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(wakeup.descriptor)
