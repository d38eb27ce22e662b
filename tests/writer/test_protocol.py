"""Frames between an app and its writer process, and their shared counters."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from modeltap.writer.protocol import EXCHANGE, LOSSES, ORIGIN, Counters, Frames, frame

kinds = st.sampled_from([EXCHANGE, ORIGIN, LOSSES])


@given(st.lists(st.tuples(kinds, st.binary(max_size=40)), max_size=5), st.data())
def test_frames_are_complete_for_any_split_of_the_stream(sent, data):
    """In order, and none before its end."""
    stream = b"".join(frame(kind, payload) for kind, payload in sent)
    frames, received = Frames(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += frames.split(stream[:size])
        stream = stream[size:]
    assert received == sent


def test_counters_are_shared_by_both_sides():
    """Each process has its own mapping of the same memory."""
    descriptor = Counters.create()
    ours, theirs = Counters(descriptor), Counters(os.dup(descriptor))
    ours.add(written=2, unusable=1)
    ours.add(written=1, failed=4, no_room=5)
    assert theirs.read() == {"written": 3, "unusable": 1, "failed": 4, "no_room": 5}
    assert theirs.total() == 13 and not theirs.hurry
    ours.hurry = True
    assert theirs.hurry
    ours.hurry = False
    assert not theirs.hurry
    ours.close()
    theirs.close()
