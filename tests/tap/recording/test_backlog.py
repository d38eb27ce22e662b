"""The backlog: bounded, in order, and each refused frame is counted once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modeltap.tap.recording.backlog import Backlog


@given(st.lists(st.one_of(st.binary(max_size=300), st.integers(0, 500)), max_size=40))
def test_the_backlog_keeps_its_bounds_and_order(steps):
    """For any sequence of adding and taking, frames are taken in the order in which they were
    added.
    """
    backlog, kept, taken = Backlog(5, 1000), [], []
    refused = 0
    for step in steps:
        if isinstance(step, bytes):
            if backlog.add(step):
                kept.append(step)
            else:
                refused += 1
        else:
            taken += backlog.take(step)
        assert len(backlog) <= 5 and 0 <= backlog.bytes <= 1000
    taken += backlog.take(10**6)
    assert taken == kept and len(backlog) == backlog.bytes == 0
    assert backlog.dropped.total() == refused


def test_losses_are_reported_once_by_reason():
    """Too many records, or too many bytes."""
    backlog = Backlog(1, 200)
    assert backlog.add(b"x") and not backlog.add(b"y") and not backlog.add(b"z" * 200)
    assert backlog.new_losses() == {"queue full: records": 1, "queue full: bytes": 1}
    assert backlog.new_losses() == {}
    backlog.add(b"y")
    assert backlog.new_losses() == {"queue full: records": 1}


def test_frames_are_taken_up_to_the_requested_size():
    """The last one may exceed it; a size of 0 takes nothing."""
    backlog = Backlog(10, 10_000)
    for frame in (b"aa", b"bb", b"cc"):
        backlog.add(frame)
    assert backlog.take(0) == []
    assert backlog.take(3) == [b"aa", b"bb"] and backlog.take(1) == [b"cc"]
