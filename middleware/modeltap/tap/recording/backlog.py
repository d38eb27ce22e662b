"""The backlog of frames that wait for room in the pipe: bounded; refused ones are counted."""

from __future__ import annotations

from collections import Counter, deque

_OVERHEAD_BYTES = 64
"""The memory of a frame beside its own bytes: a bytes object's head and its place in the deque."""


class Backlog:
    """Frames in their order, at most `max_records` and `max_bytes` of them.

    >>> backlog = Backlog(2, 1000)
    >>> backlog.add(b"one"), backlog.add(b"two"), backlog.add(b"three")
    (True, True, False)
    >>> backlog.new_losses(), backlog.new_losses(), backlog.take(1)
    ({'queue full: records': 1}, {}, [b'one'])
    """

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._frames: deque[bytes] = deque()
        self._reported: Counter[str] = Counter()
        self.bytes = 0
        self.dropped: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: bytes) -> bool:
        """Keep `frame` as the last; False, and counted, when there is no room for it."""
        total = self.bytes + len(frame) + _OVERHEAD_BYTES
        if total > self._max_bytes or len(self._frames) >= self._max_records:
            what = "bytes" if total > self._max_bytes else "records"
            self.dropped[f"queue full: {what}"] += 1
            return False
        self._frames.append(frame)
        self.bytes = total
        return True

    def take(self, size: int) -> list[bytes]:
        """Take the first frames out, as many as make up `size` bytes."""
        taken: list[bytes] = []
        while self._frames and size > 0:
            frame = self._frames.popleft()
            self.bytes -= len(frame) + _OVERHEAD_BYTES
            size -= len(frame)
            taken.append(frame)
        return taken

    def new_losses(self) -> dict[str, int]:
        """Return how many were dropped since the last call, by reason."""
        new = self.dropped - self._reported
        self._reported += new
        return dict(new)
