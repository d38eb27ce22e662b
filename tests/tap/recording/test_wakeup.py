"""A polling thread is woken once, no matter how often it is rung."""

from __future__ import annotations

import os
import select

import pytest

from modeltap.tap.recording.wakeup import Wakeup


def rings(wakeup):
    return bool(select.select([wakeup.descriptor], [], [], 0)[0])


def test_a_ring_is_seen_until_it_is_reset():
    wakeup = Wakeup()
    assert not rings(wakeup)
    wakeup.ring()
    assert rings(wakeup) and rings(wakeup)
    wakeup.stop_ringing()
    assert not rings(wakeup)
    wakeup.ring()
    assert rings(wakeup)
    wakeup.close()


def test_many_rings_do_not_fill_the_pipe():
    """Otherwise they would block the app's threads forever."""
    wakeup = Wakeup()
    for _ in range(100_000):
        wakeup.ring()
    wakeup.stop_ringing()
    assert not rings(wakeup)
    wakeup.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(wakeup.descriptor)
